"""The rule of hls.js: the highest rung that a share of the estimate carries and that arrives before the buffer ends.

Source: the documentation of hls.js (``abrBandWidthFactor``, ``abrBandWidthUpFactor``, ``maxStarvationDelay``) and its
emergency switch. The estimate is the lower of two averages with half-lives of 3 and 8 s (hls.js: 3 and 9 s).
"""

from __future__ import annotations

from abr.core import KEEP, Choice, cautious_bps, current_or_lowest, segment_bits
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

SHARE, SHARE_UP = 0.95, 0.7  # of the estimate, that may be used at the present rung or below, and above it
LONGEST_STALL_S = 4.0  # that is accepted where no rung arrives in time
JUDGED_FROM = 0.5  # of a segment's duration: a request that has taken longer is judged


class HlsJsCore:
    """The adaptation of hls.js with its default settings."""

    name = "hlsjs"

    def choose(self, view: Snapshot) -> Choice:
        bps = cautious_bps(view)
        if starting(view) or bps is None:
            return first_rung(view)
        in_time = _highest(view, bps, view.buffer_s)
        rung = in_time
        if in_time is None:
            rung = _highest(view, bps, view.buffer_s + min(view.segment_s, LONGEST_STALL_S)) or 0
        chosen = rung or 0
        votes = (Vote("in time", in_time, f"{rate(bps)} measured, {seconds(view.buffer_s)} buffered"),)
        return Choice(
            chosen, Reason.THROUGHPUT_RULE, f"Fetch {label(view.rungs[chosen])}: of {rate(bps)} it is carried.", votes
        )

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:
        """Give a download up that ends after the buffer, if a lower rung comes sooner."""
        view, bps = progress.snapshot, progress.recent_bps
        if progress.elapsed_s < JUDGED_FROM * view.segment_s or progress.size is None or bps <= 0:
            return KEEP
        needs_s = (progress.size - progress.received) * 8 / bps
        if needs_s <= view.buffer_s:
            return KEEP
        fitting = [r for r in range(progress.rung) if segment_bits(view, 0, r) / bps < view.buffer_s]
        to = max(fitting, default=0)
        if segment_bits(view, 0, to) / bps >= needs_s:
            return KEEP
        sentence = f"At {rate(bps)} the rest needs {seconds(needs_s)} and {seconds(view.buffer_s)} are buffered."
        return AbandonmentVerdict(to, Reason.ABANDONED, sentence)


def _highest(view: Snapshot, bps: float, within_s: float) -> int | None:
    """The highest rung that the estimate carries and whose segment arrives within a time; None where none does."""
    current = current_or_lowest(view)
    for rung in range(len(view.rungs) - 1, -1, -1):
        usable = bps * (SHARE if rung <= current else SHARE_UP)
        arrives_s = view.estimate.ttfb_s + segment_bits(view, 0, rung) / usable
        if usable >= view.rungs[rung].bitrate_bps and arrives_s < within_s:
            return rung
    return None
