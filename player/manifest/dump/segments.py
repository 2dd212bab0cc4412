"""Segments and their parts as plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

from collections.abc import Sequence

from player.manifest.dump_keys import first_key, key_to_json
from player.manifest.dump_values import Json, milliseconds, number
from player.manifest.model import ByteRange, InitSegment, Part, Rendition, Segment, SegmentIndex
from player.manifest.sequences import whole_sequences


def range_to_json(range_: ByteRange | None) -> Json | None:
    """``end`` is the last byte, as in an HTTP range."""
    if range_ is None:
        return None
    return {
        "start": range_.start,
        "end": None if range_.end is None else range_.end - 1,
        "length": range_.length,
    }


def init_to_json(init: InitSegment | None) -> Json | None:
    """An init segment (EXT-X-MAP, Initialization)."""
    if init is None:
        return None
    return {"url": init.url, "range": range_to_json(init.byte_range), "key": first_key(init.keys, None)}


def segments_to_json(segments: SegmentIndex, rendition: Rendition) -> list[Json]:
    """Every segment, those of a sequence (S@k) as the parts of one."""
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
        "byte_range": range_to_json(segment.byte_range),
        "init": init_to_json(segment.init),
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
        "byte_range": range_to_json(part.byte_range),
        "independent": part.independent,
        "gap": part.gap,
    }
