"""When to give up a running download for a lower rung.

Abandoning is decisive when the link collapses and harmful when eager: the bytes are lost, and a short dip looks
like a collapse. The rule is therefore slow to trust a low rate, counts what the replacement would cost, and never
abandons twice in a row.
"""

from __future__ import annotations

from abr.core import KEEP, segment_bits
from abr.model import Progress, Reason, Verdict, Vote
from abr.words import label, rate, seconds

GUARD_AFTER_S = 2.5  # so long a rate has to be seen before the last guard gives up a download for it
GUARD_SHARE = 0.7  # of the time there is, that a replacement may need
TRUST = 4.0  # a rate seen over a window of w seconds is believed for the next TRUST * w seconds
MIN_WINDOW_S = 1.0


def expected_remaining_s(progress: Progress, left_bits: float) -> float:
    """Seconds until ``left_bits`` more have arrived: at the recent rate as long as it is believed, then at the
    estimate.
    """
    estimate = progress.snapshot.estimate
    recent = max(progress.recent_bps, 1.0)
    usual = max(estimate.slow_bps or estimate.mean_bps or recent, recent)
    believed_s = TRUST * progress.recent_window_s
    soon = recent * believed_s
    if left_bits <= soon:
        return left_bits / recent
    return believed_s + (left_bits - soon) / usual


def cautious(progress: Progress) -> Verdict:
    """Abandon only if keeping the download will stall the picture and a lower rung would stall it clearly less."""
    view = progress.snapshot
    if progress.abandoned_before or progress.rung == 0 or progress.recent_window_s < MIN_WINDOW_S:
        return KEEP
    total = progress.size * 8.0 if progress.size is not None else segment_bits(view, 0, progress.rung)
    left = total - progress.received * 8.0
    buffer_s = view.buffer_s
    keep_s = expected_remaining_s(progress, left)
    keep_stall = keep_s - buffer_s
    if left <= 0 or keep_stall <= 0:
        return KEEP
    for rung in range(progress.rung - 1, -1, -1):
        bits = segment_bits(view, 0, rung)
        other_s = view.estimate.ttfb_s + expected_remaining_s(progress, bits)
        if rung and other_s > buffer_s:
            continue
        if bits >= left or keep_s - other_s < max(view.estimate.ttfb_s, 0.25 * keep_stall):
            return KEEP
        sentence = (
            f"Give up {label(view.rungs[progress.rung])}: at {rate(progress.recent_bps)} it needs {seconds(keep_s)}"
            f" more and {seconds(buffer_s)} are buffered; {label(view.rungs[rung])} needs {seconds(other_s)}."
        )
        votes = (
            Vote("keep", progress.rung, f"{seconds(keep_s)} more, a stall of {seconds(keep_stall)}"),
            Vote("replace", rung, f"{seconds(other_s)} from the start"),
        )
        return Verdict(abandon_to=rung, reason=Reason.ABANDONED, sentence=sentence, votes=votes)
    return KEEP


def last_guard(progress: Progress, verdict: Verdict) -> Verdict:
    """``verdict``, or where that keeps a download which is sure to end in a stall: a lower rung that is sure not to.

    A policy weighs what it has learned of the network; after a change to another CDN in mid-segment it has learned
    nothing yet, and the segment was chosen for another link.
    """
    view, rung = progress.snapshot, progress.rung
    judged = progress.replaceable and view.manual is None and progress.since_first_byte_s >= GUARD_AFTER_S
    if verdict.abandon_to is not None or not judged:
        return verdict
    if progress.size is None or progress.recent_bps <= 0 or rung == 0:
        return verdict
    left_s = (progress.size - progress.received) * 8 / progress.recent_bps
    if left_s <= view.buffer_s:
        return verdict
    needs_s = [each.bitrate_bps * view.segment_s / progress.recent_bps for each in view.rungs[:rung]]
    fitting = [lower for lower in range(rung) if needs_s[lower] <= GUARD_SHARE * view.buffer_s]
    to = max(fitting, default=0)
    if needs_s[to] > GUARD_SHARE * left_s:
        return verdict
    sentence = (
        f"At {progress.recent_bps / 1e6:.1f} Mbit/s the rest would take {left_s:.1f} s, and {view.buffer_s:.1f} s"
        " are buffered: a lower quality is fetched instead."
    )
    return Verdict(to, Reason.ABANDONED, sentence)
