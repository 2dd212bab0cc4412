"""The outcome as JUnit XML, which every CI reads: a test for each run, one for each condition over all runs, and one
for each figure that differs from a baseline. What did not run is an error, what a player has no form for is skipped.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from player.qa.explanations import why
from player.qa.outcome import BaselineFinding, PlanOutcome, RunOutcome
from player.qa.thresholds import Judgement

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcome: PlanOutcome) -> str:
    """The document."""
    over_all = [judgement for judgement in outcome.judgements if judgement.condition.statistic]
    against, left_out = outcome.against or (), outcome.plan.left_out
    failures = sum(not run.passed for run in outcome.runs) + sum(not each.holds for each in over_all)
    failures += sum(each.worse for each in against)
    seconds = sum(run.result.seconds for run in outcome.runs)
    cases = [_run(run) for run in outcome.runs] + [_condition(each) for each in over_all]
    cases += [_finding(each) for each in against]
    reason = f"<error message={_quoted(outcome.ended_by or 'This run did not run.')}/>"
    cases += [_not_judged(name, reason) for name in outcome.not_run]
    cases += [_not_judged(name, f"<skipped message={_quoted(why_not)}/>") for name, why_not in left_out]
    errors = len(outcome.not_run)
    if not outcome.runs and not outcome.not_run:
        cases.append(_not_judged(outcome.plan.name, '<error message="The plan has no run."/>'))
        errors += 1
    head = f'name={_quoted(outcome.plan.name)} tests="{len(cases)}" failures="{failures}" errors="{errors}"'
    head += f' skipped="{len(left_out)}" time="{seconds:.3f}"'
    body = "".join(cases)
    suite = f"<testsuite {head}>\n{body}</testsuite>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def _run(run: RunOutcome) -> str:
    head = f'<testcase classname="run" name={_quoted(run.name)} time="{run.result.seconds:.3f}">\n'
    failure = "" if run.passed else f"<failure message={_quoted(run.broken[0])}>{_text(run.broken)}</failure>\n"
    told = "\n".join((*(f"Not applied: {each}." for each in run.result.labels.not_applied), *why(run.result.report)))
    return f"{head}{failure}<system-out>{_clean(escape(told))}</system-out>\n</testcase>\n"


def _not_judged(name: str, reason: str) -> str:
    return f'<testcase classname="run" name={_quoted(name)} time="0">{reason}</testcase>\n'


def _finding(found: BaselineFinding) -> str:
    head = f'<testcase classname="baseline" name={_quoted(found.name)} time="0">'
    failure = f"<failure message={_quoted(found.sentence)}/>" if found.worse else ""
    return f"{head}{failure}</testcase>\n"


def _condition(judgement: Judgement) -> str:
    head = f'<testcase classname="threshold" name={_quoted(judgement.condition.text)} time="0">'
    failure = "" if judgement.holds else f"<failure message={_quoted(judgement.sentence)}/>"
    return f"{head}{failure}</testcase>\n"


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _text(lines: tuple[str, ...]) -> str:
    return _clean(escape("\n".join(lines)))


def _clean(text: str) -> str:
    """Text without the characters that XML 1.0 does not have."""
    return _NOT_XML.sub("�", text)
