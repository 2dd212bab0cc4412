"""What a decision costs: median and 99th percentile for each policy, on a ten-rung ladder with known sizes.

Run as ``python -m tests.bench.bench_abr``; prints microseconds of processor time, so that other work on the machine
hardly counts. Exit code 1 when the default policy needs more than 1 ms in the median or 3 ms at the 99th percentile.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from abr import registry
from abr.simulator import synthetic
from abr.simulator.session import Options, simulate
from tests.kit.snapshots import progress

KBPS = (230, 330, 480, 690, 990, 1430, 2060, 2960, 5030, 6000)
LIMIT_US, HIGH_LIMIT_US = 1000.0, 3000.0


def measure(name: str) -> tuple[float, float, float]:
    """(median, 99th percentile) of decide and the median of a judged download, in microseconds."""
    ladder = synthetic.ladder(KBPS, segment_s=3.0, segments=200)
    session = simulate(registry.create(name), ladder, synthetic.trace("drift"), Options(record=True))
    snapshots = [decision.snapshot for decision in session.decisions]
    policy, spent, judged = registry.create(name), [], []
    for each in snapshots:
        begin = time.thread_time_ns()
        policy.decide(each)
        spent.append((time.thread_time_ns() - begin) / 1e3)
        running = progress(each, 9, received=60_000, size=2_250_000, seconds=5.0)
        begin = time.thread_time_ns()
        registry.create(name).on_progress(running)
        judged.append((time.thread_time_ns() - begin) / 1e3)
    return float(np.median(spent)), float(np.quantile(spent, 0.99)), float(np.median(judged))


def main() -> int:
    """Print the table; 1 where the default policy is too slow."""
    print(f"{'policy':12s} {'median us':>10s} {'99 % us':>10s} {'on_progress':>12s}")
    slow = False
    for name in registry.names():
        median, high, judged = measure(name)
        print(f"{name:12s} {median:10.0f} {high:10.0f} {judged:12.0f}")
        slow = slow or (name == registry.DEFAULT and (median >= LIMIT_US or high >= HIGH_LIMIT_US))
    print("too slow" if slow else f"{registry.DEFAULT} is under 1 ms in the median and 3 ms at the 99th percentile")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
