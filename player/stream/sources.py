"""Everything around a segment that must be there before it can be read: its index, its init segment, its keys.

All of it is fetched once and kept for the playback. Runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from drm_client.cenc import SampleDecryptor
from drm_client.keys import KeyRing
from player.errors import ErrorCode, MediaError
from player.loader import Loader, Resource
from player.manifest import attach_index, attach_playlist, segment_url
from player.manifest.model import (
    IndexRef,
    InitSegment,
    KeyInfo,
    Location,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
)
from player.media.demux import Demuxer, open_demuxer
from player.net.model import RequestKind
from player.stream.timeline import loaded

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

    # --- addresses

    def urls(self, rendition: Rendition, url: str, segment: Segment | None = None) -> Mapping[str, str]:
        """The address of a file of this rendition for each pathway, the preferred one first."""
        if not rendition.locations:
            return {self._default_pathway: url}
        found: dict[str, str] = {}
        for location in rendition.locations:
            address = self._elsewhere(rendition, location, url, segment)
            if address is not None:
                found.setdefault(self._name(location), address)
        return found or {self._default_pathway: url}

    def _name(self, location: Location) -> str:
        """ "." is HLS's name for the pathway of variants that name none (RFC 8216bis 4.4.6.2)."""
        return self._default_pathway if location.pathway == "." else location.pathway

    @staticmethod
    def _elsewhere(rendition: Rendition, location: Location, url: str, segment: Segment | None) -> str | None:
        if location.segments is None:
            primary = rendition.locations[0].base_url
            return location.base_url + url[len(primary) :] if url.startswith(primary) else None
        return None if segment is None else segment_url(rendition, segment, location)

    # --- indexes

    async def index(self, rendition: Rendition) -> SegmentIndex:
        """The rendition's segments; loads its playlist or its sidx the first time."""
        known = loaded(rendition)
        if known is not None:
            return known
        result = await self._single(("index", id(rendition)), lambda: self._load_index(rendition))
        assert isinstance(result, SegmentIndex)
        return result

    def index_if_known(self, rendition: Rendition) -> SegmentIndex | None:
        """The segments if they have been loaded, else None."""
        task = self._once.get(("index", id(rendition)))
        if task is not None and task.done() and not task.cancelled() and task.exception() is None:
            result = task.result()
            return result if isinstance(result, SegmentIndex) else None
        return loaded(rendition)

    async def _load_index(self, rendition: Rendition) -> SegmentIndex:
        ref = rendition.segments
        if isinstance(ref, PlaylistRef):
            urls = self._playlist_urls(rendition, ref)
            body, result = await self._loader.load_whole(Resource(RequestKind.MANIFEST, urls, track=rendition.id))
            updated = attach_playlist(self._presentation, rendition, body, result.url)
        elif isinstance(ref, IndexRef):
            urls = self.urls(rendition, ref.url)
            body = await self._loader.load_bytes(
                Resource(RequestKind.INDEX, urls, byte_range=ref.byte_range, track=rendition.id)
            )
            updated = attach_index(self._presentation, rendition, body)
        else:
            return ref
        return _index_in(updated, rendition)

    def _playlist_urls(self, rendition: Rendition, ref: PlaylistRef) -> Mapping[str, str]:
        urls = {
            self._name(location): location.segments.url
            for location in rendition.locations
            if isinstance(location.segments, PlaylistRef)
        }
        return urls or {self._default_pathway: ref.url}

    # --- demuxers

    async def demuxer(self, rendition: Rendition, segment: Segment) -> Demuxer:
        """A demuxer for this segment, with its init segment read and its keys there.

        Raises NetError, MediaError or DrmError.
        """
        init = segment.init
        key = ("demuxer", id(rendition), None if init is None else (init.url, init.byte_range))
        result = await self._single(key, lambda: self._open_demuxer(rendition, init))
        assert isinstance(result, Demuxer)
        return result

    async def _open_demuxer(self, rendition: Rendition, init: InitSegment | None) -> Demuxer:
        data = None if init is None else await self.init_bytes(rendition, init)
        demuxer = open_demuxer(rendition.container, data, decrypt=SampleDecryptor(self._keys).decrypt)
        kids = demuxer.default_kids
        if kids:
            pssh = [box for protection in rendition.protections for box in protection.pssh]
            await self._ensure_keys(kids, [*demuxer.pssh, *pssh])
        return demuxer

    async def init_bytes(self, rendition: Rendition, init: InitSegment) -> bytes:
        """An initialisation segment, decrypted where it has a key of its own."""
        result = await self._single(("init", init.url, init.byte_range), lambda: self._load_init(rendition, init))
        assert isinstance(result, bytes)
        return result

    async def _load_init(self, rendition: Rendition, init: InitSegment) -> bytes:
        resource = Resource(
            RequestKind.INIT, self.urls(rendition, init.url), byte_range=init.byte_range, track=rendition.id
        )
        data = await self._loader.load_bytes(resource)
        transform = await self.transform(init.keys, sequence=None)
        return data if transform is None else transform(data) + transform(None)

    async def transform(
        self, keys: Sequence[KeyInfo], sequence: int | None
    ) -> Callable[[bytes | None], bytes] | None:
        """What decrypts a whole segment while it arrives (HLS AES-128 and its kin); None where that is not needed."""
        for key in keys:
            if self._whole_segment.handles(key):
                return await self._whole_segment.transform(key, sequence)
        if keys and all(key.method not in ("NONE", "SAMPLE-AES", "SAMPLE-AES-CTR", "CENC") for key in keys):
            raise MediaError(
                ErrorCode.MEDIA_UNSUPPORTED,
                "This title is encrypted in a way that is not supported.",
                method=keys[0].method,
            )
        return None

    # --- once only

    async def _single(self, key: tuple[object, ...], make: Callable[[], Awaitable[object]]) -> object:
        """The result of ``make()``, made once; a failure is not kept, the next caller tries again."""
        task = self._once.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(_as_coroutine(make()), name=f"source {key[0]}")
            self._once[key] = task
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._once.get(key) is task:
                del self._once[key]
            raise

    async def close(self) -> None:
        """Give up everything that is being fetched."""
        tasks = [task for task in self._once.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class WholeKeys:
    """Keys of whole-segment encryption, fetched through the loader and kept."""

    def __init__(self, loader: Loader, pathway: str) -> None:
        self._loader = loader
        self._pathway = pathway
        self._keys: dict[str, bytes] = {}

    def handles(self, key: KeyInfo) -> bool:
        """Whether the segment as a whole is encrypted with a key that we can fetch."""
        return key.method in ("AES-128", "AES-256", "AES-256-CTR", "AES-256-GCM") and key.keyformat == "identity"

    async def transform(self, key: KeyInfo, sequence: int | None) -> Callable[[bytes | None], bytes]:
        """A decryptor to be fed with the chunks of a segment, and with None at the end."""
        from drm_client.hls_aes import media_sequence_iv, segment_decryptor  # only encrypted HLS needs it

        if key.uri is None:
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "The playlist names no address for its key.")
        value = self._keys.get(key.uri)
        if value is None:
            value = await self._loader.load_bytes(Resource(RequestKind.KEY, {self._pathway: key.uri}))
            self._keys[key.uri] = value
        iv = key.iv if key.iv is not None or sequence is None else media_sequence_iv(sequence)
        decryptor = segment_decryptor(key.method, value, iv)
        return lambda chunk: decryptor.finish() if chunk is None else decryptor.feed(chunk)


async def _as_coroutine(awaitable: Awaitable[object]) -> object:
    return await awaitable


def _index_in(presentation: Presentation, rendition: Rendition) -> SegmentIndex:
    for period in presentation.periods:
        for track in period.tracks:
            for candidate in track.renditions:
                if candidate.id == rendition.id and isinstance(candidate.segments, SegmentIndex):
                    return candidate.segments
    raise MediaError(ErrorCode.MEDIA_DAMAGED, "The index of this title could not be read.", rendition=rendition.id)
