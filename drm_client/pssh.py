"""Protection System Specific Header boxes (ISO/IEC 23001-7, 8.1), read and built."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode

MAX_TOTAL_BYTES = 1 << 20
MAX_BOXES = 64
MAX_KEY_IDS = 1024
_HEADER = 12  # size, "pssh", version and flags


@dataclass(frozen=True, slots=True)
class Pssh:
    """One box. ``system_id`` is a UUID in lower case; ``key_ids`` (version 1) are 16 bytes each; ``data`` is the
    key system's own."""

    system_id: str
    version: int = 0
    key_ids: tuple[bytes, ...] = ()
    data: bytes = field(default=b"", repr=False)


def parse_pssh(boxes: bytes) -> tuple[Pssh, ...]:
    """The PSSH boxes that follow one another in ``boxes`` (often it is one).

    Raises :class:`DrmError` ``drm.pssh_malformed`` for anything else than whole PSSH boxes of version 0 or 1, and
    beyond the limits of this module (1 MiB, 64 boxes, 1024 key IDs in a box).
    """
    if len(boxes) > MAX_TOTAL_BYTES:
        raise _malformed("It is too large.")
    found: list[Pssh] = []
    start = 0
    while start < len(boxes):
        if len(found) == MAX_BOXES:
            raise _malformed("There are too many boxes.")
        size = int.from_bytes(boxes[start : start + 4], "big")
        if boxes[start + 4 : start + 8] != b"pssh" or size < _HEADER + 20 or start + size > len(boxes):
            raise _malformed("It is cut short or no such box.")
        found.append(_parse_one(boxes[start : start + size]))
        start += size
    return tuple(found)


def _parse_one(box: bytes) -> Pssh:
    version = box[8]
    if version > 1:
        raise _malformed(f"Its version {version} is unknown.")
    system_id = str(uuid.UUID(bytes=bytes(box[12:28])))
    position = 28
    key_ids: list[bytes] = []
    if version == 1:
        count = int.from_bytes(box[position : position + 4], "big")
        position += 4
        if count > MAX_KEY_IDS or position + 16 * count + 4 > len(box):
            raise _malformed("Its list of keys does not fit.")
        key_ids = [bytes(box[at : at + 16]) for at in range(position, position + 16 * count, 16)]
        position += 16 * count
    length = int.from_bytes(box[position : position + 4], "big")
    position += 4
    if position + length > len(box):
        raise _malformed("Its data does not fit.")
    return Pssh(system_id, version, tuple(key_ids), bytes(box[position : position + length]))


def build_pssh(system_id: str, key_ids: Sequence[bytes] = (), data: bytes = b"") -> bytes:
    """A box of version 1 where there are ``key_ids`` (16 bytes each), else of version 0."""
    version = 1 if key_ids else 0
    listed = len(key_ids).to_bytes(4, "big") + b"".join(key_ids) if key_ids else b""
    body = uuid.UUID(system_id).bytes + listed + len(data).to_bytes(4, "big") + data
    return (_HEADER + len(body)).to_bytes(4, "big") + b"pssh" + bytes((version, 0, 0, 0)) + body


def _malformed(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.PSSH_MALFORMED, f"The title's licence data (PSSH) cannot be read. {detail}")
