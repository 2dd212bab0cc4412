"""Renditions as plain JSON values, a row each: what they are, how they are protected, their media playlists."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from drm_client.pssh import build_pssh
from drm_client.systems import FAIRPLAY, PLAYREADY, WIDEVINE
from player.manifest.captions import captions
from player.manifest.dump.segments import (
    Json,
    first_key,
    init_to_json,
    number,
    parts_to_json,
    range_to_json,
    segments_to_json,
)
from player.manifest.hls.pathways import BACKUP_PREFIX, DEFAULT_PATHWAY
from player.manifest.model import (
    AccessPoints,
    IndexRef,
    InitFacts,
    KeyInfo,
    Location,
    ManifestWarning,
    PlaylistInfo,
    PlaylistRef,
    Protection,
    Rendition,
    SegmentSource,
    SourcePosition,
    Track,
    loaded_segments,
)

_DESCRIPTORS = (  # of an AdaptationSet
    "viewpoint",
    "rating",
    "framepacking",
    "grouplabel",
    "switching",
    "labels",
    "preselection",
    "preselectioncomponents",
)
_SYSTEMS = {
    "com.microsoft.playready": PLAYREADY,
    "com.apple.streamingkeydelivery": FAIRPLAY,
    "com.widevine": WIDEVINE,
    "com.widevine.alpha": WIDEVINE,
}


class Room:
    """How many segments a document still takes. One rendition is bounded by the readers, all together are here: a
    small MPD may describe millions."""

    def __init__(self, limit: int, *, wanted: bool = True) -> None:
        self._left = limit
        self._wanted = wanted
        self.left_out = 0

    def take(self, count: int) -> bool:
        """Whether the segments of a rendition fit in; they are counted either way."""
        if count > self._left:
            self.left_out += count
            return False
        self._left -= count
        return True

    def warnings(self) -> list[ManifestWarning]:
        if not self.left_out or not self._wanted:
            return []
        return [ManifestWarning("many_segments", f"{self.left_out} segments are not shown: there are too many.")]


@dataclass(frozen=True, slots=True)
class _ShownRow:
    """What one row shows: a rendition, or a redundant variant with its own playlist that was folded into it."""

    track: Track
    rendition: Rendition
    location: Location | None
    segments: SegmentSource
    place: SourcePosition

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
    shown = [_ShownRow(track, rendition, own, rendition.segments, rendition.place)]
    shown += [
        _ShownRow(track, rendition, location, location.segments, location.place)
        for location in rendition.locations[1:]
        if location.segments is not None
    ]
    return [_row(item, room) for item in shown]


def _row(shown: _ShownRow, room: Room) -> Json:
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
        "switching": _points(rendition.switching),
        "random_access": _points(rendition.random_access),
        "quality_ranking": rendition.quality_ranking,
        "components": [dict(item) for item in rendition.components],
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


def _identity(shown: _ShownRow) -> Json:
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


def _naming(shown: _ShownRow) -> Json:
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


def _contents(shown: _ShownRow, room: Room) -> Json:
    """Its playlist and its segments, as far as they are loaded and as there is room for them."""
    info, listed = shown.tag.playlist, loaded_segments(shown.segments)
    fits = listed is not None and room.take(len(listed))
    return {
        "playlist": playlist_to_json(info) if info else None,
        "parts": trailing_parts(info, shown.segments) if info else [],
        "loaded": listed is not None,
        "segments": segments_to_json(listed, shown.rendition) if listed is not None and fits else [],
        "segment_count": 0 if listed is None else len(listed),
        "segments_left_out": 0 if listed is None or fits else len(listed),
    }


def _url(shown: _ShownRow) -> str | None:
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


def _points(points: AccessPoints | None) -> Json | None:
    """Where it may be entered; None: at every segment."""
    if points is None:
        return None
    return {"interval": number(points.interval_s), "from": number(points.anchor_s), "type": points.type}


def _media(facts: InitFacts | None) -> Json | None:
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


def _index(shown: _ShownRow) -> Json | None:
    reference = shown.segments if isinstance(shown.segments, IndexRef) else shown.rendition.index
    return None if reference is None else {"url": reference.url, "range": range_to_json(reference.byte_range)}


def _init(segments: SegmentSource) -> Json | None:
    if isinstance(segments, PlaylistRef):
        return None
    if isinstance(segments, IndexRef):
        return init_to_json(segments.init)
    return init_to_json(segments[0].init) if len(segments) else None


# -- protection ------------------------------------------------------------------------------------------------------


def protections(rendition: Rendition, segments: SegmentSource) -> list[Json]:
    """How a rendition is protected: what the MPD says of it, or the key systems that its playlist's keys name."""
    if rendition.protections:
        return [_protection(item) for item in rendition.protections]
    listed = loaded_segments(segments)
    if listed is None or rendition.playlist is None:
        return []
    sets = (keys for keys, _ in groupby(segment.keys for segment in listed))  # neighbours share one tuple
    return [_key_protection(key) for key in _distinct(key for keys in sets for key in keys)]


