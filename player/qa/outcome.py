"""What came of a plan: the runs, their figures, the judgement by the thresholds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from player.qa.explanations import why
from player.qa.plan import QaPlan
from player.qa.run_spec import RunResult
from player.qa.thresholds import (
    STANDS,
    Condition,
    Judgement,
    Metrics,
    cdn_of,
    figure,
    implied,
    judge,
    metrics_of,
    parse,
    statistic,
)

OUTCOME_VERSION = 1
_IMPLIED = "failed == 0"
_ABOUT_FAILURE = ("failed", "ended")
_STILLS = "Where pictures are to stand (slides), the plan says so: play: {stills: allowed}."
_NOT_ASKED = "No run asked a CDN of that name. One that is there and need not be asked is named in cdns."
_TABLED = (
    "startup_s",
    "stalls",
    "stalled_s",
    "rebuffer_ratio",
    "mean_bitrate_bps",
    "switches",
    "path_switches",
    "errors",
    "failed_requests",
)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A run with its figures and the conditions that it alone broke."""

    result: RunResult
    metrics: Metrics
    broken: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.result.labels.text

    @property
    def passed(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class BaselineFinding:
    """What differs from the baseline: ``name`` is a figure or a run, ``sentence`` has the numbers."""

    name: str
    worse: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """The whole. ``against`` is None where there is no baseline; ``ended_by`` says why runs did not run."""

    plan: QaPlan
    runs: tuple[RunOutcome, ...]
    judgements: tuple[Judgement, ...]
    not_run: tuple[str, ...] = ()  # the names of the others, where the plan was ended early
    ended_by: str = ""
    against: tuple[BaselineFinding, ...] | None = None

    @property
    def passed(self) -> bool:
        if self.not_run or not self.runs or any(each.worse for each in self.against or ()):
            return False
        return all(judgement.holds for judgement in self.judgements)

    @property
    def not_applied(self) -> tuple[str, ...]:
        """What the plan says and players have no form for, each with its player."""
        labels = [run.result.labels for run in self.runs]
        unjudged = {
            f"{run.result.labels.player}: lost {medium} is not judged"
            for run in self.runs
            for medium in run.result.report["continuity"].get("unjudged", ())
        }
        return tuple(sorted({f"{each.player}: {what}" for each in labels for what in each.not_applied} | unjudged))

    @property
    def virtual(self) -> bool:
        """Whether chance had no part in any run: browsers play in real time, whatever the plan says."""
        return self.plan.virtual and all(run.result.labels.is_ours for run in self.runs)

    def document(self) -> dict[str, Any]:
        """The outcome as one JSON document (``docs/guide-qa.md``); ``report`` of each run is that of
        ``docs/report.md``."""
        return {
            "version": OUTCOME_VERSION,
            "plan": self.plan.name,
            "description": self.plan.description,
            "mode": "virtual" if self.virtual else "real",
            "passed": self.passed,
            "thresholds": [
                {
                    "condition": each.condition.text,
                    "holds": each.holds,
                    "value": each.value,
                    "sentence": each.sentence,
                }
                for each in self.judgements
            ],
            "statistics": statistics_of([run.metrics for run in self.runs]),
            "runs": [_run(run) for run in self.runs],
            "not_run": list(self.not_run),
            "ended_by": self.ended_by,
            "left_out": [{"name": name, "reason": reason} for name, reason in self.plan.left_out],
            "baseline": None
            if self.against is None
            else [{"name": each.name, "worse": each.worse, "sentence": each.sentence} for each in self.against],
        }


def outcome_of(
    plan: QaPlan, results: Sequence[RunResult], not_run: Sequence[str] = (), ended_by: str = ""
) -> PlanOutcome:
    """Judge the results of a plan's runs; ``not_run`` names those that did not run, ``ended_by`` why. A playback
    that fails breaks a plan that says nothing about failures, and media that is lost one that says nothing about
    losses."""
    conditions = list(plan.thresholds)
    if not any(condition.metric in _ABOUT_FAILURE for condition in conditions):
        conditions.insert(0, parse(_IMPLIED))
    unused = _unused_faults(plan, results)
    figures = [_figures(result, unused) for result in results]
    asked_of = {cdn for each in figures for name in each if (cdn := cdn_of(name))}
    asked_of |= {name for spec in plan.runs for name in spec.source.cdns}
    nothing = {
        each.metric: 0.0 for each in conditions if cdn_of(each.metric) in asked_of
    }  # of a CDN that another run asked, or that the plan names
    measured = [(result, {**nothing, **own}) for result, own in zip(results, figures, strict=True)]
    taken_for_granted = implied(conditions, [metrics for _, metrics in measured], stills=plan.stills)
    conditions = [*taken_for_granted, *conditions]

    def about(result: RunResult, metrics: Metrics) -> list[Condition]:
        """The conditions on a run. What nobody asked for and no browser tells is not held against its player."""
        if result.labels.is_ours:
            return conditions
        return [
            each for each in conditions if each not in taken_for_granted or figure(metrics, each.metric) is not None
        ]

    asked = [about(result, metrics) for result, metrics in measured]
    runs = tuple(
        RunOutcome(result, metrics, _broken(own, metrics))
        for (result, metrics), own in zip(measured, asked, strict=True)
    )
    judged = tuple(
        _explained(
            judge(
                condition, [(run.name, run.metrics) for run, own in zip(runs, asked, strict=True) if condition in own]
            ),
            unused,
        )
        for condition in conditions
    )
    return PlanOutcome(plan, runs, judged, tuple(not_run), ended_by)


def _figures(result: RunResult, unused: Mapping[str, Sequence[str]]) -> Metrics:
    """The figures of a run, with how many rules of its faults met no request in any run."""
    left = unused.get(result.labels.faults)
    found = metrics_of(result.report, result.memory_bytes)
    return found if left is None else {**found, "unused_faults": float(len(left))}


def _unused_faults(plan: QaPlan, results: Sequence[RunResult]) -> dict[str, list[str]]:
    """The rules of each of the plan's faults that met no request in any run; faults of which no run tells are not
    among them."""
    rules = {spec.labels.faults: spec.faults.rules for spec in plan.runs if spec.faults is not None}
    tried: dict[str, set[int]] = {}
    for result in results:
        told = result.report["result"].get("tried_faults")
        if told is not None and result.labels.faults in rules:
            tried.setdefault(result.labels.faults, set()).update(told)
    return {
        name: [rule.name or f"rule {number + 1}" for number, rule in enumerate(rules[name]) if number not in met]
        for name, met in tried.items()
    }


def _explained(judgement: Judgement, unused: Mapping[str, Sequence[str]]) -> Judgement:
    """The judgement; one on faults that were not used names them, and one on stills says how to allow them."""
    if not judgement.holds and judgement.condition.metric == STANDS:
        return replace(judgement, sentence=f"{judgement.sentence} {_STILLS}")
    if not judgement.holds and judgement.value is None and cdn_of(judgement.condition.metric):
        return replace(judgement, sentence=f"{judgement.sentence} {_NOT_ASKED}")
    if judgement.holds or judgement.condition.metric != "unused_faults":
        return judgement
    told = "; ".join(f"{name}: {', '.join(left)}" for name, left in unused.items() if left)
    if not told:
        return judgement
    return replace(judgement, sentence=f"{judgement.sentence} No request met these rules in their time: {told}.")


def statistics_of(runs: Sequence[Metrics]) -> dict[str, dict[str, float]]:
    """Mean, least, most, median and 95th percentile of the main figures over all runs that have them."""
    found: dict[str, dict[str, float]] = {}
    for name in _TABLED:
        values = [value for value in (figure(metrics, name) for metrics in runs) if value is not None]
        if values:
            found[name] = {each: round(statistic(each, values), 6) for each in ("mean", "min", "max", "p50", "p95")}
    return found


def _broken(conditions: Sequence[Condition], metrics: Metrics) -> tuple[str, ...]:
    own = [condition for condition in conditions if not condition.statistic]
    return tuple(
        judge(condition, [("this run", metrics)]).sentence
        for condition in own
        if not condition.holds(figure(metrics, condition.metric))
    )


def _run(run: RunOutcome) -> dict[str, Any]:
    labels = run.result.labels
    return {
        "name": run.name,
        "source": labels.source,
        "cdns": labels.cdns,
        "network": labels.network,
        "faults": labels.faults,
        "policy": run.result.report["policy"],
        "device": labels.device,
        "cmcd": labels.cmcd,
        "seed": labels.seed,
        "repeat": labels.repeat,
        "passed": run.passed,
        "broken": list(run.broken),
        "seconds": round(run.result.seconds, 3),
        "metrics": dict(run.metrics),
        "not_applied": list(labels.not_applied),
        "why": why(run.result.report),
        "report": run.result.report,
    }
