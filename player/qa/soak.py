"""Long runs: whether memory and handles stay within their budgets, and whether they will. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from player.qa.usage import Usage

WARM_UP_SHARE = 0.2  # of the samples: caches fill, libraries are loaded
LEAST_SAMPLES = 20
_MOST_POINTS = 200  # slopes are taken between all pairs
_Z_95 = 1.96


@dataclass(frozen=True, slots=True)
class SoakSample:
    """``at_s`` seconds since the start; ``round`` counts the playbacks, from 1."""

    at_s: float
    round: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class SoakPlayback:
    """Why things happened in a playback, in sentences (:mod:`player.qa.explanations`)."""

    round: int
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be held at the most. None: as much as it likes."""

    memory_bytes: int | None = None
    handles: int | None = None


@dataclass(frozen=True, slots=True)
class GrowthTrend:
    """Growth by the second: the median of all slopes (Theil, Sen) with its 95 % interval (Sen 1968)."""

    slope: float
    low: float
    high: float


def trend(points: Sequence[tuple[float, float]]) -> GrowthTrend | None:
    """The trend of (seconds, value) pairs; None for too few of them."""
    step = max(1, math.ceil(len(points) / _MOST_POINTS))
    chosen = points[::step]
    count = len(chosen)
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(chosen)
        for later in chosen[number + 1 :]
        if later[0] > earlier[0]
    )
    if count < LEAST_SAMPLES or not slopes:
        return None
    spread = _Z_95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return GrowthTrend(slopes[len(slopes) // 2], slopes[low], slopes[high])


def steady(values: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The values without those of the start."""
    return values[math.ceil(len(values) * WARM_UP_SHARE) :]


def trouble(samples: Sequence[SoakSample], budget: Budget, until_s: float) -> str | None:
    """Why the run should stop: a budget is exceeded, or is sure to be before ``until_s``. None while all is well."""
    found = None
    if budget.memory_bytes is not None:
        values = [(each.at_s, float(each.usage.memory_bytes)) for each in samples]
        found = _trouble("Memory", values, float(budget.memory_bytes), until_s, _megabytes)
    if found is None and budget.handles is not None:
        values = [(each.at_s, float(each.usage.handles or 0)) for each in samples]
        found = _trouble("Handles", values, float(budget.handles), until_s, _count)
    return found


def _trouble(
    name: str, values: Sequence[tuple[float, float]], most: float, until_s: float, shown: Callable[[float], str]
) -> str | None:
    if not values:
        return None
    at_s, now = values[-1]
    if now > most:
        return f"{name}: {shown(now)} after {at_s:.0f} s; the budget is {shown(most)}."
    found = trend(steady(values))
    if found is None or found.low <= 0 or now + found.low * (until_s - at_s) <= most:
        return None
    return (
        f"{name}: {shown(now)} after {at_s:.0f} s and {shown(found.slope * 3600)} more each hour; the budget of"
        f" {shown(most)} would be exceeded before the end."
    )


def _count(value: float) -> str:
    return f"{value:.0f}"


def _megabytes(value: float) -> str:
    return f"{value / 2**20:.1f} MiB"
