"""Silent frames, to fill a hole in the sound: libmpv does not fill it, and would play out of step for seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from player.media.aac import SAMPLES_PER_FRAME, parse_asc
from player.media.model import Codec, Sample, StreamConfig, StreamKind

_SINGLE, _PAIR, _LOW_FREQUENCY = "single", "pair", "low frequency"
_ELEMENT_IDS = {_SINGLE: 0, _PAIR: 1, _LOW_FREQUENCY: 3}
_END_OF_FRAME = (7, 3)

# The syntactic elements of each channel configuration (ISO/IEC 14496-3, table 1.19), by the number of channels.
_ELEMENTS: dict[int, tuple[str, ...]] = {
    1: (_SINGLE,),
    2: (_PAIR,),
    3: (_SINGLE, _PAIR),
    4: (_SINGLE, _PAIR, _SINGLE),
    5: (_SINGLE, _PAIR, _PAIR),
    6: (_SINGLE, _PAIR, _PAIR, _LOW_FREQUENCY),
    7: (_SINGLE, _PAIR, _PAIR, _SINGLE, _LOW_FREQUENCY),
    8: (_SINGLE, _PAIR, _PAIR, _PAIR, _LOW_FREQUENCY),
}
_ENCODERS = {Codec.AC3: "ac3", Codec.EAC3: "eac3", Codec.OPUS: "libopus", Codec.MP3: "libmp3lame"}
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}


def silent_samples(config: StreamConfig, start_s: float, end_s: float) -> list[Sample]:
    """Silence from ``start_s`` until no later than ``end_s`` (seconds), in whole frames of ``config``'s codec.

    Empty where we can make no silence for it (FLAC, or channels without a usual layout).
    """
    frame = _frame(config.codec, config.private, config.sample_rate, config.channels)
    if frame is None:
        return []
    data, duration_s = frame
    count = max(0, math.floor((end_s - start_s) / duration_s + 1e-6))
    times = (start_s + number * duration_s for number in range(count))
    return [Sample(StreamKind.AUDIO, time_s, time_s, duration_s, True, data) for time_s in times]


@lru_cache(maxsize=16)
def _frame(codec: Codec, private: bytes, sample_rate: int, channels: int) -> tuple[bytes, float] | None:
    """One silent frame and its length in seconds."""
    if codec is Codec.AAC and private:
        asc = parse_asc(private)
        elements = _ELEMENTS.get(asc.channels or channels)
        return None if elements is None else (silent_aac(elements), SAMPLES_PER_FRAME / asc.sample_rate)
    if codec in _ENCODERS and channels in _LAYOUTS and sample_rate:
        return _encoded(_ENCODERS[codec], sample_rate, _LAYOUTS[channels])
    return None


def silent_aac(elements: Sequence[str]) -> bytes:
    """A raw_data_block (ISO/IEC 14496-3, 4.4.2.1) in which no channel has a single coded scale factor band."""
    bits: list[tuple[int, int]] = []
    for number, element in enumerate(elements):
        tag = sum(1 for earlier in elements[:number] if earlier == element)
        bits += [(_ELEMENT_IDS[element], 3), (tag, 4)]
        if element == _PAIR:
            bits += [(1, 1), *_ICS_INFO, (0, 2), *_channel(), *_channel()]
        else:
            bits += _channel(*_ICS_INFO)
    bits.append(_END_OF_FRAME)
    value = length = 0
    for field, width in bits:
        value, length = value << width | field, length + width
    padding = -length % 8
    return (value << padding).to_bytes((length + padding) // 8, "big")


# ics_reserved_bit, window_sequence (only long), window_shape, max_sfb = 0, predictor_data_present.
_ICS_INFO = ((0, 1), (0, 2), (0, 1), (0, 6), (0, 1))


def _channel(*ics_info: tuple[int, int]) -> list[tuple[int, int]]:
    """individual_channel_stream: a gain, then neither pulses, noise shaping nor gain control, and no spectrum."""
    return [(0, 8), *ics_info, (0, 1), (0, 1), (0, 1)]


def _encoded(encoder: str, sample_rate: int, layout: str) -> tuple[bytes, float] | None:
    """A frame of silence from FFmpeg's encoder; None where this build does not have it."""
    import av  # only for codecs whose silence we do not write ourselves

    rate = 48_000 if encoder == "libopus" else sample_rate
    try:
        context = av.CodecContext.create(encoder, "w")
        assert isinstance(context, av.AudioCodecContext)
        formats = context.codec.audio_formats
        context.sample_rate, context.layout = rate, layout
        context.format = formats[0] if formats else "fltp"
        context.open()
        size = context.frame_size or SAMPLES_PER_FRAME
        packets = []
        for number in range(4):  # an encoder's first frames hold its own delay
            frame = av.AudioFrame(format=context.format.name, layout=layout, samples=size)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = rate, number * size
            packets += context.encode(frame)
        packets += context.encode(None)
    except (av.error.FFmpegError, ValueError):
        return None
    full = [bytes(packet) for packet in packets if packet.size]
    return (full[min(2, len(full) - 1)], size / rate) if full else None
