"""A recorded live stream in virtual time: its manifests as they were at each moment, and its segments.

The network of the run is that of its plan: nothing of the speed of then counts. Requests that wait for news are
answered when the news was there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from player.base.clock import Clock
from player.base.errors import ErrorCode, InputError
from player.manifest.model import ByteRange
from player.net.local import MemoryBody
from player.net.model import Body, Request, RequestKind
from player.qa.recording.archive import Exchange, Recording, read_recording

_FOUND, _PART = 200, 206
_SLACK_S = 1.0  # a segment was fetched a little after it was available
_HINTED_S = 6.0  # what is hinted is sent when it is there
_URI = re.compile(r'^(?!#)\S.*$|URI="([^"]+)"', re.MULTILINE)
_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:\s*(\d+)")
_CLOCK = re.compile(r"<UTCTiming\b[^>]*?(?:/>|>.*?</UTCTiming>)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RecordedBroadcast:
    """The run starts ``from_s`` seconds after the recording did."""

    path: Path
    from_s: float = 0.0


class _Version(NamedTuple):
    """A manifest as it was from ``at_s`` on. ``news`` is the segment after the last whole one, and its last part."""

    at_s: float
    body: bytes
    news: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Channel:
    """What a recording says of a live stream: where it is, on which date the run starts, how long it lasts."""

    url: str
    wall_s: float
    seconds: float


def channel_of(broadcast: RecordedBroadcast) -> Channel:
    """Raises InputError for a recording without media, or without manifests after ``from_s``."""
    recording = read_recording(broadcast.path)
    manifests = [each for each in recording.exchanges if _is_manifest(each)]
    last_s = max((each.at_s for each in manifests), default=0.0)
    if not manifests or not recording.with_media or last_s <= broadcast.from_s:
        raise InputError(ErrorCode.INPUT_USAGE, f"{broadcast.path.name} holds no live stream with its media.")
    first = min(manifests, key=lambda each: each.at_s)
    return Channel(first.url, float(recording.facts["wall_s"]) + broadcast.from_s, last_s - broadcast.from_s)


class RecordedTransport:
    """A :class:`player.net.model.Transport` that answers as the servers of then. The run starts when this is made."""

    def __init__(self, broadcast: RecordedBroadcast, clock: Clock) -> None:
        self._recording = read_recording(broadcast.path)
        self._clock = clock
        self._begun_s = clock.monotonic() - broadcast.from_s
        self._manifests = _versions(self._recording)
        self._media: dict[str, list[Exchange]] = defaultdict(list)
        for each in self._recording.exchanges:
            if (
                each.kind in (RequestKind.SEGMENT, RequestKind.INIT, RequestKind.INDEX, RequestKind.TEXT)
                and each.body
            ):
                self._media[each.url].append(each)
        self._listed_s = _listed_s(self._manifests)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The answer as of now; 404 for what was not there yet, or never."""
        if request.kind is RequestKind.MANIFEST:
            content = await self._manifest(request.url)
            yield MemoryBody(request.url, 404 if content is None else _FOUND, content or b"", None)
            return
        content = await self._segment(request)
        yield MemoryBody(request.url, 404 if content is None else _FOUND, content or b"", request.byte_range)

    async def close(self) -> None:
        """Nothing is kept open."""

    @property
    def _now_s(self) -> float:
        return self._clock.monotonic() - self._begun_s

    async def _manifest(self, url: str) -> bytes | None:
        versions = self._manifests.get(_plain(url))
        if versions is None:
            return None
        asked = dict(parse_qsl(urlsplit(url).query))
        if asked.get("_HLS_msn", "").isdigit():
            number, part = int(asked["_HLS_msn"]), asked.get("_HLS_part", "")
            wanted = (number, int(part)) if part.isdigit() else (number + 1, -1)
            waited = next((each for each in versions if each.news >= wanted), versions[-1])
            await self._clock.sleep(max(0.0, waited.at_s - self._now_s))
        place = bisect_right(versions, self._now_s, key=lambda each: each.at_s)
        return versions[max(0, place - 1)].body

    async def _segment(self, request: Request) -> bytes | None:
        range_ = request.byte_range
        for each in self._media.get(_plain(request.url), ()):
            start, length = each.range or (0, None)
            if each.range is not None and not _is_inside(range_, start, length):
                continue
            early_s = min(self._listed_s.get(each.url, each.at_s - _SLACK_S), each.at_s) - self._now_s
            if early_s > _HINTED_S:
                return None
            await self._clock.sleep(max(0.0, early_s))
            return bytes(start) + self._recording.body(each) if start else self._recording.body(each)
        return None


def _is_inside(wanted: ByteRange | None, start: int, length: int | None) -> bool:
    if wanted is None or wanted.start < start:
        return False
    return length is None or (wanted.end is not None and wanted.end <= start + length)


def _is_manifest(each: Exchange) -> bool:
    return each.kind == RequestKind.MANIFEST and bool(each.body) and each.status is not None and each.status < 300


def _versions(recording: Recording) -> dict[str, list[_Version]]:
    found: dict[str, list[_Version]] = defaultdict(list)
    for each in sorted(recording.exchanges, key=lambda each: each.at_s + each.seconds):
        if _is_manifest(each):
            body = recording.body(each)
            if b"#EXT-X-SKIP" in body:
                continue  # the whole is not known
            text = _CLOCK.sub("", body.decode("utf-8", "replace"))
            found[_plain(each.url)].append(_Version(each.at_s + each.seconds, text.encode(), _news(text)))
    return dict(found)


def _news(text: str) -> tuple[int, int]:
    """The number of the segment after the last whole one, and of its last part (-1: none)."""
    sequence = _SEQUENCE.search(text)
    number, parts = (int(sequence[1]) if sequence is not None else 0), -1
    for line in text.splitlines():
        if line.startswith("#EXT-X-PART:"):
            parts += 1
        elif line.strip() and not line.startswith("#"):
            number, parts = number + 1, -1
    return number, parts


def _listed_s(manifests: Mapping[str, list[_Version]]) -> dict[str, float]:
    """When an address was listed first."""
    found: dict[str, float] = {}
    for url, versions in manifests.items():
        for version in versions:
            text = version.body.decode("utf-8", "replace")
            for match in _URI.finditer(text) if text.lstrip("\ufeff").startswith("#EXTM3U") else ():
                if "PRELOAD-HINT" not in text[text.rfind("\n", 0, match.start()) + 1 : match.start()]:
                    found.setdefault(urljoin(url, match[1] or match[0].strip()), version.at_s)
    return found


def _plain(url: str) -> str:
    """The address without what players add to it of their own."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name != "CMCD" and not name.startswith("_HLS_")
    ]
    return parts._replace(query=urlencode(kept)).geturl()
