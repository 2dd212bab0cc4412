"""MPEG-2 transport stream segments (RFC 8216bis 3.1.1), read whole through PyAV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from player.media.aac import parse_adts
from player.media.boxes import damaged, unsupported_format
from player.media.h264_order import Numbering, completes, follows, numbering
from player.media.model import ByteSource, Codec, Sample, StreamConfig, StreamKind
from player.media.timestamps import TICKS_PER_SECOND, TimestampUnwrapper

if TYPE_CHECKING:
    from av.packet import Packet

MAX_SEGMENT_BYTES = 1 << 30
_PACKET_BYTES = 188
_CODECS = {
    "h264": Codec.H264,
    "hevc": Codec.HEVC,
    "aac": Codec.AAC,
    "ac3": Codec.AC3,
    "eac3": Codec.EAC3,
    "mp3": Codec.MP3,
    "mp2": Codec.MP3,
    "mp3float": Codec.MP3,
    "mp2float": Codec.MP3,
}
_TICK = Fraction(1, TICKS_PER_SECOND)
_STILL_TICKS = TICKS_PER_SECOND // 4  # where a picture stands longer, it is looked for what may be missing behind it


@dataclass(slots=True)
class TsContents:
    """One segment: the description of each kind of stream in it, and all samples in decode order. ``unsupported`` are
    the formats of kinds that are there in no known one."""

    configs: dict[StreamKind, StreamConfig] = field(default_factory=dict)
    unsupported: dict[StreamKind, str] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    audio_tracks: int = 0


@dataclass(slots=True)
class _Stream:
    config: StreamConfig
    pid: int
    packets: list[tuple[int, int, int, bool, bytes]] = field(default_factory=list)


def whole(source: ByteSource) -> bytes | bytearray:
    """All bytes of a segment, once they are there."""
    return source.view(0, source.wait(MAX_SEGMENT_BYTES))


def read_segment(data: bytes | bytearray, timestamps: TimestampUnwrapper, *, audio: int = 0) -> TsContents:
    """The first video stream of a segment, and the audio stream of number ``audio``.

    Video stays in Annex B as it is; AAC loses its ADTS headers, which become the AudioSpecificConfig. Raises
    ``MEDIA_DAMAGED`` for bytes that are no transport stream, ``MEDIA_UNSUPPORTED`` where no stream has a known codec.
    """
    import av  # PyAV takes 50 ms to load, and only transport streams need it

    streams: dict[int, _Stream] = {}
    options = {"probesize": str(max(len(data), 32)), "correct_ts_overflow": "0"}
    try:
        with av.open(io.BytesIO(data), mode="r", format="mpegts", options=options) as container:
            chosen, unsupported = _choose(container, audio)
            audio_tracks = sum(each.type == "audio" and _codec_name(each) in _CODECS for each in container.streams)
            for packet in container.demux(*chosen):
                if packet.size:
                    _take(packet, streams)
    except (av.error.FFmpegError, ValueError) as error:
        raise damaged("a transport stream segment cannot be read") from error
    contents = TsContents(unsupported=unsupported, audio_tracks=audio_tracks)
    for stream in streams.values():
        if stream.packets:
            _pair_fields(stream)
            contents.configs[stream.config.kind] = stream.config
            contents.samples += _samples(stream, timestamps, data)
    contents.samples.sort(key=lambda sample: sample.dts_s)
    return contents


def _choose(
    container: Any,  # noqa: ANN401  (an av.container.InputContainer, which is loaded lazily)
    audio: int = 0,
) -> tuple[list[Any], dict[StreamKind, str]]:
    """The first stream of each kind whose codec is known (of audio the one of that number), and the formats of the
    kinds that have none."""
    chosen: dict[str, Any] = {}
    unknown: dict[str, str] = {}
    before = audio
    for stream in container.streams:
        if stream.type not in ("video", "audio"):
            continue
        name = _codec_name(stream)
        if name in _CODECS and stream.type == "audio" and before > 0:
            before -= 1
        elif name in _CODECS:
            chosen.setdefault(stream.type, stream)
        else:
            unknown.setdefault(stream.type, name)
    if not chosen:
        if unknown:
            kind, name = next(iter(unknown.items()))
            raise unsupported_format(StreamKind(kind), name)
        raise damaged("a transport stream segment holds neither video nor audio")
    return list(chosen.values()), {StreamKind(kind): unknown[kind] for kind in unknown if kind not in chosen}


def _codec_name(stream: Any) -> str:  # noqa: ANN401
    return stream.codec_context.name if stream.codec_context is not None else "unknown"


def _take(packet: Packet[Any], streams: dict[int, _Stream]) -> None:
    """Keep one packet; where it has no time of its own it follows the one before."""
    data = bytes(packet)
    adts = None
    stream = streams.get(packet.stream.index)
    if packet.stream.codec_context.name == "aac":
        adts = parse_adts(data)
        if adts is None or adts.frame_size > len(data):
            return  # what is left of a frame that was cut at a segment's edge
        data = data[adts.header_size : adts.frame_size]
    if stream is None:
        stream = streams[packet.stream.index] = _Stream(
            _config(packet.stream, adts.asc if adts else b""), packet.stream.id
        )
    scale = (packet.time_base or _TICK) / _TICK
    duration = round((packet.duration or 0) * scale)
    pts, dts = packet.pts, packet.dts
    if pts is None:
        if not stream.packets:
            return
        previous = stream.packets[-1]
        dts_ticks = previous[1] + previous[2]
        pts_ticks = dts_ticks
    else:
        pts_ticks = round(pts * scale)
        dts_ticks = round((pts if dts is None else dts) * scale)
    stream.packets.append((pts_ticks, dts_ticks, duration, bool(packet.is_keyframe), data))


def _config(stream: Any, asc: bytes) -> StreamConfig:  # noqa: ANN401
    context = stream.codec_context
    codec = _CODECS[context.name]
    if stream.type == "video":
        return StreamConfig(StreamKind.VIDEO, codec, width=context.width, height=context.height)
    return StreamConfig(
        StreamKind.AUDIO, codec, asc, sample_rate=context.sample_rate or 0, channels=context.channels or 0
    )


def _pair_fields(stream: _Stream) -> None:
    """A frame that was sent as two fields is one sample, as in the other containers: FFmpeg gives each by itself."""
    known = _numbering(stream) if stream.config.codec is Codec.H264 else None
    if known is None or not known.fields:
        return
    frames = stream.packets[:1]
    whole_frame = False  # the last of the frames has both fields
    for after in stream.packets[1:]:
        pts, dts, duration, key, data = frames[-1]
        if not whole_frame and completes(data, after[4], known):
            frames[-1] = (pts, dts, duration + after[2], key, data + after[4])
            whole_frame = True
        else:
            frames.append(after)
            whole_frame = False
    stream.packets = frames


def _numbering(stream: _Stream) -> Numbering | None:
    return next((found for each in stream.packets if each[3] and (found := numbering(each[4]))), None)


def _samples(stream: _Stream, timestamps: TimestampUnwrapper, segment: bytes | bytearray) -> Iterator[Sample]:
    kind = stream.config.kind
    packets = stream.packets
    counters = counters_of(segment, stream.pid) if kind is StreamKind.VIDEO else None
    missing = _missing(stream, segment) if counters is not None else frozenset()
    for number, (pts, dts, given, key, data) in enumerate(packets):
        decode = timestamps.unwrap(dts)
        present = timestamps.unwrap(pts)
        following = packets[number + 1][1] if number + 1 < len(packets) else dts
        duration = given or following - dts
        yield Sample(
            kind,
            present / TICKS_PER_SECOND,
            decode / TICKS_PER_SECOND,
            max(0, duration) / TICKS_PER_SECOND,
            key,
            data,
            None if number in missing else counters,
        )


def _missing(stream: _Stream, segment: bytes | bytearray) -> AbstractSet[int]:
    """Before which of the pictures behind a long stretch of time something is missing, by the stream's own counts."""
    packets = stream.packets
    behind = [at for at in range(1, len(packets)) if packets[at][1] - packets[at - 1][1] > _STILL_TICKS]
    if not behind:
        return frozenset()
    if not counts_on(segment, stream.pid):
        return frozenset(behind)
    if stream.config.codec is not Codec.H264:
        return frozenset()
    known = _numbering(stream)
    return frozenset(at for at in behind if not follows(packets[at - 1][4], packets[at][4], known))


