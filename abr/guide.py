"""A policy with its estimator, for a simulator or player of another shape that fetches one segment at a time."""

from __future__ import annotations

from collections.abc import Sequence

from abr import registry
from abr.estimator import ThroughputEstimator
from abr.model import LOOKAHEAD, Phase, Policy, Rung, Snapshot, TransferProgress, TransferSample

LOOK_EVERY_S = 0.25


class Guide:
    """One per session. ``sizes[n][r]`` is the size in bytes of segment n at rung r, 0 the lowest bitrate.

    For every segment: :meth:`choose`, :meth:`gives_up` while it is fetched, and :meth:`arrived`; where that was told
    of an aborted fetch, :meth:`choose` again.
    """

    def __init__(
        self,
        bitrates_bps: Sequence[float],
        sizes: Sequence[Sequence[int]],
        segment_s: float,
        buffer_max_s: float,
        policy: Policy | None = None,
    ) -> None:
        self._policy = policy or registry.create()
        self._estimator = ThroughputEstimator()
        self._rungs = tuple(Rung(str(number), int(bps)) for number, bps in enumerate(bitrates_bps))
        self._sizes = tuple(tuple(row) for row in sizes)
        self._segment_s, self._buffer_max_s = segment_s, buffer_max_s
        self._segment, self._asked_s, self._buffer_s = 0, 0.0, 0.0
        self._last: int | None = None
        self._fetching = 0
        self._instead: int | None = None  # the rung for which the running fetch is given up
        self._in_a_row = 0
        self._looked_s, self._seen = 0.0, 0  # into the running fetch, and the bytes that were there then

    def choose(self, now_s: float, segment: int, buffer_s: float) -> tuple[int | None, float]:
        """The rung of a segment; or None, and the seconds to wait before asking again."""
        self._segment, self._asked_s, self._buffer_s = segment, now_s, buffer_s
        self._looked_s, self._seen = 0.0, 0
        if self._instead is not None:
            self._fetching = self._instead
            return self._instead, 0.0
        decision = self._policy.decide(self._snapshot(0.0))
        self._fetching = self._fetching if decision.rung is None else decision.rung
        return decision.rung, decision.wait_s

    def gives_up(self, elapsed_s: float, ttfb_s: float, received: int) -> bool:
        """Whether to abort the running fetch, of which ``received`` bytes are there after ``elapsed_s``."""
        window_s = elapsed_s - self._looked_s
        if window_s < LOOK_EVERY_S:
            return False
        rate_bps = (received - self._seen) * 8 / window_s
        self._looked_s, self._seen = elapsed_s, received
        progress = TransferProgress(
            rung=self._fetching,
            received=received,
            size=self._sizes[self._segment][self._fetching],
            elapsed_s=elapsed_s,
            since_first_byte_s=elapsed_s - ttfb_s,
            recent_bps=rate_bps,
            recent_window_s=window_s,
            replaceable=True,
            snapshot=self._snapshot(elapsed_s),
            abandoned_before=self._in_a_row,
        )
        self._instead = self._policy.on_progress(progress).abandon_to
        return self._instead is not None

    def arrived(self, start_s: float, first_byte_s: float, end_s: float, size: int, *, aborted: bool = False) -> None:
        """A fetch is over, with so many bytes."""
        if aborted:
            self._in_a_row += 1
        else:
            self._in_a_row, self._instead, self._last = 0, None, self._fetching
        self._estimator.observe(TransferSample(start_s, first_byte_s, end_s, size, aborted=aborted))

    def _snapshot(self, elapsed_s: float) -> Snapshot:
        segment, now_s = self._segment, self._asked_s + elapsed_s
        return Snapshot(
            now_s=now_s,
            phase=Phase.STEADY if segment else Phase.STARTUP,
            rungs=self._rungs,
            current=self._last,
            buffer_s=max(self._buffer_s - elapsed_s, 0.0),
            buffer_max_s=self._buffer_max_s,
            segment_s=self._segment_s,
            estimate=self._estimator.estimate(now_s),
            next_sizes=self._sizes[segment : segment + LOOKAHEAD],
            remaining_s=(len(self._sizes) - segment) * self._segment_s,
            segments_fetched=segment,
        )
