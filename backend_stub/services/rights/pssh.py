"""The key ids in protection system boxes (ISO/IEC 23001-7, section 8.1), as far as they state them."""

from __future__ import annotations

import base64
import binascii
from itertools import islice

from backend_stub.boxes import boxes

_MAX_BOXES = 32
_KID_BYTES = 16
_HEADER_BYTES = 20  # version and flags, system


class BadPsshError(ValueError):
    """Not a sequence of whole ``pssh`` boxes."""


def kids_in_pssh(text: str) -> set[str]:
    """The key ids (hex) that the boxes in ``text`` (base64) name; a box of version 0 names none.

    Raises :class:`BadPsshError`.
    """
    try:
        found = list(islice(boxes(memoryview(base64.b64decode(text.encode("ascii"), validate=True))), _MAX_BOXES + 1))
    except (binascii.Error, ValueError) as error:
        raise BadPsshError("no whole boxes in base64") from error
    if len(found) > _MAX_BOXES:
        raise BadPsshError("too many boxes")
    return {kid for kind, body in found for kid in _kids_in_box(kind, body)}


def _kids_in_box(kind: bytes, body: memoryview) -> set[str]:
    if kind != b"pssh" or len(body) < _HEADER_BYTES + 4:
        raise BadPsshError("no whole pssh box")
    if body[0] == 0:
        return set()
    count = int.from_bytes(body[_HEADER_BYTES : _HEADER_BYTES + 4])
    start = _HEADER_BYTES + 4
    if count > (len(body) - start) // _KID_BYTES:
        raise BadPsshError("more key ids than fit")
    return {body[start + _KID_BYTES * n : start + _KID_BYTES * (n + 1)].hex() for n in range(count)}
