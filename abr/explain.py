"""Why a recorded run fetched what it fetched: the decision in force at a moment, in words.

Works on a run report (``matinee play --report``) or any document with a list ``decisions`` of dictionaries that
:func:`abr.ledger.decision_to_dict` wrote, each with ``at_s``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from abr import registry
from abr.ledger import decision_from_dict
from abr.model import Decision, Reason, Snapshot
from abr.words import label, rate, seconds

MAX_DECISIONS = 200_000
RATE_FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
BUFFER_STEPS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision and when it was taken, in seconds of the run."""

    at_s: float
    decision: Decision
    position: int | None = None


def recorded_decisions(report: Mapping[str, Any]) -> list[Recorded]:
    """All decisions of a report in order. Raises ValueError when there are none or they cannot be read."""
    entries = report.get("decisions")
    if not isinstance(entries, list) or not entries:
        raise ValueError("the report records no decisions")
    if len(entries) > MAX_DECISIONS:
        raise ValueError("the report records too many decisions")
    recorded = []
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("at_s"), (int, float)):
            raise ValueError("a recorded decision has no time")
        position = entry.get("position")
        number = position if isinstance(position, int) else None
        recorded.append(Recorded(float(entry["at_s"]), decision_from_dict(entry), number))
    return sorted(recorded, key=lambda each: each.at_s)


def decision_at(recorded: list[Recorded], at_s: float) -> Recorded:
    """The last decision taken up to ``at_s``, or the first of the run."""
    earlier = [each for each in recorded if each.at_s <= at_s]
    return earlier[-1] if earlier else recorded[0]


def explain(recorded: Recorded) -> str:
    """What was decided, on which numbers, what each rule wanted, and what would have changed it; a few lines of
    text.
    """
    decision, snapshot = recorded.decision, recorded.decision.snapshot
    where = "" if recorded.position is None else f", segment {recorded.position}"
    lines = [
        f"At {recorded.at_s:.1f} s{where}: {_outcome(decision)} ({decision.reason}, policy {decision.policy})",
        f"  {decision.sentence}",
        f"  Buffer: {seconds(snapshot.buffer_s)} of {seconds(snapshot.buffer_max_s)}; phase {snapshot.phase}.",
        f"  Network: {_network(snapshot)}",
        f"  Before: {_before(snapshot)}",
    ]
    if decision.votes:
        lines.append("  The rules:")
        lines += [f"    {vote.rule}: {_vote_rung(snapshot, vote.rung)} ({vote.detail})" for vote in decision.votes]
    changes = list(what_would_change(decision))
    lines.append("  What would have changed it:")
    lines += [f"    {change}" for change in changes] or ["    nothing within ten times the rate or 32 s of buffer"]
    return "\n".join(lines)


def _outcome(decision: Decision) -> str:
    if decision.rung is None:
        return f"wait {seconds(decision.wait_s)}"
    return f"rung {decision.rung}, {label(decision.snapshot.rungs[decision.rung])}"


def _network(snapshot: Snapshot) -> str:
    estimate = snapshot.estimate
    if estimate.mean_bps is None:
        return "nothing measured yet."
    source = (
        f"remembered, {seconds(estimate.age_s)} old" if estimate.remembered else f"from {estimate.samples} transfers"
    )
    return (
        f"{rate(estimate.mean_bps)} expected, {rate(estimate.low_bps)} at the least in nine of ten, {source};"
        f" first byte after {estimate.ttfb_s * 1000:.0f} ms."
    )


def _before(snapshot: Snapshot) -> str:
    if snapshot.current is None:
        return "nothing had been fetched."
    return f"rung {snapshot.current}, {label(snapshot.rungs[snapshot.current])}."


def _vote_rung(snapshot: Snapshot, rung: int | None) -> str:
    return "no rung" if rung is None else f"rung {rung}, {label(snapshot.rungs[rung])}"


def what_would_change(decision: Decision) -> Iterator[str]:
    """The nearest other rates and buffers at which the same policy, asked afresh, answers differently.

    Policies that remember earlier calls are asked without that memory; the sentences then speak of such a fresh
    policy.
    """
    if decision.reason is Reason.REPLACED:
        yield from (vote.detail for vote in decision.votes if vote.rung != decision.rung)
        return
    if decision.policy not in registry.names():
        return
    snapshot = decision.snapshot
    base = _ask(decision.policy, snapshot)
    if base != decision.rung:
        yield f"a fresh policy without this run's history would choose {_short(snapshot, base)}"
    mean = snapshot.estimate.mean_bps
    for direction in (1, -1):
        for factor in RATE_FACTORS if mean else ():
            other = _ask(decision.policy, _at_rate(snapshot, factor**direction))
            if other != base:
                yield f"at {rate((mean or 0) * factor**direction)} expected: {_short(snapshot, other)}"
                break
        for step in BUFFER_STEPS_S:
            buffer_s = snapshot.buffer_s + direction * step
            if not 0 <= buffer_s <= snapshot.buffer_max_s:
                continue
            other = _ask(decision.policy, replace(snapshot, buffer_s=buffer_s))
            if other != base:
                yield f"with {seconds(buffer_s)} buffered: {_short(snapshot, other)}"
                break


def _ask(policy: str, snapshot: Snapshot) -> int | None:
    return registry.create(policy).decide(snapshot).rung


def _short(snapshot: Snapshot, rung: int | None) -> str:
    return "wait" if rung is None else f"rung {rung}, {label(snapshot.rungs[rung])}"


def _at_rate(snapshot: Snapshot, factor: float) -> Snapshot:
    """The snapshot on a link that is ``factor`` times as fast."""
    estimate = snapshot.estimate

    def scaled(bps: float | None) -> float | None:
        return None if bps is None else bps * factor

    changed = replace(
        estimate,
        mean_bps=scaled(estimate.mean_bps),
        low_bps=scaled(estimate.low_bps),
        fast_bps=scaled(estimate.fast_bps),
        slow_bps=scaled(estimate.slow_bps),
        recent=tuple(replace(each, body_s=each.body_s / factor) for each in estimate.recent),
    )
    return replace(snapshot, estimate=changed)
