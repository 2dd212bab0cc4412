"""When libmpv may read a segment that is still on its way. Runs on the engine's loop.

A playback that begins with the first bytes is quick, but stops again at once where the link is hardly faster than the
media. So a segment is opened to libmpv before its last byte only where libmpv has nothing else to show, and only when
the rest of it, and of what travels beside it, can be expected before it is played. Else it is read when it is whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from player.clock import Clock
from player.stream.buffered import Buffered, Playhead
from player.stream.lanes import Lane
from player.stream.rate import RateControl
from player.stream.store import Entry, SegmentStore

_SHORT_S = 1.5  # with less than this in hand libmpv is about to run dry
_MARGIN_S, _MARGIN_SHARE = 1.0, 0.25  # sound goes ahead of the picture by a second: so much earlier it must be there

_WINDOW_S = 2.0
_EVIDENCE_BYTES = 32 * 1024  # less than this says too little about the link
_SAFETY = 0.75  # of the rate seen so far
_SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Arriving:
    """A segment on its way: ``left_bits`` are missing, and ``until_s`` from now it has been played out."""

    left_bits: float
    until_s: float


def in_time(arriving: Iterable[Arriving], bps: float) -> bool:
    """Whether a link of ``bps`` brings each of ``arriving`` a little before it has been played out.

    Bytes and media time are taken as proportional, so what is there in time at its end is in time everywhere.
    """
    bits = 0.0
    for each in sorted(arriving, key=lambda item: item.until_s):
        bits += each.left_bits
        margin_s = min(_MARGIN_S, _MARGIN_SHARE * each.until_s)
        if each.left_bits > 0 and bits > bps * (each.until_s - margin_s):
            return False
    return True


class ArrivalRate:
    """The rate of the last seconds over all transfers together."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, size: int) -> None:
        """``size`` bytes have arrived."""
        self._arrivals.append((now_s, size))
        while self._arrivals[0][0] < now_s - _WINDOW_S:
            self._arrivals.popleft()

    def bps(self, now_s: float) -> float | None:
        """Bits per second; None while there is too little to judge by.

        The first bytes only start the time: how long they took is not known.
        """
        sizes = [size for _, size in self._arrivals]
        if len(sizes) < 2 or sum(sizes) < _EVIDENCE_BYTES:
            return None
        return sum(sizes[1:]) * 8 / max(now_s - self._arrivals[0][0], _SHORTEST_S)

    def forget(self) -> None:
        """What follows is another time."""
        self._arrivals.clear()


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
        if not self._needed():
            return
        arriving = self._arriving()
        bps = self._cautious_bps()
        if arriving and bps is not None and in_time((self._measure(entry) for entry in arriving), bps):
            for entry in arriving:
                entry.buffer.release()

    def _needed(self) -> bool:
        return self._rate.starting or self._playhead.starving or self._buffered.ahead_s() < _SHORT_S

    def _arriving(self) -> list[Entry]:
        """What is being fetched of all tracks; nothing while the sound of it has not even been asked for."""
        running = [self._store.peek(lane.key, position) for lane in self._lanes() for position in lane.running]
        found = [entry for entry in running if entry is not None and not entry.buffer.is_complete]
        end_s = max((entry.segment.end_s for entry in found), default=0.0)
        return [] if self._lacks_sound(end_s) else found

    def _lacks_sound(self, end_s: float) -> bool:
        """Whether libmpv waits for sound before ``end_s`` of which nothing is known yet."""
        line = self._buffered.audio
        head = next((lane.head for lane in self._lanes() if line is not None and lane.key == line.key), None)
        if line is None or head is None:
            return False
        return line[head].segment.start_s < end_s and self._store.peek(line.key, head) is None

    def _measure(self, entry: Entry) -> Arriving:
        segment, buffer = entry.segment, entry.buffer
        total = buffer.total if buffer.total is not None else segment.size_bytes
        bits = entry.rendition.bandwidth_bps * segment.duration_s if total is None else total * 8.0
        until_s = (segment.end_s - self._playhead.position_s) / max(self._playhead.speed, 0.1)
        return Arriving(max(0.0, bits - buffer.received * 8.0), until_s)

    def _cautious_bps(self) -> float | None:
        now_s = self._clock.monotonic()
        seen = self._seen.bps(now_s)
        return self._rate.trusted_bps(now_s) if seen is None else seen * _SAFETY
