"""Playing what is kept: the presentation of a download, narrowed to what is there, and the transport of its bytes.

The engine plays it like any other; only the addresses are ours (``offline://this-device/<id>/<item>``). Nothing here
opens a connection. A title that is still being downloaded plays too: what is not there yet is asked for and awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from downloads.errors import DownloadError, damaged
from downloads.folder import DownloadFolder
from downloads.model import DownloadPlan, KeptRendition, PlanItem
from downloads.planning import Key, key_of
from downloads.rendition_choice import ChosenRendition
from downloads.request import kept_keys
from downloads.resolving import Need, resolve, segments_of
from downloads.service import licence_of
from player.base.clock import Clock
from player.base.errors import ErrorCode, NetError
from player.manifest import parse, with_mirrors
from player.manifest.model import (
    InitSegment,
    KeyInfo,
    ListedIndex,
    Period,
    Presentation,
    Rendition,
    Segment,
)
from player.net.local import MemoryBody
from player.net.model import Body, Request
from player.title.opening import PlaybackSource

SCHEME = "offline"
_HOST = "this-device"
_LOOK_S = 0.25


async def presentation_of(folder: DownloadFolder) -> Presentation:
    """What of the title is kept, with the addresses of :class:`OfflineTransport`.

    Raises DownloadError where the manifest is not there yet or something was changed.
    """
    if not folder.has_plan:
        raise DownloadError(ErrorCode.DOWNLOAD_INCOMPLETE, "The download of this title has only just begun.")
    plan = await asyncio.to_thread(folder.plan)
    items = {key_of(item.url, item.byte_range): item for item in plan.items}
    manifest = await asyncio.to_thread(folder.read, plan.items[0])
    presentation = with_mirrors(parse(manifest, plan.base_url), plan.mirrors)

    async def read(need: Need) -> tuple[bytes, str]:
        item = items.get(key_of(need.url, need.byte_range))
        if item is None:
            raise damaged("The plan of the download")
        return await asyncio.to_thread(folder.read, item), item.base or item.url

    picked = [_find(presentation, part) for part in plan.parts]
    presentation, found = await resolve(presentation, picked, read)
    return _Narrowing(folder.id, plan, items).apply(presentation, found)


async def source_of(folder: DownloadFolder) -> PlaybackSource:
    """What the engine plays of a download. Its licence, where it needs one, is judged when the playback begins, and
    while it runs. Raises as :func:`presentation_of`."""
    presentation = await presentation_of(folder)
    return PlaybackSource(
        kept=presentation,
        title_id=folder.ledger.title_id,
        name=folder.ledger.name,
        kept_keys=partial(kept_keys, folder),
        licence_id=licence_of(folder),
    )


def address(download_id: str, item: int) -> str:
    """The address of one item of a download."""
    return f"{SCHEME}://{_HOST}/{download_id}/{item}"


class OfflineTransport:
    """Serves the addresses of :func:`presentation_of` from the store, every byte checked.

    ``find`` gives a download by its id. Once something in a download was found changed, nothing of it is served any
    more: ``damage`` says what it was.
    """

    def __init__(self, find: Callable[[str], DownloadFolder], clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._folders: dict[str, DownloadFolder] = {}
        self.damage: DownloadError | None = None

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The item's bytes; 404 for one that no server had. Raises NetError with the code of a DownloadError."""
        try:
            if self.damage is not None:
                raise self.damage
            data = await self._data(request.url)
        except DownloadError as error:
            if error.code is ErrorCode.DOWNLOAD_DAMAGED:
                self.damage = error
            raise NetError(error.code, error.sentence, recoverable=error.recoverable, **error.fields) from error
        yield MemoryBody(request.url, 404 if data is None else 200, data or b"", request.byte_range)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _data(self, url: str) -> bytes | None:
        folder, index = await asyncio.to_thread(self._place, url)
        while index not in folder.ledger.stored:
            if index in folder.ledger.missing:
                return None
            item = folder.plan().items[index]
            await asyncio.to_thread(folder.want, item.start_s)
            running = await asyncio.to_thread(lambda: folder.is_running)
            await asyncio.to_thread(folder.refresh)
            if index not in folder.ledger.stored:
                if not running:
                    break
                await self._clock.sleep(_LOOK_S)
        return await asyncio.to_thread(folder.read, folder.plan().items[index])

    def _place(self, url: str) -> tuple[DownloadFolder, int]:
        parts = urlsplit(url)
        download_id, _, number = parts.path.strip("/").partition("/")
        if parts.netloc != _HOST or not number.isdecimal():
            raise damaged("An address of the download")
        folder = self._folders.get(download_id)
        if folder is None:
            folder = self._folders[download_id] = self._find(download_id)
        if int(number) >= len(folder.plan().items):
            raise damaged("An address of the download")
        return folder, int(number)


def _find(presentation: Presentation, part: KeptRendition) -> ChosenRendition:
    """A part of the plan in the manifest it was made from; where an update reads it with other ids of tracks, the
    rendition's own id decides."""
    if part.period < len(presentation.periods):
        tracks = [t for t in presentation.periods[part.period].tracks if t.type is part.type]
        for track in sorted(tracks, key=lambda t: t.id != part.track):
            for rendition in track.renditions:
                if rendition.id == part.rendition:
                    return ChosenRendition(part.period, part.type, track, rendition)
    raise damaged("The manifest of the download")


class _Narrowing:
    """Takes what is not kept out of a presentation, and turns addresses into those of the store."""

    def __init__(self, download_id: str, plan: DownloadPlan, items: Mapping[Key, PlanItem]) -> None:
        self._id = download_id
        self._plan = plan
        self._items = items

    def apply(self, presentation: Presentation, kept: tuple[ChosenRendition, ...]) -> Presentation:
        names = {item.rendition.key for item in kept}
        periods = tuple(self._period(period, names) for period in presentation.periods)
        return replace(
            presentation,
            url=address(self._id, 0),
            periods=periods,
            steering=None,
            session_keys=(),
            locations=(),
            patch_locations=(),
            source="",
        )

    def _period(self, period: Period, kept: set[str]) -> Period:
        tracks = []
        for track in period.tracks:
            renditions = tuple(
                rendition if rendition.embedded else self._rendition(rendition)
                for rendition in track.renditions
                if rendition.embedded or rendition.key in kept
            )
            if renditions:
                tracks.append(replace(track, renditions=renditions))
        return replace(period, tracks=tuple(tracks))

    def _rendition(self, rendition: Rendition) -> Rendition:
        segments = ListedIndex(tuple(self._segment(segment) for segment in segments_of(rendition)))
        return replace(rendition, segments=segments, locations=(), index=None)

    def _segment(self, segment: Segment) -> Segment:
        if segment.gap:
            return segment
        item = self._items.get(key_of(segment.url, segment.byte_range))
        if item is None:
            raise damaged("The plan of the download")
        return segment._replace(
            url=address(self._id, item.index),
            byte_range=None,
            init=self._init(segment.init),
            keys=tuple(map(self._key, segment.keys)),
            parts=(),
            size_bytes=item.size,
        )

    def _init(self, init: InitSegment | None) -> InitSegment | None:
        if init is None:
            return None
        item = self._items[key_of(init.url, init.byte_range)]
        return InitSegment(address(self._id, item.index), None, tuple(map(self._key, init.keys)))

    def _key(self, key: KeyInfo) -> KeyInfo:
        item = None if key.uri is None else self._items.get(key_of(key.uri, None))
        return key if item is None else replace(key, uri=address(self._id, item.index))
