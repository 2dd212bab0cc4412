"""The trends of kept outcomes: lines of text, and one static page. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from player.qa.history.kept import KeptOutcome
from player.qa.html_report import POLICY, STYLE
from player.qa.thresholds import shown

METRICS = ("startup_s", "stalls", "stalled_s", "mean_bitrate_bps", "switches", "failed_requests", "lost_s")
_BARS = "▁▂▃▄▅▆▇█"
_LATEST = 60
_WIDTH, _HEIGHT = 240, 40


@dataclass(frozen=True, slots=True)
class FigureTrend:
    """One figure of a plan over its outcomes, oldest first; the mean over the runs of each."""

    metric: str
    values: tuple[float, ...]

    @property
    def line(self) -> str:
        """The values as bars."""
        low, high = min(self.values), max(self.values)
        span = high - low or 1.0
        return "".join(_BARS[int((value - low) / span * (len(_BARS) - 1))] for value in self.values)


@dataclass(frozen=True, slots=True)
class PlanHistory:
    """``flaky`` are the runs whose verdict changed between outcomes, with the share of the rarer verdict."""

    plan: str
    outcomes: tuple[KeptOutcome, ...]
    trends: tuple[FigureTrend, ...]
    flaky: tuple[tuple[str, float], ...]

    @property
    def passed(self) -> int:
        return sum(each.passed for each in self.outcomes)


def histories(outcomes: Sequence[KeptOutcome]) -> list[PlanHistory]:
    """One for each plan, by name."""
    plans = sorted({each.plan for each in outcomes})
    return [_history(plan, [each for each in outcomes if each.plan == plan][-_LATEST:]) for plan in plans]


def _history(plan: str, outcomes: Sequence[KeptOutcome]) -> PlanHistory:
    trends = []
    for metric in METRICS:
        means = [_mean(each, metric) for each in outcomes]
        known = tuple(value for value in means if value is not None)
        if known:
            trends.append(FigureTrend(metric, known))
    return PlanHistory(plan, tuple(outcomes), tuple(trends), _flaky(outcomes))


def _mean(outcome: KeptOutcome, metric: str) -> float | None:
    values = [value for run in outcome.runs if (value := run.figures.get(metric)) is not None]
    return math.fsum(values) / len(values) if values else None


def _flaky(outcomes: Sequence[KeptOutcome]) -> tuple[tuple[str, float], ...]:
    verdicts: dict[str, list[bool]] = {}
    for each in outcomes:
        for run in each.runs:
            verdicts.setdefault(run.name, []).append(run.passed)
    rarer = {name: min(seen.count(True), seen.count(False)) / len(seen) for name, seen in verdicts.items()}
    return tuple(sorted(((name, share) for name, share in rarer.items() if share), key=lambda each: -each[1]))


def lines(history: PlanHistory) -> list[str]:
    """A plan in text."""
    last = history.outcomes[-1]
    count = len(history.outcomes)
    verdict = "passed" if last.passed else "FAILED"
    told = [f"{history.plan}: {history.passed} of {count} passed, the last on {last.date} UTC {verdict}"]
    width = max((len(each.metric) for each in history.trends), default=0)
    told += [
        f"  {each.metric:<{width}}  {each.line}  {shown(each.values[0])} -> {shown(each.values[-1])}"
        for each in history.trends
    ]
    return told + [f"  flaky: {name}, {share:.0%}" for name, share in history.flaky]


def page(found: Sequence[PlanHistory]) -> str:
    """The page: it needs nothing from elsewhere."""
    body = "".join(_section(each) for each in found) or "<p class=soft>Nothing is kept yet.</p>"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += f'<meta name="viewport" content="width=device-width"><title>QA history</title><style>{STYLE}'
    head += "polyline { fill: none; stroke: var(--blue); stroke-width: 2; }</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>QA history</h1>{body}</body></html>\n'


def _section(history: PlanHistory) -> str:
    last = history.outcomes[-1]
    verdict = "passed" if last.passed else "failed"
    rows = "".join(
        f"<tr><td>{escape(each.metric)}</td><td>{_curve(each.values)}</td>"
        f"<td class=number>{shown(each.values[0])}</td><td class=number>{shown(each.values[-1])}</td></tr>"
        for each in history.trends
    )
    flaky = "".join(f"<li>{escape(name)}: {share:.0%}</li>" for name, share in history.flaky)
    told = f"<p>Flaky runs, with the share of the rarer verdict:</p><ul>{flaky}</ul>" if flaky else ""
    dates = "".join(
        f"<tr><td class={'ok' if each.passed else 'bad'}>{'passed' if each.passed else 'failed'}</td>"
        f"<td>{each.date}</td><td class=number>{sum(run.passed for run in each.runs)} of {len(each.runs)}</td></tr>"
        for each in reversed(history.outcomes)
    )
    return (
        f'<section class=run><h2>{escape(history.plan)} <span class="verdict {verdict}">{verdict}</span></h2>'
        f"<p class=soft>{history.passed} of {len(history.outcomes)} passed</p>"
        f"<table><tr><th>figure</th><th>trend</th><th class=number>first</th><th class=number>last</th></tr>{rows}"
        f"</table>{told}<details><summary>Outcomes</summary><table>{dates}</table></details>"
        "</section>"
    )


def _curve(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    span, step = high - low or 1.0, _WIDTH / max(len(values) - 1, 1)
    points = " ".join(
        f"{number * step:.1f},{_HEIGHT - 4 - (value - low) / span * (_HEIGHT - 8):.1f}"
        for number, value in enumerate(values)
    )
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img"><polyline points="{points}"/></svg>'
