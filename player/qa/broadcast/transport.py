"""The servers of a live programme in virtual time: manifests as of now, and segments from when they are available."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from player.base.clock import Clock
from player.base.errors import ErrorCode, InputError
from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, loaded_segments
from player.net.local import MemoryBody
from player.net.model import Body, Request, RequestKind, Transport
from player.qa.broadcast import mpd, playlist
from player.qa.broadcast.script import UPDATE_S, BroadcastScript

BEGAN_WALL_S = 1_767_225_600.0
"""The date on which each such run starts, so that its report is the same on every day."""
_FOUND = 200
_Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _TitleManifest:
    """A manifest of the whole title; a multivariant playlist has neither ``playlist`` nor ``presentation``."""

    url: str
    text: str
    playlist: playlist.TitlePlaylist | None = None
    presentation: Presentation | None = None


class BroadcastTransport:
    """A :class:`player.net.model.Transport` over that of the whole title. The run starts when this is made."""

    def __init__(self, inner: Transport, clock: Clock, script: BroadcastScript) -> None:
        self._inner = inner
        self._clock = clock
        self._script = script
        self._began_s = clock.monotonic()
        self._first_frame_wall_s = clock.wall() - script.begun_s
        self._known: dict[str, _TitleManifest] = {}
        self._due_s: dict[_Place, float] = {}  # in seconds of the title

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The answer as of now; 404 for a segment that is not available yet. Raises InputError for a source of which
        no live programme can be made."""
        url = _plain(request.url)
        if request.kind is RequestKind.MANIFEST:
            new = False
            if url not in self._known:
                async with self._inner.open(replace(request, url=url)) as body:
                    if body.status != _FOUND:
                        yield body
                        return
                    new = body.new_connection
                    self._known[url] = self._learn(body.url, await _text(body))
            answer = MemoryBody(self._known[url].url, _FOUND, self._as_of_now(self._known[url]).encode(), None)
            answer.new_connection = new
            yield answer
            return
        start = 0 if request.byte_range is None else request.byte_range.start
        if self._due_s.get((url, start), 0.0) > self._script.title_s(self._run_s):
            yield MemoryBody(request.url, 404, b"", None)
            return
        async with self._inner.open(request) as body:
            yield body

    async def close(self) -> None:
        await self._inner.close()

    @property
    def _run_s(self) -> float:
        return self._clock.monotonic() - self._began_s

    def _learn(self, url: str, text: str) -> _TitleManifest:
        """Keep when each segment of a manifest is available."""
        if "<MPD" not in text[:4096]:
            listed = playlist.read(text)
            for entry in () if listed is None else listed.entries:
                self._learn_due(urljoin(url, entry.uri), entry.offset or 0, entry.end_s)
            return _TitleManifest(url, text, playlist=listed)
        title = parse(text.encode(), url, now_s=self._clock.wall())
        for _, _, rendition in iter_renditions(title):
            for segment in loaded_segments(rendition.segments) or ():
                start = 0 if segment.byte_range is None else segment.byte_range.start
                self._learn_due(segment.url, start, segment.end_s)
        return _TitleManifest(url, text, presentation=title)

    def _learn_due(self, url: str, start: int, end_s: float) -> None:
        self._due_s[url, start] = end_s + self._script.late_s(url)

    def _as_of_now(self, title: _TitleManifest) -> str:
        script, wall_s = self._script, self._first_frame_wall_s
        sent_s = script.sent_s(title.url, self._run_s)
        if title.presentation is not None:
            if script.restarts:
                raise InputError(ErrorCode.INPUT_USAGE, "A live script restarts HLS only; this is an MPD.")
            return mpd.at(title.text, title.presentation, sent_s, script.window_s, wall_s, UPDATE_S)
        if title.playlist is None:
            return title.text

        def late_s(uri: str) -> float:
            return script.late_s(urljoin(title.url, uri))

        restarts_s = [each.at_s for each in script.restarts]
        whole = playlist.with_restarts(title.playlist, restarts_s)
        return playlist.at(whole, sent_s, script.window_s, wall_s, late_s, script.away_s)


async def _text(body: Body) -> str:
    return b"".join([chunk async for chunk in body.chunks()]).decode("utf-8", "replace")


def _plain(url: str) -> str:
    """The address without what a player adds to it of its own."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "CMCD"]
    return parts._replace(query=urlencode(kept)).geturl() if "CMCD=" in parts.query else url
