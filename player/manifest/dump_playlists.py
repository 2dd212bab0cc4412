"""Media playlists as plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

from player.manifest.dump_keys import first_key
from player.manifest.dump_segments import init_to_json, parts_to_json, range_to_json
from player.manifest.dump_values import Json, number
from player.manifest.model import PlaylistInfo, SegmentSource, loaded_segments


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
