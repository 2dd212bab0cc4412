"""WebM segments (DASH): a small reader of EBML and Matroska (RFC 8794, RFC 9559), progressive like fmp4."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from drm_client.ebml import UNKNOWN_SIZE, ElementHead, read_element, read_number
from player.base.errors import ErrorCode, MediaError
from player.media.boxes import damaged, reading
from player.media.model import ByteSource, Codec, Colour, Sample, StreamConfig, StreamKind

MAX_HEADER_BYTES = 8 << 20
MAX_BLOCK_BYTES = 64 << 20

_SEGMENT = 0x18538067
_INFO = 0x1549A966
_TRACKS = 0x1654AE6B
_CLUSTER = 0x1F43B675
_TIMESTAMP = 0xE7
_SIMPLE_BLOCK = 0xA3
_BLOCK_GROUP = 0xA0
_BLOCK = 0xA1
_BLOCK_DURATION = 0x9B
_REFERENCE = 0xFB
_TRACK_ENTRY = 0xAE
_MASTERS_TO_ENTER = (_SEGMENT, _CLUSTER)
_DEFAULT_SCALE_NS = 1_000_000
_LACING = 0x06
_MAX_TRACKS = 32

_CODECS = {
    b"V_VP8": Codec.VP8,
    b"V_VP9": Codec.VP9,
    b"V_AV1": Codec.AV1,
    b"A_OPUS": Codec.OPUS,
}


@dataclass(frozen=True, slots=True)
class WebmTrack:
    """One track. ``default_duration_s`` is 0 where the file does not say it."""

    number: int
    config: StreamConfig
    default_duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WebmInit:
    """What the part before the first Cluster says. ``tick_s`` is the length of one timestamp unit in seconds."""

    tracks: dict[int, WebmTrack]
    tick_s: float = _DEFAULT_SCALE_NS / 1e9


@dataclass(slots=True)
class _TrackFields:
    number: int = 0
    codec: bytes = b""
    encrypted: bool = False
    default_duration_ns: int = 0
    config: StreamConfig = field(default_factory=lambda: StreamConfig(StreamKind.VIDEO, Codec.VP9))


def parse_init(data: bytes) -> WebmInit:
    """Read a WebM initialisation segment (EBML head, Segment, Info, Tracks).

    Raises ``MEDIA_DAMAGED``, ``MEDIA_UNSUPPORTED`` or ``MEDIA_NO_TRACKS``.
    """
    if len(data) > MAX_HEADER_BYTES:
        raise damaged("the initialisation segment is too large")
    tick_ns = _DEFAULT_SCALE_NS
    tracks: dict[int, WebmTrack] = {}
    unknown: MediaError | None = None
    with reading("the WebM header"):
        for element in _top_level(data):
            if element.id == _INFO:
                tick_ns = _field(data, element, 0x2AD7B1, _DEFAULT_SCALE_NS)
            elif element.id == _TRACKS:
                for entry in _children(data, element):
                    if entry.id != _TRACK_ENTRY or len(tracks) >= _MAX_TRACKS:
                        continue
                    try:
                        track = _track(data, entry)
                    except MediaError as error:
                        if error.code is not ErrorCode.MEDIA_UNSUPPORTED:
                            raise
                        unknown = error
                        continue
                    tracks[track.number] = track
    if tick_ns <= 0:
        raise damaged("the WebM timestamp scale is 0")
    if not tracks:
        raise unknown or MediaError(ErrorCode.MEDIA_NO_TRACKS, "The media has neither video nor audio.")
    return WebmInit(tracks, tick_ns / 1e9)


def _top_level(data: bytes) -> Iterator[ElementHead]:
    """Elements of the Segment up to the first Cluster, or to the end of the data."""
    place = 0
    while place + 2 <= len(data):
        element = read_element(data, place, len(data))
        if element.id == _CLUSTER:
            return
        if element.id == _SEGMENT:
            place = element.body
            continue
        if element.size == UNKNOWN_SIZE:
            raise damaged("a WebM element has no size")
        if element.body + element.size > len(data):
            return  # Cues or Void that were not fetched with the header
        yield element
        place = element.body + element.size


def _children(data: bytes, parent: ElementHead) -> Iterator[ElementHead]:
    place, end = parent.body, parent.body + parent.size
    while place + 2 <= end:
        element = read_element(data, place, len(data))
        if element.size == UNKNOWN_SIZE or element.body + element.size > end:
            raise damaged("a WebM element runs past its parent")
        yield element
        place = element.body + element.size


def _uint(data: bytes, element: ElementHead) -> int:
    if element.size > 8:
        raise damaged("a WebM number is too long")
    return int.from_bytes(data[element.body : element.body + element.size], "big")


def _float(data: bytes, element: ElementHead) -> float:
    raw = data[element.body : element.body + element.size]
    value: float = struct.unpack({4: ">f", 8: ">d"}.get(len(raw), ">x"), raw)[0]
    return value


def _field(data: bytes, parent: ElementHead, id_: int, default: int) -> int:
    return next((_uint(data, child) for child in _children(data, parent) if child.id == id_), default)


def _track(data: bytes, entry: ElementHead) -> WebmTrack:
    fields = _TrackFields()
    type_ = 0
    for child in _children(data, entry):
        body = data[child.body : child.body + child.size]
        if child.id == 0xD7:
            fields.number = _uint(data, child)
        elif child.id == 0x83:
            type_ = _uint(data, child)
        elif child.id == 0x86:
            fields.codec = body.rstrip(b"\0")
        elif child.id == 0x63A2:
            fields.config = replace(fields.config, private=body)
        elif child.id == 0x56AA:
            fields.config = replace(fields.config, codec_delay_s=_uint(data, child) / 1e9)
        elif child.id == 0x56BB:
            fields.config = replace(fields.config, seek_preroll_s=_uint(data, child) / 1e9)
        elif child.id == 0x23E383:
            fields.default_duration_ns = _uint(data, child)
        elif child.id == 0x6D80:
            fields.encrypted = True
        elif child.id == 0xE0:
            fields.config = _video_fields(data, child, fields.config)
        elif child.id == 0xE1:
            fields.config = _audio_fields(data, child, fields.config)
    codec = _CODECS.get(fields.codec)
    if codec is None or fields.encrypted:
        name = fields.codec.decode("ascii", "replace")
        what = "is encrypted inside WebM" if fields.encrypted else f"is in a format that is not supported: {name}"
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, f"The media {what}.", format=name)
    kind = StreamKind.AUDIO if type_ == 2 else StreamKind.VIDEO
    return WebmTrack(fields.number, replace(fields.config, kind=kind, codec=codec), fields.default_duration_ns / 1e9)


def _video_fields(data: bytes, video: ElementHead, config: StreamConfig) -> StreamConfig:
    for child in _children(data, video):
        if child.id == 0xB0:
            config = replace(config, width=_uint(data, child))
        elif child.id == 0xBA:
            config = replace(config, height=_uint(data, child))
        elif child.id == 0x55B0:
            values = {item.id: _uint(data, item) for item in _children(data, child) if item.size <= 8}
            colour = Colour(
                values.get(0x55BB, 2), values.get(0x55BA, 2), values.get(0x55B1, 2), values.get(0x55B9, 1) == 2
            )
            config = replace(config, colour=colour)
    return config


def _audio_fields(data: bytes, audio: ElementHead, config: StreamConfig) -> StreamConfig:
    for child in _children(data, audio):
        if child.id == 0xB5:
            config = replace(config, sample_rate=round(_float(data, child)))
        elif child.id == 0x9F:
            config = replace(config, channels=_uint(data, child))
    return config


def samples(init: WebmInit, source: ByteSource) -> Iterator[tuple[int, Sample]]:
    """The samples of one segment (Clusters) as they arrive: (track number, sample).

    A codec delay has been taken off the times, as an edit list does it in MP4. Raises ``MEDIA_DAMAGED``,
    ``MEDIA_UNSUPPORTED`` for laced blocks, and what ``source`` raises.
    """
    cluster = 0
    for element in _stream(source):
        if element.size > MAX_BLOCK_BYTES:
            raise damaged("a WebM block is too large")
        stop = element.body + element.size
        if source.wait(stop) < stop:
            raise damaged("the segment ends before its last sample")
        data = bytes(source.view(element.body, stop))
        with reading("a WebM block"):
            if element.id == _TIMESTAMP:
                cluster = int.from_bytes(data[:8], "big")
                continue
            found = _simple(data) if element.id == _SIMPLE_BLOCK else _grouped(data)
        if found is None or found.track not in init.tracks:
            continue
        track = init.tracks[found.track]
        time_s = (cluster + found.relative) * init.tick_s - track.config.codec_delay_s
        duration_s = track.default_duration_s if found.duration is None else found.duration * init.tick_s
        yield found.track, Sample(track.config.kind, time_s, time_s, duration_s, found.key, found.data)


def leading_init(source: ByteSource) -> bytes:
    """The bytes of a segment up to its first Cluster, for segments that bring their own initialisation."""
    place = 0
    while place < MAX_HEADER_BYTES and (available := source.wait(place + 12)) >= place + 2:
        with reading("a WebM element"):
            head = bytes(source.view(place, min(available, place + 12)))
            element = read_element(head, 0, len(head))
        if element.id == _CLUSTER:
            break
        place += element.body + (0 if element.id == _SEGMENT else max(0, element.size))
    if place > MAX_HEADER_BYTES or source.wait(place) < place:
        raise damaged("the initialisation is too large or cut short")
    return bytes(source.view(0, place))


def _stream(source: ByteSource) -> Iterator[ElementHead]:
    """The timestamps and blocks of all Clusters in a segment, and nothing else."""
    place = 0
    while (available := source.wait(place + 12)) >= place + 2:
        head = bytes(source.view(place, min(available, place + 12)))
        with reading("a WebM element"):
            element = read_element(head, 0, len(head))
        body = place + element.body
        if element.id in _MASTERS_TO_ENTER:
            place = body
            continue
        if element.size == UNKNOWN_SIZE:
            raise damaged("a WebM element has no size")
        if element.id in (_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP):
            yield ElementHead(element.id, body, element.size)
        place = body + element.size


class _Block(NamedTuple):
    track: int
    relative: int
    key: bool
    data: bytes
    duration: int | None


def _simple(data: bytes) -> _Block:
    track, place = read_number(data, 0, len(data), longest=2)
    relative, flags = struct.unpack_from(">hB", data, place)
    if flags & _LACING:
        raise MediaError(
            ErrorCode.MEDIA_UNSUPPORTED, "The media packs several samples into one block, which is not supported."
        )
    return _Block(track, relative, bool(flags & 0x80), data[place + 3 :], None)


def _grouped(data: bytes) -> _Block | None:
    block: _Block | None = None
    duration: int | None = None
    key = True
    for child in _children(data, ElementHead(_BLOCK_GROUP, 0, len(data))):
        if child.id == _BLOCK:
            block = _simple(data[child.body : child.body + child.size])
        elif child.id == _BLOCK_DURATION:
            duration = _uint(data, child)
        elif child.id == _REFERENCE:
            key = False
    return None if block is None else block._replace(key=key, duration=duration)