def _distinct(keys: Iterable[KeyInfo]) -> Iterable[KeyInfo]:
    """Keys that differ in more than where they stand."""
    seen = set()
    for key in keys:
        identity = (key.method, key.uri, key.keyformat, key.key_id)
        if identity not in seen and key.keyformat != "identity":
            seen.add(identity)
            yield key


def _protection(item: Protection) -> Json:
    boxes = item.pssh or (() if item.pro is None else (build_pssh(PLAYREADY, data=item.pro),))
    pssh = [base64.b64encode(data).decode() for data in boxes]
    kids = [kid.hex() for kid in item.default_kids]
    return {
        "scheme": item.scheme_id_uri,
        "system_id": item.system_id,
        "encryption": item.scheme,
        "value": item.value,
        "kid": kids[0] if kids else None,
        "kids": kids,
        "pssh": pssh[0] if pssh else None,
        "psshs": pssh,
        "laurl": item.licence_urls[0] if item.licence_urls else None,
        "laurls": list(item.licence_urls),
        "certificate_urls": list(item.certificate_urls),
        "pro": None if item.pro is None else base64.b64encode(item.pro).decode(),
        "robustness": item.robustness,
    }


def _system_id(keyformat: str) -> str | None:
    """The DRM system's UUID, in lower case."""
    lower = keyformat.lower()
    return lower.removeprefix("urn:uuid:") if lower.startswith("urn:uuid:") else _SYSTEMS.get(lower)


def _init_data(uri: str | None, system: str | None) -> str | None:
    """The initialisation data in a data: URI, in base64; a bare PlayReady object in a pssh box."""
    if not uri or not uri.startswith("data:") or ";base64," not in uri:
        return None
    text = uri.partition(";base64,")[2]
    if system != PLAYREADY:
        return text
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return text
    return text if data[4:8] == b"pssh" else base64.b64encode(build_pssh(PLAYREADY, data=data)).decode()


def _key_protection(key: KeyInfo) -> Json:
    """An EXT-X-KEY of a key system, in the form of a protection; the initialisation data stand in its data: URI."""
    system = _system_id(key.keyformat)
    data = _init_data(key.uri, system)
    encryption = {"SAMPLE-AES": "cbcs", "SAMPLE-AES-CTR": "cenc", "SAMPLE-AES-CENC": "cenc"}.get(key.method)
    kid = None if key.key_id is None else key.key_id.hex()
    return {
        "scheme": key.keyformat,
        "system_id": system,
        "encryption": encryption,
        "value": key.method,
        "kid": kid,
        "kids": [kid] if kid else [],
        "pssh": data,
        "psshs": [data] if data else [],
        "laurl": None if data else key.uri,
        "laurls": [] if data or not key.uri else [key.uri],
        "certificate_urls": [],
        "pro": None,
        "robustness": None,
    }


# -- media playlists -------------------------------------------------------------------------------------------------


def playlist_to_json(info: PlaylistInfo) -> Json:
    """What a media playlist says of itself."""
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
        "server_control": server_control(info),
        "preload_hints": preload_hints(info),
        "rendition_reports": rendition_reports(info),
        "variables": dict(info.variables),
    }


def server_control(info: PlaylistInfo) -> Json:
    """EXT-X-SERVER-CONTROL (RFC 8216bis 4.4.3.8)."""
    return {
        "can_block_reload": info.can_block_reload,
        "can_skip_until": number(info.can_skip_until_s),
        "can_skip_date_ranges": info.can_skip_date_ranges,
        "hold_back": number(info.hold_back_s),
        "part_hold_back": number(info.part_hold_back_s),
    }


def preload_hints(info: PlaylistInfo) -> list[Json]:
    """EXT-X-PRELOAD-HINT (4.4.5.3)."""
    return [
        {
            "type": hint.type,
            "url": hint.url,
            "byte_range": range_to_json(hint.byte_range),
            "init": init_to_json(hint.init),
            "key": first_key(hint.keys, hint.sequence),
        }
        for hint in info.preload_hints
    ]


def rendition_reports(info: PlaylistInfo) -> list[Json]:
    """EXT-X-RENDITION-REPORT (4.4.5.4)."""
    return [
        {"url": report.url, "last_msn": report.last_sequence, "last_part": report.last_part}
        for report in info.rendition_reports
    ]


def trailing_parts(info: PlaylistInfo, segments: SegmentSource) -> list[Json]:
    """Parts after the last whole segment, with the init segment and key that they need."""
    listed = loaded_segments(segments)
    last = listed[-1] if listed else None
    following = info.media_sequence + info.skipped if last is None else last.number + 1
    shared = {"init": init_to_json(info.trailing_init), "key": first_key(info.trailing_keys, following)}
    return [{**row, **shared} for row in parts_to_json(info.trailing_parts, 0.0 if last is None else last.end_s)]
