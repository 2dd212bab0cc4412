"""An ABR policy for tests that follows a script instead of the network."""

from __future__ import annotations

from abr.model import AbandonmentVerdict, Decision, Policy, Reason, Snapshot, TransferProgress


class RoundRobin:
    """Another rung for every segment, and no download is ever given up."""

    name = "round-robin"

    def __init__(self) -> None:
        self._asked = 0

    def decide(self, snapshot: Snapshot) -> Decision:
        self._asked += 1
        rung = self._asked % len(snapshot.rungs)
        return Decision(rung, Reason.HOLD, "It is this rung's turn.", snapshot, policy=self.name)

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        return AbandonmentVerdict(None, Reason.HOLD, "A script does not look at downloads.")


def round_robin(_name: str = "", **_options: float) -> Policy:
    """In the place of :func:`abr.registry.create`."""
    return RoundRobin()
