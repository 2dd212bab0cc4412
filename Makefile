# make demo   the whole thing on this machine: service, sample titles, app (or headless without a display)
# make test   the test suite; ARGS="tests/abr -x" runs a part of it
# make test-postgres  the tests of the service, all of them with PostgreSQL in SQLite's place; ARGS="tests/backend_stub/jobs" runs a part
# make check  format, lint, types, layers and folder cycles, dead code, spelling, prose
# make bench  the benchmarks, each figure beside what it is compared with
# make soak   the long runs, by hand
# make chaos  50 runs of 60 s under random faults, 5 of them on the real libmpv
# make faults  faults that were found once are put back: the test of each must fail; ARGS="live" runs those of that area or with that word
# make fuzz   manifests changed at random, for ten minutes; ARGS="-max_total_time=60" for one
# make screenshots    a picture of every page and state of the app in both sizes, into build/screenshots, and those of the guides
# make docs   the documentation as a site, into build/website/site; fails on a link that leads nowhere
# make documents  each code block of the README and the guides, run as printed in a clean place; takes root. ARGS=README.md for one page
# make prose  sentences that are too long and words that are not ours to use, in pages and docstrings
# make translations   the words of the sources into ui/app/assets/translations, and compiled
# make package        wheel, source archive, Debian packages and the PyInstaller archive, into dist; ARGS=--check makes them twice
# make test-packages  each of them as installed, made first where dist is not there; ARGS=wheel for one. The Debian packages take root
# Each does its own set-up; what is done already is skipped.

PY := .venv/bin/python
BOOTSTRAP := python3 packaging/bootstrap.py --with x11

.PHONY: demo test test-postgres check bench soak faults chaos fuzz screenshots translations package test-packages lock format docs documents prose setup setup-test setup-packages clean

demo: setup
	@$(PY) -m ui.cli.main demo $(ARGS)

# Five processes at once; two of them begin with what plays in real time, which mostly waits (python -m tests.run).
test: setup-test
ifeq ($(ARGS),)
	@$(PY) -m tests.run
else
	@$(PY) -m pytest -m "not soak" $(ARGS)
endif

test-postgres: export MATINEE_TEST_DATABASE = postgresql
test-postgres: setup-test
ifeq ($(ARGS),)
	@$(PY) -m tests.run tests/backend_stub tests/e2e/test_recordings.py --logs build/test-logs-postgres
else
	@$(PY) -m pytest -m "not soak" $(ARGS)
endif

check: setup-test
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m mypy packaging/bootstrap.py
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m tests.dead_code
	@git ls-files '*.md' '*.py' '*.qml' | xargs .venv/bin/codespell
	@$(PY) -m tests.prose
	@$(PY) -m tests.outliers

bench: setup-test
	@$(PY) -m tests.bench $(ARGS)

soak: setup-test
	@$(PY) -m pytest -m soak -o faulthandler_timeout=0 $(ARGS)

faults: setup-test
	@$(PY) -m tests.faults $(ARGS)

# The fuzzer is for one system only and large, so it comes with its first use and not with the rest.
fuzz: setup-test
	@$(PY) -m pip install --quiet --require-hashes --requirement tests/fuzz/requirements.lock
	@mkdir -p .cache/fuzz
	@$(PY) -m tests.fuzz.fuzz_manifest .cache/fuzz -max_total_time=600 $(ARGS)

chaos: setup-test
	@$(PY) -m pytest -m soak -o faulthandler_timeout=0 tests/soak/test_chaos.py $(ARGS)

screenshots: setup-test
	@$(PY) -m tests.ui.screenshots build/screenshots
	@$(PY) -m tests.documents.report_pictures docs/pictures
	@$(PY) -m tests.ui.demo_pictures docs/pictures/app $(ARGS)

translations: setup
	@$(PY) packaging/translate.py

package: setup
	@$(PY) packaging/build.py $(ARGS)

# Written last: a build that was broken off is no build.
dist/SHA256SUMS:
	@$(MAKE) --no-print-directory package ARGS=

test-packages: setup-packages dist/SHA256SUMS
	@$(PY) -m tests.packaging.installed $(ARGS)

docs:
	@python3 packaging/website/build.py

documents: setup-test
	@$(PY) -m tests.documents $(ARGS)

prose: setup-test
	@$(PY) -m tests.prose $(ARGS)

format: setup-test
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# Needs uv; the lock is one hashed requirements file for every supported Python and system.
lock:
	@uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock

setup:
	@$(BOOTSTRAP)

setup-test:
	@$(BOOTSTRAP) --with test

setup-packages:
	@$(BOOTSTRAP) --with test --with packages

clean:
	@rm -rf .venv .data .cache build dist *.egg-info
