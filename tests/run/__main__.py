"""``make test``: five processes, then the summary.

Two of them begin with what plays in real time (marked so): it mostly waits, and the others have the processors
meanwhile. The longest files come first (``tests.run.schedule``).
What failed gets a second try, in one process, after all else; it stays in the summary whatever came of that. A test
process that dies, or a run in which nothing happens any more, ends the run, without one. The last line counts as
pytest does. Exit code 0: each test passed, at the second try at the latest; else 1.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.run.part import ROOT, Limits, Part, adopt_orphans, run_part
from tests.run.results import Results, merged

MOST_SECOND_TRIES = 20  # where more fails, something is wrong that no second try puts right
_PROCESSES = 5  # two of them begin with what plays in real time, and mostly wait


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument("tests", nargs="*", type=Path, default=[ROOT / "tests"], help="folders and files")
    parser.add_argument("--logs", type=Path, default=ROOT / "build" / "test-logs")
    parser.add_argument("--limit", type=float, default=3600.0, metavar="S", help="for the whole run")
    parser.add_argument("--processes", type=int, default=_PROCESSES, metavar="N", help="that run tests side by side")
    parser.add_argument("--silence", type=float, default=600.0, metavar="S", help="that ends it")
    options = parser.parse_args()
    begun = time.monotonic()
    _make_room(options.logs)
    adopt_orphans()
    parts = [_run("together", _together(options.processes, options.tests), options, begun)]
    first = merged(part.results for part in parts)
    failed = first.having("failed")
    if failed and not any(part.trouble for part in parts) and len(failed) <= MOST_SECOND_TRIES:
        print(f"\nsecond try of {len(failed)}, in one process", flush=True)
        parts.append(_run("second-try", ["-m", "not soak", *failed], options, begun))
    good = _report(parts, first, failed, options.logs, time.monotonic() - begun)
    return 0 if good else 1


def _together(processes: int, tests: Sequence[Path]) -> list[str]:
    shared = ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0"]
    return ["-m", "not soak", *map(str, tests), *shared]


def _run(name: str, words: Sequence[str], options: argparse.Namespace, begun: float) -> Part:
    left_s = max(1.0, options.limit - (time.monotonic() - begun))
    return run_part(name, words, options.logs, Limits(left_s, options.silence))


def _make_room(logs: Path) -> None:
    """An empty folder for the logs, and leave for a process that dies to leave its core."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _report(parts: Sequence[Part], first: Results, failed: Sequence[str], logs: Path, took_s: float) -> bool:
    """Print the summary; whether the run was good."""
    whole = merged(part.results for part in parts)
    (logs / "seconds.txt").write_text(
        "".join(
            f"{whole.seconds[test]:8.2f} {whole.processor_s[test]:8.2f} {test}\n"
            for test in sorted(whole.seconds, key=lambda t: -whole.seconds[t])
        )
    )
    _print_skipped(whole)
    second = next((part.results for part in parts if part.name == "second-try"), None)
    if failed:
        print(f"\nfailed at first ({len(failed)}):")
        for test in failed:
            then = f" -- at the second try: {second.outcomes.get(test, 'not run')}" if second else ""
            print(f"  {test}{then}")
    for part in parts:
        if part.left:
            print(f"\nleft running by part {part.name}, and ended now: {', '.join(part.left)}")
    troubles = [f"{part.name}: {part.trouble}" for part in parts if part.trouble]
    if troubles:
        print("\nTHE RUN WAS ENDED. " + "; ".join(troubles) + ".")
        print(f"What was printed is in {_shown(logs)}{_cores(logs)}.")
    counts = {outcome: len(whole.having(outcome)) for outcome in ("passed", "failed", "skipped")}
    closing = f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{closing} in {took_s:.0f}s, {used.ru_utime + used.ru_stime:.0f}s of processor time", flush=True)
    return bool(counts["passed"]) and not counts["failed"] and not troubles and _codes_agree(parts, failed)


def _codes_agree(parts: Sequence[Part], failed: Sequence[str]) -> bool:
    """Whether each part ended as the tests in it say: pytest may fail where no test does."""
    return all(
        part.code == (1 if any(test in part.results.having("failed") for test in failed) else 0) for part in parts
    )


def _print_skipped(whole: Results) -> None:
    by_reason = defaultdict(list)
    for test in whole.having("skipped"):
        by_reason[whole.reasons.get(test, "no reason given")].append(test)
    if by_reason:
        print("\nskipped:")
    for reason, tests in sorted(by_reason.items()):
        print(f"  {len(tests)}: {reason}")
        for test in tests:
            print(f"      {test}")


def _cores(logs: Path) -> str:
    """Keep the newest core that a process of ours left in the tree; where it is now."""
    cores = sorted(ROOT.glob("core*"), key=lambda path: path.stat().st_mtime)
    cores = [core for core in cores if core.is_file() and core.suffix not in (".py", ".md")]
    if not cores:
        return ""
    kept = logs / "core"
    shutil.move(cores.pop(), kept)
    for core in cores:
        core.unlink()
    return f", a core in {_shown(kept)}"


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    # What a signal ends still ends its processes: run_part kills them on the way out.
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
