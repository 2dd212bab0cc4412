"""Scores of simulated sessions, and what a set of them says with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from abr.simulator.formats import Ladder
from abr.simulator.session import SimulatedSession

BOOTSTRAP_ROUNDS = 2000
NO_STALL_S = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """``qoe`` is the linear quality of experience per segment (Yin et al., SIGCOMM 2015): Mbit/s, less the top
    rung's Mbit/s for each second of stall and start-up, less the changes between segments. ``wasted_mbytes`` were
    fetched and not played; ``replacing_wasted_mbytes`` of them for ``replaced`` segments and those tried in vain."""

    qoe: float
    mbps: float
    startup_s: float
    stalled_s: float
    stalls: int
    switches: int
    switches_per_min: float
    change_mbps: float
    wasted_mbytes: float
    abandoned: int
    replaced: int = 0
    replacing_wasted_mbytes: float = 0.0

    def to_dict(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def score(session: SimulatedSession, ladder: Ladder) -> Score:
    """The score of one session."""
    quality = np.array(ladder.mbps)[session.rungs]
    count = len(session.rungs)
    change = float(np.abs(np.diff(quality)).sum())
    switches = int((np.diff(session.rungs) != 0).sum())
    waiting = session.stalled_s + session.startup_s
    return Score(
        qoe=float((quality.sum() - ladder.mbps[-1] * waiting - change) / count),
        mbps=float(quality.mean()),
        startup_s=session.startup_s,
        stalled_s=session.stalled_s,
        stalls=len(session.stalls),
        switches=switches,
        switches_per_min=switches / (count * ladder.segment_s / 60),
        change_mbps=change / count,
        wasted_mbytes=session.wasted_bytes / 1e6,
        abandoned=len(session.verdicts),
        replaced=session.replaced,
        replacing_wasted_mbytes=session.replacing_wasted_bytes / 1e6,
    )


def mean_interval(values: Sequence[float], *, seed: int = 1, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, lower, upper) with a percentile bootstrap interval over sessions. The seed makes it repeatable."""
    data = np.asarray(values, dtype=float)
    if not data.size:
        raise ValueError("no values")
    picks = np.random.default_rng(seed).integers(0, data.size, (BOOTSTRAP_ROUNDS, data.size))
    low, high = np.quantile(data[picks].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(data.mean()), float(low), float(high)


def gain_interval(
    policy: Sequence[float], lowest: Sequence[float], optimum: Sequence[float], *, seed: int = 1, level: float = 0.95
) -> tuple[float, float, float]:
    """The share of the way from "always the lowest rung" to the clairvoyant optimum, in percent, with its interval.

    Sessions are drawn together, so that what a trace does to all three cancels out.
    """
    ours, floor, best = (np.asarray(each, dtype=float) for each in (policy, lowest, optimum))
    if not ours.size or not ours.size == floor.size == best.size:
        raise ValueError("the three need the same sessions, at least one")

    def gain(a: float, b: float, c: float) -> float:
        return 100 * (a - b) / (c - b) if c > b else 100.0

    picks = np.random.default_rng(seed).integers(0, ours.size, (BOOTSTRAP_ROUNDS, ours.size))
    drawn = [gain(ours[p].mean(), floor[p].mean(), best[p].mean()) for p in picks]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return gain(ours.mean(), floor.mean(), best.mean()), float(low), float(high)
