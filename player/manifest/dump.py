"""A presentation as plain JSON values: the schema of ``matinee inspect --json`` (docs/inspect-schema.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from player.manifest.changes import Changes
from player.manifest.dump_events import captions, date_range_to_json, event_to_json
from player.manifest.dump_keys import first_key, key_to_json, protections
from player.manifest.dump_values import Json, milliseconds, number
from player.manifest.hls.pathways import BACKUP_PREFIX, DEFAULT_PATHWAY
from player.manifest.limits import MAX_SHOWN_SEGMENTS
from player.manifest.model import (
    ByteRange,
    IndexRef,
    InitSegment,
    LiveInfo,
    Location,
    ManifestProtocol,
    ManifestWarning,
    MediaFacts,
    Part,
    Period,
    Place,
    PlaylistInfo,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
    Track,
)
from player.manifest.sequences import whole_sequences

SCHEMA = "matinee.inspect"
SCHEMA_VERSION = 1

_DESCRIPTORS = ("viewpoint", "rating", "framepacking", "grouplabel", "switching")  # of an AdaptationSet

_POSITION = re.compile(r"\[(\d+)\]")


class _Room:
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


def to_json(presentation: Presentation, *, max_segments: int = MAX_SHOWN_SEGMENTS) -> Json:
    """The whole presentation, every segment expanded; past ``max_segments`` a rendition is shown without its own."""
    room = _Room(max_segments)
    periods = [_period(period, room) for period in presentation.periods]
    info = _playlist(presentation)
    live = presentation.live_info or LiveInfo()
    dash = presentation.protocol is ManifestProtocol.DASH
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "protocol": str(presentation.protocol),
        "kind": presentation.kind,
        "url": presentation.url,
        "version": None if dash or presentation.version is None else int(presentation.version),
        "profiles": presentation.extra.get("profiles"),
        "live": presentation.live,
        "duration": number(presentation.duration_s),
        "target_duration": number(info.target_duration_s) if info else None,
        "media_sequence": info.media_sequence if info else None,
        "discontinuity_sequence": info.discontinuity_sequence if info else None,
        "playlist_type": presentation.playlist_type,
        "ended": info.ended if info else None,
        "iframes_only": info.iframes_only if info else None,
        "independent_segments": presentation.independent_segments,
        "start_offset": number(presentation.start_offset_s),
        "start_precise": presentation.start_precise,
        "part_target": number(info.part_target_s) if info else None,
        "skipped": info.skipped if info else None,
        "removed_date_ranges": list(info.removed_date_ranges) if info else [],
        "server_control": _server_control(info) if info else None,
        "availability_start": milliseconds(live.availability_start_s),
        "availability_end": milliseconds(live.availability_end_s),
        "publish_time": milliseconds(live.publish_time_s),
        "minimum_update_period": number(live.minimum_update_s) if dash else None,
        "window_depth": number(live.window_depth_s) if dash else None,
        "suggested_delay": number(live.suggested_delay_s),
        "latency": _latency(live),
        "utc_timings": [{"scheme": scheme, "value": value} for scheme, value in live.utc_timings],
        "steering": _steering(presentation),
        "session_keys": [key_to_json(item.key, None) for item in presentation.session_keys],
        "session_data": [
            {"id": item.id, "value": item.value, "uri": item.uri, "lang": item.language, "format": item.format}
            for item in presentation.session_data
        ],
        "variables": dict(presentation.variables),
        "date_ranges": [date_range_to_json(event) for event in presentation.date_ranges],
        "preload_hints": _preload_hints(info) if info else [],
        "rendition_reports": _rendition_reports(info) if info else [],
        "locations": list(presentation.locations),
        "patch_locations": [{"url": url, "ttl": number(ttl)} for url, ttl in presentation.patch_locations],
        "remote_links": list(presentation.remote_links),
        "periods": periods,
        "events": [event_to_json(event) for period in presentation.periods for event in period.events],
        "warnings": [
            {
                "code": item.code,
                "sentence": item.sentence,
                "line": item.place.line,
                "path": item.place.path,
                "rendition": item.rendition,
            }
            for item in (*presentation.warnings, *room.warnings())
        ],
        "unused": list(presentation.unused),
        "extra": dict(presentation.extra),
    }


def _playlist(presentation: Presentation) -> PlaylistInfo | None:
    """The playlist of a media presentation; a multivariant one has several, which stand with their renditions."""
    if presentation.kind != "media":
        return None
    return presentation.periods[0].tracks[0].renditions[0].playlist


def _server_control(info: PlaylistInfo) -> Json:
    return {
        "can_block_reload": info.can_block_reload,
        "can_skip_until": number(info.can_skip_until_s),
        "can_skip_date_ranges": info.can_skip_date_ranges,
        "hold_back": number(info.hold_back_s),
        "part_hold_back": number(info.part_hold_back_s),
    }


def _latency(live: LiveInfo) -> Json:
    return {
        "target": number(live.target_latency_s),
        "min": number(live.min_latency_s),
        "max": number(live.max_latency_s),
        "min_rate": number(live.min_rate),
        "max_rate": number(live.max_rate),
    }


def _steering(presentation: Presentation) -> Json | None:
    steering = presentation.steering
    if steering is None:
        return None
    return {
        "server_uri": steering.server_uri,
        "pathway": steering.default_pathways[0] if steering.default_pathways else None,
        "default_pathways": list(steering.default_pathways),
        "query_before_start": steering.query_before_start,
    }


def _preload_hints(info: PlaylistInfo) -> list[Json]:
    return [
        {
            "type": hint.type,
            "url": hint.url,
            "byte_range": _range(hint.byte_range),
            "init": _init(hint.init),
            "key": first_key(hint.keys, hint.sequence),
        }
        for hint in info.preload_hints
    ]


def _rendition_reports(info: PlaylistInfo) -> list[Json]:
    return [
        {"url": report.url, "last_msn": report.last_sequence, "last_part": report.last_part}
        for report in info.rendition_reports
    ]


# -- periods and renditions ----------------------------------------------------------------------------------------


def _period(period: Period, room: _Room) -> Json:
    rows = [row for track in period.tracks for item in track.renditions for row in _renditions(track, item, room)]
    rows.sort(key=_source_order)
    return {
        "id": period.id,
        "start": number(period.start_s),
        "duration": number(period.duration_s),
        "asset": period.asset,
        "continuity": period.continuity,
        "renditions": rows,
    }


def _source_order(row: Json) -> tuple[int, ...]:
    """Renditions stand in the order of the manifest: by line, in an MPD by the positions in the XPath."""
    place = row["place"]
    if place["path"]:
        return tuple(int(position) for position in _POSITION.findall(place["path"]))
    return (place["line"] or 0,)


def _renditions(track: Track, rendition: Rendition, room: _Room) -> list[Json]:
    """The rendition, and each redundant variant that was folded into it, as a row of its own."""
    own = rendition.locations[0] if rendition.locations else None
    rows = [_rendition(track, rendition, own, rendition.segments, rendition.place, room)]
    rows += [
        _rendition(track, rendition, location, location.segments, location.place, room)
        for location in rendition.locations[1:]
        if location.segments is not None
    ]
    return rows


def _rendition(
    track: Track,
    rendition: Rendition,
    location: Location | None,
    segments: SegmentIndex | PlaylistRef | IndexRef,
    place: Place,
    room: _Room,
) -> Json:
    redundant = location is not None and location.segments is not None
    loaded = not isinstance(segments, PlaylistRef | IndexRef)
    listed = None if isinstance(segments, PlaylistRef | IndexRef) else segments
    shown = listed is not None and room.take(len(listed))
    attributes = location.attributes if location is not None and redundant else rendition.attributes
    info = location.playlist if redundant and location is not None else rendition.playlist
    return {
        "type": str(track.type),
        "id": f"{rendition.id}@{location.pathway}" if redundant and location else rendition.id,
        "redundant_of": rendition.id if redundant else None,
        "track": track.id,
        "url": _url(rendition, segments, info),
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
        "lang": track.language,
        "name": track.name or attributes.get("NAME"),
        "label": track.label,
        "group": attributes.get("GROUP-ID", track.group),
        "audio_group": location.audio_group if redundant and location else rendition.audio_group,
        "subtitle_group": location.subtitle_group if redundant and location else rendition.subtitle_group,
        "video_group": attributes.get("VIDEO"),
        "closed_captions_group": _captions_group(attributes.get("CLOSED-CAPTIONS")),
        "captions": captions(track.accessibility),
        "default": track.default,
        "autoselect": track.autoselect,
        "forced": track.forced,
        "characteristics": list(track.characteristics),
        "channels": _channels(rendition.channels),
        "instream_id": track.instream_id,
        "stable_id": rendition.stable_id,
        "pathway": _pathway(location),
        "locations": [{"pathway": item.pathway, "base_url": item.base_url} for item in rendition.locations],
        "roles": list(track.roles),
        "accessibility": list(track.accessibility),
        "tiles": _tiles(rendition),
        "embedded": rendition.embedded,
        "unusable": rendition.unusable,
        "media": _media(rendition.media),
        "index": _index(rendition, segments),
        "init": _rendition_init(segments),
        "protection": protections(rendition, segments),
        "inband_events": [{"scheme": scheme, "value": value} for scheme, value in rendition.inband_events],
        "playlist": _playlist_details(info) if info else None,
        "parts": _trailing_parts(info, segments) if info else [],
        "loaded": loaded,
        "segments": _segments(listed, rendition) if listed is not None and shown else [],
        "segments_left_out": 0 if listed is None or shown else len(listed),
        "descriptors": {name: track.attributes[name] for name in _DESCRIPTORS if name in track.attributes},
        "attributes": dict(attributes),
        "place": {"line": place.line, "path": place.path},
    }


def _url(
    rendition: Rendition, segments: SegmentIndex | PlaylistRef | IndexRef, info: PlaylistInfo | None
) -> str | None:
    """The playlist's URL in HLS; in DASH the base URL that the media URLs are resolved against."""
    if isinstance(segments, PlaylistRef):
        return segments.url
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


