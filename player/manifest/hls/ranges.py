"""Byte ranges of segments and parts, with the offsets that they leave out (RFC 8216bis 4.4.4.2, 4.4.4.9)."""

from __future__ import annotations

from dataclasses import replace

from player.manifest.hls.lexer import byte_range
from player.manifest.model import ByteRange, InitSegment, Segment
from player.manifest.parser_notes import Notes


class ByteRanges:
    """State of one pass over a playlist; ``pending`` is the range of the next segment, as (length, offset)."""

    def __init__(self, notes: Notes) -> None:
        self.pending: tuple[int, int | None] | None = None
        self._notes = notes
        self._url = ""
        self._end = 0
        self._map_after = False  # an EXT-X-MAP without BYTERANGE stands behind the pending one
        self._map_ranged = False
        self._part_url = ""
        self._part_end = 0

    def read(self, value: str, line: int, init: InitSegment | None) -> InitSegment | None:
        """An EXT-X-BYTERANGE; the map that holds from here on. The first of two ranges for one segment, with an
        EXT-X-MAP without BYTERANGE in between, is that of the map: so some packagers write it."""
        if self._map_after and self.pending is not None and init is not None:
            length, offset = self.pending
            init = replace(init, byte_range=ByteRange(offset or 0, length))
            self._url, self._end, self._map_ranged = init.url, (offset or 0) + length, True
        self._map_after = False
        self.pending = byte_range(value)
        if self.pending is None:
            self._notes.warn("hls.bad_byterange", "An EXT-X-BYTERANGE has no length.", line=line)
        return init

    def of_map(self, text: str | None, line: int) -> ByteRange | None:
        """The BYTERANGE of an EXT-X-MAP."""
        part = byte_range(text)
        if part is None:
            self._map_after = self.pending is not None
            if text is not None:
                self._notes.warn("hls.bad_byterange", "The BYTERANGE of an EXT-X-MAP has no length.", line=line)
            return None
        return ByteRange(part[1] or 0, part[0])

    def take(self, pending: tuple[int, int | None], url: str, line: int, before: Segment | None) -> ByteRange:
        """The pending range, for the segment at ``url``; without an offset it goes on where the one before it ended.

        The segment ``before`` must be a range of the same resource. Where it is of another one, players go on
        counting, and so does this; after a segment without a range they start at 0.
        """
        length, offset = pending
        if offset is None:
            ranged = self._map_ranged if before is None else before.byte_range is not None
            offset = self._end if ranged else 0
            if before is not None and not (ranged and url == self._url):
                self._warn("A byte range without offset does", offset, line)
        self.pending, self._map_after, self._map_ranged = None, False, False
        self._url, self._end = url, offset + length
        return ByteRange(offset, length)

    def of_part(self, text: str | None, url: str, line: int, *, first: bool) -> ByteRange | None:
        """A part's range; without an offset it goes on where the part before it ended. ``first`` of its segment."""
        if first and url != self._part_url:
            self._part_end = 0  # a new segment in a resource of its own
        part = byte_range(text)
        if part is None:
            self._part_url, self._part_end = url, 0
            return None
        length, offset = part
        if offset is None:
            offset = self._part_end
            if url != self._part_url:
                self._warn("The byte range of a part has no offset and does", offset, line)
        self._part_url, self._part_end = url, offset + length
        return ByteRange(offset, length)

    def _warn(self, what: str, offset: int, line: int) -> None:
        sentence = f"{what} not follow a range of the same resource; it is read from {offset} on."
        self._notes.warn("hls.byterange_without_offset", sentence, line=line)
