"""Which files take longest: those begin first (``tests.run.schedule``).

``python -m tests.run.longest`` writes the list from what the last whole run took. Only the order of a run comes
of it, never what is in it: a figure that is out of date costs a little time at the end.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tests.run.part import ROOT

_LIST = Path(__file__).with_name("longest.txt")
_LEAST_S = 5.0


def longest() -> dict[str, float]:
    """Seconds by file."""
    lines = map(str.split, _LIST.read_text(encoding="utf-8").splitlines())
    return {file: float(seconds) for seconds, file in lines}


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.run.longest", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=Path, default=ROOT / "build" / "test-logs" / "seconds.txt")
    took: Counter[str] = Counter()
    for line in parser.parse_args().seconds.read_text(encoding="utf-8").splitlines():
        seconds, _processor, test = line.split(maxsplit=2)
        took[test.partition("::")[0]] += float(seconds)  # type: ignore[assignment]
    listed = [(file, seconds) for file, seconds in took.most_common() if seconds >= _LEAST_S]
    _LIST.write_text("".join(f"{seconds:6.0f} {file}\n" for file, seconds in listed), encoding="utf-8")


if __name__ == "__main__":
    main()
