"""Byte ranges of HTTP answers (RFC 9110, 14): reading Content-Range, and cutting a range out of a whole answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from player.manifest.model import ByteRange

_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)

_VERY_LARGE = 2**53 - 1  # RFC 8673 2.2.1: what stands for an end that is not known yet


@dataclass(frozen=True, slots=True)
class ContentRange:
    """``length`` bytes from ``start`` of a resource of ``size`` bytes (None where the server does not know it)."""

    start: int
    length: int
    size: int | None

    @property
    def open(self) -> bool:
        """Whether the resource still grows and the answer goes on with it (RFC 8673 2.1): its end is no length."""
        return self.size is None and self.start + self.length > _VERY_LARGE


def parse_content_range(value: str) -> ContentRange | None:
    """The value of a Content-Range header of a 206 answer; None when it makes no sense."""
    match = _CONTENT_RANGE.fullmatch(value.strip())
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    size = None if match[3] == "*" else int(match[3])
    if last < first or (size is not None and last >= size):
        return None
    return ContentRange(first, last - first + 1, size)


def strong_etag(headers: Mapping[str, str]) -> str:
    """The entity tag under which two answers are the same bytes (RFC 9110 8.8.3); empty where there is none."""
    etag = headers.get("etag", "")
    return "" if etag.startswith("W/") else etag


class Cutter:
    """Cuts ``wanted`` out of a body that begins with the resource's first byte, chunk by chunk.

    Some servers answer a range request with the whole resource (200); nobody above the gate should notice.
    """

    def __init__(self, wanted: ByteRange) -> None:
        self._skip = wanted.start
        self._left = wanted.length

    @property
    def done(self) -> bool:
        """Whether all of the range has come; what follows need not be read."""
        return self._left == 0

    def cut(self, chunk: bytes) -> bytes:
        """The part of ``chunk`` that lies in the range; may be empty."""
        if self._skip >= len(chunk):
            self._skip -= len(chunk)
            return b""
        chunk = chunk[self._skip :]
        self._skip = 0
        if self._left is not None:
            chunk = chunk[: self._left]
            self._left -= len(chunk)
        return chunk
