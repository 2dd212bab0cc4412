"""The outcome as one HTML page that needs nothing else: no script, no font, no picture from anywhere. Pure.

Everything in it that came from elsewhere is escaped, and its own policy (CSP) keeps a browser from loading anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from player.qa import chart
from player.qa.explanations import why_delivery, why_errors, why_lost, why_paths, why_rungs, why_stalls, why_start
from player.qa.outcome import PlanOutcome, RunOutcome, statistics_of
from player.qa.thresholds import PLAIN, figure, shown

_COLUMNS = (
    ("startup_s", "start, s"),
    ("stalls", "stalls"),
    ("stalled_s", "stalled, s"),
    ("mean_bitrate_bps", "Mbit/s"),
    ("switches", "switches"),
    ("path_switches", "CDN changes"),
    ("errors", "errors"),
    ("failed_requests", "failed requests"),
)
_MOST_DRAWN = 60
_MOST_OPEN = 12  # a longer list is shown when it is asked for
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { --page: #fff; --ink: #14181f; --soft: #5a6472; --line: #e3e7ec; --card: #f7f9fb; --blue: #1f6feb;
  --green: #1a7f4b; --red: #c62f2f; --violet: #7a4fd0; --orange: #c76a00; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --page: #11151b; --ink: #e8ecf1; --soft: #9aa5b3; --line: #2a323d;
  --card: #181e26; --blue: #6ba4ff; --green: #4fc98a; --red: #ff7b72; --violet: #b794ff; --orange: #f0a040; } }
body { margin: 0 auto; max-width: 1040px; padding: 32px 20px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 8px; }
p.soft { color: var(--soft); margin: 0 0 12px; }
.verdict { display: inline-block; padding: 2px 12px; border-radius: 12px;
  color: var(--page); font-weight: 600; font-size: 14px; }
.passed { background: var(--green); } .failed { background: var(--red); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; } td.number, th.number { text-align: right; }
td.condition { white-space: nowrap; } td.ok { color: var(--green); } td.bad { color: var(--red); font-weight: 600; }
a { color: var(--blue); text-decoration: none; }
section.run { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px 20px; margin: 18px 0; }
section.run h3 { margin: 0 0 10px; font-size: 16px; } section.run .verdict { margin-left: 8px; font-size: 12px; }
ul { margin: 4px 0 10px; padding-left: 20px; } .broken { color: var(--red); }
summary { cursor: pointer; color: var(--soft); }
.scroll { overflow-x: auto; }
"""


def page(outcome: PlanOutcome) -> str:
    """The document."""
    plan, runs = outcome.plan, outcome.runs
    mode = "virtual time" if plan.virtual else "real time"
    told = f"<p class=soft>{escape(plan.description)}</p>" if plan.description else ""
    failed = sum(not run.passed for run in runs)
    count = f"{len(runs)} run{'s' * (len(runs) != 1)} in {mode}, {failed} of them broke a condition of their own."
    if outcome.not_run:
        left = ", ".join(escape(name) for name in outcome.not_run[:_MOST_OPEN])
        reason = f" {escape(outcome.ended_by)}" if outcome.ended_by else ""
        count += f" The plan was ended early: {len(outcome.not_run)} more did not run ({left}).{reason}"
    count += "".join(f"<br>Left out: {escape(name)}. {escape(reason)}" for name, reason in plan.left_out)
    count += "".join(f"<br>Not applied: {escape(each)}." for each in outcome.not_applied)
    drawn = "".join(_run(number, run) for number, run in enumerate(runs[:_MOST_DRAWN], 1))
    rest = len(runs) - _MOST_DRAWN
    more = f"<p class=soft>{rest} more runs are in the table and in the JSON document.</p>" if rest > 0 else ""
    body = (
        f"<h1>{escape(plan.name)} {_verdict(passed=outcome.passed)}</h1>{told}<p class=soft>{count}</p>"
        f"<h2>Thresholds</h2>{_thresholds(outcome)}{_baseline(outcome)}"
        f"<h2>Runs</h2>{_table(runs)}<h2>What happened</h2>{drawn}{more}"
    )
    head = f'''<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'''
    head += f'<meta name="viewport" content="width=device-width"><title>{escape(plan.name)}</title>'
    head += f"<style>{STYLE}{chart.STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _verdict(*, passed: bool) -> str:
    name = "passed" if passed else "failed"
    return f'<span class="verdict {name}">{name}</span>'


