"""Cues of WebM files (Matroska, RFC 9559 5.1.5): where each cluster with a key frame starts."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from drm_client.ebml import UNKNOWN_SIZE, EbmlError, read_element
from player.base.errors import ErrorCode, ManifestError
from player.manifest.index.sidx import Reference
from player.manifest.limits import MAX_SEGMENTS, limit_error

_SEGMENT, _INFO, _CUES = 0x18538067, 0x1549A966, 0x1C53BB6B
_TIMESTAMP_SCALE, _DURATION = 0x2AD7B1, 0x4489
_CUE_POINT, _CUE_TIME, _CUE_POSITIONS, _CUE_CLUSTER = 0xBB, 0xB3, 0xB7, 0xF1
_DEFAULT_SCALE_NS = 1_000_000


def read_cues(
    cues: bytes, header: bytes, *, media_size: int | None = None, duration_s: float | None = None
) -> list[Reference]:
    """The clusters that Cues list. ``header`` is the beginning of the file (EBML header, Segment, Info); the last
    cluster ends with the file, where ``media_size`` bytes or the duration in Info say so.

    Raises :class:`ManifestError` when there are no cues.
    """
    segment_start, scale_ns, total_s = _read_header(header)
    if total_s is None:
        total_s = duration_s
    points = sorted(set(_points(cues)))
    if not points:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The index of a WebM file holds no cues.")
    result = []
    for position, (time, cluster) in enumerate(points):
        start_s = time * scale_ns / 1e9
        offset = segment_start + cluster
        if position + 1 < len(points):
            end_s, size = points[position + 1][0] * scale_ns / 1e9, points[position + 1][1] - cluster
        else:
            end_s = total_s if total_s is not None and total_s > start_s else start_s
            size = max(media_size - offset, 0) if media_size is not None else 0
        result.append(Reference(offset, max(size, 0), start_s, end_s - start_s))
    return result


def _points(cues: bytes) -> Iterator[tuple[int, int]]:
    count = 0
    for identity, start, end in _elements(cues, 0, len(cues)):
        if identity != _CUES:
            continue
        for point, point_start, point_end in _elements(cues, start, end):
            if point != _CUE_POINT:
                continue
            count += 1
            if count > MAX_SEGMENTS:
                raise limit_error("the cues are too many", MAX_SEGMENTS)
            time = cluster = None
            for field, field_start, field_end in _elements(cues, point_start, point_end):
                if field == _CUE_TIME:
                    time = int.from_bytes(cues[field_start:field_end], "big")
                elif field == _CUE_POSITIONS:
                    cluster = _cluster(cues, field_start, field_end) if cluster is None else cluster
            if time is not None and cluster is not None:
                yield time, cluster


def _cluster(data: bytes, start: int, end: int) -> int | None:
    for identity, begin, stop in _elements(data, start, end):
        if identity == _CUE_CLUSTER:
            return int.from_bytes(data[begin:stop], "big")
    return None


def _read_header(header: bytes) -> tuple[int, int, float | None]:
    """``(start of the Segment's data, nanoseconds per tick, duration in seconds)``."""
    for identity, start, end in _elements(header, 0, len(header)):
        if identity != _SEGMENT:
            continue
        scale, duration = _DEFAULT_SCALE_NS, None
        for inner, inner_start, inner_end in _elements(header, start, end):
            if inner != _INFO:
                continue
            for field, begin, stop in _elements(header, inner_start, inner_end):
                if field == _TIMESTAMP_SCALE:
                    scale = int.from_bytes(header[begin:stop], "big") or _DEFAULT_SCALE_NS
                elif field == _DURATION:
                    duration = _float(header[begin:stop])
        return start, scale, None if duration is None else duration * scale / 1e9
    raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The beginning of a WebM file holds no Segment.")


def _float(data: bytes) -> float | None:
    if len(data) == 4:
        return float(struct.unpack(">f", data)[0])
    return float(struct.unpack(">d", data)[0]) if len(data) == 8 else None


def _elements(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """``(id, start, end)`` of the elements between two offsets; one that is cut off ends with the data."""
    while position < end:
        try:
            element = read_element(data, position, end)
        except EbmlError:
            return
        stop = end if element.size == UNKNOWN_SIZE else min(element.body + element.size, end)
        yield element.id, element.body, stop
        position = stop
