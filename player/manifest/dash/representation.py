"""One Representation with all that it inherits, as a :class:`Rendition`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from player.manifest.codecs import TEXT_CONTAINERS, codec_type, container_of_mime, container_of_url, split_codecs
from player.manifest.dash import access, descriptors
from player.manifest.dash.baseurl import BaseUrl, by_priority, extend, locations
from player.manifest.dash.components import component_codecs, components, holds_sound, inner
from player.manifest.dash.context import MpdContext, PeriodContext
from player.manifest.dash.descriptors import Descriptor
from player.manifest.dash.indexes import NumberIndex
from player.manifest.dash.inherit import merge
from player.manifest.dash.initialization import references
from player.manifest.dash.protection import read_protections
from player.manifest.dash.query import Queries
from player.manifest.dash.sea import with_segment_keys
from player.manifest.dash.segments import SegmentContext, build_segments
from player.manifest.dash.xml import Element, attribute, children, decimal, integer, line_of, ratio, text_of
from player.manifest.model import Container, IndexRef, Rendition, SegmentIndex, SourcePosition, TrackType
from player.manifest.urls import folder_of, resolve

_NUMBER_LIMIT = 2**53


@dataclass(frozen=True, slots=True)
class Member:
    """A rendition and the type that its own attributes give it."""

    rendition: Rendition
    type: TrackType
    label: str | None
    misunderstood: list[Descriptor]


@dataclass(frozen=True, slots=True)
class _Traits:
    """What a Representation and its AdaptationSet say of the media. ``levels`` are the two, the inner one first;
    ``properties`` are the essential and the supplemental ones."""

    levels: tuple[Element, Element]
    type: TrackType
    mime_type: str
    codecs: tuple[str, ...]
    essential: tuple[Descriptor, ...]
    properties: tuple[Descriptor, ...]


def read_representation(
    period: PeriodContext, adaptation: Element, element: Element, bases: Sequence[BaseUrl], position: int, path: str
) -> Member:
    """``element`` is a Representation of ``adaptation``; ``bases`` are the alternatives above it."""
    notes = period.mpd.notes
    own = by_priority(extend(bases, element, notes, path))
    traits = _traits(period.mpd, adaptation, element)
    source = _source(period, traits, own[0], SourcePosition(line_of(element), path))
    segments, init = build_segments(source)
    whole_file = source.addressing is None or isinstance(segments, IndexRef) or _is_whole(segments, source)
    rendition = replace(
        _described(
            traits,
            identity=element.get("id") or f"{path.rpartition('/')[0]}#{position}",
            bandwidth=source.bandwidth,
            segments=with_segment_keys(segments, traits.levels, source.key_address, notes, path),
        ),
        container=_settled(source.container, own[0].url, init is not None),
        locations=locations(own, source.queries, whole_file=whole_file),
        protections=read_protections(
            traits.levels,
            period.mpd.references,
            lambda url: source.queries.put("license", resolve(own[0].url, url)),
            notes,
            path,
        ),
        index=segments if isinstance(segments, IndexRef) else None,
        switching=access.switching(period, traits.levels, source.addressing, segments),
        random_access=access.random_access(period, traits.levels, source.addressing, segments),
        place=source.place,
    )
    label = next(iter(_texts(element, "Label")), None)
    return Member(rendition, traits.type, label, _misunderstood(traits))


def _traits(context: MpdContext, adaptation: Element, element: Element) -> _Traits:
    """What is not declared comes from the Initialization Sets that the AdaptationSet conforms to (5.3.12), the codecs
    from the components of the Representation (5.3.6)."""
    levels = (element, adaptation)
    common = [one for name in references(adaptation) if (one := context.initialization_sets.get(name)) is not None]
    mime_type = _inherited(levels, "mimeType") or next((one.mime_type for one in common if one.mime_type), "")
    codecs = split_codecs(_inherited(levels, "codecs")) or component_codecs(element)
    codecs = codecs or next((one.codecs for one in common if one.codecs), ())
    content_type = _inherited(levels, "contentType") or _component(adaptation)
    content_type = content_type or next((one.content_type for one in common if one.content_type), None)
    essential = descriptors.named((adaptation, element), "EssentialProperty")
    return _Traits(
        levels=levels,
        type=track_type(content_type, mime_type, codecs, essential),
        mime_type=mime_type,
        codecs=codecs,
        essential=essential,
        properties=essential + descriptors.named((adaptation, element), "SupplementalProperty"),
    )


def _misunderstood(traits: _Traits) -> list[Descriptor]:
    return [
        item
        for level in reversed(traits.levels)
        for item in descriptors.misunderstood(descriptors.named((level,), "EssentialProperty"))
    ]


def _source(period: PeriodContext, traits: _Traits, base: BaseUrl, place: SourcePosition) -> SegmentContext:
    element = traits.levels[0]
    return SegmentContext(
        period=period,
        addressing=merge((*traits.levels, period.element), descriptors.last_number(traits.properties)),
        base_url=base.url,
        id=element.get("id") or "",
        bandwidth=max(integer(element.get("bandwidth")) or 0, 0),
        container=_container(traits.mime_type, traits.codecs),
        offset_s=base.offset_s,
        place=place,
        queries=_queries(period, traits),
        resync=_resync(traits),
    )


def _resync(traits: _Traits) -> float | None:
    """The shortest distance of points at which a client can begin to read (5.3.12 Resync@dT)."""
    found = [decimal(item.get("dT")) for level in traits.levels for item in children(level, "Resync")]
    return min((each for each in found if each), default=None)


def _queries(period: PeriodContext, traits: _Traits) -> Queries:
    element, adaptation = traits.levels
    return period.queries.extend(adaptation).extend(element)


def _described(traits: _Traits, *, identity: str, bandwidth: int, segments: SegmentIndex | IndexRef) -> Rendition:
    """The rendition as its attributes and descriptors have it, without where it is and what protects it."""
    levels, properties = traits.levels, traits.properties
    is_video = traits.type is TrackType.VIDEO
    misunderstood = _misunderstood(traits)
    return Rendition(
        id=identity,
        bandwidth_bps=bandwidth,
        segments=segments,
        codecs=traits.codecs,
        supplemental_codecs=split_codecs(_inherited(levels, "supplementalCodecs")),
        mime_type=traits.mime_type,
        width=_positive(_inherited(levels, "width")),
        height=_positive(_inherited(levels, "height")),
        frame_rate=ratio(_inherited(levels, "frameRate")),
        video_range=descriptors.video_range(properties),
        sample_rate=_positive(
            (_inherited((*levels, *inner(levels[0])), "audioSamplingRate") or "").partition(" ")[0]
        ),
        channels=_channels((*levels, *inner(levels[0]))),
        score=descriptors.score(properties),
        muxed_audio=is_video
        and (any(codec_type(codec) is TrackType.AUDIO for codec in traits.codecs) or holds_sound(levels)),
        tiles=descriptors.tiles(properties),
        tile_duration_s=_tile_s(descriptors.tiles(properties), segments),
        unusable=f"EssentialProperty {misunderstood[0].shown()}" if misunderstood else None,
        inband_events=tuple(
            (item.scheme, item.value) for item in descriptors.named(levels[::-1], "InbandEventStream")
        ),
        quality_ranking=integer(_inherited(levels, "qualityRanking")),
        components=components(levels[0]),
        attributes=_attributes(levels),
    )


def _tile_s(tiles: tuple[int, int] | None, segments: SegmentIndex | IndexRef) -> float | None:
    """The share of a whole sheet (DASH-IF IOP 6.2.6): a sheet that the period cuts short still has all its places."""
    if tiles is None or not isinstance(segments, NumberIndex):
        return None
    return segments.duration / segments.frame.timescale / (tiles[0] * tiles[1])


def _channels(levels: Sequence[Element]) -> str | None:
    """The innermost level that has AudioChannelConfiguration counts."""
    configurations = (descriptors.named((level,), "AudioChannelConfiguration") for level in levels)
    return descriptors.channels(next(filter(None, configurations), ()))


def _component(adaptation: Element) -> str | None:
    """@contentType of the only ContentComponent (5.3.4); with several the media are multiplexed."""
    components = children(adaptation, "ContentComponent")
    if len(components) > 1 and any(item.get("contentType") == "video" for item in components):
        return "video"
    return components[0].get("contentType") if components else None


def _inherited(levels: Sequence[Element], name: str) -> str | None:
    for level in levels:
        value = attribute(level, name)
        if value is not None:
            return value
    return None


def _attributes(levels: Sequence[Element]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for level in reversed(levels):
        merged.update({str(key).rpartition("}")[2]: str(value) for key, value in level.attrib.items()})
        for item in descriptors.named((level,), "FramePacking"):
            merged["framepacking"] = item.shown()
        for name in ("EssentialProperty", "SupplementalProperty"):
            for item in descriptors.named((level,), name):
                if item.known == descriptors.PROJECTION:
                    merged["projection"] = item.value or "0"
    return merged


def _texts(element: Element, name: str) -> list[str]:
    return [text for item in children(element, name) if (text := text_of(item))]


def _positive(text: str | None) -> int | None:
    value = integer(text) if text else None
    return value if value is not None and 0 < value < _NUMBER_LIMIT else None


def _container(mime_type: str, codecs: Sequence[str]) -> Container:
    if mime_type == "application/mp4" or not mime_type:
        return Container.FMP4 if mime_type or codecs else Container.UNKNOWN
    return container_of_mime(mime_type)


def _settled(container: Container, base_url: str, has_init: bool) -> Container:
    if container is not Container.UNKNOWN:
        return container
    if has_init:
        return Container.FMP4
    return container_of_url(base_url)


def _is_whole(segments: SegmentIndex | IndexRef, source: SegmentContext) -> bool:
    return (
        not isinstance(segments, IndexRef)
        and len(segments) == 1
        and segments[0].url == source.file_url
        and source.base_url != folder_of(source.base_url)
    )


def track_type(
    content_type: str | None, mime_type: str, codecs: Sequence[str], essential: Sequence[Descriptor]
) -> TrackType:
    """What an AdaptationSet or Representation holds: @contentType, else @mimeType, else @codecs (5.3.3.2)."""
    if any(item.known == descriptors.TRICK_MODE for item in essential):
        return TrackType.TRICK
    if any(item.known in descriptors.THUMBNAILS for item in essential):
        return TrackType.IMAGE
    kind, _, subtype = mime_type.lower().partition("/")
    first = next((type_ for codec in codecs if (type_ := codec_type(codec)) is not None), None)
    if (content_type or "").lower() in ("video", "audio", "text", "image"):
        return TrackType((content_type or "").lower())
    if kind in ("video", "audio", "text", "image"):
        return TrackType(kind)
    if subtype.partition(";")[0] == "x-sami" or container_of_mime(mime_type) in TEXT_CONTAINERS:
        return TrackType.TEXT
    if first is not None:
        return first
    return TrackType.DATA
