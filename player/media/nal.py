"""H.264 and HEVC: parameter sets of avcC/hvcC, and length-prefixed samples to Annex B (ISO/IEC 14496-15)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from player.media.boxes import damaged, reading
from player.media.model import Codec

START_CODE = b"\0\0\0\1"

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_H264_SPS, _H264_AUD = 7, 9
_HEVC_SPS, _HEVC_AUD = 33, 35


@dataclass(frozen=True, slots=True)
class NalConfig:
    """How samples of a track hold NAL units. ``parameter_sets`` stand in Annex B, empty where all are in-band."""

    codec: Codec
    length_size: int
    parameter_sets: bytes = field(default=b"", repr=False)


def parse_avcc(body: bytes) -> NalConfig:
    """AVCDecoderConfigurationRecord (5.3.3.1). Raises ``MEDIA_DAMAGED``."""
    with reading("the H.264 configuration"):
        sets, place = _units(body, 6, body[5] & 31)
        more, _ = _units(body, place + 1, body[place]) if place < len(body) else (b"", place)
        return NalConfig(Codec.H264, (body[4] & 3) + 1, sets + more)


def parse_hvcc(body: bytes) -> NalConfig:
    """HEVCDecoderConfigurationRecord (8.3.3.1). Raises ``MEDIA_DAMAGED``."""
    with reading("the HEVC configuration"):
        sets = b""
        place = 23
        for _ in range(body[22]):
            count = _U16.unpack_from(body, place + 1)[0]
            units, place = _units(body, place + 3, count)
            sets += units
        return NalConfig(Codec.HEVC, (body[21] & 3) + 1, sets)


def _units(body: bytes, place: int, count: int) -> tuple[bytes, int]:
    """``count`` 16-bit length-prefixed units at ``place`` as Annex B, and the place after them."""
    out = b""
    for _ in range(count):
        length = _U16.unpack_from(body, place)[0]
        unit = body[place + 2 : place + 2 + length]
        if len(unit) != length:
            raise damaged("a parameter set is cut short")
        out += START_CODE + unit
        place += 2 + length
    return out, place


def annex_b_units(picture: bytes) -> Iterator[bytes]:
    """The NAL units of Annex B."""
    place = picture.find(b"\0\0\1")
    while place >= 0:
        after = picture.find(b"\0\0\1", place + 3)
        yield picture[place + 3 : after if after >= 0 else len(picture)]
        place = after


def to_annex_b(data: bytearray, config: NalConfig, *, key: bool) -> bytearray:
    """A length-prefixed sample as Annex B, with the parameter sets before a keyframe that brings none of its own.

    Works in place for 4-byte lengths, and ``data`` is then the result. Raises ``MEDIA_DAMAGED`` where a unit runs
    past the sample.
    """
    if config.length_size != 4:
        data = _widen(data, config.length_size)
    unpack, end, place = _U32.unpack_from, len(data), 0
    start_code = START_CODE
    while place + 4 <= end:
        length = unpack(data, place)[0]
        data[place : place + 4] = start_code
        place += 4 + length
    if place != end:
        raise damaged("a picture's NAL units do not add up to its size")
    if key and config.parameter_sets and not _has_sps(data, config.codec):
        place = _after_delimiter(data, config.codec)
        data[place:place] = config.parameter_sets
    return data


def _widen(data: bytearray, length_size: int) -> bytearray:
    """The sample with 4-byte lengths."""
    out = bytearray()
    place, end = 0, len(data)
    while place < end:
        length = int.from_bytes(data[place : place + length_size], "big")
        place += length_size
        if place + length > end:
            raise damaged("a picture's NAL units do not add up to its size")
        out += _U32.pack(length)
        out += data[place : place + length]
        place += length
    return out


def _unit_type(data: bytearray, place: int, codec: Codec) -> int:
    return data[place] & 31 if codec is Codec.H264 else data[place] >> 1 & 63


def _has_sps(data: bytearray, codec: Codec) -> bool:
    """Whether a sequence parameter set stands among the units before the first slice."""
    wanted = _H264_SPS if codec is Codec.H264 else _HEVC_SPS
    place = data.find(START_CODE, 0)
    while 0 <= place < len(data) - 4:
        type_ = _unit_type(data, place + 4, codec)
        if type_ == wanted:
            return True
        if (1 <= type_ <= 5) if codec is Codec.H264 else type_ < 32:
            return False
        place = data.find(START_CODE, place + 4)
    return False


def _after_delimiter(data: bytearray, codec: Codec) -> int:
    """Where parameter sets go: behind an access unit delimiter, which must stay first."""
    wanted = _H264_AUD if codec is Codec.H264 else _HEVC_AUD
    if len(data) > 4 and _unit_type(data, 4, codec) == wanted:
        after = data.find(START_CODE, 4)
        return after if after > 0 else len(data)
    return 0
