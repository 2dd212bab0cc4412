"""From a title or an address to the plan of its download: what belongs to it, where each part is, how large it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from downloads.errors import DownloadError
from downloads.model import DownloadChoice, DownloadOrigin, DownloadPlan, KeptRendition, PlanItem
from downloads.rendition_choice import ChosenRendition, choose
from downloads.resolving import Need, resolve, segments_of
from player.base.errors import ErrorCode, MatineeError
from player.manifest import attach_playlist, home_of, located_segment, moved_url, with_mirrors
from player.manifest.edit import iter_renditions
from player.manifest.model import (
    ByteRange,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    TrackType,
)
from player.net.model import RequestKind
from player.title.opening import TitleAddresses, pathway_of, with_fallback, with_remotes
from player.transfer.cut_playlists import load_uncut
from player.transfer.loader import Loader, LoadResult, Resource

_GUESSED_BYTES = 2_000  # an init segment, a playlist, a key: small beside the rest
_TEXT_BPS, _IMAGE_BPS = 800, 20_000
_MAX_ITEMS = 200_000
_OTHER_PLAYLIST_S = 10.0

Key = tuple[str, int | None, int | None]
"""What identifies a file in a manifest: its address, and the start and length of its range."""


@dataclass(slots=True)
class Draft:
    """A plan, and the bodies that planning had to read already: they need not be fetched again."""

    plan: DownloadPlan
    bodies: dict[int, bytes] = field(repr=False)
    presentation: Presentation = field(repr=False)


def key_of(url: str, byte_range: ByteRange | None) -> Key:
    return (url, None, None) if byte_range is None else (url, byte_range.start, byte_range.length)


async def draft(
    origin: DownloadOrigin,
    addresses: TitleAddresses,
    loader: Loader,
    choice: DownloadChoice,
    wall_s: float,
    decoders: Collection[str] = (),
) -> Draft:
    """Load what is needed to know every item of the download.

    Raises NetError, ManifestError, MediaError, or DownloadError: ``download.impossible`` for a live programme,
    ``download.incomplete`` where a list of segments has no end at any CDN.
    """

    async def parsed(body: bytes, result: LoadResult) -> tuple[Presentation, bytes, LoadResult]:
        presentation = await with_remotes(body, result.url, wall_s, loader)
        presentation, body = await with_fallback(presentation, body, wall_s, loader)
        return presentation, body, result

    manifest = Resource(RequestKind.MANIFEST, addresses.manifests)
    presentation, body, result = await load_uncut(
        loader, manifest, parsed, lambda found: _is_cut(found[0]), _refuse_cut
    )
    url = result.url
    mirrors = _mirrors(addresses, result.pathway, url)
    if presentation.url in presentation.locations:  # a fallback, which is nowhere else
        url, mirrors = presentation.url, ()
    presentation = with_mirrors(presentation, mirrors)
    _refuse_live(presentation)
    writer = _Writer(result.pathway)
    writer.add_read(RequestKind.MANIFEST, url, ((result.pathway, url),), body)
    picked = choose(presentation, choice, presentation.duration_s or 0.0, decoders)

    async def read(need: Need) -> tuple[bytes, str]:
        addresses_ = places(need.rendition, need.url, None, result.pathway)
        resource = Resource(need.kind, dict(addresses_), need.byte_range, track=need.rendition.id)
        if need.kind is RequestKind.MANIFEST:
            content, loaded = await _load_list(loader, resource, presentation, need.rendition)
        else:
            content, loaded = await loader.load_whole(resource)
        redirected = loaded.url != dict(addresses_).get(loaded.pathway)
        base = loaded.url if redirected else need.url
        writer.add_read(need.kind, need.url, addresses_, content, byte_range=need.byte_range, base=base)
        return content, base

    presentation, picked = await resolve(presentation, picked, read)
    presentation, picked = await _with_other_playlists(presentation, picked, loader)
    parts = tuple(_part(item) for item in picked)
    for number, item in enumerate(picked):
        writer.add_rendition(number, item, parts[number].sealed)
    plan = DownloadPlan(
        origin=origin,
        base_url=url,
        mirrors=mirrors,
        parts=parts,
        items=tuple(writer.items),
        duration_s=max((_end_s(item.rendition) for item in picked), default=0.0),
        kids=_kids(picked),
    )
    return Draft(plan, writer.bodies, presentation)


async def _load_list(
    loader: Loader, resource: Resource, presentation: Presentation, rendition: Rendition
) -> tuple[bytes, LoadResult]:
    """The playlist of a rendition, from a CDN that has all of it. Raises as ``draft``."""

    async def read(body: bytes, result: LoadResult) -> tuple[Presentation, bytes, LoadResult]:
        return attach_playlist(presentation, rendition, body, result.url), body, result

    found, body, result = await load_uncut(loader, resource, read, lambda each: _is_cut(each[0]), _refuse_cut)
    _refuse_live(found)
    return body, result


def _is_cut(presentation: Presentation) -> bool:
    playlists = (rendition.playlist for _, _, rendition in iter_renditions(presentation))
    return any(playlist is not None and playlist.is_cut_off for playlist in playlists)


def _refuse_cut(_sentence: str) -> None:
    raise DownloadError(
        ErrorCode.DOWNLOAD_INCOMPLETE,
        "The list of this title's parts was cut off on its way: it would be kept without its end.",
        recoverable=True,
    )


def _refuse_live(presentation: Presentation) -> None:
    if presentation.live:
        raise DownloadError(ErrorCode.DOWNLOAD_IMPOSSIBLE, "A live programme cannot be downloaded.")


async def _with_other_playlists(
    presentation: Presentation, picked: tuple[ChosenRendition, ...], loader: Loader
) -> tuple[Presentation, tuple[ChosenRendition, ...]]:
    """With the playlists of CDNs that have their own (HLS redundant variants), as far as they are available: they
    only say where the same segments are too."""
    found = []
    for item in picked:
        for place in item.rendition.locations:
            if isinstance(place.segments, PlaylistRef):
                resource = Resource(RequestKind.MANIFEST, {place.pathway: place.segments.url})
                with contextlib.suppress(MatineeError, TimeoutError):
                    async with asyncio.timeout(_OTHER_PLAYLIST_S):
                        body, result = await loader.load_whole(resource)
                    presentation = attach_playlist(
                        presentation, item.rendition, body, result.url, pathway=place.pathway
                    )
        found.append(_again(presentation, item))
    return presentation, tuple(found)


def _again(presentation: Presentation, item: ChosenRendition) -> ChosenRendition:
    """A picked rendition as it is in a later ``presentation``."""
    track = next(track for track in presentation.periods[item.period].tracks if track.id == item.track.id)
    rendition = next(one for one in track.renditions if one.id == item.rendition.id)
    return ChosenRendition(item.period, item.type, track, rendition)


def places(
    rendition: Rendition, url: str, segment: Segment | None, default_pathway: str
) -> tuple[tuple[str, str], ...]:
    """(pathway, address) of a file of ``rendition``, the preferred pathway first. Elsewhere only the same bytes
    count: another range of another file is not the same."""
    home = home_of(url, rendition.locations)
    if home is None:
        return ((default_pathway, url),)
    found: dict[str, str] = {}
    for location in rendition.locations:
        name = default_pathway if location.pathway == "." else location.pathway
        if location is home:
            found.setdefault(name, url)
        elif location.segments is None and home.segments is None:
            found.setdefault(name, moved_url(url, home, location))
        elif segment is not None:
            with contextlib.suppress(LookupError):
                other = located_segment(rendition, segment, location)
                if other.byte_range == segment.byte_range:
                    found.setdefault(name, other.url)
    return tuple(found.items())


def is_protected(rendition: Rendition) -> bool:
    """Whether the media arrives encrypted."""
    return bool(rendition.protections) or any(
        key.method != "NONE" for segment in segments_of(rendition) for key in segment.keys
    )


class _Writer:
    """Gathers the items, each file once."""

    def __init__(self, default_pathway: str) -> None:
        self.items: list[PlanItem] = []
        self.bodies: dict[int, bytes] = {}
        self._known: set[Key] = set()
        self._default = default_pathway

    def add(self, item: PlanItem) -> bool:
        """Add a file, whose index is :attr:`next_index`; return False for one that is known."""
        key = key_of(item.url, item.byte_range)
        if key in self._known:
            return False
        if item.index >= _MAX_ITEMS:
            raise DownloadError(ErrorCode.DOWNLOAD_IMPOSSIBLE, "This title has too many parts to be downloaded.")
        self._known.add(key)
        self.items.append(item)
        return True

    def add_read(
        self,
        kind: RequestKind,
        url: str,
        addresses: tuple[tuple[str, str], ...],
        body: bytes,
        byte_range: ByteRange | None = None,
        base: str = "",
    ) -> None:
        """Add a file that planning has read already."""
        size, index = len(body), self.next_index
        if self.add(PlanItem(index, kind, None, url, addresses, byte_range, size, size, base=base)):
            self.bodies[index] = body

    @property
    def next_index(self) -> int:
        return len(self.items)

    def add_rendition(self, part: int, picked: ChosenRendition, sealed: bool) -> None:
        rendition = picked.rendition
        for segment in segments_of(rendition):
            if segment.gap:
                continue
            start_s = segment.start_s
            for uri in _identity_keys(segment):
                places_ = ((pathway_of(uri), uri),)
                self.add(
                    PlanItem(
                        self.next_index, RequestKind.KEY, part, uri, places_, about=_GUESSED_BYTES, start_s=start_s
                    )
                )
            init = segment.init
            if init is not None:
                self.add(
                    PlanItem(
                        self.next_index,
                        RequestKind.INIT,
                        part,
                        init.url,
                        places(rendition, init.url, None, self._default),
                        init.byte_range,
                        about=_GUESSED_BYTES,
                        start_s=start_s,
                        sealed=sealed,
                    )
                )
            reach = segment.byte_range
            size = segment.size_bytes if reach is None or reach.length is None else reach.length
            self.add(
                PlanItem(
                    self.next_index,
                    _KINDS.get(picked.type, RequestKind.SEGMENT),
                    part,
                    segment.url,
                    places(rendition, segment.url, segment, self._default),
                    reach,
                    size=size,
                    about=int(_bps(picked, segment) * segment.duration_s / 8) if size is None else size,
                    start_s=start_s,
                    duration_s=segment.duration_s,
                    sealed=sealed,
                )
            )


_KINDS = {TrackType.TEXT: RequestKind.TEXT, TrackType.IMAGE: RequestKind.IMAGE}


def _identity_keys(segment: Segment) -> Iterator[str]:
    """The addresses of keys that are plain files; those inside the address (``data:``) come with the playlist."""
    init_keys = segment.init.keys if segment.init is not None else ()
    for key in (*segment.keys, *init_keys):
        if key.uri is not None and key.keyformat == "identity" and key.uri.startswith(("http:", "https:", "file:")):
            yield key.uri


def _bps(picked: ChosenRendition, segment: Segment) -> float:
    if segment.bitrate_bps:
        return float(segment.bitrate_bps)
    rendition = picked.rendition
    declared = rendition.average_bandwidth_bps or rendition.bandwidth_bps
    if picked.type is TrackType.TEXT:
        return float(declared or _TEXT_BPS)
    return float(declared or (_IMAGE_BPS if picked.type is TrackType.IMAGE else 128_000))


def _part(item: ChosenRendition) -> KeptRendition:
    return KeptRendition(
        item.period, item.type, item.track.id, item.rendition.id, sealed=not is_protected(item.rendition)
    )


def _end_s(rendition: Rendition) -> float:
    segments = segments_of(rendition)
    return segments[len(segments) - 1].end_s if len(segments) else 0.0


def _kids(picked: Iterable[ChosenRendition]) -> tuple[bytes, ...]:
    kids = (kid for item in picked for protection in item.rendition.protections for kid in protection.default_kids)
    return tuple(dict.fromkeys(kids))


def _mirrors(addresses: TitleAddresses, pathway: str, url: str) -> tuple[tuple[str, str], ...]:
    """The same title on several edges, the one that answered first; empty where there is one place alone."""
    if len(addresses.manifests) < 2:
        return ()
    others = ((name, other) for name, other in addresses.manifests.items() if name != pathway)
    return ((pathway, url), *others)


def pathways(plan: DownloadPlan) -> tuple[str, ...]:
    """The CDNs that the plan's files are on, the preferred one first; key servers and the like are none."""
    named = dict.fromkeys(name for name, _ in plan.mirrors)
    media = (item for item in plan.items if item.kind in (RequestKind.SEGMENT, RequestKind.INIT))
    return tuple(named | dict.fromkeys(name for item in media for name, _ in item.addresses))
