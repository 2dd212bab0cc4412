"""The key ids in protection system boxes (ISO/IEC 23001-7, section 8.1), as far as they state them."""

from __future__ import annotations

import base64
import binascii
import struct

_MAX_BOXES = 32
_KID_BYTES = 16
_FULL_HEADER_BYTES = 28  # size, type, version and flags, system


class BadPsshError(ValueError):
    """Not a sequence of whole ``pssh`` boxes."""


def kids_in_pssh(text: str) -> set[str]:
    """The key ids (hex) that the boxes in ``text`` (base64) name; a box of version 0 names none.

    Raises :class:`BadPsshError`.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPsshError("not base64") from error
    kids: set[str] = set()
    for _ in range(_MAX_BOXES):
        if not data:
            return kids
        size = _box_size(data)
        kids |= _kids_in_box(data[:size])
        data = data[size:]
    raise BadPsshError("too many boxes")


def _box_size(data: bytes) -> int:
    if len(data) < _FULL_HEADER_BYTES:
        raise BadPsshError("cut short")
    size, kind = struct.unpack_from(">I4s", data)
    if kind != b"pssh" or not _FULL_HEADER_BYTES <= size <= len(data):
        raise BadPsshError("no whole pssh box")
    return int(size)


def _kids_in_box(box: bytes) -> set[str]:
    if box[8] == 0:
        return set()
    if len(box) < _FULL_HEADER_BYTES + 4:
        raise BadPsshError("cut short")
    (count,) = struct.unpack_from(">I", box, _FULL_HEADER_BYTES)
    start = _FULL_HEADER_BYTES + 4
    if count > (len(box) - start) // _KID_BYTES:
        raise BadPsshError("more key ids than fit")
    return {box[start + _KID_BYTES * n : start + _KID_BYTES * (n + 1)].hex() for n in range(count)}
