"""What a body that should be a manifest really is, and its text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from player.base.errors import ErrorCode, ManifestError
from player.manifest.limits import MAX_TEXT_BYTES, limit_error
from player.manifest.model import ManifestProtocol

_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MPD_START = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(?:MPD|Patch)\b")
_URL_BODY = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://\S+\s*$")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEADLESS = ("#EXTINF:", "#EXT-X-")
"""HLS without its first line begins so, or has comments before it: it is read, with a warning."""
SNIFFED_CHARACTERS = 64 * 1024


def decode(body: str | bytes) -> str:
    """The body as text: a byte order mark decides, else UTF-8 (RFC 8216bis 4.1), with bad bytes replaced."""
    if len(body) > MAX_TEXT_BYTES:
        raise limit_error("it is too large", MAX_TEXT_BYTES)
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    return body.decode("utf-8", "replace")


def first_tag(lines: Iterable[str]) -> tuple[int, str]:
    """The number and text of the first line that is neither blank nor a comment; 0 where there is none."""
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped and (not stripped.startswith("#") or stripped.startswith("#EXT")):
            return number, stripped
    return 0, ""


def sniff(text: str, content_type: str | None = None) -> ManifestProtocol:
    """Which protocol ``text`` belongs to; the content decides, ``content_type`` only words the error.

    Raises :class:`ManifestError` for anything else, with a code and a sentence that say what it is.
    """
    head = text[:SNIFFED_CHARACTERS].lstrip()
    if not head:
        raise ManifestError(ErrorCode.MANIFEST_EMPTY, "The manifest is empty.", line=1)
    if head.startswith("#") and first_tag(head.splitlines())[1].startswith(("#EXTM3U", *HEADLESS)):
        return ManifestProtocol.HLS
    if _HTML.match(head) or (head.startswith("<?xml") and re.search(r"<html\b", head, re.IGNORECASE)):
        raise ManifestError(
            ErrorCode.MANIFEST_HTML, "The address answered with a web page instead of a manifest.", line=1
        )
    if head.startswith("<"):
        if _MPD_START.search(head) or "mpeg" in head[:2000].lower():
            return ManifestProtocol.DASH
        return _unknown_xml(head)
    raise ManifestError(ErrorCode.MANIFEST_NOT_RECOGNISED, _describe(head, content_type), line=1)


def _unknown_xml(head: str) -> ManifestProtocol:
    if re.search(r"<SmoothStreamingMedia\b", head):
        raise ManifestError(
            ErrorCode.MANIFEST_UNSUPPORTED, "This is a Smooth Streaming manifest, which is not supported.", line=1
        )
    return ManifestProtocol.DASH  # the XML parser says what is wrong with it


def _describe(head: str, content_type: str | None) -> str:
    if head.startswith("#EXT"):
        return "An HLS playlist must begin with #EXTM3U."
    if head[0] in "{[":
        return "The address answered with JSON instead of a manifest."
    if _URL_BODY.match(head):
        return "The body holds only a URL, which is not followed; open that URL itself."
    if head.startswith(("\x47", "\x00\x00")) or "ftyp" in head[:16]:
        return "This is a media file, not a manifest."
    kind = f" (its content type is {content_type[:80]})" if content_type else ""
    return f"This is neither an HLS playlist nor a DASH MPD{kind}."
