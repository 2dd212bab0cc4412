"""Renditions as plain JSON values, a row each: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

from dataclasses import dataclass

from player.manifest.dump_events import captions
from player.manifest.dump_keys import protections
from player.manifest.dump_playlists import playlist_to_json, trailing_parts
from player.manifest.dump_segments import init_to_json, range_to_json, segments_to_json
from player.manifest.dump_values import Json, number
from player.manifest.hls.pathways import BACKUP_PREFIX, DEFAULT_PATHWAY
from player.manifest.model import (
    IndexRef,
    Location,
    ManifestWarning,
    MediaFacts,
    Place,
    PlaylistRef,
    Rendition,
    SegmentSource,
    Track,
    loaded_segments,
)

_DESCRIPTORS = ("viewpoint", "rating", "framepacking", "grouplabel", "switching")  # of an AdaptationSet


class Room:
    """How many segments a document still takes. One rendition is bounded by the readers, all together are here: a
    small MPD may describe millions."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self.left_out = 0

    def take(self, count: int) -> bool:
        """Whether the segments of a rendition fit in; they are counted either way."""
        if count > self._left:
            self.left_out += count
            return False
        self._left -= count
        return True

    def warnings(self) -> list[ManifestWarning]:
        if not self.left_out:
            return []
        return [ManifestWarning("many_segments", f"{self.left_out} segments are not shown: there are too many.")]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one row shows: a rendition, or a redundant variant with its own playlist that was folded into it."""

    track: Track
    rendition: Rendition
    location: Location | None
    segments: SegmentSource
    place: Place

    @property
    def variant(self) -> Location | None:
        """The redundant variant, where the row is one's."""
        return self.location if self.location is not None and self.location.segments is not None else None

    @property
    def tag(self) -> Rendition | Location:
        """Whose tag, groups and playlist the row has."""
        return self.variant or self.rendition


def renditions_to_json(track: Track, rendition: Rendition, room: Room) -> list[Json]:
    """The rendition, and each redundant variant that was folded into it, as a row of its own."""
    own = rendition.locations[0] if rendition.locations else None
    shown = [_Shown(track, rendition, own, rendition.segments, rendition.place)]
    shown += [
        _Shown(track, rendition, location, location.segments, location.place)
        for location in rendition.locations[1:]
        if location.segments is not None
    ]
    return [_row(item, room) for item in shown]


def _row(shown: _Shown, room: Room) -> Json:
    track, rendition = shown.track, shown.rendition
    return {
        **_identity(shown),
        **_coding(rendition),
        **_naming(shown),
        "pathway": _pathway(shown.location),
        "locations": [{"pathway": item.pathway, "base_url": item.base_url} for item in rendition.locations],
        "roles": list(track.roles),
        "accessibility": list(track.accessibility),
        "tiles": _tiles(rendition),
        "embedded": rendition.embedded,
        "unusable": rendition.unusable,
        "media": _media(rendition.media),
        "index": _index(shown),
        "init": _init(shown.segments),
        "protection": protections(rendition, shown.segments),
        "inband_events": [{"scheme": scheme, "value": value} for scheme, value in rendition.inband_events],
        **_contents(shown, room),
        "descriptors": {name: track.attributes[name] for name in _DESCRIPTORS if name in track.attributes},
        "attributes": dict(shown.tag.attributes),
        "place": {"line": shown.place.line, "path": shown.place.path},
    }


def _identity(shown: _Shown) -> Json:
    """What it is, and where its segments stand."""
    rendition, variant = shown.rendition, shown.variant
    return {
        "type": str(shown.track.type),
        "id": f"{rendition.id}@{variant.pathway}" if variant else rendition.id,
        "redundant_of": rendition.id if variant else None,
        "track": shown.track.id,
        "url": _url(shown),
    }


