"""Records a live stream of every quality: its manifests as they change, and all segments and parts as they appear.

The file is a recording as ``matinee play --record`` makes it. A plan sends it again in virtual time
(:mod:`player.qa.broadcast.recorded`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from player.base.clock import Clock
from player.base.errors import ManifestError, NetError
from player.manifest import at_time
from player.manifest.edit import iter_renditions
from player.manifest.model import ByteRange, InitSegment, Presentation, loaded_segments
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Transport
from player.playback.settings import PlaybackSettings
from player.qa.recording.recorder import SessionRecorder
from player.qa.watch import ManifestWatch, Refresh
from player.reporting.report import Recorder

_AT_ONCE = 6
_LOOK_S = 0.25
_BEHIND = 4  # segments of before it began that are kept
_SKIP = re.compile(r"([?&])_HLS_skip=[A-Za-z0-9]+(&|$)")
_Wanted = tuple[RequestKind, str, ByteRange | None]


class ChannelRecorder:
    """Follows a live stream, and keeps all of it in a file."""

    def __init__(self, path: Path, transport: Transport, clock: Clock, url: str) -> None:
        self._clock = clock
        self._url = url
        self._tape = SessionRecorder(path)
        self._gate = Gate(self._tape.wrap(transport, clock), clock).led_by(url)
        self._begun_s = clock.monotonic()
        self._known: set[_Wanted] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def record(self, presentation: Presentation, for_s: float) -> AsyncIterator[Refresh]:
        """Each refresh as it happens. Media that cannot be fetched is left out."""
        lists = [each.playlist for _, _, each in iter_renditions(presentation) if each.playlist is not None]
        for url in dict.fromkeys((self._url, *(each.url for each in lists))):
            await self._fetched(url, None)
        watch = ManifestWatch(presentation, self._fetched, self._clock, self._url)
        looking = asyncio.ensure_future(self._look(watch))
        try:
            async for refresh in watch.refreshes(for_s):
                self._take(watch.presentation)
                yield refresh
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Write the file, and end."""
        await self._gate.close()
        report = Recorder().report(source=self._url, policy="")
        self._tape.finish(report, PlaybackSettings(), self._begun_s)

    async def _fetched(self, url: str, held_s: float | None) -> tuple[bytes, str]:
        """A manifest as a whole, also where a part of it would do."""
        whole = _SKIP.sub(r"\1", url).rstrip("?&")
        response = await self._gate.fetch(
            Request(RequestKind.MANIFEST, whole, first_byte_s=held_s, deadline_s=held_s)
        )
        return response.body, url

    async def _look(self, watch: ManifestWatch) -> None:
        """Segments of an MPD become available while it does not change."""
        while True:
            self._take(watch.presentation)
            await self._clock.sleep(_LOOK_S)

    def _take(self, presentation: Presentation) -> None:
        if presentation.kind == "mpd" and presentation.live:
            try:
                presentation = at_time(presentation, self._clock.wall())
            except ManifestError:
                return
        for wanted in _available(presentation):
            if wanted not in self._known:
                self._known.add(wanted)
                task = asyncio.ensure_future(self._keep(wanted))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _keep(self, wanted: _Wanted) -> None:
        kind, url, byte_range = wanted
        async with self._places:
            try:
                await self._gate.fetch(Request(kind, url, byte_range=byte_range))
            except NetError:
                return


def _available(presentation: Presentation) -> Iterator[_Wanted]:
    """The last segments, parts and initialization segments of every rendition."""
    for _, _, rendition in iter_renditions(presentation):
        segments = loaded_segments(rendition.segments)
        inits: list[InitSegment | None] = []
        for place in range(0 if segments is None else max(0, len(segments) - _BEHIND), len(segments or ())):
            if segments is None:
                break
            segment = segments[place]
            inits.append(segment.init)
            yield RequestKind.SEGMENT, segment.url, segment.byte_range
            for part in segment.parts:
                yield RequestKind.SEGMENT, part.url, part.byte_range
        if rendition.playlist is not None:
            inits.append(rendition.playlist.trailing_init)
            for part in rendition.playlist.trailing_parts:
                yield RequestKind.SEGMENT, part.url, part.byte_range
        for init in inits:
            if init is not None:
                yield RequestKind.INIT, init.url, init.byte_range
