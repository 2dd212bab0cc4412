"""How fast commands start: wall time of whole processes, medians, beside an interpreter that does nothing.

Run: ``python -m tests.bench.bench_cli [rounds]``. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.kit import media

TARGETS_S = {"--help": 0.3, "inspect FILE": 0.6}


def seconds(*words: str) -> float:
    """One run of the interpreter with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def main(rounds: int) -> int:
    title = media.packager_clear()
    assert title.dash is not None
    commands = {
        "nothing": ("-c", "pass"),
        "--help": ("-m", "ui.cli.main", "--help"),
        "inspect FILE": ("-m", "ui.cli.main", "inspect", str(title.folder / title.dash)),
        "inspect FILE --json": ("-m", "ui.cli.main", "inspect", "--json", str(title.folder / title.dash)),
    }
    missed = 0
    for name, words in commands.items():
        seconds(*words)  # the page cache, and byte code
        taken = statistics.median(seconds(*words) for _ in range(rounds))
        target = TARGETS_S.get(name)
        late = target is not None and taken > target
        missed += late
        print(f"{name:<20} {taken * 1000:6.0f} ms{f'   target {target * 1000:.0f} ms' if target else ''}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
