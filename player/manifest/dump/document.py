"""A presentation as plain JSON values: the schema of ``matinee inspect --json`` (docs/inspect-schema.md)."""

from __future__ import annotations

import re
from dataclasses import asdict

from player.manifest.changes import Changes
from player.manifest.dump.events import date_range_to_json, event_to_json, timed_events_to_json
from player.manifest.dump.renditions import (
    Room,
    preload_hints,
    rendition_reports,
    renditions_to_json,
    server_control,
)
from player.manifest.dump.segments import Json, key_to_json, milliseconds, number
from player.manifest.limits import MAX_SHOWN_SEGMENTS
from player.manifest.model import (
    LiveInfo,
    ManifestProtocol,
    ManifestWarning,
    Period,
    PlaylistInfo,
    Presentation,
)

SCHEMA = "matinee.inspect"
SCHEMA_VERSION = 1

_POSITION = re.compile(r"\[(\d+)\]")


def to_json(presentation: Presentation, *, max_segments: int = MAX_SHOWN_SEGMENTS, segments: bool = True) -> Json:
    """The whole presentation, every segment expanded; past ``max_segments`` a rendition is shown without its own, and
    all are where ``segments`` is false."""
    room = Room(max_segments if segments else 0, wanted=segments)
    periods = [_period(period, room) for period in presentation.periods]
    info = _playlist(presentation)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        **_identity(presentation),
        **_course(presentation, info),
        **_live(presentation),
        "steering": _steering(presentation),
        "operating": [asdict(item) for item in presentation.operating],
        "initialization_sets": [
            {
                "id": item.id,
                "in_all_periods": item.in_all_periods,
                "content_type": item.content_type or None,
                "mime_type": item.mime_type or None,
                "codecs": ",".join(item.codecs) or None,
            }
            for item in presentation.initialization_sets
        ],
        "session_keys": [key_to_json(item.key, None) for item in presentation.session_keys],
        "session_data": [
            {"id": item.id, "value": item.value, "uri": item.uri, "lang": item.language, "format": item.format}
            for item in presentation.session_data
        ],
        "variables": dict(presentation.variables),
        "date_ranges": [date_range_to_json(event) for event in presentation.date_ranges],
        "preload_hints": preload_hints(info) if info else [],
        "rendition_reports": rendition_reports(info) if info else [],
        "locations": list(presentation.locations),
        "patch_locations": [{"url": url, "ttl": number(ttl)} for url, ttl in presentation.patch_locations],
        "remote_links": list(presentation.remote_links),
        "following": presentation.following or None,
        "fallbacks": list(presentation.fallbacks),
        "periods": periods,
        "timed_events": timed_events_to_json(presentation),
        "events": [event_to_json(event) for period in presentation.periods for event in period.events],
        "warnings": [_warning(item) for item in (*presentation.warnings, *room.warnings())],
        "unused": list(presentation.unused),
        "extra": dict(presentation.extra),
    }


def _identity(presentation: Presentation) -> Json:
    """Which manifest it is, and how long; HLS has versions, DASH has profiles."""
    dash = presentation.protocol is ManifestProtocol.DASH
    return {
        "protocol": str(presentation.protocol),
        "kind": presentation.kind,
        "url": presentation.url,
        "version": None if dash or presentation.version is None else int(presentation.version),
        "profiles": presentation.extra.get("profiles"),
        "live": presentation.live,
        "duration": number(presentation.duration_s),
    }


def _course(presentation: Presentation, info: PlaylistInfo | None) -> Json:
    """How it runs: what HLS says of a playlist, and where to start."""
    return {
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
        "server_control": server_control(info) if info else None,
    }


def _live(presentation: Presentation) -> Json:
    """When it is there, how often it changes, and how far behind its edge to play."""
    live = presentation.live_info or LiveInfo()
    dash = presentation.protocol is ManifestProtocol.DASH
    return {
        "availability_start": milliseconds(live.availability_start_s),
        "availability_end": milliseconds(live.availability_end_s),
        "publish_time": milliseconds(live.publish_time_s),
        "minimum_update_period": number(live.minimum_update_s) if dash else None,
        "window_depth": number(live.window_depth_s) if dash else None,
        "suggested_delay": number(live.suggested_delay_s),
        "latency": _latency(live),
        "utc_timings": [{"scheme": scheme, "value": value} for scheme, value in live.utc_timings],
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


def _warning(item: ManifestWarning) -> Json:
    return {
        "code": item.code,
        "sentence": item.sentence,
        "line": item.place.line,
        "path": item.place.path,
        "rendition": item.rendition,
    }


def _playlist(presentation: Presentation) -> PlaylistInfo | None:
    """The playlist of a media presentation; a multivariant one has several, which stand with their renditions."""
    if presentation.kind != "media":
        return None
    return presentation.periods[0].tracks[0].renditions[0].playlist


def _period(period: Period, room: Room) -> Json:
    rows = [
        row for track in period.tracks for item in track.renditions for row in renditions_to_json(track, item, room)
    ]
    rows.sort(key=_source_order)
    return {
        "id": period.id,
        "start": number(period.start_s),
        "duration": number(period.duration_s),
        "asset": period.asset,
        "continuity": period.continuity,
        "subsets": [sorted(names) for names in period.subsets],
        "renditions": rows,
    }


def _source_order(row: Json) -> tuple[int, ...]:
    """Renditions stand in the order of the manifest: by line, in an MPD by the positions in the XPath."""
    place = row["place"]
    if place["path"]:
        return tuple(int(position) for position in _POSITION.findall(place["path"]))
    return (place["line"] or 0,)


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
