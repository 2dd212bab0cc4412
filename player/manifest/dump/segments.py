"""Segments as plain JSON values, with their parts, keys and init segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from player.manifest.hls.keys import implicit_iv
from player.manifest.model import ByteRange, InitSegment, KeyInfo, PartialSegment, Rendition, Segment, SegmentIndex
from player.manifest.sequences import whole_sequences

Json = dict[str, Any]
_IV_FROM_SEQUENCE = frozenset({"AES-128", "AES-256", "SAMPLE-AES"})


def number(value: float | None) -> float | int | None:
    """A JSON number without rounding noise; whole ones as integers, what JSON cannot say as null."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded


def milliseconds(seconds: float | None) -> float | int | None:
    """Milliseconds since 1970, to the microsecond."""
    return None if seconds is None else number(round(seconds * 1000, 3))


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


def parts_to_json(parts: Sequence[PartialSegment], start_s: float) -> list[Json]:
    """The parts of a segment that begins at ``start_s``."""
    rows = []
    for part in parts:
        rows.append(_part(part, start_s))
        start_s += part.duration_s
    return rows


def _part(part: PartialSegment, start_s: float) -> Json:
    return {
        "url": part.url,
        "start": number(start_s),
        "duration": number(part.duration_s),
        "byte_range": range_to_json(part.byte_range),
        "independent": part.independent,
        "gap": part.gap,
    }


def first_key(keys: Sequence[KeyInfo], sequence: int | None) -> Json | None:
    """The key that counts where one is asked for; ``sequence`` is the media sequence number of its segment."""
    return key_to_json(keys[0], sequence) if keys else None


def key_to_json(key: KeyInfo, sequence: int | None) -> Json:
    """One EXT-X-KEY, with the IV that the standard gives it where it names none (RFC 8216bis 5.2)."""
    iv = key.iv
    if iv is None and sequence is not None and key.keyformat == "identity" and key.method in _IV_FROM_SEQUENCE:
        iv = implicit_iv(sequence)
    return {
        "method": key.method,
        "uri": key.uri,
        "iv": None if iv is None else iv.hex(),
        "iv_implicit": iv is not None and key.iv is None,
        "keyformat": key.keyformat,
        "keyformat_versions": list(key.keyformat_versions),
        "key_id": None if key.key_id is None else key.key_id.hex(),
    }