def _index(rendition: Rendition, segments: SegmentIndex | PlaylistRef | IndexRef) -> Json | None:
    reference = segments if isinstance(segments, IndexRef) else rendition.index
    return None if reference is None else {"url": reference.url, "range": _range(reference.byte_range)}


def _rendition_init(segments: SegmentIndex | PlaylistRef | IndexRef) -> Json | None:
    if isinstance(segments, PlaylistRef):
        return None
    if isinstance(segments, IndexRef):
        return _init(segments.init)
    return _init(segments[0].init) if len(segments) else None


def _trailing_parts(info: PlaylistInfo, segments: SegmentIndex | PlaylistRef | IndexRef) -> list[Json]:
    """Parts after the last whole segment, with the init segment and key that they need."""
    listed = not isinstance(segments, PlaylistRef | IndexRef) and len(segments)
    last = segments[-1] if listed and not isinstance(segments, PlaylistRef | IndexRef) else None
    following = info.media_sequence + info.skipped if last is None else last.number + 1
    shared = {"init": _init(info.trailing_init), "key": first_key(info.trailing_keys, following)}
    return [{**row, **shared} for row in parts_to_json(info.trailing_parts, 0.0 if last is None else last.end_s)]


def _playlist_details(info: PlaylistInfo) -> Json:
    return {
        "url": info.url,
        "version": info.version,
        "target_duration": number(info.target_duration_s),
        "part_target": number(info.part_target_s),
        "media_sequence": info.media_sequence,
        "discontinuity_sequence": info.discontinuity_sequence,
        "playlist_type": info.playlist_type,
        "ended": info.ended,
        "iframes_only": info.iframes_only,
        "independent_segments": info.independent_segments,
        "start_offset": number(info.start_offset_s),
        "start_precise": info.start_precise,
        "skipped": info.skipped,
        "removed_date_ranges": list(info.removed_date_ranges),
        "server_control": _server_control(info),
        "preload_hints": _preload_hints(info),
        "rendition_reports": _rendition_reports(info),
        "variables": dict(info.variables),
    }


