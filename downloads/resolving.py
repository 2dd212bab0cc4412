"""The segments of the chosen renditions, wherever their lists stand: in the manifest, a playlist, or an index.

The same steps are taken twice: when a download is planned, with bytes from the network, and when it is played, with
the same bytes from the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from downloads.rendition_choice import ChosenRendition
from player.base.errors import ErrorCode, MediaError
from player.manifest import attach_index, attach_playlist, index_ranges
from player.manifest.model import (
    ByteRange,
    Container,
    IndexRef,
    InitSegment,
    PlaylistRef,
    Presentation,
    Rendition,
    SegmentIndex,
    Track,
)
from player.net.model import RequestKind


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be read to know a rendition's segments."""

    kind: RequestKind
    url: str = field(repr=False)
    rendition: Rendition = field(repr=False)
    byte_range: ByteRange | None = None
    init: InitSegment | None = None


Read = Callable[[Need], Awaitable[tuple[bytes, str]]]
"""The bytes of what is needed, and the address that relative references in them are to be resolved against."""


async def resolve(
    presentation: Presentation, picked: Iterable[ChosenRendition], read: Read
) -> tuple[Presentation, tuple[ChosenRendition, ...]]:
    """``presentation`` with the segments of the picked renditions in it, and these as they then are.

    Raises what ``read`` raises, ManifestError, or MediaError.
    """
    places = [_place(presentation, item) for item in picked]
    for period, track, number in places:
        rendition = presentation.periods[period].tracks[track].renditions[number]
        presentation = await _resolve(presentation, rendition, read)
    found = []
    for period, track, number in places:
        home = presentation.periods[period].tracks[track]
        found.append(ChosenRendition(period, home.type, home, home.renditions[number]))
    return presentation, tuple(found)


def segments_of(rendition: Rendition) -> SegmentIndex:
    """The segments of a rendition that has been resolved. Raises MediaError where it has none."""
    if not isinstance(rendition.segments, SegmentIndex):
        raise MediaError(
            ErrorCode.MEDIA_DAMAGED, "The index of this title could not be read.", rendition=rendition.id
        )
    return rendition.segments


def _place(presentation: Presentation, item: ChosenRendition) -> tuple[int, int, int]:
    tracks = presentation.periods[item.period].tracks
    track = _index_of(tracks, item.track)
    return item.period, track, _index_of(tracks[track].renditions, item.rendition)


def _index_of(items: tuple[Track, ...] | tuple[Rendition, ...], wanted: Track | Rendition) -> int:
    return next(number for number, item in enumerate(items) if item is wanted)


async def _resolve(presentation: Presentation, rendition: Rendition, read: Read) -> Presentation:
    ref = rendition.segments
    if isinstance(ref, PlaylistRef):
        body, url = await read(Need(RequestKind.MANIFEST, ref.url, rendition))
        return attach_playlist(presentation, rendition, body, url)
    if isinstance(ref, IndexRef):
        body, _ = await read(Need(RequestKind.INDEX, ref.url, rendition, ref.byte_range))
        header = b""
        if ref.container is Container.WEBM and ref.init is not None:
            header, _ = await read(Need(RequestKind.INIT, ref.init.url, rendition, ref.init.byte_range, ref.init))
        more: list[tuple[int, bytes]] = []
        while wanted := index_ranges(rendition, body, more):
            for part in wanted:
                piece, _ = await read(Need(RequestKind.INDEX, ref.url, rendition, part))
                more.append((part.start, piece))
        return attach_index(presentation, rendition, body, header=header, more=more)
    return presentation
