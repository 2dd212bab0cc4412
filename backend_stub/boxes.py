"""The boxes of ISO base media (ISO/IEC 14496-12, section 4.2): type and body, one after another."""

from __future__ import annotations

import struct
from collections.abc import Iterator


class BoxError(ValueError):
    """The bytes are not what they should be; the message says where."""


def boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes that fill ``data``: type and body. Raises :class:`BoxError` when they do not fill it exactly."""
    offset = 0
    while offset < len(data):
        if len(data) - offset < 8:
            raise BoxError("ends within a box header")
        size, kind = struct.unpack_from(">I4s", data, offset)
        header = 8
        if size == 1 and len(data) - offset >= 16:
            (size,) = struct.unpack_from(">Q", data, offset + 8)
            header = 16
        if size < header or offset + size > len(data):
            raise BoxError(f"box {kind!r} does not fit")
        yield kind, data[offset + header : offset + size]
        offset += size
