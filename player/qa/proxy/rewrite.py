"""Addresses in manifests, so that what a player loads goes through the proxy. Pure.

Each origin (scheme, host, port) has a number; ``/o/3/video/1.m4s`` is ``/video/1.m4s`` of the fourth. Relative
addresses need nothing. Names that only look like addresses (namespaces, schemes of descriptors) stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

MOST_ORIGINS = 64
_PREFIX = re.compile(r"/o/(\d+)(/.*)?", re.DOTALL)
_HLS_URI = re.compile(r'((?:URI|SERVER-URI|X-ASSET-URI|X-ASSET-LIST)=")([^"]+)(")')
_HLS_LINE = re.compile(r"^(?!#)(\S.*)$", re.MULTILINE)
_DASH_TEXT = re.compile(
    r"(<(?:\w+:)?(?:BaseURL|Location|PatchLocation|ContentSteering|Laurl)\b[^>]*>\s*)([^<]+?)(\s*</)"
)
_DASH_ATTRIBUTE = re.compile(r'(\s(?:media|initialization|sourceURL|index|mediaRange|xlink:href)=")([^"]+)(")')
_DASH_TIME = re.compile(r'(<(?:\w+:)?UTCTiming\b[^>]*\svalue=")(https?://[^"]+)(")')


class Origins:
    """The origins that the proxy stands before; those that manifests name join as they are met."""

    def __init__(self, url: str) -> None:
        self._known: list[str] = []
        self.path = self.local(url)

    def local(self, url: str) -> str:
        """The proxy's path for an absolute address. Raises ValueError for more origins than are allowed."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._known:
            if len(self._known) >= MOST_ORIGINS:
                raise ValueError(f"more than {MOST_ORIGINS} origins")
            self._known.append(origin)
        query = f"?{parts.query}" if parts.query else ""
        return f"/o/{self._known.index(origin)}{parts.path or '/'}{query}"

    def remote(self, target: str) -> str | None:
        """The absolute address behind a path of the proxy; None for one that it does not know."""
        found = _PREFIX.fullmatch(target)
        if found is None or int(found[1]) >= len(self._known):
            return None
        return self._known[int(found[1])] + (found[2] or "/")

    def rewritten(self, body: bytes, url: str) -> bytes:
        """A manifest that was loaded from ``url``, with its absolute addresses led through the proxy."""
        text = body.decode("utf-8", "surrogateescape")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))

        def led(value: str) -> str:
            if value.startswith(("http://", "https://")):
                return self.local(value)
            if value.startswith("//"):
                return self.local(f"{urlsplit(url).scheme}:{value}")
            if value.startswith("/"):
                return self.local(origin + value)
            return value

        text = _hls(text, led) if text.lstrip("\ufeff").startswith("#EXTM3U") else _dash(text, led)
        return text.encode("utf-8", "surrogateescape")


def is_manifest(path: str, content_type: str) -> bool:
    """Whether an answer holds addresses."""
    kinds = ("mpegurl", "dash+xml", "dash-patch+xml")
    return path.lower().endswith((".m3u8", ".m3u", ".mpd")) or any(kind in content_type.lower() for kind in kinds)


def _hls(text: str, led: Callable[[str], str]) -> str:
    text = _HLS_URI.sub(lambda found: f"{found[1]}{led(found[2])}{found[3]}", text)
    return _HLS_LINE.sub(lambda found: led(found[1].rstrip("\r")) + "\r" * found[1].endswith("\r"), text)


def _dash(text: str, led: Callable[[str], str]) -> str:
    def led_xml(found: re.Match[str]) -> str:
        return found[1] + led(found[2].replace("&amp;", "&")).replace("&", "&amp;") + found[3]

    for shape in (_DASH_TEXT, _DASH_ATTRIBUTE, _DASH_TIME):
        text = shape.sub(led_xml, text)
    return text
