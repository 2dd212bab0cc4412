"""The segments of one playback that are in memory, raw as they were delivered.

libmpv reads a segment again after a refresh seek (audio switch) or a seek back. It must then get the *same rung*, or
its cached packets do not fit those that follow. So a rung that libmpv has seen is pinned until libmpv has dropped the
segment from its own cache.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from player.manifest.model import Rendition, Segment
from player.media.demux import Demuxer
from player.media.model import Sample, StreamKind
from player.stream.buffer import SegmentBuffer


@dataclass(frozen=True, slots=True)
class Onward:
    """Another rung that goes on in the middle of a segment."""

    rung: int
    demuxer: Demuxer


@dataclass(eq=False)
class StoredSegment:
    """One segment of one track. ``demuxer`` is set when its initialisation segment and its keys are there.

    One that ``may_go_over`` is read in sections. ``onward`` is the rung of its second one, from its first picture on
    that can be decoded by itself.
    """

    track: str
    position: int
    rung: int
    rendition: Rendition = field(repr=False)  # addresses may be signed
    segment: Segment = field(repr=False)
    buffer: SegmentBuffer
    demuxer: Demuxer | None = None
    failure: Exception | None = None
    gap: bool = False
    pathway: str = ""  # the CDN that gives it, as soon as that is known
    may_go_over: bool = False
    onward: Onward | None = None
    unfinished: bool = False  # it was still being made when it was asked for: its bytes come at the pace of the media

    def samples(self, *, fallback_start_s: float) -> Iterator[Sample]:
        """Its samples as they arrive. RuntimeError before it is ``ready``."""
        if self.demuxer is None:
            raise RuntimeError("a segment is read before its init segment is there")
        if self.may_go_over:
            return self._in_sections(self.demuxer, fallback_start_s)
        return self.demuxer.samples(self.buffer, fallback_start_s=fallback_start_s)

    def with_audio(self, number: int) -> StoredSegment:
        """The same bytes, read with the audio track of this number beside the video, from 0 on."""
        onward = None if self.onward is None else replace(self.onward, demuxer=self.onward.demuxer.with_audio(number))
        return replace(self, demuxer=None if self.demuxer is None else self.demuxer.with_audio(number), onward=onward)

    def _in_sections(self, demuxer: Demuxer, fallback_start_s: float) -> Iterator[Sample]:
        yield from demuxer.samples(self.buffer.section(0), fallback_start_s=fallback_start_s)
        if self.onward is None:
            return
        begun = False
        for sample in self.onward.demuxer.samples(self.buffer.section(1), fallback_start_s=fallback_start_s):
            begun = begun or (sample.key and sample.kind is StreamKind.VIDEO)
            if begun or sample.kind is not StreamKind.VIDEO:
                yield sample

    @property
    def last_rung(self) -> int:
        """The rung that it ends with."""
        return self.rung if self.onward is None else self.onward.rung

    @property
    def ready(self) -> bool:
        """Whether a reader can begin: it can be demuxed, or it is known that it never will be."""
        return self.demuxer is not None or self.failure is not None or self.gap


class SegmentStore:
    """Entries by (track, position), least recently used out first; bounded in bytes. Safe across threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[str, int], StoredSegment] = OrderedDict()
        self._pins: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def get(self, track: str, position: int) -> StoredSegment | None:
        """The entry, which counts as used now."""
        key = (track, position)
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def peek(self, track: str, position: int) -> StoredSegment | None:
        """The entry, left where it is in the order of use."""
        return self._entries.get((track, position))

    def complete(self, track: str) -> list[int]:
        """The positions of a track's segments that are there as a whole, in order."""
        with self._lock:
            return sorted(
                [each.position for each in self._entries.values() if each.track == track and each.buffer.is_complete]
            )

    def complete_until(self, track: str, begin: int, length: int) -> int:
        """The first position from ``begin`` on that is not there as a whole; ``length`` where all below it are."""
        entries = self._entries
        for position in range(begin, length):
            entry = entries.get((track, position))
            if entry is None or not entry.buffer.is_complete:
                return position
        return max(begin, length)

    def put(self, entry: StoredSegment) -> None:
        """Add or replace an entry."""
        with self._lock:
            key = (entry.track, entry.position)
            self._entries[key] = entry
            self._entries.move_to_end(key)

    def swap(self, old: StoredSegment, new: StoredSegment) -> bool:
        """Put ``new`` in the place of ``old``, if that is still there and libmpv holds nothing of it."""
        with self._lock:
            key = (new.track, new.position)
            if key in self._pins or self._entries.get(key) is not old:
                return False
            self._entries[key] = new
            self._entries.move_to_end(key)
            return True

    def discard(self, entry: StoredSegment) -> None:
        """Take an entry out, if it is still the one that is stored."""
        with self._lock:
            key = (entry.track, entry.position)
            if self._entries.get(key) is entry:
                del self._entries[key]

    def trim(self, keep: Callable[[str, int], bool]) -> None:
        """Drop the longest unused complete entries until the bound holds; running ones stay, and those for which
        ``keep(track, position)`` says so."""
        with self._lock:
            size = sum(len(entry.buffer) for entry in self._entries.values())
            for key in list(self._entries):
                if size <= self._max_bytes:
                    return
                entry = self._entries[key]
                if keep(*key) or not entry.buffer.is_complete:
                    continue
                size -= len(entry.buffer)
                del self._entries[key]

    def pin(self, entry: StoredSegment) -> None:
        """Samples of this entry go to libmpv; it is kept even if it was about to be replaced."""
        with self._lock:
            key = (entry.track, entry.position)
            self._pins[key] = entry.rung
            if entry.buffer.is_complete:
                self._entries[key] = entry

    def pinned_rung(self, track: str, position: int) -> int | None:
        return self._pins.get((track, position))

    def unpin_all_but(self, track: str, positions: set[int]) -> None:
        """libmpv's cache holds only these positions any more."""
        with self._lock:
            for key in [key for key in self._pins if key[0] == track and key[1] not in positions]:
                del self._pins[key]

    def discard_unread(self, track: str, begin: int, below: int | None = None) -> None:
        """Take out the complete segments behind ``begin`` of which libmpv holds nothing; of all rungs, or of those
        ``below`` one."""
        with self._lock:
            for key, entry in list(self._entries.items()):
                if key[0] != track or key[1] <= begin or key in self._pins or not entry.buffer.is_complete:
                    continue
                if below is None or entry.rung < below:
                    del self._entries[key]

    def discard_failed(self) -> None:
        """Take out what was not available, so that it is requested again."""
        with self._lock:
            for key in [key for key, entry in self._entries.items() if entry.failure is not None]:
                del self._entries[key]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._pins.clear()
