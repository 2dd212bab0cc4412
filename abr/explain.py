"""Why a recorded run fetched what it fetched: the decision in force at a moment, in words.

Works on a run report (``matinee play --report``) or any document with a list ``decisions`` of dictionaries that
:func:`abr.ledger.decision_to_dict` wrote, each with ``at_s``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from abr import registry
from abr.constraints import caps_in_words
from abr.ledger import decision_from_dict
from abr.model import Caps, Decision, Reason, Snapshot
from abr.policies.terms import terms
from abr.startup import while_low
from abr.words import label, rate, seconds

MAX_DECISIONS = 200_000
RATE_FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
BUFFER_STEPS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
HALVINGS = 4  # of the step in which the answer changes, to say where it does
IDLE_S = 0.5  # shorter times without a fetch are not worth a line


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


def what_followed(report: Mapping[str, Any], recorded: list[Recorded], chosen: Recorded) -> list[str]:
    """Return what followed a decision until the next one, in sentences.

    These are abandonment, arrival, and waits with their reasons (if the report has ``waits``).
    """
    following = next((each for each in recorded if each.at_s > chosen.at_s), None)
    until_s = math.inf if following is None else following.at_s

    def rows(key: str) -> list[Mapping[str, Any]]:
        listed = report.get(key)
        found = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        timed = [each for each in found if isinstance(each.get("at_s"), (int, float))]
        return [each for each in timed if each.get("position") == chosen.position and chosen.at_s <= each["at_s"]]

    lines = [
        f"at {each['at_s']:.1f} s: {each.get('sentence')}" for each in rows("abandoned") if each["at_s"] <= until_s
    ]
    arrived_s = min((each["at_s"] for each in rows("segments") if each.get("track") == "main"), default=math.inf)
    if not math.isfinite(arrived_s):
        return lines
    lines.append(f"at {arrived_s:.1f} s the segment had arrived")
    waits = _waits(report, arrived_s, until_s)
    if waits:
        return lines + waits
    if following is not None and until_s - arrived_s > IDLE_S:
        then = following.decision.snapshot
        lines.append(
            f"until {until_s:.1f} s nothing was fetched; {seconds(then.buffer_s)} of {seconds(then.buffer_max_s)}"
            " were buffered then"
        )
    return lines


def _waits(report: Mapping[str, Any], from_s: float, until_s: float) -> list[str]:
    """The stretches within these times in which nothing was fetched on purpose; none where they are not recorded."""
    listed = report.get("waits")
    lines = []
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, Mapping):
            continue
        numbers = [each.get(name) for name in ("at_s", "seconds", "buffer_s")]
        begin_s, length_s, buffer_s = (float(it) if isinstance(it, (int, float)) else math.nan for it in numbers)
        if from_s - IDLE_S <= begin_s < until_s:
            lines.append(
                f"from {begin_s:.1f} to {begin_s + length_s:.1f} s nothing was fetched, {seconds(buffer_s)} were"
                f" buffered: {each.get('sentence')}"
            )
    return lines


def explain(recorded: Recorded, followed: Sequence[str] = ()) -> str:
    """What was decided, on which numbers, what each rule wanted, what would have changed it, and what ``followed``; a
    few lines of text.
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
    lines += [f"  Also: {each}." for each in _circumstances(snapshot)]
    if decision.votes:
        lines.append("  The rules:")
        lines += [f"    {vote.rule}: {_vote_rung(snapshot, vote.rung)} ({vote.detail})" for vote in decision.votes]
    if decision.policy == registry.DEFAULT and decision.rung is not None:
        lines += _terms(snapshot)
    changes = list(what_would_change(decision))
    lines.append("  What would have changed it:")
    lines += [f"    {change}" for change in changes] or ["    nothing within ten times the rate or 32 s of buffer"]
    if followed:
        lines += ["  What followed:", *(f"    {each}" for each in followed)]
    return "\n".join(lines)


def _terms(snapshot: Snapshot) -> Iterator[str]:
    """The terms that shaped the plan, each with its size and the rung without it."""
    found = list(terms(snapshot))
    if found:
        yield "  The terms of the plan:"
    for vote in found:
        yield f"    {vote.rule}: {vote.detail}; without it {_vote_rung(snapshot, vote.rung)}"


def _outcome(decision: Decision) -> str:
    if decision.rung is None:
        return f"wait {seconds(decision.wait_s)}"
    return f"rung {decision.rung}, {label(decision.snapshot.rungs[decision.rung])}"


