"""Segments in memory for tests of ``player.media``: short encodes by PyAV, box builders, a source that trickles."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov"}


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as FFmpeg's own demuxer reads it."""

    pts_s: float
    dts_s: float
    key: bool
    size: int
    data: bytes


class TricklingSource:
    """A segment whose bytes arrive in chunks of the given sizes: each ``wait`` lets in only as many as it must."""

    def __init__(self, data: bytes, chunks: Sequence[int]) -> None:
        self._data = data
        self._chunks = [size for size in chunks if size > 0] or [1]
        self._next = 0
        self.arrived = 0

    def wait(self, length: int) -> int:
        while self.arrived < min(length, len(self._data)):
            self.arrived = min(len(self._data), self.arrived + self._chunks[self._next % len(self._chunks)])
            self._next += 1
        return self.arrived

    def view(self, start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= self.arrived, "read before it arrived"
        return self._data[start:stop]


def box(type_: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", 8 + len(body)) + type_ + body


def full_box(type_: bytes, version: int, flags: int, *bodies: bytes) -> bytes:
    return box(type_, struct.pack(">I", version << 24 | flags), *bodies)


def encode_video(
    codec: str, format_: str, *, frames: int = 30, options: dict[str, str] | None = None, size: int = 64
) -> bytes:
    """A clip of moving noise in ``codec``, muxed as ``format_`` (fragmented where that is MP4)."""
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (size, 4 * size, 3), np.uint8)
    with av.open(out, "w", format=format_, options=FRAGMENTED if format_ == "mp4" else {}) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {})
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = np.ascontiguousarray(noise[:, 2 * number % (3 * size) :][:, :size])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def encode_audio(
    codec: str, format_: str, *, seconds: float = 1.0, rate: int = 48_000, layout: str = "stereo"
) -> bytes:
    """A tone in ``codec``, muxed as ``format_`` (fragmented where that is MP4)."""
    out = io.BytesIO()
    with av.open(out, "w", format=format_, options=FRAGMENTED if format_ == "mp4" else {}) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        formats = stream.codec_context.codec.audio_formats
        stream.format = formats[0]
        resampler = av.AudioResampler(format=formats[0], layout=layout, rate=rate)
        channels = stream.codec_context.channels
        wave = np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 440 / rate).astype(np.float32) * 0.3
        for start in range(0, len(wave), 1024):
            part = np.tile(wave[start : start + 1024], channels).reshape(channels, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        container.mux(stream.encode())
    return out.getvalue()


def packets(data: bytes, kind: str = "video", format_: str | None = None) -> list[Packet]:
    """What FFmpeg's demuxer gives for the first stream of ``kind``."""
    with av.open(io.BytesIO(data), format=format_) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [
            Packet(
                float(packet.pts * packet.time_base) if packet.pts is not None else float("nan"),
                float(packet.dts * packet.time_base) if packet.dts is not None else float("nan"),
                bool(packet.is_keyframe),
                packet.size,
                bytes(packet),
            )
            for packet in container.demux(stream)
            if packet.size
        ]


def split_mp4(data: bytes) -> tuple[bytes, bytes]:
    """A fragmented MP4 as initialisation segment and media."""
    place = 0
    while data[place + 4 : place + 8] != b"moof":
        place += struct.unpack_from(">I", data, place)[0]
    return data[:place], data[place:]


def annex_b_units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B buffer with 4-byte start codes."""
    return [unit for unit in bytes(data).split(b"\0\0\0\1") if unit]


def length_prefixed_units(data: bytes, size: int = 4) -> list[bytes]:
    """The NAL units of a length-prefixed sample."""
    out, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + size], "big")
        out.append(data[place + size : place + size + length])
        place += size + length
    return out
