"""``make test`` again and again: ``python -m tests.run.repeat N`` prints one line for each run.

What a run prints, and its logs, are kept in ``build/test-runs``. Exit code 0: each run was good, and nothing
needed a second try.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.run.part import ROOT

_CLOSING = re.compile(r"^\d+ passed, \d+ failed, \d+ skipped in .*$", re.MULTILINE)
_SECOND = re.compile(r"^failed at first \((\d+)\):$", re.MULTILINE)


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.run.repeat", description=__doc__)
    parser.add_argument("times", type=int)
    parser.add_argument("--logs", type=Path, default=ROOT / "build" / "test-runs")
    options, words = parser.parse_known_args()
    options.logs.mkdir(parents=True, exist_ok=True)
    good = [_run_once(number, words, options.logs) for number in range(1, options.times + 1)]
    print(f"{good.count(True)} of {len(good)} runs were good", flush=True)
    return 0 if all(good) else 1


def _run_once(number: int, words: Sequence[str], logs: Path) -> bool:
    """One run, its line, and whether it was good without a second try."""
    begun = time.strftime("%H:%M:%S")
    done = subprocess.run(
        [sys.executable, "-m", "tests.run", "--logs", str(logs / str(number)), *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    (logs / f"{number}.log").write_text(done.stdout, encoding="utf-8")
    second, closing = _SECOND.search(done.stdout), _CLOSING.findall(done.stdout)
    tries = int(second[1]) if second else 0
    told = closing[-1] if closing else "it did not come to its end"
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{number}: {begun} {told}, exit code {done.returncode}, {tries} second tries, load {load}", flush=True)
    return done.returncode == 0 and tries == 0


if __name__ == "__main__":
    sys.exit(main())
