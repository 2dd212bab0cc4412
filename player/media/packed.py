"""Packed audio segments (RFC 8216bis 3.1.3): bare ADTS, AC-3, E-AC-3 or MP3 frames behind an ID3 timestamp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from player.media import ac3
from player.media.aac import SAMPLES_PER_FRAME, parse_adts
from player.media.boxes import damaged
from player.media.id3 import synchsafe
from player.media.model import ByteSource, Codec, Sample, StreamConfig, StreamKind
from player.media.timestamps import TICKS_PER_SECOND, WRAP, TimestampUnwrapper

TIMESTAMP_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
MAX_ID3_BYTES = 4 << 20
HEAD_BYTES = 10

_MAX_JUNK_BYTES = 64 << 10
_ID3_FOOTER = 0x10


class AudioFrame(NamedTuple):
    """One coded frame: header and whole size in bytes, and what it says of the stream."""

    codec: Codec
    strip: int
    size: int
    samples: int
    sample_rate: int
    channels: int
    private: bytes = b""
    dependent: bool = False


@dataclass(slots=True)
class _SegmentCursor:
    """Where we are in the segment, and how much of it is there."""

    source: ByteSource
    place: int = 0

    def peek(self, length: int) -> bytes:
        """Up to ``length`` bytes from here; fewer only at the end."""
        available = self.source.wait(self.place + length)
        return bytes(self.source.view(self.place, min(available, self.place + length)))


def samples(
    source: ByteSource, timestamps: TimestampUnwrapper, *, fallback_start_s: float = 0.0
) -> Iterator[tuple[StreamConfig, Sample]]:
    """The frames of one segment as they arrive, each with the stream's description.

    Times count from the ID3 timestamp, or from ``fallback_start_s`` where there is none. AAC loses its ADTS
    headers. Raises ``MEDIA_DAMAGED`` where no frame can be found.
    """
    cursor = _SegmentCursor(source)
    start_s, codec = fallback_start_s, None
    config: StreamConfig | None = None
    elapsed = 0
    while head := cursor.peek(HEAD_BYTES):
        if head[:3] == b"ID3":
            ticks = _read_id3(cursor, head)
            if ticks is not None:
                start_s, elapsed = timestamps.unwrap(ticks) / TICKS_PER_SECOND, 0
            continue
        frame = parse_frame(head, codec)
        if frame is None:
            _resync(cursor, codec)
            continue
        size = frame.size + _dependent_bytes(cursor, frame)
        data = cursor.peek(size)
        if len(data) < size:
            return  # the last frame is cut short; a decoder could not use it
        codec = frame.codec
        if config is None:
            config = _config(frame)
        cursor.place += size
        time_s = start_s + elapsed / frame.sample_rate
        elapsed += frame.samples
        duration_s = frame.samples / frame.sample_rate
        yield config, Sample(StreamKind.AUDIO, time_s, time_s, duration_s, True, data[frame.strip :])
    if config is None:
        raise damaged("an audio segment holds no frames")


def _config(frame: AudioFrame) -> StreamConfig:
    return StreamConfig(
        StreamKind.AUDIO, frame.codec, frame.private, sample_rate=frame.sample_rate, channels=frame.channels
    )


def _resync(cursor: _SegmentCursor, codec: Codec | None) -> None:
    """Move to the next frame. Raises ``MEDIA_DAMAGED`` when there is none within reach."""
    window = cursor.peek(_MAX_JUNK_BYTES + HEAD_BYTES)
    for offset in range(1, len(window) - 6):
        if window[offset] in (0xFF, 0x0B) and parse_frame(window[offset : offset + HEAD_BYTES], codec) is not None:
            cursor.place += offset
            return
    if codec is None or len(window) > _MAX_JUNK_BYTES:
        raise damaged("an audio segment holds no frames")
    cursor.place += len(window)


def _dependent_bytes(cursor: _SegmentCursor, frame: AudioFrame) -> int:
    """E-AC-3: the dependent substreams behind an independent one belong to the same access unit."""
    if frame.codec is not Codec.EAC3:
        return 0
    extra = 0
    for _ in range(8):
        head = cursor.peek(frame.size + extra + HEAD_BYTES)[frame.size + extra :]
        following = parse_frame(head, Codec.EAC3)
        if following is None or not following.dependent:
            break
        extra += following.size
    return extra


def _read_id3(cursor: _SegmentCursor, head: bytes) -> int | None:
    """Pass over an ID3v2 tag; its transport stream timestamp (33 bits, 90 kHz) if it has one."""
    if len(head) < 10:
        raise damaged("an ID3 tag is cut short")
    size = 10 + synchsafe(head[6:10]) + (10 if head[5] & _ID3_FOOTER else 0)
    if size > MAX_ID3_BYTES:
        raise damaged("an ID3 tag is too large")
    tag = cursor.peek(size)
    if len(tag) < size:
        raise damaged("an ID3 tag is cut short")
    cursor.place += size
    return parse_id3_timestamp(tag)


def parse_id3_timestamp(tag: bytes) -> int | None:
    """The value of the PRIV frame ``com.apple.streaming.transportStreamTimestamp`` in an ID3v2 tag, or None."""
    version = tag[3] if len(tag) > 10 else 0
    place = 10
    while place + 10 <= len(tag) and tag[place]:
        raw = tag[place + 4 : place + 8]
        size = synchsafe(raw) if version >= 4 else int.from_bytes(raw, "big")
        body = tag[place + 10 : place + 10 + size]
        if tag[place : place + 4] == b"PRIV" and body.startswith(TIMESTAMP_OWNER):
            value = body[len(TIMESTAMP_OWNER) :]
            return int.from_bytes(value[:8], "big") % WRAP if len(value) >= 8 else None
        place += 10 + size
    return None


def parse_frame(head: bytes, codec: Codec | None = None) -> AudioFrame | None:
    """The frame that begins with ``head`` (10 bytes), or None. With ``codec`` only a frame of it counts."""
    frame = _adts_frame(head) or _dolby_frame(head) or _mpeg_frame(head)
    return frame if frame is not None and codec in (None, frame.codec) else None


def _adts_frame(head: bytes) -> AudioFrame | None:
    adts = parse_adts(head)
    if adts is None:
        return None
    blocks = (head[6] & 3) + 1
    return AudioFrame(
        Codec.AAC,
        adts.header_size,
        adts.frame_size,
        SAMPLES_PER_FRAME * blocks,
        adts.sample_rate,
        adts.channels,
        adts.asc,
    )


_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_EAC3_BLOCKS = (1, 2, 3, 6)
_BLOCK_SAMPLES = 256


def _dolby_frame(head: bytes) -> AudioFrame | None:
    """AC-3 and E-AC-3 sync frames (ETSI TS 102 366, 4.3 and E.1.3)."""
    if len(head) < 7 or head[0] != 0x0B or head[1] != 0x77:
        return None
    bsid = head[5] >> 3
    if bsid <= 10:
        return _ac3_frame(head)
    return _eac3_frame(head) if bsid <= 16 else None


def _ac3_frame(head: bytes) -> AudioFrame | None:
    rate_code, size_code = head[4] >> 6, head[4] & 63
    if rate_code == 3 or size_code >= 2 * len(_AC3_KBPS):
        return None
    rate = ac3.SAMPLE_RATES[rate_code]
    words = _AC3_KBPS[size_code >> 1] * 96_000 // rate
    if rate == 44100:
        words += size_code & 1
    mode = head[6] >> 5
    skipped = (2 if mode & 1 and mode != 1 else 0) + (2 if mode & 4 else 0) + (2 if mode == 2 else 0)
    lfe = (head[6] << 8 | (head[7] if len(head) > 7 else 0)) >> (12 - skipped) & 1
    return AudioFrame(Codec.AC3, 0, words * 2, 6 * _BLOCK_SAMPLES, rate, ac3.CHANNELS[mode] + lfe)


def _eac3_frame(head: bytes) -> AudioFrame | None:
    size = (((head[2] & 7) << 8 | head[3]) + 1) * 2
    rate_code, blocks_code = head[4] >> 6, head[4] >> 4 & 3
    if rate_code == 3:
        if blocks_code == 3:
            return None
        rate, blocks = ac3.SAMPLE_RATES[blocks_code] // 2, 6
    else:
        rate, blocks = ac3.SAMPLE_RATES[rate_code], _EAC3_BLOCKS[blocks_code]
    channels = ac3.CHANNELS[head[4] >> 1 & 7] + (head[4] & 1)
    dependent = head[2] >> 6 == 1
    return AudioFrame(Codec.EAC3, 0, size, blocks * _BLOCK_SAMPLES, rate, channels, dependent=dependent)


_MPEG_RATES = (44100, 48000, 32000)
_LAYER2_KBPS = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_RATE_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _mpeg_frame(head: bytes) -> AudioFrame | None:
    """MPEG-1/2/2.5 audio, layers II and III (ISO/IEC 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate_code, rate_code = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in (2, 3) or bitrate_code in (0, 15) or rate_code == 3:
        return None
    mpeg1 = version == 3
    rate = _MPEG_RATES[rate_code] >> {3: 0, 2: 1, 0: 2}[version]
    table = (_LAYER2_KBPS if layer == 2 else _LAYER3_KBPS) if mpeg1 else _LOW_RATE_KBPS
    count = 1152 if mpeg1 or layer == 2 else 576
    size = count // 8 * table[bitrate_code] * 1000 // rate + (head[2] >> 1 & 1)
    return AudioFrame(Codec.MP3, 0, size, count, rate, 1 if head[3] >> 6 == 3 else 2)
