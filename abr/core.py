"""What a rate adaptation rule implements. Everything that all rules share is done once, around it, by
:class:`abr.constraints.ConstrainedPolicy`: caps, manual choice, a full buffer, the audio's share, playback speed.

So a core sees a *view*: a snapshot that holds only the rungs it may choose, with an estimate that is the video's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote


@dataclass(frozen=True, slots=True)
class Choice:
    """A core's answer, in rungs of the view. ``rung`` None means to wait ``wait_s`` and ask again."""

    rung: int | None
    reason: Reason
    sentence: str
    votes: tuple[Vote, ...] = ()
    wait_s: float = 0.0


class Core(Protocol):
    """A rule. Its state may follow from the views it was given, and from nothing else."""

    name: str

    def choose(self, view: Snapshot) -> Choice:
        """The rung of the next segment."""
        ...

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:
        """Whether a running download should be given up. ``progress.snapshot`` is the view of its decision."""
        ...


KEEP = AbandonmentVerdict(abandon_to=None, reason=Reason.HOLD, sentence="The running download goes on.")


def segment_bits(view: Snapshot, ahead: int, rung: int) -> float:
    """Size in bits of the ``ahead``-th coming segment (0 is the next) at ``rung``; the bitrate stands in for
    the unknown.
    """
    if ahead < len(view.next_sizes):
        size = view.next_sizes[ahead][rung]
        if size is not None:
            return size * 8.0
    return view.rungs[rung].bitrate_bps * view.segment_s


def highest_below(view: Snapshot, bps: float) -> int:
    """The highest rung whose bitrate is at most ``bps``, else the lowest."""
    chosen = 0
    for index, rung in enumerate(view.rungs):
        if rung.bitrate_bps <= bps:
            chosen = index
    return chosen


def cautious_bps(view: Snapshot) -> float | None:
    """The lower of the fast and the slow average, as dash.js and Shaka Player take it; None before the first
    transfer.
    """
    fast, slow = view.estimate.fast_bps, view.estimate.slow_bps
    return view.estimate.mean_bps if fast is None or slow is None else min(fast, slow)


def current_or_lowest(view: Snapshot) -> int:
    """The rung of the last segment, or the lowest before there is one."""
    return view.current if view.current is not None else 0
