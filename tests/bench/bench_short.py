"""Short segments and short buffers, as low-latency live streaming has them: the planner beside published policies.

``python -m tests.bench.bench_short``: fifteen links (constant, flickering, falling, random; seed 26) that always
carry the lowest rung with 20 % to spare. For each segment length and buffer, alone and with the player's guard, it
prints the linear QoE per segment, the seconds of stall over all links, and the changes in a minute. Names of policies
as arguments play only those. Exit code 1 when the planner stalls on a constant or flickering link with the player's
guard.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np

from abr import registry
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import Score, score
from abr.simulator.session import Options, simulate

KBPS = (300, 700, 1500, 3000, 6000)
POLICIES = ("planner", "l2a", "lolp", "hlsjs", "throughput", "bola", "dynamic", "bba2", "robustmpc")
SHAPES = ((0.5, 1.0), (0.5, 2.0), (0.5, 3.0), (1.0, 2.0), (1.0, 3.0))  # seconds of a segment and of the buffer
LENGTH_S, LATENCY_S = 120.0, 0.04
NO_STALL_S = 0.5


def links() -> Mapping[str, Sequence[tuple[float, float]]]:
    """Periods of (seconds, bit/s) for each link."""
    lowest = KBPS[0] * 1e3
    found: dict[str, list[tuple[float, float]]] = {}
    for times in (1.2, 1.5, 3.0, 6.0, 15.0):
        found[f"constant {times:g}"] = [(1000.0, times * lowest)]
    for low, high in ((1.2, 6.0), (1.2, 20.0), (1.5, 3.0), (3.0, 12.0)):
        found[f"flicker {low:g} {high:g}"] = [(2.0, low * lowest), (2.0, high * lowest)]
    for high, low in ((20.0, 1.2), (20.0, 3.0), (6.0, 1.2)):
        found[f"fall {high:g} {low:g}"] = [(60.0, high * lowest), (60.0, low * lowest)]
    draw = np.random.default_rng(26)
    for number in range(3):
        periods = [(draw.uniform(1, 6), max(1.2 * lowest, 3e6 * np.exp(draw.normal(0, 0.7)))) for _ in range(200)]
        found[f"random {number}"] = [(float(seconds), float(bps)) for seconds, bps in periods]
    return found


def played(policy: str, segment_s: float, buffer_s: float, guarded: bool) -> dict[str, Score]:
    """The score on each link."""
    ladder = Ladder.constant(KBPS, segment_s=segment_s, segments=int(LENGTH_S / segment_s))
    options = Options(buffer_max_s=buffer_s, as_player=guarded)
    found = {}
    for name, periods in links().items():
        trace = Trace(name, [(seconds, bps, LATENCY_S) for seconds, bps in periods])
        found[name] = score(simulate(registry.create(policy), ladder, trace, options), ladder)
    return found


def main(policies: Sequence[str]) -> int:
    jobs = [(policy, *shape, guarded) for shape, guarded, policy in product(SHAPES, (False, True), policies)]
    held = True
    with ProcessPoolExecutor(2) as pool:
        results = pool.map(played, *zip(*jobs, strict=True))
        for (policy, segment_s, buffer_s, guarded), found in zip(jobs, results, strict=True):
            if policy == policies[0]:
                print(f"segments of {segment_s:g} s, buffer of {buffer_s:g} s{', with the guard' if guarded else ''}")
            if policy == registry.DEFAULT:
                even = [each for name, each in found.items() if name.startswith(("constant", "flicker"))]
                held = held and not (guarded and any(each.stalled_s > NO_STALL_S for each in even))
            qoe = np.mean([each.qoe for each in found.values()])
            stalled_s = sum(each.stalled_s for each in found.values())
            changes = np.mean([each.switches_per_min for each in found.values()])
            print(
                f"  {policy:12s} {qoe:7.2f} QoE {stalled_s:8.1f} s stalled {changes:6.1f} changes a minute",
                flush=True,
            )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or POLICIES))
