"""Reads the heads of ISO base media file boxes (ISO/IEC 14496-12, 4.2), for every reader of MP4 in the client."""

from __future__ import annotations

import struct
from typing import NamedTuple

_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


class BoxError(ValueError):
    """Bytes that are no box, or too few for its head."""


class BoxHead(NamedTuple):
    """One box: its type, where it starts, where its payload starts, and the first byte after it."""

    type: bytes
    start: int
    body: int
    end: int


def read_box(data: bytes | bytearray | memoryview, start: int, end: int) -> BoxHead:
    """Read the head at ``start``; the box may end beyond ``end``. Size 0 (to the end of the file) ends at ``end``.

    Raises BoxError.
    """
    if start + 8 > end:
        raise BoxError("a box header is cut short")
    size = _U32.unpack_from(data, start)[0]
    body = start + 8
    if size == 1:
        if start + 16 > end:
            raise BoxError("a box header is cut short")
        size = _U64.unpack_from(data, body)[0]
        body = start + 16
    elif size == 0:
        size = end - start
    if size < body - start:
        raise BoxError("a box is shorter than its own header")
    return BoxHead(bytes(data[start + 4 : start + 8]), start, body, start + size)
