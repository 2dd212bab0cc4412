"""MPEG-2 transport stream segments (RFC 8216bis 3.1.1), read whole through PyAV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from player.base.errors import ErrorCode, MediaError
from player.media.aac import parse_adts
from player.media.boxes import damaged
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


@dataclass(slots=True)
class TsContents:
    """One segment: the description of each kind of stream in it, and all samples in decode order."""

    configs: dict[StreamKind, StreamConfig] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class _Stream:
    config: StreamConfig
    packets: list[tuple[int, int, int, bool, bytes]] = field(default_factory=list)


def whole(source: ByteSource) -> bytes | bytearray:
    """All bytes of a segment, once they are there."""
    return source.view(0, source.wait(MAX_SEGMENT_BYTES))


def read_segment(data: bytes | bytearray, timestamps: TimestampUnwrapper) -> TsContents:
    """The first video and the first audio stream of a segment.

    Video stays in Annex B as it is; AAC loses its ADTS headers, which become the AudioSpecificConfig. Raises
    ``MEDIA_DAMAGED`` for bytes that are no transport stream, ``MEDIA_UNSUPPORTED`` where no stream has a known codec.
    """
    import av  # PyAV takes 50 ms to load, and only transport streams need it

    streams: dict[int, _Stream] = {}
    options = {"probesize": str(max(len(data), 32)), "correct_ts_overflow": "0"}
    try:
        with av.open(io.BytesIO(data), mode="r", format="mpegts", options=options) as container:
            chosen = _choose(container)
            for packet in container.demux(*chosen):
                if packet.size:
                    _take(packet, streams)
    except (av.error.FFmpegError, ValueError) as error:
        raise damaged("a transport stream segment cannot be read") from error
    contents = TsContents()
    for stream in streams.values():
        if stream.packets:
            contents.configs[stream.config.kind] = stream.config
            contents.samples += _samples(stream, timestamps)
    contents.samples.sort(key=lambda sample: sample.dts_s)
    return contents


def _choose(container: Any) -> list[Any]:  # noqa: ANN401  (an av.container.InputContainer, which is loaded lazily)
    """The first stream of each kind whose codec is known."""
    chosen: dict[str, Any] = {}
    unknown = ""
    for stream in container.streams:
        if stream.type not in ("video", "audio"):
            continue
        name = stream.codec_context.name if stream.codec_context is not None else "unknown"
        if name in _CODECS:
            chosen.setdefault(stream.type, stream)
        else:
            unknown = name
    if not chosen:
        if unknown:
            raise MediaError(
                ErrorCode.MEDIA_UNSUPPORTED, f"The media is in a format that is not known here: {unknown}."
            )
        raise damaged("a transport stream segment holds neither video nor audio")
    return list(chosen.values())


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
        stream = streams[packet.stream.index] = _Stream(_config(packet.stream, adts.asc if adts else b""))
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


def _samples(stream: _Stream, timestamps: TimestampUnwrapper) -> Iterator[Sample]:
    kind = stream.config.kind
    packets = stream.packets
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
        )


def looks_like_ts(head: bytes) -> bool:
    """Whether ``head`` begins like a transport stream: sync bytes 188 apart."""
    return len(head) > 0 and all(head[place] == 0x47 for place in range(0, min(len(head), 4 * _PACKET_BYTES), 188))
