"""The demuxer thread's view of the stored segments: it waits here for what the engine's loop fetches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from player.manifest.model import Rendition, Segment
from player.stream.segment_line import SegmentLine
from player.stream.store import SegmentStore, StoredSegment
from player.stream.timeline import Slot
from player.stream.waiting import Waiting

_MIN_OVERLAP_S = 0.02  # less of an earlier segment is only used if it is there already
UNEVEN_S = 0.1  # sound and picture end not quite together
_LOST_SLOTS = 6  # sound that is so far behind the picture does not come any more
_LONGER_S = 1.0  # the sound of a group may begin its last segments so long after the picture has ended


class StoreLibrary:
    """Implements :class:`player.stream.feed.Library` over the store.

    ``want(track, position)`` tells the engine's loop what is read now; it returns at once. ``lines`` maps each
    separate audio track that may be read to its segments; ``end_s`` is where the main track ends as it is listed now.
    """

    def __init__(
        self,
        main: str,
        store: SegmentStore,
        waiting: Waiting,
        want: Callable[[str, int], None],
        lines: Mapping[str, SegmentLine],
        end_s: Callable[[], float],
    ) -> None:
        self._main = main
        self._store = store
        self._waiting = waiting
        self._want = want
        self._lines = lines
        self._end_s = end_s

    def main_entry(self, slot: Slot) -> StoredSegment:
        return self._wait_for(self._main, slot.number)

    def audio_segments(self, track: str, slot: Slot, until_s: float) -> list[tuple[int, Segment]]:
        line = self._lines[track]
        self._waiting.until(lambda: self._is_listed(line, slot, min(until_s, slot.end_s)))
        start = slot.start_s - (0.0 if slot.first_of_group else _MIN_OVERLAP_S)
        stop = slot.end_s + _LONGER_S if slot.last_of_group else slot.until_s + _MIN_OVERLAP_S
        positions = line.overlapping(start, stop, slot.group)
        return [
            (position, line[position].segment)
            for position in positions
            if line[position].segment.end_s - slot.start_s > _MIN_OVERLAP_S or self._store.peek(track, position)
        ]

    def listed_until_s(self, track: str) -> float:
        """Where the last segment of an audio track starts, by the manifest. The end of a title may cut it."""
        line = self._lines[track]
        return line[len(line) - 1].segment.start_s if len(line) else 0.0

    def listed_from_s(self, track: str, period: int) -> float:
        """Where the first segment of an audio track in a period starts, by the manifest; -inf where it has none."""
        return next((part.segment.start_s for part in self._lines[track].parts if part.period == period), -math.inf)

    def rendition_of(self, track: str, period: int) -> Rendition | None:
        """What an audio track plays in a period; None where it has nothing there."""
        return next((part.rendition for part in self._lines[track].parts if part.period == period), None)

    def _is_listed(self, line: SegmentLine, slot: Slot, until_s: float) -> bool:
        """Whether all of the slot's sound before a time is listed that ever will be. A live programme may list its
        sound later than its picture: written before that, the slot would stay without it."""
        if not line.growing or not len(line):
            return True
        newest = line[len(line) - 1]
        lost = self._end_s() - slot.end_s > _LOST_SLOTS * slot.duration_s
        return newest.period != slot.period or newest.segment.end_s >= until_s - UNEVEN_S or lost

    def audio_entry(self, track: str, position: int) -> StoredSegment:
        return self._wait_for(track, position)

    def has_audio(self, track: str, position: int) -> bool:
        if not self._lines[track].growing:
            return True
        entry = self._store.peek(track, position)
        if entry is None or not entry.ready:
            return False
        return entry.failure is not None or (entry.buffer.is_readable and len(entry.buffer) > 0)

    def wait_ready(self, entry: StoredSegment) -> None:
        self._waiting.until(lambda: entry.ready or entry.buffer.failure is not None)
        failure = entry.buffer.failure
        if failure is not None and entry.failure is None and entry.demuxer is None:
            raise failure

    def wait_for_origin(self, entry: StoredSegment) -> None:
        """Block until it is known which CDN gives this entry, or that none will."""
        self._waiting.until(
            lambda: bool(entry.pathway) or entry.buffer.is_complete or entry.buffer.failure is not None
        )

    def shown(self, entry: StoredSegment) -> None:
        self._store.pin(entry)

    def _wait_for(self, track: str, position: int) -> StoredSegment:
        while True:
            self._want(track, position)
            self._waiting.until(lambda: self._store.peek(track, position) is not None)
            entry = self._store.get(track, position)
            if entry is not None:  # it may have been taken out again at once
                return entry
