"""Everything around a segment that must be there before it can be read: its index, its init segment, its keys.

All of it is fetched once and kept for the playback. Runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from drm_client.cenc import SampleDecryptor
from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.memory import scrub_freed_memory, wipe
from player.base.errors import ErrorCode, MediaError
from player.manifest import attach_index, attach_playlist, home_of, index_ranges, moved_url, segment_url
from player.manifest.between_periods import audio_moved_s, audio_put_s
from player.manifest.model import (
    Container,
    IndexRef,
    InitSegment,
    KeyInfo,
    Location,
    PartialSegment,
    PlaylistRef,
    PreloadHint,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
    TimedEvent,
    TrackType,
)
from player.manifest.steering import moved_places, own_places
from player.manifest.timed_events import timed_events
from player.manifest.urls import path_between
from player.media.demux import Demuxer, open_demuxer
from player.media.timestamps import TimestampUnwrapper
from player.net.model import RequestKind
from player.stream.timeline import Slot, loaded
from player.transfer.cut_playlists import CUT_OFF, load_uncut
from player.transfer.loader import Loader, LoadResult, Resource
from player.transfer.model import Coming

if TYPE_CHECKING:
    from drm_client.hls_aes import SegmentCipher

_BEHIND_TIMEOUT_S = 10.0


T = TypeVar("T")


class Growing(Protocol):
    """The segments of a live presentation as they are now; see :class:`player.live.refresher.Refresher`."""

    def known(self, rendition: Rendition) -> SegmentIndex | None:
        """What is listed, without loading anything."""
        ...

    async def index(self, rendition: Rendition) -> SegmentIndex:
        """What is listed now; loads a playlist that is not being followed. Raises NetError or ManifestError."""
        ...

    async def segment(self, rendition: Rendition, slot: Slot) -> Segment:
        """What fills a slot; waits until it is listed. It is marked as a gap when it has left the list.

        Raises NetError, ManifestError or MediaError.
        """
        ...

    def unfinished(self, rendition: Rendition, segment: Segment) -> bool:
        """Whether a segment is still being made."""
        ...

    def begins_alone(self, rendition: Rendition, segment: Segment) -> bool:
        """Whether decoding can begin with the first part of a segment."""
        ...

    def progress(self, rendition: Rendition, number: int) -> PartsProgress:
        """How far a segment that is made of parts has come, as it is listed now."""
        ...

    async def changed(self, limit_s: float) -> None:
        """Wait until something new is listed, or for so long."""
        ...

    async def comes_yet(self, rendition: Rendition, segment: Segment) -> bool:
        """Whether a segment that the source does not have is only late. It returns after a while then, and the
        segment must be requested a second time."""
        ...

    def came(self, rendition: Rendition, segment: Segment, result: LoadResult) -> None:
        """A segment has been loaded."""
        ...


@dataclass(frozen=True, slots=True)
class PartsProgress:
    """The parts of a segment so far, and the announced next one. ``full``: it is as long as others are, and may
    have ended. ``whole``: there will be no more of them."""

    parts: tuple[PartialSegment, ...] = ()
    hint: PreloadHint | None = None
    whole: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class LoadedPlaylist:
    """A live media playlist as it was loaded from ``url`` (after redirects), asked for at ``asked_s`` (monotonic)."""

    rendition: Rendition
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    asked_s: float = 0.0


EnsureKeys = Callable[[Sequence[bytes], Sequence[bytes]], Awaitable[None]]
"""Awaits until the key ring holds these key IDs; is given the pssh boxes found beside them. Raises DrmError."""


class Sources:
    """Indexes, init segments and demuxers of one presentation."""

    def __init__(
        self,
        presentation: Presentation,
        loader: Loader,
        keys: KeyRing,
        ensure_keys: EnsureKeys,
        whole_segment: WholeKeys,
        *,
        default_pathway: str,
    ) -> None:
        self._presentation = presentation
        self._loader = loader
        self._keys = keys
        self._ensure_keys = ensure_keys
        self._whole_segment = whole_segment
        self._default_pathway = default_pathway
        self._once: dict[tuple[object, ...], asyncio.Task[object]] = {}
        self._clocks: dict[int, TimestampUnwrapper] = {}  # of transport streams, by discontinuity
        self._cloned: set[tuple[object, ...]] = set()  # playlists of steered pathways that have been asked for
        self._as_loaded: dict[str, Rendition] = {}  # by key
        self.live_playlists: list[LoadedPlaylist] = []
        self._has_end = False  # one of the playlists
        self.growing: Growing | None = None  # what tells the segments of a live presentation
        self.on_events: Callable[[tuple[TimedEvent, ...]], None] = lambda _events: None
        self.on_cut: Callable[[str], None] = lambda _sentence: None  # hears of playlists that lack their end

    @property
    def may_grow(self) -> bool:
        """Whether the title is still being made, as far as is known."""
        return self._presentation.live or bool(self.live_playlists)

    def stated_until_s(self, period: int) -> float:
        """Where a period of a recording ends by the manifest's own word; -inf where it says nothing."""
        end_s = None if self.growing is not None else self._presentation.periods[period].end_s
        return -math.inf if end_s is None else end_s

    def audio_moved_s(self, audio: Rendition | None, period: int) -> float:
        """See :func:`player.manifest.between_periods.audio_moved_s`; in the first period ``audio_put_s`` there."""
        if audio is None:
            return 0.0
        if period == 0:
            video = self._presentation.periods[0].of(TrackType.VIDEO)
            return audio_put_s(audio, (each for track in video for each in track.renditions))
        before, after = self._presentation.periods[period - 1 : period + 1]
        was, now = (
            {kind: [each for track in of.of(kind) for each in track.renditions] for kind in TrackType}
            for of in (before, after)
        )
        return audio_moved_s(audio, was[TrackType.AUDIO], now[TrackType.VIDEO], was[TrackType.VIDEO])

    # --- addresses

    def urls(self, rendition: Rendition, url: str, segment: Segment | None = None) -> Mapping[str, str]:
        """The address of a file of this rendition for each pathway, the preferred one first.

        A location with a playlist of its own counts as soon as that has been loaded, and for segments only.
        """
        places = self._places(rendition)
        homes = (*places, *moved_places(rendition, self._loader.clones, self._default_pathway))
        home = home_of(url, homes)
        if home is None:
            return {self._default_pathway: url}
        found: dict[str, str] = {}
        for location in places:
            address = url if location is home else self._elsewhere(rendition, home, location, url, segment)
            if address is not None:
                found.setdefault(self._name(location), address)
        found.setdefault(self._name(home), url)
        return found

    def _places(self, rendition: Rendition) -> Sequence[Location]:
        """Where a rendition is, with the pathways that steering has cloned with playlists of their own: those are
        loaded behind it as soon as they are known."""
        cloned = own_places(rendition, self._loader.clones) if self._loader.clones else ()
        for place in () if self.growing is not None else cloned:
            key = _own_index_key(rendition, place)
            if key not in self._cloned and isinstance(place.segments, PlaylistRef):
                self._cloned.add(key)
                self._begin(key, functools.partial(self._load_own_playlist, rendition, place, place.segments.url))
        return (*rendition.locations, *cloned)

    def _name(self, location: Location) -> str:
        """ "." is HLS's name for the pathway of variants that name none (RFC 8216bis 4.4.6.2)."""
        return self._default_pathway if location.pathway == "." else location.pathway

    def _elsewhere(
        self, rendition: Rendition, home: Location, location: Location, url: str, segment: Segment | None
    ) -> str | None:
        if home.segments is None and location.segments is None:
            return moved_url(url, home, location)
        if segment is None:
            return None
        index = self._result(_own_index_key(rendition, location))
        if not isinstance(index, SegmentIndex):
            return None
        with contextlib.suppress(LookupError):
            return segment_url(rendition, segment, replace(location, segments=index))
        return None

    # --- indexes

    async def index(self, rendition: Rendition) -> SegmentIndex:
        """The rendition's segments; loads its playlist or its sidx the first time."""
        if self.growing is not None:
            return await self.growing.index(rendition)
        known = loaded(rendition)
        if known is not None:
            return known
        return await self._single(("index", rendition.key), lambda: self._load_index(rendition))

    def index_if_known(self, rendition: Rendition) -> SegmentIndex | None:
        """The segments if they have been loaded, else None."""
        if self.growing is not None:
            return self.growing.known(rendition)
        result = self._result(("index", rendition.key))
        return loaded(rendition) if result is None else cast("SegmentIndex", result)

    def coming(self, rendition: Rendition, segment: Segment) -> Coming | None:
        """What comes after ``segment`` if the quality stays; None where it is not listed, or on another server."""
        index = self.index_if_known(rendition)
        position = segment.number + 1 - index[0].number if index else 0
        if index is None or not 0 < position < len(index):
            return None
        path = path_between(segment.url, index[position].url)
        return None if path is None else Coming(path, index[position].byte_range)

    def as_loaded(self, rendition: Rendition) -> Rendition:
        """The rendition with what its own playlist has said of it, once that is loaded (the tiles of its sheets)."""
        return self._as_loaded.get(rendition.key, rendition)

    async def _load_index(self, rendition: Rendition) -> SegmentIndex:
        ref = rendition.segments
        if isinstance(ref, PlaylistRef):
            return await self._load_playlist(rendition, ref)
        if not isinstance(ref, IndexRef):
            return ref
        urls = self.urls(rendition, ref.url)
        resource = Resource(RequestKind.INDEX, urls, byte_range=ref.byte_range, track=rendition.id)
        header = b""
        if ref.container is Container.WEBM and ref.init is not None:
            header = await self.init_bytes(rendition, ref.init)

        async def read(body: bytes, _result: LoadResult) -> SegmentIndex:
            more = await self._further_indexes(rendition, urls, body)
            updated = attach_index(self._presentation, rendition, body, header=header, more=more)
            return self._segments(updated, rendition)

        return await self._loader.load_and_read(resource, read)

    async def _further_indexes(
        self, rendition: Rendition, urls: Mapping[str, str], body: bytes
    ) -> list[tuple[int, bytes]]:
        """The sidx boxes that a hierarchical index refers to outside the range which the manifest names."""
        pieces: list[tuple[int, bytes]] = []
        while wanted := index_ranges(rendition, body, pieces):
            for part in wanted:
                resource = Resource(RequestKind.INDEX, urls, byte_range=part, track=rendition.id)
                pieces.append((part.start, await self._loader.load_bytes(resource)))
        return pieces

    async def _load_playlist(self, rendition: Rendition, ref: PlaylistRef) -> SegmentIndex:
        """The playlist from whichever place works. What the other places have of their own is loaded behind it."""
        leading = self.urls(rendition, ref.url)
        own = _own_playlists(rendition.locations)

        async def read(body: bytes, result: LoadResult) -> tuple[Presentation, bytes, LoadResult]:
            return attach_playlist(self._presentation, rendition, body, result.url), body, result

        resource = Resource(RequestKind.MANIFEST, self.playlist_urls(rendition, ref.url), track=rendition.id)
        updated, body, result = await load_uncut(
            self._loader, resource, read, lambda found: _is_cut_off(found[0], rendition), self.on_cut
        )
        self._sort(LoadedPlaylist(rendition, body, result.url, result.asked_s), live=updated.live)
        index, pathway = self._segments(updated, rendition), result.pathway
        if pathway not in leading:
            own.append((rendition.locations[0], ref.url))
        for place, url in () if self.live_playlists else own:
            if self._name(place) != pathway and not self._loader.in_trouble(self._name(place)):
                load = functools.partial(self._load_own_playlist, rendition, place, url)
                self._begin(_own_index_key(rendition, place), load)
        return index

    def _sort(self, playlist: LoadedPlaylist, *, live: bool) -> None:
        """Take it as one of a live title, or not. Where another playlist of the title has its end, those without
        were cut off: nobody ends only a part of a programme."""
        if live and not self._has_end:
            self.live_playlists.append(playlist)
            return
        cut = [playlist] if live else self.live_playlists
        self._has_end = True
        for _ in cut:
            self.on_cut(CUT_OFF)
        self.live_playlists = []

    def playlist_urls(self, rendition: Rendition, url: str) -> Mapping[str, str]:
        """The address of a rendition's playlist for each pathway; ``url`` is where it was last fetched."""
        own = {self._name(place): address for place, address in _own_playlists(self._places(rendition))}
        listed = rendition.segments.url if isinstance(rendition.segments, PlaylistRef) else url
        return {**self.urls(rendition, listed), **self.urls(rendition, url), **own}

    async def _load_own_playlist(self, rendition: Rendition, location: Location, url: str) -> SegmentIndex:
        resource = Resource(RequestKind.MANIFEST, {self._name(location): url}, track=rendition.id)
        async with asyncio.timeout(_BEHIND_TIMEOUT_S):  # the loader itself would wait out an outage of minutes
            body, result = await self._loader.load_whole(resource)
        return self._segments(attach_playlist(self._presentation, rendition, body, result.url), rendition)

    def _segments(self, updated: Presentation, rendition: Rendition) -> SegmentIndex:
        """The segments that ``rendition`` got in ``updated``, whose events are reported."""
        self.on_events(timed_events(updated))
        for after in _all_renditions(updated):
            if after.key == rendition.key and isinstance(after.segments, SegmentIndex):
                self._as_loaded[rendition.key] = after
                return after.segments
        raise MediaError(
            ErrorCode.MEDIA_DAMAGED, "The index of this title could not be read.", rendition=rendition.id
        )

    # --- demuxers

    async def ready(self, rendition: Rendition) -> None:
        """Load what stands before the first segment. Raises NetError, ManifestError, MediaError or DrmError."""
        index = await self.index(rendition)
        if len(index):
            await self.demuxer(rendition, index[0])

    async def demuxer(self, rendition: Rendition, segment: Segment) -> Demuxer:
        """A demuxer for this segment, with its init segment read and its keys there.

        Raises NetError, MediaError or DrmError.
        """
        init = segment.init
        clock = self._clocks.setdefault(segment.discontinuity, TimestampUnwrapper())
        key = ("demuxer", rendition.key, segment.discontinuity if init is None else (init.url, init.byte_range))
        return await self._single(key, lambda: self._open_demuxer(rendition, init, clock))

    async def _open_demuxer(
        self, rendition: Rendition, init: InitSegment | None, clock: TimestampUnwrapper
    ) -> Demuxer:
        data = None
        if init is not None:
            data = await self.init_bytes(rendition, init)
        elif rendition.container in (Container.TS, Container.UNKNOWN):
            self._begin(("library",), _warm_transport_streams)
        decrypt = SampleDecryptor(self._keys).decrypt
        demuxer = open_demuxer(rendition.container, data, decrypt=decrypt, timestamps=clock)
        kids = demuxer.default_kids
        if kids:
            pssh = [box for protection in rendition.protections for box in protection.pssh]
            await self._ensure_keys(kids, [*demuxer.pssh, *pssh])
        return demuxer

    async def init_bytes(self, rendition: Rendition, init: InitSegment) -> bytes:
        """An initialisation segment, decrypted where it has a key of its own."""
        return await self._single(("init", init.url, init.byte_range), lambda: self._load_init(rendition, init))

    async def _load_init(self, rendition: Rendition, init: InitSegment) -> bytes:
        resource = Resource(
            RequestKind.INIT, self.urls(rendition, init.url), byte_range=init.byte_range, track=rendition.id
        )

        async def read(body: bytes, _result: LoadResult) -> bytes:
            transform = await self.transform(init.keys, None, rendition)
            data = body if transform is None else transform(body) + transform(None)
            open_demuxer(rendition.container, data)  # whether it can be used
            return data

        return await self._loader.load_and_read(resource, read)

    async def segment_bytes(self, rendition: Rendition, segment: Segment, kind: RequestKind) -> bytes:
        """A small segment as a whole, decrypted where it is encrypted as a whole. Raises NetError or DrmError."""
        urls = self.urls(rendition, segment.url, segment)
        data = await self._loader.load_bytes(Resource(kind, urls, segment.byte_range, track=rendition.id))
        transform = await self.transform(segment.keys, segment.number, rendition)
        return data if transform is None else transform(data) + transform(None)

    async def transform(
        self, keys: Sequence[KeyInfo], sequence: int | None, rendition: Rendition
    ) -> Callable[[bytes | None], bytes] | None:
        """What decrypts a whole segment of a rendition while it arrives (HLS AES-128 and its kin); None where that is
        not needed. A key that is stored beside the media is available from every CDN that has them."""
        for key in keys:
            if self._whole_segment.handles(key):
                urls = {} if key.uri is None else self.urls(rendition, key.uri)
                return await self._whole_segment.transform(key, sequence, urls)
        if keys and all(key.method not in ("NONE", "SAMPLE-AES", "SAMPLE-AES-CTR", "CENC") for key in keys):
            raise MediaError(
                ErrorCode.MEDIA_UNSUPPORTED,
                "This title is encrypted in a way that is not supported.",
                method=keys[0].method,
            )
        return None

    # --- once only

    async def _single(self, key: tuple[object, ...], make: Callable[[], Awaitable[T]]) -> T:
        """The result of ``make()``, made once; a failure is not kept, the next caller tries again."""
        task = self._begin(key, make)
        return cast("T", task.result() if task.done() else await asyncio.shield(task))  # a key stands for one kind

    def _begin(self, key: tuple[object, ...], make: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
        task = self._once.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(_as_coroutine(make()), name=f"source {key[0]}")
            self._once[key] = task
            task.add_done_callback(functools.partial(self._forget_failure, key))
        return task

    def _forget_failure(self, key: tuple[object, ...], task: asyncio.Task[object]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._once.pop(key, None)

    def _result(self, key: tuple[object, ...]) -> object | None:
        """What has been made already, else None."""
        task = self._once.get(key)
        return task.result() if task is not None and task.done() else None

    async def close(self) -> None:
        """Give up everything that is being fetched, and forget the keys of whole segments."""
        self._whole_segment.forget()
        tasks = [task for task in self._once.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class WholeKeys:
    """Keys of whole-segment encryption, fetched through the loader and kept as ciphers, not as bytes.

    A key is kept until it does not fit. Then the server may have another one, and the next load of the segment asks
    for it.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._ciphers: dict[tuple[str, str], SegmentCipher] = {}

    def handles(self, key: KeyInfo) -> bool:
        """Whether the segment as a whole is encrypted with a key that we can fetch."""
        from drm_client.hls_aes import whole_segment_methods  # only encrypted segments need it

        return key.keyformat == "identity" and key.method in whole_segment_methods()

    async def transform(
        self, key: KeyInfo, sequence: int | None, urls: Mapping[str, str]
    ) -> Callable[[bytes | None], bytes]:
        """A decryptor to be fed with the chunks of a segment, and with None at the end. ``urls`` are the key's
        addresses by CDN."""
        from drm_client.hls_aes import media_sequence_iv  # only encrypted HLS needs it

        if key.uri is None:
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "The playlist names no address for its key.")
        place = (key.uri, key.method)
        cipher = self._ciphers.get(place) or await self._fetch(key, urls)
        self._ciphers[place] = cipher
        iv = key.iv if key.iv is not None or sequence is None else media_sequence_iv(sequence)
        with self._doubting(place):
            decryptor = cipher.decryptor(iv)

        def decrypt(chunk: bytes | None) -> bytes:
            with self._doubting(place):
                return decryptor.finish() if chunk is None else decryptor.feed(chunk)

        return decrypt

    def forget(self) -> None:
        """Forget all keys: the playback is over."""
        for cipher in self._ciphers.values():
            cipher.close()
        self._ciphers.clear()

    async def _fetch(self, key: KeyInfo, urls: Mapping[str, str]) -> SegmentCipher:
        from drm_client.hls_aes import SegmentCipher

        value = await self._loader.load_bytes(Resource(RequestKind.KEY, urls))
        try:
            return SegmentCipher(key.method, value)
        finally:
            wipe(value)
            scrub_freed_memory()

    @contextlib.contextmanager
    def _doubting(self, place: tuple[str, str]) -> Iterator[None]:
        try:
            yield
        except DrmError:
            cipher = self._ciphers.pop(place, None)
            if cipher is not None:
                cipher.close()
            raise


async def _as_coroutine(awaitable: Awaitable[object]) -> object:
    return await awaitable


async def _warm_transport_streams() -> None:
    """Load PyAV beside the loop: it takes longer than a frame, and every transport stream needs it."""
    await asyncio.to_thread(importlib.import_module, "av")


def _own_index_key(rendition: Rendition, location: Location) -> tuple[object, ...]:
    return ("playlist", rendition.key, location.pathway)


def _own_playlists(places: Sequence[Location]) -> list[tuple[Location, str]]:
    """The places that have a playlist of their own."""
    return [(place, place.segments.url) for place in places if isinstance(place.segments, PlaylistRef)]


def _is_cut_off(updated: Presentation, rendition: Rendition) -> bool:
    """Whether the playlist of ``rendition`` that was put into ``updated`` lacks its end."""
    found = (each.playlist for each in _all_renditions(updated) if each.key == rendition.key)
    return any(playlist is not None and playlist.is_cut_off for playlist in found)


def _all_renditions(presentation: Presentation) -> Iterator[Rendition]:
    for period in presentation.periods:
        for track in period.tracks:
            yield from track.renditions
