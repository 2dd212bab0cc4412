"""Segment index boxes (ISO/IEC 14496-12 8.16.3), also hierarchical ones."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from drm_client.iso_box import BoxError, read_box
from player.base.errors import ErrorCode, ManifestError
from player.manifest.limits import MAX_INDEX_BYTES, MAX_INDEX_DEPTH, MAX_SEGMENTS, limit_error


class Reference(NamedTuple):
    """One subsegment: where it is in the file (bytes), and when (seconds on the media's own timeline)."""

    offset: int
    size: int
    start_s: float
    duration_s: float


class MissingIndex(NamedTuple):
    """A sidx that another one refers to and that is not in the bytes that are at hand."""

    offset: int
    size: int  # at most: what a reference names counts what belongs to the index, too
    exact: bool = False  # the size of the box itself


class _Box(NamedTuple):
    timescale: int
    earliest: int
    anchor: int  # file offset of the first referenced byte
    first_offset: int
    entries: tuple[tuple[bool, int, int], ...]  # (refers to a sidx, size, duration)


def read_sidx(
    data: bytes, file_offset: int, *, separate: bool = False, more: Sequence[tuple[int, bytes]] = ()
) -> tuple[list[Reference], list[MissingIndex]]:
    """The subsegments of the first sidx in ``data``, which stands at ``file_offset`` in the file.

    ``separate``: the index is a file of its own, and the media file begins with the first subsegment. References to
    further sidx boxes are followed inside ``data`` and in ``more`` (file offset and bytes of each piece); those
    outside are returned as missing, and so is a first sidx that ``data`` cuts off. Raises :class:`ManifestError` when
    there is no sidx.
    """
    own = _boxes(data, file_offset)
    found = dict(own)
    for offset, piece in more:
        found.update(_boxes(piece, offset))
    if separate and found:
        found = _anchored_at_zero(found)
    if not found:
        rest = cut_off(data, file_offset)
        if rest is not None:
            return [], [rest]
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The index of a media file holds no segment index box (sidx).")
    references: list[Reference] = []
    missing: list[MissingIndex] = []
    _expand(min(own or found), found, references, missing, 0)
    return references, missing


def _expand(
    offset: int, boxes: dict[int, _Box], references: list[Reference], missing: list[MissingIndex], depth: int
) -> None:
    if depth > MAX_INDEX_DEPTH:
        raise limit_error("the segment indexes are nested too deeply", MAX_INDEX_DEPTH)
    box = boxes[offset]
    position, time = box.anchor, box.earliest
    for to_index, size, duration in box.entries:
        if not to_index:
            references.append(Reference(position, size, time / box.timescale, duration / box.timescale))
            if len(references) > MAX_SEGMENTS:
                raise limit_error("the segment index is too long", MAX_SEGMENTS)
        elif position in boxes and position > offset:
            _expand(position, boxes, references, missing, depth + 1)
        else:
            missing.append(MissingIndex(position, size))
        position += size
        time += duration


def _anchored_at_zero(found: dict[int, _Box]) -> dict[int, _Box]:
    """The first box with its references counted from the start of the media file."""
    first = min(found)
    box = found[first]
    return {first: box._replace(anchor=box.first_offset)}


def _boxes(data: bytes, file_offset: int) -> dict[int, _Box]:
    """Every sidx in ``data`` by its offset in the file."""
    return {
        file_offset + start: _read_box(data[start + header : start + size], file_offset + start + size)
        for kind, start, header, size in top_level(data)
        if kind == b"sidx"
    }


def cut_off(data: bytes, file_offset: int) -> MissingIndex | None:
    """A sidx that begins in ``data`` and goes on behind it."""
    position = 0
    for _, start, _, size in top_level(data):
        position = start + size
    if position + 8 > len(data):
        return None
    size, kind = struct.unpack_from(">I4s", data, position)
    if kind != b"sidx" or not len(data) - position < size <= MAX_INDEX_BYTES:
        return None
    return MissingIndex(file_offset + position, size, exact=True)


def top_level(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """``(type, start, header size, size)`` of the boxes that are whole in ``data``, at its top level."""
    position = 0
    while position + 8 <= len(data):
        try:
            box = read_box(data, position, len(data))
        except BoxError:
            return
        if box.end > len(data):
            return
        yield box.type, position, box.body - position, box.end - position
        position = box.end


def _read_box(body: bytes, after: int) -> _Box:
    try:
        version = body[0]
        timescale = struct.unpack_from(">I", body, 8)[0]
        if version == 0:
            earliest, first = struct.unpack_from(">II", body, 12)
            position = 20
        else:
            earliest, first = struct.unpack_from(">QQ", body, 12)
            position = 28
        count = struct.unpack_from(">HH", body, position)[1]
        words = struct.unpack_from(f">{3 * count}I", body, position + 4)
    except (struct.error, IndexError):
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "A segment index box (sidx) is damaged.") from None
    if timescale == 0:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "A segment index box (sidx) has a timescale of 0.")
    entries = tuple((bool(words[at] >> 31), words[at] & 0x7FFFFFFF, words[at + 1]) for at in range(0, len(words), 3))
    return _Box(timescale, earliest, after + first, first, entries)
