"""When libmpv may read a segment that is still on its way. Runs on the engine's loop.

A playback that starts with the first bytes is quick, but stalls at once if the link is hardly faster than the media.
So libmpv may read a segment before its last byte only if it has nothing else to show. The rest of the segment, and of
what travels beside it, must be expected in time. Otherwise it is read when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from abr.early import SHORT_S, ArrivalRate, Arriving, cautious_bps, in_time
from player.base.clock import Clock
from player.stream.buffered import Buffered, Playhead
from player.stream.lanes import Lane
from player.stream.rate import RateControl
from player.stream.store import SegmentStore, StoredSegment


class EarlyReading:
    """Opens segments that are on their way. One per playback; ``lanes`` gives those that are in use."""

    def __init__(
        self,
        lanes: Callable[[], Sequence[Lane]],
        store: SegmentStore,
        buffered: Buffered,
        playhead: Playhead,
        rate: RateControl,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._store = store
        self._buffered = buffered
        self._playhead = playhead
        self._rate = rate
        self._clock = clock
        self._seen = ArrivalRate()

    def took(self, size: int) -> None:
        """Bytes of a segment have arrived."""
        self._seen.add(self._clock.monotonic(), size)
        self.look()

    def sought(self) -> None:
        """The viewer jumped."""
        self._seen.forget()

    def look(self) -> None:
        """Open what is on its way if libmpv needs it now and the rest can be expected in time."""
        for entry in self._running():
            if entry.unfinished:  # it comes as fast as it is made: to wait for the rest is to be later by all of it
                entry.buffer.release()
        if not self._needed():
            return
        arriving = self._arriving()
        bps = self._cautious_bps()
        if arriving and bps is not None and in_time((self._measure(entry) for entry in arriving), bps):
            for entry in arriving:
                entry.buffer.release()

    def _needed(self) -> bool:
        if self._rate.starting or self._playhead.starving:
            return True
        return self._buffered.ahead_s(self._clock.monotonic()) < SHORT_S

    def _arriving(self) -> list[StoredSegment]:
        """What is being fetched of all tracks; nothing while the sound of it has not even been asked for."""
        found = [entry for entry in self._running() if not entry.unfinished]
        end_s = max((entry.segment.end_s for entry in found), default=0.0)
        return [] if self._lacks_sound(end_s) else found

    def _running(self) -> list[StoredSegment]:
        running = [self._store.peek(lane.key, position) for lane in self._lanes() for position in lane.running]
        return [entry for entry in running if entry is not None and not entry.buffer.is_complete]

    def _lacks_sound(self, end_s: float) -> bool:
        """Whether libmpv waits for sound before ``end_s`` of which nothing is known yet."""
        line = self._buffered.audio
        head = next((lane.head for lane in self._lanes() if line is not None and lane.key == line.key), None)
        if line is None or head is None:
            return False
        return line[head].segment.start_s < end_s and self._store.peek(line.key, head) is None

    def _measure(self, entry: StoredSegment) -> Arriving:
        segment, buffer = entry.segment, entry.buffer
        total = buffer.total if buffer.total is not None else segment.size_bytes
        bits = entry.rendition.bandwidth_bps * segment.duration_s if total is None else total * 8.0
        until_s = (segment.end_s - self._playhead.position_s) / max(self._playhead.speed, 0.1)
        return Arriving(max(0.0, bits - buffer.received * 8.0), until_s)

    def _cautious_bps(self) -> float | None:
        now_s = self._clock.monotonic()
        return cautious_bps(self._seen.bps(now_s), self._rate.trusted_bps(now_s))