def looks_like_ts(head: bytes) -> bool:
    """Whether ``head`` begins like a transport stream: sync bytes 188 apart."""
    return len(head) > 0 and all(head[place] == 0x47 for place in range(0, min(len(head), 4 * _PACKET_BYTES), 188))


START_BYTES = 50 * _PACKET_BYTES
"""Of a segment: as many packets hold its first tables of programs, which encoders repeat every 0.1 to 0.5 s."""

_AUDIO_TYPES = {0x03, 0x04, 0x0F, 0x11, 0x81, 0x87, 0xC1, 0xC2, 0xCF, 0xD3}
_VIDEO_TYPES = {0x01, 0x02, 0x10, 0x1B, 0x20, 0x24, 0x27, 0x33, 0xDB, 0xEA}


def is_sound_only(head: bytes) -> bool | None:
    """Whether the program that ``head`` begins has sound and no picture, by its Program Map Table (ISO/IEC 13818-1
    2.4.4.8, stream types of table 2-34 and of ATSC A/52, and those of encrypted samples). None where no table is in
    ``head``, or where it names a stream whose kind its type does not tell."""
    kinds = set(streams(head).values())
    if not kinds:
        return None
    if kinds & _VIDEO_TYPES:
        return False
    return True if kinds <= _AUDIO_TYPES | _DATA_TYPES and kinds & _AUDIO_TYPES else None


