"""Two thresholds on the estimate and one on the buffer, the rule of many simple players.

Below 5 s of buffer the lowest rung; one rung up when the estimate exceeds 1.5 times the current bitrate; one rung
down when it falls below 0.8 times. A textbook rule without a paper; it is here as the floor that a better one must
clear.
"""

from __future__ import annotations

from abr.core import KEEP, Choice, cautious_bps, current_or_lowest
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

LOW_BUFFER_S = 5.0
UP = 1.5
DOWN = 0.8


class ThresholdsCore:
    """Up above 1.5 times the current bitrate, down below 0.8 times, the lowest rung below 5 s of buffer."""

    name = "thresholds"

    def choose(self, view: Snapshot) -> Choice:
        mean = cautious_bps(view)
        if starting(view) or mean is None:
            return first_rung(view)
        current = current_or_lowest(view)
        ratio = mean / view.rungs[current].bitrate_bps
        step = 1 if ratio > UP else -1 if ratio < DOWN else 0
        wanted = min(max(current + step, 0), len(view.rungs) - 1)
        votes = [Vote("ratio", wanted, f"{rate(mean)} is {ratio:.2f} times the current rung")]
        if view.buffer_s < LOW_BUFFER_S:
            votes.append(Vote("low buffer", 0, f"{seconds(view.buffer_s)} buffered"))
            sentence = f"Fetch {label(view.rungs[0])}: only {seconds(view.buffer_s)} are buffered."
            return Choice(0, Reason.BUFFER_LOW, sentence, tuple(votes))
        reason = Reason.HOLD if wanted == current else Reason.THROUGHPUT_RULE
        sentence = f"Fetch {label(view.rungs[wanted])}: {rate(mean)} is {ratio:.2f} times the current rung."
        return Choice(wanted, reason, sentence, tuple(votes))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the rule has no abandonment
        return KEEP