def _coding(rendition: Rendition) -> Json:
    """How it is coded, as far as the manifest says."""
    return {
        "bandwidth": rendition.bandwidth_bps or None,
        "average_bandwidth": rendition.average_bandwidth_bps,
        "width": rendition.width,
        "height": rendition.height,
        "frame_rate": number(rendition.frame_rate),
        "sample_rate": rendition.sample_rate,
        "codecs": ",".join(rendition.codecs) or None,
        "supplemental_codecs": ",".join(rendition.supplemental_codecs) or None,
        "mime_type": rendition.mime_type or None,
        "container": str(rendition.container),
        "video_range": rendition.video_range,
        "hdcp_level": rendition.hdcp_level,
        "score": number(rendition.score),
    }


def _naming(shown: _Shown) -> Json:
    """By what it is chosen: its language and names, the groups it is in and goes with."""
    track, rendition, tag = shown.track, shown.rendition, shown.tag
    return {
        "lang": track.language,
        "name": track.name or tag.attributes.get("NAME"),
        "label": track.label,
        "group": tag.attributes.get("GROUP-ID", track.group),
        "audio_group": tag.audio_group,
        "subtitle_group": tag.subtitle_group,
        "video_group": tag.attributes.get("VIDEO"),
        "closed_captions_group": _captions_group(tag.attributes.get("CLOSED-CAPTIONS")),
        "captions": captions(track.accessibility),
        "default": track.default,
        "autoselect": track.autoselect,
        "forced": track.forced,
        "characteristics": list(track.characteristics),
        "channels": _channels(rendition.channels),
        "instream_id": track.instream_id,
        "stable_id": rendition.stable_id,
    }


def _contents(shown: _Shown, room: Room) -> Json:
    """Its playlist and its segments, as far as they are loaded and as there is room for them."""
    info, listed = shown.tag.playlist, loaded_segments(shown.segments)
    fits = listed is not None and room.take(len(listed))
    return {
        "playlist": playlist_to_json(info) if info else None,
        "parts": trailing_parts(info, shown.segments) if info else [],
        "loaded": listed is not None,
        "segments": segments_to_json(listed, shown.rendition) if listed is not None and fits else [],
        "segments_left_out": 0 if listed is None or fits else len(listed),
    }


def _url(shown: _Shown) -> str | None:
    """The playlist's URL in HLS; in DASH the base URL that the media URLs are resolved against."""
    rendition, info = shown.rendition, shown.tag.playlist
    if isinstance(shown.segments, PlaylistRef):
        return shown.segments.url
    if info is not None:
        return info.url
    if rendition.index is not None:
        return rendition.index.media_url or rendition.index.url
    return rendition.locations[0].base_url if rendition.locations else None


def _pathway(location: Location | None) -> str | None:
    """The pathway by the name that the manifest gives it: redundant variants without one share the default's."""
    if location is None:
        return None
    return DEFAULT_PATHWAY if location.pathway.startswith(BACKUP_PREFIX) else location.pathway


def _media(facts: MediaFacts | None) -> Json | None:
    if facts is None:
        return None
    return {
        "codecs": ",".join(facts.codecs) or None,
        "width": facts.width,
        "height": facts.height,
        "sample_rate": facts.sample_rate,
        "channels": facts.channels,
        "encryption": facts.scheme,
    }


def _tiles(rendition: Rendition) -> Json | None:
    """The layout of a thumbnail sheet; ``duration`` is that of one thumbnail where the manifest says it."""
    if rendition.tiles is None:
        return None
    columns, rows = rendition.tiles
    return {"columns": columns, "rows": rows, "duration": number(rendition.tile_duration_s)}


def _captions_group(text: str | None) -> str | None:
    """The group; NONE says that there are no closed captions (RFC 8216bis 4.4.6.2)."""
    return None if text == "NONE" else text


def _channels(text: str | None) -> str | int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 6 else text


def _index(shown: _Shown) -> Json | None:
    reference = shown.segments if isinstance(shown.segments, IndexRef) else shown.rendition.index
    return None if reference is None else {"url": reference.url, "range": range_to_json(reference.byte_range)}


def _init(segments: SegmentSource) -> Json | None:
    if isinstance(segments, PlaylistRef):
        return None
    if isinstance(segments, IndexRef):
        return init_to_json(segments.init)
    return init_to_json(segments[0].init) if len(segments) else None
