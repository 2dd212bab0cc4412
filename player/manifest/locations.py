"""The same segments from other places: mirrored manifests, DASH BaseURLs, HLS redundant variants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from player.manifest.edit import map_renditions
from player.manifest.model import (
    IndexRef,
    InitSegment,
    Location,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
)
from player.manifest.urls import add_query, below, folder_of


def with_mirrors(presentation: Presentation, mirrors: Sequence[tuple[str, str]]) -> Presentation:
    """``presentation`` with a location for each edge that serves the same title.

    ``mirrors`` are ``(pathway, manifest URL)`` pairs, the first being the one that was loaded. A rendition whose
    media is neither below the folder of that manifest nor in one beside it stays as it is. The rendition's own
    alternatives come after.
    """
    if not mirrors:
        return presentation
    folders = [folder_of(url) for _, url in mirrors]
    beside = [folder_of(folder.removesuffix("/")) for folder in folders]
    same_name = len({folder[len(above) :] for folder, above in zip(folders, beside, strict=True)}) == 1

    def mirrored(rendition: Rendition) -> Rendition:
        own, media = rendition.locations, _any_media(rendition)
        outside = media is not None and below(media, folders[0]) is None
        bases = beside if outside and same_name else folders
        primary = bases[0]
        edges = tuple(
            Location(pathway, base, priority)
            for priority, ((pathway, _), base) in enumerate(zip(mirrors, bases, strict=True), 1)
        )
        if rendition.embedded or (own and below(own[0].base_url, primary) is None):
            return rendition
        others = tuple(
            replace(location, priority=location.priority + len(edges))
            for location in own[1:]
            if all(below(location.base_url, edge.base_url) is None for edge in edges)
        )
        first = replace(own[0], pathway=edges[0].pathway, base_url=primary, unnamed=False) if own else edges[0]
        return replace(rendition, locations=(first, *edges[1:], *others))

    return map_renditions(presentation, mirrored)


def _any_media(rendition: Rendition) -> str | None:
    """The address of some segment; None where none is known yet."""
    segments = rendition.segments
    return segments[0].url if not isinstance(segments, IndexRef | PlaylistRef) and len(segments) else None


def located_segment(rendition: Rendition, segment: Segment, location: Location) -> Segment:
    """``segment`` as ``location`` serves it: its URLs, and its byte ranges where the location has its own playlist.

    Raises :class:`LookupError` when the location's playlist is not loaded or lacks the segment.
    """
    primary = rendition.locations[0] if rendition.locations else location
    if location is primary or (location.segments is None and location.base_url == primary.base_url):
        return segment
    if location.segments is None:
        return _moved(segment, primary, location)
    index = location.segments
    if isinstance(index, PlaylistRef):
        raise LookupError(f"the playlist of pathway {location.pathway} is not loaded")
    if not len(index):
        raise LookupError(f"pathway {location.pathway} has no segments")
    position = segment.number - index[0].number
    if not 0 <= position < len(index):
        raise LookupError(f"pathway {location.pathway} lacks segment {segment.number}")
    return index[position]._replace(start_s=segment.start_s)


def segment_url(rendition: Rendition, segment: Segment, location: Location) -> str:
    """The URL of ``segment`` at ``location``; raises as :func:`located_segment` does."""
    return located_segment(rendition, segment, location).url


def home_of(url: str, locations: Iterable[Location]) -> Location | None:
    """The first of ``locations`` in which ``url`` lies; None where it lies elsewhere."""
    return next((location for location in locations if below(url, location.base_url) is not None), None)


def moved_url(url: str, home: Location, other: Location) -> str:
    """A media address at ``home`` as it is at ``other``, with the query that is for there; as it is where it is not
    at ``home``."""
    rest = below(url, home.base_url)
    if rest is None:
        return url
    moved = other.base_url + rest
    if home.query != other.query:
        moved = moved.removesuffix(home.query).rstrip("?&") if home.query else moved
        moved = add_query(moved, other.query) if other.query else moved
    return moved


def _moved(segment: Segment, primary: Location, other: Location) -> Segment:
    init = segment.init
    if init is not None:
        init = InitSegment(moved_url(init.url, primary, other), init.byte_range, init.keys)
    parts = tuple(replace(part, url=moved_url(part.url, primary, other)) for part in segment.parts)
    return segment._replace(url=moved_url(segment.url, primary, other), init=init, parts=parts)
