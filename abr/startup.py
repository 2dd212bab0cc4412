"""The first rungs of a playback, and those after a seek. They have rules of their own: little is buffered, and the
first frame and steady playback matter most.
"""

from __future__ import annotations

from dataclasses import replace

from abr.constraints import allowed_rungs
from abr.core import Choice, segment_bits
from abr.model import Decision, Estimate, Phase, Reason, Snapshot, Vote
from abr.words import label, rate, seconds

FIRST_SEGMENT_S = 1.5  # longest wait for the whole first segment that a better first picture is worth
SAFETY = 0.7  # of the cautious estimate
LOW_SEGMENTS = 1.5  # less than so many segments in the buffer is little
OVERRULED = "policy"  # the vote of a policy whose rung was not taken
PROBE_BYTES = 64_000  # less than this measured in the session says too little


def starting(view: Snapshot) -> bool:
    """True where :func:`first_rung` decides: nothing fetched yet, or nothing buffered after a seek."""
    if view.phase is Phase.AFTER_SEEK:
        return view.buffer_s <= 0 and view.estimate.mean_bps is not None
    return view.phase is Phase.STARTUP and view.segments_fetched == 0


def trusted_bps(estimate: Estimate) -> float | None:
    """What the network is sure to give as far as anybody can know, in bit/s; None while too little is known of it."""
    return estimate.low_bps if estimate.remembered or estimate.measured >= PROBE_BYTES else None


def while_low(decision: Decision) -> Decision:
    """``decision``, or a lower rung in its place while hardly more than a segment is buffered.

    With so little in hand no plan survives a slow transfer, and of the network only the first transfers are known.
    So the segment must arrive, with its sound, at the rate that is likely at the least, before the buffer is played.
    """
    view, chosen = decision.snapshot, decision.rung
    low_bps = view.estimate.low_bps
    if chosen is None or view.manual is not None or low_bps is None or starting(view):
        return decision
    if view.buffer_s >= LOW_SEGMENTS * view.segment_s:
        return decision

    def needs_s(rung: int) -> float:
        bits = segment_bits(view, 0, rung) + view.audio_bps * view.segment_s
        return view.estimate.ttfb_s + bits / low_bps

    room_s = view.buffer_s / max(view.playback_rate, 0.1)
    open_to_us = [rung for rung in allowed_rungs(view) if rung <= chosen] or [chosen]
    rung = max((rung for rung in open_to_us if needs_s(rung) <= room_s), default=open_to_us[0])
    if rung == chosen:
        return decision
    sentence = (
        f"{label(view.rungs[rung])} instead of {label(view.rungs[chosen])}, which would take"
        f" {seconds(needs_s(chosen))} at the {rate(low_bps)} that are likely at the least:"
        f" only {seconds(view.buffer_s)} are buffered."
    )
    votes = (*decision.votes, Vote(OVERRULED, chosen, decision.sentence))
    return replace(decision, rung=rung, reason=Reason.BUFFER_LOW, sentence=sentence, votes=votes)


def overruled(decision: Decision) -> bool:
    """Whether :func:`while_low` put a lower rung in the place of the policy's."""
    return decision.reason is Reason.BUFFER_LOW and any(vote.rule == OVERRULED for vote in decision.votes)


def first_rung(view: Snapshot) -> Choice:
    """The highest rung that the cautious estimate carries and whose first segment arrives soon; else the lowest.

    Before any media has come, what manifests and init segments have shown stands for the estimate. On a network of
    which nothing is known, it is the rung that the service expects to be played, where it says so.
    """
    estimate = view.estimate
    low_bps, known_bps = trusted_bps(estimate), estimate.mean_bps
    if low_bps is None:
        low_bps = known_bps = estimate.shown_bps
    expected_bps = view.caps.expected_bps
    if low_bps is None and expected_bps is not None:
        rung = max((at for at, each in enumerate(view.rungs) if each.bitrate_bps <= expected_bps), default=0)
        sentence = (
            f"Start with {label(view.rungs[rung])}, which the service expects to be played: nothing is known of this"
            " network yet."
        )
        return Choice(rung, Reason.START_DEFAULT, sentence, (Vote("start", rung, "the service's target"),))
    if low_bps is None:
        sentence = f"Start with {label(view.rungs[0])}, the lowest rung: nothing is known of this network yet."
        return Choice(0, Reason.START_DEFAULT, sentence, (Vote("start", 0, "no measurement"),))
    usable = SAFETY * low_bps
    chosen = 0
    for rung in range(1, len(view.rungs)):
        wait = estimate.ttfb_s + segment_bits(view, 0, rung) / low_bps
        if view.rungs[rung].bitrate_bps <= usable and wait <= FIRST_SEGMENT_S:
            chosen = rung
    wait = estimate.ttfb_s + segment_bits(view, 0, chosen) / low_bps
    reason = Reason.START_REMEMBERED if estimate.remembered else Reason.START_PROBE
    source = "remembered from before" if estimate.remembered else "measured so far"
    sentence = (
        f"Start with {label(view.rungs[chosen])}: of {rate(known_bps)} {source},"
        f" {rate(low_bps)} are likely, and its first segment takes about {seconds(wait)}."
    )
    return Choice(chosen, reason, sentence, (Vote("start", chosen, f"{rate(usable)} is taken as safe"),))
