"""One benchmark of two checkouts, run in turns so that both meet the same load: the medians.

A figure is a number of a line that both print. The last line is the processor time of a whole run, which other
programs on the machine disturb least.

Run: ``python -m tests.bench.compare BEFORE AFTER NAME [ROUNDS] [WORD ...]``, with the folders of the checkouts, the
name without ``bench_``, and words that the benchmark takes. ``BENCH_PYTHON`` is a command in the place of the
interpreter that runs this.
"""

from __future__ import annotations

import os
import re
import resource
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?!\w)")
Figures = Mapping[tuple[str, int], tuple[float, ...]]
"""The numbers of each line, by the line without them and how often it stood before."""


def figures(output: str) -> dict[tuple[str, int], tuple[float, ...]]:
    """Return the numbers of what a benchmark printed."""
    found: dict[tuple[str, int], tuple[float, ...]] = {}
    before: Counter[str] = Counter()
    for line in output.splitlines():
        shape = re.sub(r"(?<=\S)\s+", " ", _NUMBER.sub("#", line)).rstrip()
        found[shape, before[shape]] = tuple(map(float, _NUMBER.findall(line)))
        before[shape] += 1
    return found


def compared(before: Sequence[Figures], after: Sequence[Figures]) -> list[str]:
    """Return the lines of the benchmark: as they are where they never change, else each number before and after."""
    lines = []
    for key, first in before[0].items():
        runs = [[run[key] for run in runs if key in run] for runs in (before, after)]
        if not runs[1]:
            continue
        text = key[0]
        if all(numbers == first for numbers in (*runs[0], *runs[1])):
            for number in first:
                text = text.replace("#", f"{number:g}", 1)
            lines.append(text)
            continue
        pairs = zip(*(map(statistics.median, zip(*numbers, strict=True)) for numbers in runs), strict=True)
        told = (f"{old:g} -> {new:g} ({new / old:.2f})" if old else f"{old:g} -> {new:g}" for old, new in pairs)
        lines.append(f"{text}: {', '.join(told)}")
    return lines


def run(folder: str, name: str, words: Sequence[str]) -> dict[tuple[str, int], tuple[float, ...]]:
    """Return what a benchmark of a checkout prints, and its processor time. A missed target is no failure."""

    def spent_s() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    python = os.environ.get("BENCH_PYTHON", sys.executable)
    started_s = spent_s()
    done = subprocess.run(
        [*python.split(), "-m", f"tests.bench.bench_{name}", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": folder},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        raise SystemExit(f"bench_{name} of {folder} printed nothing, exit code {done.returncode}")
    return {**figures(done.stdout), ("processor s, whole run #", 0): (spent_s() - started_s,)}


def main(argv: Sequence[str]) -> int:
    """Print the comparison after each round, so that it can be ended early."""
    before, after, name, *others = argv
    rounds, words = (int(others[0]), others[1:]) if others else (5, [])
    runs: dict[str, list[Figures]] = {before: [], after: []}
    for number in range(rounds):
        for folder in (before, after) if number % 2 == 0 else (after, before):
            runs[folder].append(run(folder, name, words))
        print(f"== {name}, {number + 1} runs of each, median before -> after (ratio)")
        print("\n".join(compared(runs[before], runs[after])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
