"""The boxes of ISO base media (ISO/IEC 14496-12, section 4.2): type and body, one after another."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator, Sequence

COMMON_SYSTEM = uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")  # W3C "cenc" initialization data
CLEARKEY_SYSTEM = uuid.UUID("e2719d58-a985-b3c9-781a-b030af78d30e")  # DASH-IF ClearKey


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


def pssh_box(system: uuid.UUID, kids: Sequence[bytes]) -> bytes:
    """A version 1 ``pssh`` box without data (ISO/IEC 23001-7 section 8.1)."""
    body = system.bytes + struct.pack(">I", len(kids)) + b"".join(kids) + struct.pack(">I", 0)
    return struct.pack(">I4sI", len(body) + 12, b"pssh", 1 << 24) + body