_DATA_TYPES = {0x15, 0x86}  # ID3 metadata, SCTE 35


def positions(data: bytes | bytearray, pid: int) -> Iterator[int]:
    """Where the packets with this PID begin."""
    low, high = data[2::_PACKET_BYTES], data[1::_PACKET_BYTES]
    place = low.find(pid & 0xFF)
    while place >= 0:
        if high[place] & 0x1F == pid >> 8 and (place + 1) * _PACKET_BYTES <= len(data):
            yield place * _PACKET_BYTES
        place = low.find(pid & 0xFF, place + 1)


def payload(data: bytes, place: int) -> bytes:
    """What the packet at ``place`` carries behind its header."""
    control = data[place + 3] >> 4 & 3
    start = place + 4 + (1 + data[place + 4] if control & 2 else 0)
    return data[start : place + _PACKET_BYTES] if control & 1 and start < place + _PACKET_BYTES else b""


def counters_of(data: bytes | bytearray, pid: int) -> tuple[int, int] | None:
    """The continuity counters of the first and the last packet with this PID that carry something."""
    places = range(0, len(data) - _PACKET_BYTES + 1, _PACKET_BYTES)
    ends = [next((place for place in way if _carries(data, place, pid)), None) for way in (places, reversed(places))]
    first, last = ends
    return None if first is None or last is None else (data[first + 3] & 15, data[last + 3] & 15)


def counts_on(data: bytes | bytearray, pid: int) -> bool:
    """Whether the packets with this PID are whole and counted without a break (ISO/IEC 13818-1 2.4.3.3), and none
    allows any counter. A packet may come twice."""
    before: int | None = None
    for place in positions(data, pid):
        if not data[place + 3] & 0x10:
            continue
        counter = data[place + 3] & 15
        told = before is not None and allows_any_counter(data, place)
        if data[place + 1] & 0x80 or told or (before is not None and counter not in (before, (before + 1) & 15)):
            return False
        before = counter
    return True


def allows_any_counter(data: bytes | bytearray, place: int) -> bool:
    """Whether the packet at ``place`` has a discontinuity_indicator (2.4.3.5)."""
    return bool(data[place + 3] & 0x20 and data[place + 4] and data[place + 5] & 0x80)


def leads_to(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether no packet is missing between two segments, by the counters with which each begins and ends."""
    return after[0] == (before[1] + 1) & 15


def _carries(data: bytes | bytearray, place: int, pid: int) -> bool:
    return (data[place + 1] & 0x1F) << 8 | data[place + 2] == pid and bool(data[place + 3] & 0x10)


def _section(data: bytes, pid: int) -> bytes:
    """The first table section with this PID, from its table_id on; one that fits into a packet."""
    for place in positions(data, pid):
        body = payload(data, place)
        if data[place + 1] & 0x40 and body and len(body) > 1 + body[0] + 3:
            section = body[1 + body[0] :]
            return section[: 3 + (int.from_bytes(section[1:3], "big") & 0xFFF) - 4]
    return b""


def programmes(data: bytes) -> list[int]:
    """The PIDs of the Program Map Tables that the first Program Association Table names (ISO/IEC 13818-1 2.4.4.3)."""
    rows = _section(data, 0)[8:]
    places = [place for place in range(0, len(rows) - 3, 4) if rows[place : place + 2] != b"\0\0"]
    return [int.from_bytes(rows[place + 2 : place + 4], "big") & 0x1FFF for place in places]


def streams(data: bytes) -> dict[int, int]:
    """The PIDs of the first programme and their stream types (ISO/IEC 13818-1 2.4.4)."""
    tables = programmes(data)
    if not tables:
        return {}
    table = _section(data, tables[0])
    found: dict[int, int] = {}
    place = 12 + (int.from_bytes(table[10:12], "big") & 0xFFF)
    while place + 5 <= len(table):
        found[int.from_bytes(table[place + 1 : place + 3], "big") & 0x1FFF] = table[place]
        place += 5 + (int.from_bytes(table[place + 3 : place + 5], "big") & 0xFFF)
    return found
