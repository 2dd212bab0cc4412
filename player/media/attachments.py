"""How much is attached to a Matroska file (fonts, covers), without reading it (RFC 9559, 5.1.6). Reads headers only;
blocks for the disk."""

from __future__ import annotations

import os
from pathlib import Path

from drm_client.ebml import UNKNOWN_SIZE, EbmlError, read_element

_SEGMENT, _CLUSTER, _ATTACHMENTS = 0x18538067, 0x1F43B675, 0x1941A469
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_HEADER_BYTES, _SHORTEST = 16, 2
_MOST_ELEMENTS = 64
_MOST_SEEK_HEAD = 64 * 1024


def attached_bytes(path: Path) -> int:
    """The bytes of all Attachments that a player meets: before the first Cluster, and where a SeekHead leads to.

    0 for what is no Matroska file, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return sum(_attachments(file.fileno(), os.fstat(file.fileno()).st_size).values())
    except (OSError, EbmlError):
        return 0


def _attachments(handle: int, size: int) -> dict[int, int]:
    """By their position, how long each is; never longer than the file."""
    found: dict[int, int] = {}
    seen: set[int] = set()
    segment = None
    waiting = [0]
    while waiting and len(seen) < _MOST_ELEMENTS:
        at = waiting.pop()
        head = os.pread(handle, _HEADER_BYTES, at) if 0 <= at < size else b""
        if at in seen or len(head) < _SHORTEST:
            continue
        seen.add(at)
        element = read_element(head, 0, len(head))
        body = at + element.body
        length = size - body if element.size == UNKNOWN_SIZE else max(0, min(element.size, size - body))
        if element.id == _SEGMENT and segment is None:
            segment = body
            waiting.append(body)
        elif element.id == _ATTACHMENTS:
            found[at] = length
            waiting.append(body + length)
        elif element.id == _SEEK_HEAD and segment is not None:
            waiting.append(body + length)
            waiting += [segment + place for place in _places(os.pread(handle, min(length, _MOST_SEEK_HEAD), body))]
        elif element.id != _CLUSTER:
            waiting.append(body + length)
    return found


def _places(seek_head: bytes) -> list[int]:
    """Where a SeekHead says that Attachments are, from the start of the Segment's data."""
    places = []
    for id_, seek in _children(seek_head):
        fields = dict(_children(seek)) if id_ == _SEEK else {}
        if int.from_bytes(fields.get(_SEEK_ID, b"")[:4], "big") == _ATTACHMENTS:
            places.append(int.from_bytes(fields.get(_SEEK_POSITION, b"")[:8], "big"))
    return places[:_MOST_ELEMENTS]


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """What is in an element that is there whole, as far as it can be read."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data) and len(found) < _MOST_ELEMENTS:
        try:
            element = read_element(data, at, len(data))
        except EbmlError:
            break
        if element.size == UNKNOWN_SIZE:
            break
        at = element.body + element.size
        found.append((element.id, data[element.body : at]))
    return found
