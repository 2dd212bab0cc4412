"""A bounded walker over ISO-BMFF boxes (ISO/IEC 14496-12, 4.2).

Segments come from the network: every length is checked against the box around it, the number of boxes is
limited, and whatever does not fit raises :class:`~player.base.errors.MediaError` with ``MEDIA_DAMAGED``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from drm_client.errors import DrmError
from drm_client.iso_box import BoxError, BoxHead, read_box
from player.base.errors import ErrorCode, MediaError

MAX_BOXES = 4096
"""Most boxes that one container box may hold."""

Box = BoxHead
_U32 = struct.Struct(">I")


def unsupported_format(kind: str, name: str) -> MediaError:
    """The error for media in a format that nothing here reads."""
    return MediaError(
        ErrorCode.MEDIA_UNSUPPORTED, f"The {kind} is in a format that is not supported: {name}.", format=name
    )


def damaged(what: str) -> MediaError:
    """The error for bytes that break the rules of their container."""
    return MediaError(ErrorCode.MEDIA_DAMAGED, f"The media is damaged: {what}.")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn a read past the end of a box into ``MEDIA_DAMAGED``: "``what`` is cut short"."""
    try:
        yield
    except (DrmError, struct.error, IndexError, ValueError) as error:  # DrmError: its readers of boxes
        raise damaged(f"{what} is cut short or holds impossible values") from error


def header(data: bytes | memoryview, start: int, end: int) -> Box:
    """The box at ``start``; its end may lie beyond ``end``. Size 0 (to the end of the file) ends at ``end``.

    Raises ``MEDIA_DAMAGED`` where fewer bytes than a box header are left, or the size is impossible.
    """
    try:
        return read_box(data, start, end)
    except BoxError as error:
        raise damaged(str(error)) from None


def walk(data: bytes | memoryview, start: int, end: int) -> Iterator[Box]:
    """The boxes between ``start`` and ``end``. Fewer than 8 bytes after the last one are passed over (padding)."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        box = header(data, start, end)
        if box.end > end:
            raise damaged(f"box {_name(box.type)} runs past its container")
        yield box
        start = box.end
    raise damaged(f"more than {MAX_BOXES} boxes in one container")


def find(data: bytes | memoryview, start: int, end: int, *path: bytes) -> Box | None:
    """The first box at ``path`` (types from outer to inner), or None."""
    for box in walk(data, start, end):
        if box.type == path[0]:
            return box if len(path) == 1 else find(data, box.body, box.end, *path[1:])
    return None


def need(data: bytes | memoryview, start: int, end: int, *path: bytes) -> Box:
    """Like :func:`find`; a missing box raises ``MEDIA_DAMAGED``."""
    box = find(data, start, end, *path)
    if box is None:
        raise damaged(f"box {'/'.join(_name(part) for part in path)} is missing")
    return box


def version_and_flags(data: bytes | memoryview, box: Box) -> tuple[int, int]:
    """Version and flags of a full box (4.2.2)."""
    if box.body + 4 > box.end:
        raise damaged(f"box {_name(box.type)} is cut short")
    word: int = _U32.unpack_from(data, box.body)[0]
    return word >> 24, word & 0xFFFFFF


def _name(type_: bytes) -> str:
    return "".join(chr(byte) if 32 < byte < 127 else "?" for byte in type_)
