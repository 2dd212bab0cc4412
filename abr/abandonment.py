"""When to give up a running download for a lower rung.

Abandoning is decisive when the link collapses and harmful when eager: the bytes are lost, and a short dip looks
like a collapse. The rule is therefore slow to trust a low rate, counts what the replacement would cost, and never
abandons twice in a row.
"""

from __future__ import annotations

from abr.core import KEEP, segment_bits
from abr.model import Progress, Reason, Verdict, Vote
from abr.words import label, rate, seconds

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
