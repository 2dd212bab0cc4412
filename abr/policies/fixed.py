"""Always the same rung: the baseline of comparisons and the way to test one rung."""

from __future__ import annotations

from abr.core import KEEP, Choice
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.words import label


class FixedCore:
    """Rung ``rung``, or the highest one allowed where that is lower."""

    name = "fixed"

    def __init__(self, rung: float = 0) -> None:
        if rung < 0 or int(rung) != rung:
            raise ValueError("rung must be a whole number from 0")
        self.rung = int(rung)

    def choose(self, view: Snapshot) -> Choice:
        rung = min(self.rung, len(view.rungs) - 1)
        sentence = f"Fetch {label(view.rungs[rung])}, the rung this run is fixed to."
        return Choice(rung, Reason.MANUAL, sentence, (Vote("fixed", rung, "set for the run"),))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - a fixed rung is never given up
        return KEEP
