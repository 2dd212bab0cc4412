"""BBA-2: the buffer map over the sizes of the coming segments, with a start-up phase.

T.-Y. Huang, R. Johari, N. McKeown, M. Trunnell, M. Watson, "A Buffer-Based Approach to Rate Adaptation", SIGCOMM
2014, sections 5 (chunk map, dynamic reservoir) and 6 (start-up ramp). The 240 s of the paper are scaled to the
buffer at hand.
"""

from __future__ import annotations

from abr.core import KEEP, Choice, current_or_lowest, segment_bits
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.policies.bba0 import keep_or_follow
from abr.words import label, seconds

UPPER = 0.9  # the map ends at this share of the buffer
MIN_RESERVOIR_S = 8.0
MAX_RESERVOIR = 140 / 240
RAMP_EMPTY = 0.875  # of a segment's duration must be gained to step up on an empty buffer ...
RAMP_FULL = 0.5  # ... and on a full one


def reservoir_s(view: Snapshot) -> float:
    """Seconds that the lowest rung's own size variations will cost on a link that carries just its mean bitrate."""
    lowest = view.rungs[0].bitrate_bps
    ahead = max(min(len(view.next_sizes), round(2 * view.buffer_max_s / view.segment_s)), 1)
    need = sum(segment_bits(view, h, 0) / lowest - view.segment_s for h in range(ahead))
    floor = min(MIN_RESERVOIR_S, view.buffer_max_s / 4)
    return min(max(need, floor), MAX_RESERVOIR * view.buffer_max_s)


class Bba2Core:
    """Ramp up by what each segment gains in buffer until the chunk map takes over."""

    name = "bba2"

    def __init__(self) -> None:
        self._ramping = True

    def choose(self, view: Snapshot) -> Choice:
        current = current_or_lowest(view)
        if view.segments_fetched == 0 or not view.estimate.recent:
            sentence = f"Fetch {label(view.rungs[0])}: the ramp starts at the lowest rung."
            return Choice(0, Reason.START_DEFAULT, sentence, (Vote("ramp", 0, "first segment"),))
        mapped, detail = self._map(view, current)
        votes = [Vote("chunk map", mapped, detail)]
        if not self._ramping:
            return self._answer(view, mapped, votes)
        last = view.estimate.recent[-1]
        gained = view.segment_s - last.body_s - last.ttfb_s
        top = UPPER * (view.buffer_max_s - view.segment_s)
        need = (RAMP_EMPTY - (RAMP_EMPTY - RAMP_FULL) * min(view.buffer_s / top, 1.0)) * view.segment_s
        if gained < 0 or mapped > current:
            self._ramping = False
            return self._answer(view, mapped, votes)
        rung = min(current + 1, len(view.rungs) - 1) if gained > need else current
        votes.append(Vote("ramp", rung, f"gained {seconds(gained)} of the {seconds(need)} that a step up takes"))
        return self._answer(view, rung, votes)

    @staticmethod
    def _map(view: Snapshot, current: int) -> tuple[int, str]:
        top_rung = len(view.rungs) - 1
        reserved, top = reservoir_s(view), UPPER * (view.buffer_max_s - view.segment_s)
        detail = f"reservoir {seconds(reserved)}, upper end {seconds(top)}"
        if view.buffer_s <= reserved:
            return 0, detail
        if view.buffer_s >= top:
            return top_rung, detail
        low, high = (view.rungs[rung].bitrate_bps * view.segment_s for rung in (0, top_rung))
        allowed = low + (high - low) * (view.buffer_s - reserved) / max(top - reserved, 1e-6)
        return keep_or_follow(current, allowed, [segment_bits(view, 0, rung) for rung in range(top_rung + 1)]), detail

    @staticmethod
    def _answer(view: Snapshot, rung: int, votes: list[Vote]) -> Choice:
        sentence = f"Fetch {label(view.rungs[rung])}: {seconds(view.buffer_s)} are buffered; {votes[-1].detail}."
        return Choice(rung, Reason.BUFFER_RULE, sentence, tuple(votes))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the rule has no abandonment
        return KEEP