def _baseline(outcome: PlanOutcome) -> str:
    if outcome.against is None:
        return ""
    rows = "".join(
        f"<tr><td class={'bad' if each.worse else 'ok'}>{'worse' if each.worse else 'other'}</td>"
        f"<td class=condition>{escape(each.name)}</td><td>{escape(each.sentence)}</td></tr>"
        for each in outcome.against
    )
    told = rows or "<tr><td class=ok>same</td><td>No figure differs from the baseline.</td></tr>"
    return f"<h2>Against the baseline</h2><table>{told}</table>"


def _thresholds(outcome: PlanOutcome) -> str:
    rows = "".join(
        f"<tr><td class={'ok' if each.holds else 'bad'}>{'holds' if each.holds else 'broken'}</td>"
        f"<td class=condition>{escape(each.condition.text)}</td><td>{escape(each.sentence)}</td></tr>"
        for each in outcome.judgements
    )
    return f"<table><tr><th></th><th>condition</th><th>found</th></tr>{rows}</table>"


def _table(runs: Sequence[RunOutcome]) -> str:
    heads = "".join(
        f'<th class=number title="{escape(PLAIN[name])}">{escape(title)}</th>' for name, title in _COLUMNS
    )
    rows = "".join(
        f"<tr><td class={'ok' if run.passed else 'bad'}>{'passed' if run.passed else 'failed'}</td>"
        f'<td><a href="#run-{number}">{escape(run.name)}</a></td>{_cells(run)}</tr>'
        for number, run in enumerate(runs, 1)
    )
    statistics = statistics_of([run.metrics for run in runs])
    foot = "".join(
        f"<tr><th></th><th>{title}</th>"
        + "".join(f"<th class=number>{_cell(name, statistics.get(name, {}).get(key))}</th>" for name, _ in _COLUMNS)
        + "</tr>"
        for key, title in (("mean", "mean"), ("p95", "95th percentile"))
    )
    return f"<div class=scroll><table><tr><th></th><th>run</th>{heads}</tr>{rows}{foot}</table></div>"


def _cells(run: RunOutcome) -> str:
    return "".join(f"<td class=number>{_cell(name, figure(run.metrics, name))}</td>" for name, _ in _COLUMNS)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name == "mean_bitrate_bps":
        return f"{value / 1e6:.2f}"
    return f"{value:.2f}" if name.endswith("_s") else shown(value)


def _run(number: int, run: RunOutcome) -> str:
    report = run.result.report
    result, error = report["result"], report["result"]["error"]
    ending = f"{result['status']} at {result['position_s']:.1f} s"
    ending += "" if error is None else f": {error['sentence']} ({error['code']})"
    broken = "".join(f"<p class=broken>{escape(sentence)}</p>" for sentence in run.broken)
    told = _told("What was not right in picture and sound", why_lost(report))
    told += _told("Why it stood still", why_stalls(report)) + _told("What went wrong", why_errors(report))
    told += _told("What servers said that cannot be right", why_delivery(report))
    told += _told("Why it began so", why_start(report)) + _told("Why this CDN", why_paths(report))
    told += _told("Why this quality", why_rungs(report), closed=True)
    return (
        f'<section class=run id="run-{number}"><h3>{number}. {escape(run.name)} {_verdict(passed=run.passed)}</h3>'
        f"<p class=soft>{escape(str(report['source']))}, policy {escape(report['policy'])}, {escape(ending)}</p>"
        f"{broken}{chart.chart(report)}{told}{_delivery(report)}</section>"
    )


def _told(title: str, sentences: Sequence[str], *, closed: bool = False) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    shown_open = "" if closed or len(sentences) > _MOST_OPEN else " open"
    return f"<details{shown_open}><summary>{escape(title)} ({len(sentences)})</summary><ul>{items}</ul></details>"


def _delivery(report: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=number>{path['requests']}</td>"
        f"<td class=number>{path['bytes'] / 1e6:.1f}</td>"
        f"<td>{escape(', '.join(f'{count} x {code}' for code, count in path['errors'].items())) or '–'}</td></tr>"
        for name, path in report["paths"].items()
    )
    head = "<tr><th>CDN</th><th class=number>requests</th><th class=number>MB</th><th>errors</th></tr>"
    return f"<details><summary>Delivery</summary><table>{head}{rows}</table></details>"
