"""The throughput rule with buffer tiers.

Take the highest rung below 0.9 of the estimate. With less than 10 s buffered go up one rung at a time at most and
never above what the cautious estimate carries; with 30 s or more, hold the rung against a short dip. The rate-based
rule is that of J. Jiang, V. Sekar, H. Zhang, "Improving Fairness, Efficiency, and Stability in HTTP-based Adaptive
Video Streaming with FESTIVE", CoNEXT 2012, section 4, with the safety factor of dash.js.
"""

from __future__ import annotations

from abr.core import KEEP, Choice, cautious_bps, current_or_lowest, highest_below
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

SAFETY = 0.9
LOW_BUFFER_S = 10.0
HIGH_BUFFER_S = 30.0


class ThroughputCore:
    """0.9 of the estimate, held back below 10 s of buffer, steady above 30 s."""

    name = "throughput"

    def __init__(self, safety: float = SAFETY) -> None:
        if not 0 < safety <= 1:
            raise ValueError("safety must be above 0 and at most 1")
        self.safety = safety

    def choose(self, view: Snapshot) -> Choice:
        estimate = view.estimate
        mean = cautious_bps(view)
        if starting(view) or mean is None:
            return first_rung(view)
        current = current_or_lowest(view)
        usable = self.safety * mean
        wanted = highest_below(view, usable)
        votes = [Vote("throughput", wanted, f"{self.safety:g} of {rate(mean)} is {rate(usable)}")]
        chosen, reason, why = wanted, Reason.THROUGHPUT_RULE, f"{rate(usable)} are usable"
        if view.buffer_s < LOW_BUFFER_S and wanted > current:
            careful = highest_below(view, self.safety * min(estimate.fast_bps or usable, estimate.slow_bps or usable))
            chosen = min(current + 1, max(careful, current))
            votes.append(Vote("low buffer", chosen, f"{seconds(view.buffer_s)} buffered: one step at a time"))
            why += f", and with {seconds(view.buffer_s)} buffered one step at a time is enough"
        elif view.buffer_s >= HIGH_BUFFER_S and wanted < current <= highest_below(view, estimate.slow_bps or usable):
            chosen, reason = current, Reason.HOLD
            votes.append(Vote("high buffer", current, f"{seconds(view.buffer_s)} buffered outlast a dip"))
            why = f"{seconds(view.buffer_s)} buffered outlast a dip"
        sentence = f"Fetch {label(view.rungs[chosen])}: {why}."
        return Choice(chosen, reason, sentence, tuple(votes))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the rule has no abandonment
        return KEEP
