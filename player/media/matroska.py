"""Primitives of the virtual Matroska file that libmpv reads (RFC 9559).

The file is never whole: :func:`header` makes its start, :func:`sample_cluster` one Cluster per sample, and
:func:`void` the jumps over places where nothing stands. Timestamps are in milliseconds. Because every sample has
a Cluster of its own, how many bytes a sample takes depends on that sample alone, not on its neighbours.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from player.media.aac import parse_asc
from player.media.model import Codec, Colour, StreamConfig, StreamKind

TIMESTAMP_SCALE_NS = 1_000_000
VOID_BYTES = 9
"""Length of what :func:`void` returns."""
MAX_TRACK_NUMBER = 126

_EBML = 0x1A45DFA3
_SEGMENT = 0x18538067
_INFO = 0x1549A966
_TRACKS = 0x1654AE6B
_TRACK_ENTRY = 0xAE
_CUES = 0x1C53BB6B
_CUE_POINT = 0xBB
_FEWEST_CUES = 4  # libmpv takes fewer for broken, and looks through the file instead to find a place
_CLUSTER = b"\x1f\x43\xb6\x75"
_TIMESTAMP = 0xE7
# Cluster, its size, Timestamp of eight bytes, SimpleBlock, its size, track number, relative time, flags: all sizes in
# eight bytes, so that one call makes it. This is done for every picture and every piece of sound.
_SIMPLE = struct.Struct(">4sQHQBQBhB")
_EIGHT_BYTES = 1 << 56  # marks a size of eight bytes
_TIMESTAMP_OF_8, _SIMPLE_BLOCK = 0xE788, 0xA3
_BLOCK_HEAD = 4  # track number, relative time, flags
_CLUSTER_HEAD = 2 + 8 + 1 + 8 + _BLOCK_HEAD
_VOID = b"\xec"
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_MIN_RELATIVE_MS = -0x8000
_APPLICATION = "Matinee"

_TRACK_TYPES = {StreamKind.VIDEO: 1, StreamKind.AUDIO: 2, StreamKind.TEXT: 17}
_CODEC_IDS = {
    Codec.H264: "V_MPEG4/ISO/AVC",
    Codec.HEVC: "V_MPEGH/ISO/HEVC",
    Codec.VP8: "V_VP8",
    Codec.VP9: "V_VP9",
    Codec.AV1: "V_AV1",
    Codec.AAC: "A_AAC",
    Codec.AC3: "A_AC3",
    Codec.EAC3: "A_EAC3",
    Codec.OPUS: "A_OPUS",
    Codec.MP3: "A_MPEG/L3",
    Codec.FLAC: "A_FLAC",
    Codec.WEBVTT: "S_TEXT/UTF8",
    Codec.ASS: "S_TEXT/ASS",
}


@dataclass(frozen=True, slots=True)
class MatroskaTrack:
    """One track of the virtual file. ``number`` counts from 1 to 126; ``language`` is BCP 47."""

    number: int
    config: StreamConfig
    language: str = "und"
    name: str = ""
    default: bool = True
    forced: bool = False


def header(
    tracks: Sequence[MatroskaTrack],
    duration_s: float | None,
    cues: Sequence[tuple[float, int]] = (),
    *,
    cue_track: int = 1,
) -> bytes:
    """The start of the file: EBML head, a Segment of unknown size, Info, Tracks, Cues, and an empty Cluster.

    ``cues`` are (time in seconds, absolute byte position in this file). The empty Cluster ends mpv's reading of
    the header before it touches any media. There is no CodecDelay: the edit list has already taken the delay off
    the samples' times, and a reader would do it again.

    Raises ValueError for a codec that Matroska has no name for, and for a track number out of range.
    """
    head = _element(
        _EBML,
        _uint(0x4286, 1)
        + _uint(0x42F7, 1)
        + _uint(0x42F2, 4)
        + _uint(0x42F3, 8)
        + _text(0x4282, "matroska")
        + _uint(0x4287, 4)
        + _uint(0x4285, 2),
    )
    start = len(head) + 4 + len(_UNKNOWN_SIZE)
    info = _uint(0x2AD7B1, TIMESTAMP_SCALE_NS) + _text(0x4D80, _APPLICATION) + _text(0x5741, _APPLICATION)
    if duration_s is not None:
        info += _float(0x4489, duration_s * 1000.0)
    points = [_cue(max(0, round(time_s * 1000)), cue_track, position - start) for time_s, position in cues]
    points += points[-1:] * (_FEWEST_CUES - len(points))
    return b"".join(
        (
            head,
            _SEGMENT.to_bytes(4, "big") + _UNKNOWN_SIZE,
            _element(_INFO, info),
            _element(_TRACKS, b"".join(_track(track) for track in tracks)),
            _element(_CUES, b"".join(points)) if points else b"",
            _element(int.from_bytes(_CLUSTER, "big"), _uint(_TIMESTAMP, 0)),
        )
    )


def sample_cluster(
    track_number: int,
    pts_ms: int,
    key: bool,
    data: bytes | bytearray | memoryview,
    duration_ms: int | None = None,
) -> list[bytes | bytearray | memoryview]:
    """One sample as a Cluster of its own: the pieces of bytes to send one after another (``data`` is not copied).

    With ``duration_ms`` (text) the sample stands in a BlockGroup. A presentation time before 0 down to -32.8 s
    is kept, as a block before its Cluster; below that it is clamped.
    """
    cluster_ms = max(0, pts_ms)
    relative = max(_MIN_RELATIVE_MS, pts_ms - cluster_ms)
    number, size = 0x80 | track_number, len(data)
    if duration_ms is None:
        lead = _SIMPLE.pack(
            _CLUSTER,
            _EIGHT_BYTES | _CLUSTER_HEAD + size,
            _TIMESTAMP_OF_8,
            cluster_ms,
            _SIMPLE_BLOCK,
            _EIGHT_BYTES | _BLOCK_HEAD + size,
            number,
            relative,
            0x80 if key else 0,
        )
        return [lead, data]
    body = b"\xa1" + _size(_BLOCK_HEAD + size) + struct.pack(">BhB", number, relative, 0)
    tail = _uint(0x9B, max(0, duration_ms)) + (b"" if key else b"\xfb\x81\x00")
    inner = b"".join((_uint(_TIMESTAMP, cluster_ms), b"\xa0", _size(len(body) + size + len(tail)), body))
    return [b"".join((_CLUSTER, _size(len(inner) + size + len(tail)), inner)), data, tail]


CODECS = {name: codec for codec, name in _CODEC_IDS.items()}
"""What a track is by its CodecID."""


def void(position: int, target: int) -> bytes:
    """A Void element at ``position`` that ends at ``target``: its 9 bytes; the body is never delivered, a reader
    seeks over it. Raises ValueError where there is no room for it."""
    length = target - position - VOID_BYTES
    if not 0 <= length < (1 << 56) - 1:
        raise ValueError(f"no room for a Void between {position} and {target}")
    return _VOID + (length | 1 << 56).to_bytes(8, "big")


def _track(track: MatroskaTrack) -> bytes:
    config = track.config
    codec_id = _CODEC_IDS.get(config.codec)
    if codec_id is None:
        raise ValueError(f"Matroska has no track of codec {config.codec}")
    if not 1 <= track.number <= MAX_TRACK_NUMBER:
        raise ValueError(f"track number {track.number} does not fit in one byte")
    language = track.language or "und"
    parts = [
        _uint(0xD7, track.number),
        _uint(0x73C5, track.number),
        _uint(0x83, _TRACK_TYPES[config.kind]),
        _uint(0x9C, 0),
        _uint(0x88, int(track.default)),
        _uint(0x55AA, int(track.forced)),
        _text(0x22B59C, language),
        _text(0x22B59D, language),
        _text(0x86, codec_id),
    ]
    if track.name:
        parts.append(_text(0x536E, track.name))
    if config.private:
        parts.append(_element(0x63A2, config.private))
    if config.seek_preroll_s:
        parts.append(_uint(0x56BB, round(config.seek_preroll_s * 1e9)))
    if config.kind is StreamKind.VIDEO:
        parts.append(_video(config))
    elif config.kind is StreamKind.AUDIO:
        parts.append(_audio(config))
    return _element(_TRACK_ENTRY, b"".join(parts))


def _audio(config: StreamConfig) -> bytes:
    """Where SBR raises the rate, that of the core and that of what is heard (OutputSamplingFrequency)."""
    asc = parse_asc(config.private) if config.codec is Codec.AAC and config.private else None
    rates = _float(0xB5, float(config.sample_rate))
    if asc is not None and asc.sbr:
        rates = _float(0xB5, float(asc.sample_rate)) + _float(0x78B5, float(asc.output_rate))
    return _element(0xE1, rates + _uint(0x9F, max(1, config.channels)))


def _video(config: StreamConfig) -> bytes:
    body = _uint(0xB0, max(1, config.width)) + _uint(0xBA, max(1, config.height))
    if config.colour is not None:
        body += _element(0x55B0, _colour(config.colour))
    return _element(0xE0, body)


def _colour(colour: Colour) -> bytes:
    return (
        _uint(0x55B1, colour.matrix)
        + _uint(0x55B9, 2 if colour.full_range else 1)
        + _uint(0x55BA, colour.transfer)
        + _uint(0x55BB, colour.primaries)
    )


def _cue(time_ms: int, track: int, position: int) -> bytes:
    return _element(_CUE_POINT, _uint(0xB3, time_ms) + _element(0xB7, _uint(0xF7, track) + _uint(0xF1, position)))


def _size(length: int) -> bytes:
    """A data size in the fewest bytes (RFC 8794, 6)."""
    if length < 0x7F:
        return bytes((0x80 | length,))
    if length < 0x3FFF:
        return (0x4000 | length).to_bytes(2, "big")
    if length < 0x1FFFFF:
        return (0x200000 | length).to_bytes(3, "big")
    return (0x10000000 | length).to_bytes(4, "big") if length < 0xFFFFFFF else _long_size(length)


def _long_size(length: int) -> bytes:
    return (1 << 56 | length).to_bytes(8, "big")


def _element(id_: int, body: bytes) -> bytes:
    return id_.to_bytes((id_.bit_length() + 7) // 8, "big") + _size(len(body)) + body


def _uint(id_: int, value: int) -> bytes:
    return _element(id_, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _float(id_: int, value: float) -> bytes:
    return _element(id_, struct.pack(">d", value))


def _text(id_: int, value: str) -> bytes:
    return _element(id_, value.encode())