def _network(snapshot: Snapshot) -> str:
    estimate = snapshot.estimate
    if estimate.mean_bps is None:
        shown = (
            "" if estimate.shown_bps is None else f"; the manifest and its like came at {rate(estimate.shown_bps)}"
        )
        return f"nothing measured yet{shown}."
    transfers = "1 transfer" if estimate.samples == 1 else f"{estimate.samples} transfers"
    source = f"remembered, {seconds(estimate.age_s)} old" if estimate.remembered else f"from {transfers}"
    return (
        f"{rate(estimate.mean_bps)} expected, {rate(estimate.low_bps)} at the least in nine of ten, {source};"
        f" first byte after {estimate.ttfb_s * 1000:.0f} ms."
    )


def _circumstances(snapshot: Snapshot) -> Iterator[str]:
    """What else a decision rests on, as far as it is out of the ordinary."""
    sizes = snapshot.next_sizes[0] if snapshot.next_sizes else ()
    if any(size is not None for size in sizes):
        told = ", ".join("unknown" if size is None else f"{size / 1e3:.0f} kB" for size in sizes)
        yield f"the next segment has {told}, from the lowest rung up"
    estimate = snapshot.estimate
    if estimate.usual_bps is not None:
        yield f"{rate(estimate.usual_bps)} usual of late"
    if snapshot.audio_bps:
        yield f"the sound takes {rate(snapshot.audio_bps)} of the link"
    if snapshot.remaining_s is not None and snapshot.remaining_s < snapshot.buffer_max_s:
        yield f"{seconds(snapshot.remaining_s)} of the title are left to fetch"
    if snapshot.playback_rate != 1:
        yield f"played at {snapshot.playback_rate:g} times the speed"
    if snapshot.live is not None:
        live = snapshot.live
        yield f"live, {seconds(live.latency_s)} behind, {seconds(live.target_latency_s)} wanted"
    if estimate.outage_chance > 0:
        yield f"an outage is expected in {estimate.outage_chance:.0%} of the transfers"
    limits = caps_in_words(snapshot)
    if limits:
        yield f"limited by {limits}"


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
    known = snapshot.estimate
    mean = known.shown_bps if known.mean_bps is None else known.mean_bps

    def at_rate(log_factor: float) -> int | None:
        estimate = snapshot.estimate.on_a_link(math.exp(log_factor))
        return _ask(decision.policy, replace(snapshot, estimate=estimate))

    def with_buffer(more_s: float) -> int | None:
        return _ask(decision.policy, replace(snapshot, buffer_s=snapshot.buffer_s + more_s))

    for direction in (1, -1):
        factors = [direction * math.log(factor) for factor in RATE_FACTORS] if mean else []
        change = _first_change(at_rate, base, factors)
        if change is not None and mean is not None:
            yield f"at {rate(mean * math.exp(change[0]))} expected: {_short(snapshot, change[1])}"
        steps = [direction * step for step in BUFFER_STEPS_S]
        room = [step for step in steps if 0 <= snapshot.buffer_s + step <= snapshot.buffer_max_s]
        change = _first_change(with_buffer, base, room)
        if change is not None:
            yield f"with {seconds(snapshot.buffer_s + change[0])} buffered: {_short(snapshot, change[1])}"
    for what, without in (("in Auto", replace(snapshot, manual=None)), ("unlimited", replace(snapshot, caps=Caps()))):
        other = base if without == snapshot else _ask(decision.policy, without)
        if other != base:
            yield f"{what}: {_short(snapshot, other)}"


def _first_change(
    ask: Callable[[float], int | None], base: int | None, steps: Sequence[float]
) -> tuple[float, int | None] | None:
    """The nearest of ``steps`` away from 0 at which the answer is another than ``base``, brought nearer by halving,
    and that answer."""
    near = 0.0
    for step in steps:
        far, answer = step, ask(step)
        if answer == base:
            near = far
            continue
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            found = ask(middle)
            near, far, answer = (middle, far, answer) if found == base else (near, middle, found)
        return far, answer
    return None


def _ask(policy: str, snapshot: Snapshot) -> int | None:
    """What the player would fetch: the policy's rung, or a lower one while hardly anything is buffered."""
    return while_low(registry.create(policy).decide(snapshot)).rung


def _short(snapshot: Snapshot, rung: int | None) -> str:
    return "wait" if rung is None else f"rung {rung}, {label(snapshot.rungs[rung])}"
