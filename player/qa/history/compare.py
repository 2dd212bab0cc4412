"""Whether an outcome is worse than an earlier one, by more than chance. Pure.

Runs are paired by their names. Runs in virtual time know no chance: what is worse by more than a hundredth is worse.
Of what should not happen at all, each run is judged by itself there: one that lost less does not make up for one that
lost more. In real time the differences of five or more pairs are put to a sign-flip permutation test (Fisher 1935):
chance alone brings such a mean in less than one of twenty cases. A figure that the baseline knows and the outcome
does not is worse.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from player.base.errors import ErrorCode, InputError
from player.qa.history.kept import KeptOutcome
from player.qa.outcome import BaselineFinding
from player.qa.picture.figures import NOTHING_OF as MEDIA_NOTHING_OF
from player.reporting.continuity import MEDIA

LEAST_PAIRS = 5
_CHANCE = 0.05
_EXACT_PAIRS = 12
_DRAWS = 4000
_LEAST_SHARE = 0.01
_NEVER = (
    *("failed", "unfinished", "errors", "failed_requests", "lost_s", "repeated_s", "skipped", "decode_errors"),
    *("corrupt_bytes", "cut_playlists", "delivery_findings", "unmet_languages", "live_jumps", "stalls", "stands_s"),
    *(f"{name}.{medium}" for name in ("lost_s", "repeated_s") for medium in MEDIA),
    *MEDIA_NOTHING_OF,
)
"""What should not happen at all."""
_LESS_IS_BETTER = (
    *("startup_s", "stalled_s", "rebuffer_ratio", "switches", "path_switches", "dropped_frames"),
    *("blockiness", "av_offset_ms", "latency_s", "latency_drift_s"),
)
_MORE_IS_BETTER = ("mean_bitrate_bps", "mean_quality", "ended", "played_s", "vmaf_mean", "vmaf_min")
_BY_SIZE = ("av_offset_ms",)  # early is no better than late
_NAMED = re.compile(r"errors\..+|cdn\..+\.errors")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that differs from the baseline's: the means over ``pairs`` runs, the ``chance`` of such a difference
    (0 in virtual time; None where there are too few pairs), and whether that is worse. ``unknown`` runs do not have
    it any more."""

    metric: str
    before: float
    after: float
    pairs: int
    chance: float | None
    worse: bool
    unknown: int = 0

    @property
    def sentence(self) -> str:
        """The change in words."""
        if self.unknown:
            return f"{self.metric} is not known any more in {self.unknown} runs: worse."
        told = f"{self.metric} went from {self.before:.4g} to {self.after:.4g} over {self.pairs} runs"
        if self.chance is None:
            return f"{told}; that are too few to tell it from chance."
        how = "worse" if self.worse else "no worse than chance would have it"
        return f"{told}: {how}" + (f" (p = {self.chance:.3f})." if self.chance else ".")


def changes(baseline: KeptOutcome, outcome: KeptOutcome) -> list[Change]:
    """The figures that differ, the worse ones first; empty where the plans have no run in common."""
    before = {run.name: run.figures for run in baseline.runs}
    both = [(before[run.name], run.figures) for run in outcome.runs if run.name in before]
    named = {name for figures in itertools.chain(*both) for name in figures if _NAMED.fullmatch(name)}
    found = []
    for metric in (*_NEVER, *_LESS_IS_BETTER, *_MORE_IS_BETTER, *sorted(named)):
        sign = -1.0 if metric in _MORE_IS_BETTER else 1.0
        there = [(_figure(old, metric), _figure(new, metric)) for old, new in both]
        pairs = [(old, new) for old, new in there if old is not None and new is not None]
        unknown = sum(old is not None and new is None for old, new in there)
        if unknown:
            found.append(Change(metric, math.nan, math.nan, len(pairs), None, worse=True, unknown=unknown))
        if any(old != new for old, new in pairs):
            found.append(_change(metric, pairs, sign, virtual=outcome.virtual and baseline.virtual))
    return sorted(found, key=lambda each: not each.worse)


def _figure(figures: Mapping[str, float | None], metric: str) -> float | None:
    """One figure; of a code or a CDN that never came up it is 0."""
    value = figures.get(metric, 0.0 if _NAMED.fullmatch(metric) else None)
    return abs(value) if value is not None and metric in _BY_SIZE else value


def must_fit(baseline: KeptOutcome, plan: str, runs: Sequence[str], *, virtual: bool) -> None:
    """Refuse a baseline that cannot judge the runs of a plan, by their names. Raises InputError with the reason."""
    known = {run.name for run in baseline.runs}
    common = sum(name in known for name in runs)
    new = [name for name in runs if name not in known]
    bad = [run.name for run in baseline.runs if not run.passed]
    reason = ""
    if baseline.plan != plan:
        reason = f'it is of the plan "{baseline.plan}", and this is "{plan}"'
    elif not baseline.runs:
        reason = "it has no run"
    elif baseline.virtual != virtual:
        modes = ("real", "virtual") if virtual else ("virtual", "real")
        reason = f"its runs were in {modes[0]} time, and these are in {modes[1]} time"
    elif bad:
        reason = f"{len(bad)} of its {len(baseline.runs)} runs failed, first {bad[0]}"
    elif not baseline.passed:
        reason = "it did not pass, or not all of its runs did run"
    elif new:
        reason = f"it does not have {len(new)} of these {len(runs)} runs, first {new[0]}"
    elif not virtual and common < LEAST_PAIRS:
        reason = f"in real time {LEAST_PAIRS} runs tell a difference from chance, and these are {common}"
    if reason:
        raise InputError(ErrorCode.INPUT_FILE, f"The baseline cannot judge this plan: {reason}.")


def findings(baseline: KeptOutcome, outcome: KeptOutcome) -> tuple[BaselineFinding, ...]:
    """What differs from the baseline, the worse first. A run that is gone is worse."""
    gone = [BaselineFinding(name, worse=True, sentence=f"{name} did not run.") for name in missing(baseline, outcome)]
    differ = [BaselineFinding(each.metric, each.worse, each.sentence) for each in changes(baseline, outcome)]
    return (*gone, *differ)


def missing(baseline: KeptOutcome, outcome: KeptOutcome) -> list[str]:
    """The runs of the baseline that the outcome does not have."""
    there = {run.name for run in outcome.runs}
    return [run.name for run in baseline.runs if run.name not in there]


def _change(metric: str, pairs: Sequence[tuple[float, float]], sign: float, *, virtual: bool) -> Change:
    before = math.fsum(old for old, _ in pairs) / len(pairs)
    after = math.fsum(new for _, new in pairs) / len(pairs)
    by = sign * (after - before)
    if virtual:
        if metric in _NEVER:
            by = math.fsum(max(sign * (new - old), 0.0) for old, new in pairs) / len(pairs)
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
