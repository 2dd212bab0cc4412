"""BBA-0: the rung as a function of the buffer alone.

T.-Y. Huang, R. Johari, N. McKeown, M. Trunnell, M. Watson, "A Buffer-Based Approach to Rate Adaptation: Evidence
from a Large Video Streaming Service", SIGCOMM 2014, Algorithm 1. The paper's 240 s buffer with a reservoir of 90 s
and an upper knee at 216 s is scaled to the buffer at hand.
"""

from __future__ import annotations

from abr.core import KEEP, Choice, current_or_lowest
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.words import label, rate, seconds

RESERVOIR = 90 / 240
KNEE = 216 / 240


def keep_or_follow(current: int, allowed: float, sizes: list[float]) -> int:
    """The hysteresis of Algorithm 1: leave ``current`` only when ``allowed`` reaches a neighbouring rung's size.

    ``allowed`` and ``sizes`` are in the same unit, bitrates for BBA-0 and segment sizes for BBA-1 and BBA-2.
    """
    top = len(sizes) - 1
    if current < top and allowed >= sizes[current + 1]:
        return max(rung for rung, size in enumerate(sizes) if size <= allowed)
    if current > 0 and allowed <= sizes[current - 1]:
        return min((rung for rung, size in enumerate(sizes) if size >= allowed), default=top)
    return current


class Bba0Core:
    """The linear map from buffer to bitrate between reservoir and knee."""

    name = "bba0"

    def choose(self, view: Snapshot) -> Choice:
        room = max(view.buffer_max_s - view.segment_s, view.segment_s)
        reservoir, knee = RESERVOIR * room, KNEE * room
        bitrates = [float(rung.bitrate_bps) for rung in view.rungs]
        filled = min(max((view.buffer_s - reservoir) / (knee - reservoir), 0.0), 1.0)
        allowed = bitrates[0] + (bitrates[-1] - bitrates[0]) * filled
        if view.buffer_s <= reservoir:
            rung = 0
        elif view.buffer_s >= knee:
            rung = len(bitrates) - 1
        else:
            rung = keep_or_follow(current_or_lowest(view), allowed, bitrates)
        sentence = f"Fetch {label(view.rungs[rung])}: {seconds(view.buffer_s)} of buffer map to {rate(allowed)}."
        detail = f"reservoir {seconds(reservoir)}, knee {seconds(knee)}, map {rate(allowed)}"
        return Choice(rung, Reason.BUFFER_RULE, sentence, (Vote("buffer map", rung, detail),))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the rule has no abandonment
        return KEEP
