"""Lines, tags and attribute lists of a playlist (RFC 8216bis 4.1 and 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from player.base.errors import ErrorCode, ManifestError
from player.manifest.limits import MAX_LINE_CHARACTERS, limit_error
from player.manifest.parser_notes import Notes
from player.manifest.sniff import HEADLESS, first_tag

_HEADER = re.compile(r"#EXTM3U(?:[ \t:,].*)?$")
_NEXT = r"(?=[A-Z0-9-]+=)"  # the comma before the next attribute is missing
_ATTRIBUTE = re.compile(
    rf"\s*([^=,\s\"][^=,\"]*?)\s*=\s*(?:\"([^\"]*)\"\s*(?:,|$|{_NEXT}|[^,]*(?:,|$))|([^,]*)(?:,|$))"
)
_NUMBER = re.compile(r"\s*([+\-]?(?:\d+(?:\.\d*)?|\.\d+))")
_BYTE_RANGE = re.compile(r"\s*\"?\s*(\d+)\s*(?:@\s*(\d+))?")
_RESOLUTION = re.compile(r"\s*(\d+)(?:\.\d+)?\s*[xX\u00d7]\s*(\d+)(?:\.\d+)?")


class Tag(NamedTuple):
    """One ``#EXT`` line: ``name`` without ``#``, ``value`` is what follows the first colon."""

    name: str
    value: str
    line: int


def split_lines(text: str) -> list[str]:
    """The playlist's lines, stripped; line N of the source is item N-1.

    LF and CRLF end a line (RFC 8216bis 4.1), and so does a lone CR, which players accept. Raises
    :class:`ManifestError` when the first line that is no comment is neither ``#EXTM3U`` nor a tag of HLS.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    number, first = first_tag(lines)
    if not number and not text.strip():
        raise ManifestError(ErrorCode.MANIFEST_EMPTY, "The manifest is empty.")
    if not _HEADER.match(first) and not first.startswith(HEADLESS):
        raise ManifestError(
            ErrorCode.MANIFEST_NOT_RECOGNISED, "An HLS playlist must begin with #EXTM3U.", line=number or None
        )
    return lines


def check_header(lines: list[str], notes: Notes) -> None:
    """Warn of a playlist that begins with something else than ``#EXTM3U`` (RFC 8216bis 4.4.1.1)."""
    number, first = next((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())
    if not _HEADER.match(first):
        notes.warn("hls.no_header", "An HLS playlist must begin with #EXTM3U.", line=number)


def check_line(line: str, number: int) -> None:
    """Refuse a line that is longer than anything honest."""
    if len(line) > MAX_LINE_CHARACTERS:
        raise limit_error(f"line {number} has {len(line)} characters", MAX_LINE_CHARACTERS, line=number)


def iter_tags(lines: list[str]) -> Iterator[Tag | tuple[str, int]]:
    """Tags as :class:`Tag`, URI lines as ``(uri, line)``; comments and blank lines are left out."""
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        check_line(line, number)
        if line[0] != "#":
            yield line, number
        elif line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            yield Tag(name.strip(), value.strip(), number)


def attribute_list(value: str) -> dict[str, str]:
    """The attributes of an attribute list, quotes removed (RFC 8216bis 4.2).

    Spaces around names, values and commas are forgiven, and so is what follows a closing quote. An attribute that
    stands twice keeps its first value.
    """
    return {name: text for name, text, _ in quoted_attributes(value)}


def quoted_attributes(value: str) -> list[tuple[str, str, bool]]:
    """``(name, value, was quoted)`` for each attribute; doubles keep the first value."""
    result: list[tuple[str, str, bool]] = []
    seen: set[str] = set()
    position, end = 0, len(value)
    while position < end:
        match = _ATTRIBUTE.match(value, position)
        if match is None:
            comma = value.find(",", position)
            position = end if comma < 0 else comma + 1
            continue
        position = match.end()
        name, quoted, bare = match.group(1), match.group(2), match.group(3)
        if name not in seen:
            seen.add(name)
            result.append((name, bare.strip() if quoted is None else quoted, quoted is not None))
    return result


def number(text: str | None) -> float | None:
    """The decimal number that ``text`` begins with, None when there is none."""
    match = _NUMBER.match(text) if text else None
    return float(match.group(1)) if match else None


def integer(text: str | None) -> int | None:
    """The whole number that ``text`` begins with, None when there is none."""
    match = _NUMBER.match(text) if text else None
    if match is None or len(match.group(1)) > 25:
        return None
    return int(float(match.group(1))) if "." in match.group(1) else int(match.group(1))


def byte_range(text: str | None) -> tuple[int, int | None] | None:
    """``(length, offset)`` of ``<n>[@<o>]`` (RFC 8216bis 4.4.4.2); the offset may be missing."""
    match = _BYTE_RANGE.match(text) if text else None
    if match is None or len(match.group(1)) > 18 or len(match.group(2) or "") > 18:
        return None
    return int(match.group(1)), None if match.group(2) is None else int(match.group(2))


def resolution(text: str | None) -> tuple[int | None, int | None]:
    """``(width, height)`` of a decimal-resolution."""
    match = _RESOLUTION.match(text) if text else None
    if match is None or len(match.group(0)) > 24:
        return None, None
    return int(match.group(1)), int(match.group(2))


def hexadecimal(text: str | None) -> bytes | None:
    """The bytes of a hexadecimal-sequence, an odd digit padded on the left; None when it is not one."""
    if not text:
        return None
    digits = text.strip()
    if digits[:2] in ("0x", "0X"):
        digits = digits[2:]
    if not digits or len(digits) > MAX_LINE_CHARACTERS:
        return None
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    except ValueError:
        return None


def is_yes(text: str | None) -> bool:
    """An enumerated-string YES/NO."""
    return text is not None and text.strip().upper() == "YES"
