"""Reads the heads of EBML elements (RFC 8794), for every reader of WebM and Matroska in the client."""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN_SIZE = -1
LONGEST_ID, LONGEST_SIZE = 4, 8  # bytes, RFC 8794 11.2.4 and 11.2.5


class EbmlError(ValueError):
    """Bytes that are no EBML, or are cut short."""


class ElementHead(NamedTuple):
    """One element: its ID with the marker, where its payload starts, and the payload's size, which may be
    ``UNKNOWN_SIZE``; then where the element and its size field start. Offsets count from the start of the data."""

    id: int
    body: int
    size: int
    start: int = 0
    size_at: int = 0


def read_element(data: bytes | bytearray, start: int, end: int) -> ElementHead:
    """Read the head at ``start``; the payload may lie beyond ``end``. Raises EbmlError."""
    id_, size_at = read_number(data, start, end, longest=LONGEST_ID, keep_marker=True)
    size, body = read_number(data, size_at, end)
    return ElementHead(id_, body, size, start, size_at)


def read_number(
    data: bytes | bytearray, start: int, end: int, *, longest: int = LONGEST_SIZE, keep_marker: bool = False
) -> tuple[int, int]:
    """Read a variable-size integer of at most ``longest`` bytes (RFC 8794, 4); the value and the position behind it.

    Without its marker a value with all bits set is the reserved ``UNKNOWN_SIZE``. Raises EbmlError.
    """
    if start >= end:
        raise EbmlError("an element is cut short")
    length = 9 - data[start].bit_length()
    if length > longest:
        raise EbmlError("a number is impossible")
    if start + length > end:
        raise EbmlError("an element is cut short")
    value = int.from_bytes(data[start : start + length], "big")
    if keep_marker:
        return value, start + length
    most = (1 << 7 * length) - 1
    value &= most
    return (UNKNOWN_SIZE if value == most else value), start + length
