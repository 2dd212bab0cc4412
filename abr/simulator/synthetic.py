"""Seeded synthetic traces and titles: four kinds of network that differ in what a transfer says about the next.

They serve tests and first comparisons. Conclusions belong on measured traces (docs/abr.md names public sources).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from abr.model import Rung
from abr.simulator.formats import Ladder, Trace

PERIOD_S = 1.0
KINDS = ("steady", "flicker", "drift", "jumps")


def trace(
    kind: str, *, mean_kbps: float = 4000.0, duration_s: float = 600.0, latency_s: float = 0.05, seed: int = 1
) -> Trace:
    """One trace. Raises ValueError for an unknown kind.

    ``steady`` holds its rate within a few percent. ``flicker`` has strong independent noise. ``drift`` is a random
    walk that is drawn back to its mean, like a moving mobile client. ``jumps`` stays at one of two rates for about a
    minute each.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of trace is called {kind!r}; there are {', '.join(KINDS)}")
    random = np.random.default_rng([seed, KINDS.index(kind)])
    count = max(int(duration_s / PERIOD_S), 1)
    noise = random.standard_normal(count)
    if kind == "steady":
        logs = 0.05 * noise
    elif kind == "flicker":
        logs = 0.8 * noise
    elif kind == "drift":
        logs = np.zeros(count)
        for index in range(1, count):
            logs[index] = 0.98 * logs[index - 1] + 0.15 * noise[index]
    else:
        low, logs = False, np.zeros(count)
        for index in range(count):
            low = low != bool(random.random() < PERIOD_S / 60)
            logs[index] = (-2.5 if low else 0.0) + 0.1 * noise[index]
    rates = np.exp(logs)
    rates *= mean_kbps * 1e3 / rates.mean()
    name = f"{kind}-{seed}"
    return Trace(name, [(PERIOD_S, float(bps), latency_s) for bps in rates])


def traces(count: int, *, mean_kbps: float = 4000.0, seed: int = 1) -> list[Trace]:
    """``count`` traces, the kinds in turn, with means spread over a factor of four around ``mean_kbps``."""
    spread = np.random.default_rng(seed).uniform(-math.log(2), math.log(2), count)
    return [
        trace(KINDS[index % len(KINDS)], mean_kbps=mean_kbps * float(np.exp(spread[index])), seed=seed + index)
        for index in range(count)
    ]


def ladder(
    kbps: Sequence[float] = (300, 700, 1500, 3000, 6000),
    *,
    segment_s: float = 4.0,
    segments: int = 75,
    variation: float = 0.25,
    seed: int = 1,
) -> Ladder:
    """A variable-bitrate title: complexity drifts from segment to segment and is shared by the rungs."""
    random = np.random.default_rng(seed)
    logs = np.zeros(segments)
    for index in range(1, segments):
        logs[index] = 0.6 * logs[index - 1] + variation * 0.8 * random.standard_normal()
    factors = np.clip(np.exp(logs), 0.4, 2.2)
    factors /= factors.mean()
    rungs = tuple(Rung(str(index), round(each * 1000)) for index, each in enumerate(kbps))
    sizes = tuple(
        tuple(max(round(each * 125 * segment_s * factor), 1) for each in kbps) for factor in factors.tolist()
    )
    return Ladder(f"synthetic-{seed}", segment_s, rungs, sizes)
