"""No library that we or our tests use stands in for those that libmpv calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Everything that the product and the tests' kit import: their own modules, and all that pyproject.toml names beyond
# them. What a test imports besides is looked at after that test (tests/conftest.py).
EVERYTHING = """
import importlib, importlib.metadata, pkgutil, re, sys, tomllib, warnings
from tests.kit.symbols import foreign_symbols

def load(name):
    # What is not for this system, or is a program when it is imported, is not loaded beside libmpv either.
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:
        print("not loaded:", name, repr(error), file=sys.stderr)
    else:
        loaded.append(name)
    found = foreign_symbols()
    assert not found, f"{name} brings {found}"

loaded = []
warnings.simplefilter("ignore")
project = tomllib.loads(open("pyproject.toml").read())
named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
named += [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
wanted = {re.split(r"[\\[<>=~! ;]", line)[0].lower() for line in named}
for module, distributions in sorted(importlib.metadata.packages_distributions().items()):
    if not wanted.isdisjoint(name.lower() for name in distributions):
        load(module)
for package in ("abr", "drm_client", "player", "downloads", "ui", "backend_stub", "tests/kit"):
    for module in pkgutil.walk_packages([package], package.replace("/", ".") + "."):
        if not re.search(r"__main__|\\.migrations|\\.test_", module.name):
            load(module.name)
assert {"av", "mpv", "sqlite3", "player.media.ts", "ui.app.video.render", "tests.kit.redis"} <= sys.modules.keys()
print(len(loaded))
"""


def test_nothing_that_we_load_lies_where_libmpv_looks_for_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 300


OTHERWISE = """
import ctypes, ctypes.util
from tests.kit.symbols import foreign_symbols
import av, mpv, sqlite3
assert foreign_symbols() == [], "Python and ctypes load libraries so that their names stay their own"
ctypes.CDLL(ctypes.util.find_library("avcodec"), mode=ctypes.RTLD_GLOBAL)
print(foreign_symbols())
"""


def test_a_library_that_gives_its_names_to_all_is_found() -> None:
    """In a process of its own, as nothing takes them back."""
    done = subprocess.run([sys.executable, "-c", OTHERWISE], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert "avcodec_open2" in done.stdout
    assert "av_frame_alloc" in done.stdout, "with what it brings itself"
