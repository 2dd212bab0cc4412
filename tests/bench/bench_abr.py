"""What a decision costs: median and 99th percentile for each policy, on a ten-rung ladder with known sizes.

Run as ``python -m tests.bench.bench_abr``; prints microseconds, and for the default policy whether it stays under 1
ms.
"""

from __future__ import annotations

import time

import numpy as np

from abr import registry
from abr.simulator import synthetic
from abr.simulator.session import Options, simulate
from tests.kit.snapshots import progress

KBPS = (230, 330, 480, 690, 990, 1430, 2060, 2960, 5030, 6000)
LIMIT_US = 1000.0


def measure(name: str) -> tuple[float, float, float]:
    """(median, 99th percentile) of decide and the median of a judged download, in microseconds."""
    ladder = synthetic.ladder(KBPS, segment_s=3.0, segments=200)
    session = simulate(registry.create(name), ladder, synthetic.trace("drift"), Options(record=True))
    snapshots = [decision.snapshot for decision in session.decisions]
    policy, spent, judged = registry.create(name), [], []
    for each in snapshots:
        begin = time.perf_counter_ns()
        policy.decide(each)
        spent.append((time.perf_counter_ns() - begin) / 1e3)
        running = progress(each, 9, received=60_000, size=2_250_000, seconds=5.0)
        begin = time.perf_counter_ns()
        registry.create(name).on_progress(running)
        judged.append((time.perf_counter_ns() - begin) / 1e3)
    return float(np.median(spent)), float(np.quantile(spent, 0.99)), float(np.median(judged))


def main() -> None:
    """Print the table."""
    print(f"{'policy':12s} {'median us':>10s} {'99 % us':>10s} {'on_progress':>12s}")
    for name in registry.names():
        median, high, judged = measure(name)
        verdict = "" if name != registry.DEFAULT else ("under 1 ms" if median < LIMIT_US else "TOO SLOW")
        print(f"{name:12s} {median:10.0f} {high:10.0f} {judged:12.0f}  {verdict}")


if __name__ == "__main__":
    main()
