"""The ``Range`` request header (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"^bytes=\s*(\d{0,18})-(\d{0,18})\s*$", re.ASCII | re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range begins behind the end of the file: 416."""


@dataclass(frozen=True, slots=True)
class ByteSpan:
    """``length`` bytes from byte ``start`` on."""

    start: int
    length: int


def parse_range(value: str | None, size: int) -> ByteSpan | None:
    """The part of a file of ``size`` bytes that is asked for, or None for the whole of it.

    A malformed header, another unit and a list of several ranges are ignored, as a server may. Raises
    :class:`UnsatisfiableRangeError`.
    """
    found = _SINGLE.match(value) if value else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return _suffix(int(last), size)
    start = int(first)
    end = int(last) if last else size - 1
    if last and end < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteSpan(start, min(end, size - 1) - start + 1)


def _suffix(wanted: int, size: int) -> ByteSpan:
    length = min(wanted, size)
    if length == 0:
        raise UnsatisfiableRangeError
    return ByteSpan(size - length, length)