# -- segments ------------------------------------------------------------------------------------------------------


def _range(range_: ByteRange | None) -> Json | None:
    """``end`` is the last byte, as in an HTTP range."""
    if range_ is None:
        return None
    return {
        "start": range_.start,
        "end": None if range_.end is None else range_.end - 1,
        "length": range_.length,
    }


def _init(init: InitSegment | None) -> Json | None:
    if init is None:
        return None
    return {"url": init.url, "range": _range(init.byte_range), "key": first_key(init.keys, None)}


def _segments(segments: SegmentIndex, rendition: Rendition) -> list[Json]:
    previous = rendition.discontinuity_sequence or 0
    result = []
    hls = rendition.playlist is not None
    for segment in whole_sequences(segments):
        result.append(_segment(segment, discontinuity=hls and segment.discontinuity > previous))
        previous = segment.discontinuity
    return result


def _segment(segment: Segment, *, discontinuity: bool) -> Json:
    return {
        "sequence": segment.number,
        "number": segment.number,
        "start": number(segment.start_s),
        "duration": number(segment.duration_s),
        "url": segment.url,
        "title": segment.title,
        "byte_range": _range(segment.byte_range),
        "init": _init(segment.init),
        "key": first_key(segment.keys, segment.number),
        "keys": [key_to_json(key, segment.number) for key in segment.keys],
        "discontinuity": discontinuity,
        "discontinuity_sequence": segment.discontinuity,
        "gap": segment.gap,
        "program_date_time": milliseconds(segment.program_date_time_s),
        "bitrate": segment.bitrate_bps,
        "parts": parts_to_json(segment.parts, segment.start_s),
    }


def parts_to_json(parts: Sequence[Part], start_s: float) -> list[Json]:
    """The parts of a segment that begins at ``start_s``."""
    rows = []
    for part in parts:
        rows.append(_part(part, start_s))
        start_s += part.duration_s
    return rows


def _part(part: Part, start_s: float) -> Json:
    return {
        "url": part.url,
        "start": number(start_s),
        "duration": number(part.duration_s),
        "byte_range": _range(part.byte_range),
        "independent": part.independent,
        "gap": part.gap,
    }


# -- refreshes -----------------------------------------------------------------------------------------------------


def changes_to_json(changes: Changes) -> Json:
    """The difference of two refreshes: ``inspect --diff --json``."""
    return {
        "schema": f"{SCHEMA}.diff",
        "schema_version": SCHEMA_VERSION,
        "changed": bool(changes),
        "ended": changes.ended,
        "reset": changes.reset,
        "periods_added": list(changes.periods_added),
        "periods_removed": list(changes.periods_removed),
        "renditions_added": list(changes.renditions_added),
        "renditions_removed": list(changes.renditions_removed),
        "renditions": [
            {
                "id": item.rendition_id,
                "added": list(item.added),
                "removed": list(item.removed),
                "changed": list(item.changed),
                "missed": item.missed,
            }
            for item in changes.renditions
        ],
        "broken_rules": [
            {"code": rule.code, "sentence": rule.sentence, "clause": rule.clause} for rule in changes.broken
        ],
    }
