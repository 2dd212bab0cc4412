"""Whether an outcome is worse than an earlier one, by more than chance. Pure.

Runs are paired by their names. Runs in virtual time know no chance: what is worse by more than a hundredth is worse.
In real time the differences of five or more pairs are put to a sign-flip permutation test (Fisher 1935): chance alone
brings such a mean in less than one of twenty cases.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from player.qa.history.kept import KeptOutcome

LEAST_PAIRS = 5
_CHANCE = 0.05
_EXACT_PAIRS = 12
_DRAWS = 4000
_LEAST_SHARE = 0.01
_LESS_IS_BETTER = (
    *("startup_s", "stalls", "stalled_s", "rebuffer_ratio", "errors", "failed_requests", "failed", "lost_s"),
    *("repeated_s", "decode_errors", "skipped", "dropped_frames", "frozen_s", "black_s", "silent_s"),
    *("wrong_picture_s", "wrong_sound_s", "delivery_findings", "latency_s"),
)
_MORE_IS_BETTER = ("mean_bitrate_bps", "mean_quality", "ended", "vmaf_mean")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that differs from the baseline's: the means over ``pairs`` runs, the ``chance`` of such a difference
    (0 in virtual time; None where there are too few pairs), and whether that is worse."""

    metric: str
    before: float
    after: float
    pairs: int
    chance: float | None
    worse: bool

    @property
    def sentence(self) -> str:
        """The change in words."""
        told = f"{self.metric} went from {self.before:.4g} to {self.after:.4g} over {self.pairs} runs"
        if self.chance is None:
            return f"{told}; that are too few to tell it from chance."
        how = "worse" if self.worse else "no worse than chance would have it"
        return f"{told}: {how}" + (f" (p = {self.chance:.3f})." if self.chance else ".")


def changes(baseline: KeptOutcome, outcome: KeptOutcome) -> list[Change]:
    """The figures that differ, the worse ones first; empty where the plans have no run in common."""
    before = {run.name: run.figures for run in baseline.runs}
    found = []
    for metric in (*_LESS_IS_BETTER, *_MORE_IS_BETTER):
        sign = -1.0 if metric in _MORE_IS_BETTER else 1.0
        pairs = [
            (old, new)
            for run in outcome.runs
            if run.name in before
            and (old := before[run.name].get(metric)) is not None
            and (new := run.figures.get(metric)) is not None
        ]
        if any(old != new for old, new in pairs):
            found.append(_change(metric, pairs, sign, virtual=outcome.virtual and baseline.virtual))
    return sorted(found, key=lambda each: not each.worse)


def missing(baseline: KeptOutcome, outcome: KeptOutcome) -> list[str]:
    """The runs of the baseline that the outcome does not have."""
    there = {run.name for run in outcome.runs}
    return [run.name for run in baseline.runs if run.name not in there]


def _change(metric: str, pairs: Sequence[tuple[float, float]], sign: float, *, virtual: bool) -> Change:
    before = math.fsum(old for old, _ in pairs) / len(pairs)
    after = math.fsum(new for _, new in pairs) / len(pairs)
    by = sign * (after - before)
    if virtual:
        return Change(metric, before, after, len(pairs), 0.0, by > _LEAST_SHARE * max(abs(before), abs(after)))
    if len(pairs) < LEAST_PAIRS:
        return Change(metric, before, after, len(pairs), None, worse=False)
    chance = chance_of([sign * (new - old) for old, new in pairs])
    return Change(metric, before, after, len(pairs), chance, by > 0 and chance < _CHANCE)


def chance_of(differences: Sequence[float]) -> float:
    """How likely a mean of at least this size is, if each difference could as well have the other sign."""
    total = math.fsum(differences)
    if len(differences) <= _EXACT_PAIRS:
        flips = list(itertools.product((1.0, -1.0), repeat=len(differences)))
    else:
        random = Random(1)
        flips = [tuple(random.choice((1.0, -1.0)) for _ in differences) for _ in range(_DRAWS)]
        flips.append(tuple(1.0 for _ in differences))
    as_large = sum(
        math.fsum(sign * each for sign, each in zip(signs, differences, strict=True)) >= total - 1e-12
        for signs in flips
    )
    return as_large / len(flips)
