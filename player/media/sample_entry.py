"""Sample entries of an stsd box: what a decoder and a decryptor must know (ISO/IEC 14496-12 8.5.2, 14496-15,
23001-7; Opus, FLAC, AV1 and VP9 in ISOBMFF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from drm_client.boxes import parse_children
from drm_client.mp4_protection import TrackEncryption, parse_sinf
from player.base.errors import ErrorCode, MediaError
from player.media import aac, ac3, nal
from player.media.boxes import Box, damaged, find, reading, unsupported_format, walk
from player.media.model import Codec, Colour, StreamConfig, StreamKind

_VISUAL_FIELDS = 78
_AUDIO_FIELDS = 28
_TEXT_FIELDS = 8

_NAL_ENTRIES = {
    b"avc1": b"avcC",
    b"avc3": b"avcC",
    b"dvav": b"avcC",
    b"dva1": b"avcC",
    b"hvc1": b"hvcC",
    b"hev1": b"hvcC",
    b"dvh1": b"hvcC",
    b"dvhe": b"hvcC",
}
_PROTECTED = (b"encv", b"enca", b"enct")
_ESDS_CODECS = {
    0x40: Codec.AAC,
    0x66: Codec.AAC,
    0x67: Codec.AAC,
    0x68: Codec.AAC,
    0x69: Codec.MP3,
    0x6B: Codec.MP3,
    0xA5: Codec.AC3,
    0xA6: Codec.EAC3,
}
_OPUS_RATE = 48000
_OPUS_PREROLL_S = 0.08


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One sample entry. ``nal`` is None for codecs without NAL units, ``encryption`` where the entry is clear."""

    format: str
    config: StreamConfig
    nal: nal.NalConfig | None = None
    encryption: TrackEncryption | None = None


def parse_sample_entry(data: bytes, box: Box, handler: bytes) -> SampleEntry:
    """Read one child of stsd; ``handler`` is the track's handler type.

    Raises ``MEDIA_UNSUPPORTED`` for a codec we do not know and ``MEDIA_DAMAGED``.
    """
    with reading("a sample entry"):
        if handler == b"vide":
            return _video(data, box)
        if handler == b"soun":
            return _audio(data, box)
        return _text(data, box)


def _protection(data: bytes, box: Box, fields: int) -> tuple[bytes, TrackEncryption | None]:
    """The entry's own format behind ``sinf`` (23001-7 4.2), and the track's encryption defaults."""
    if box.type not in _PROTECTED:
        return box.type, None
    for child in walk(data, box.body + fields, box.end):
        if child.type != b"sinf":
            continue
        original, encryption = parse_sinf(data, parse_children(data, child.start, child.end)[0])
        if encryption is not None:
            return original, encryption
    raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "The media is protected in a way that is not Common Encryption.")


def _video(data: bytes, box: Box) -> SampleEntry:
    if box.body + _VISUAL_FIELDS > box.end:
        raise damaged("a video sample entry is cut short")
    format_, encryption = _protection(data, box, _VISUAL_FIELDS)
    width, height = struct.unpack_from(">HH", data, box.body + 24)
    children = {child.type: data[child.body : child.end] for child in walk(data, box.body + _VISUAL_FIELDS, box.end)}
    colour = _nclx(children.get(b"colr", b""))
    nal_config: nal.NalConfig | None = None
    private = b""
    if format_ in _NAL_ENTRIES:
        record = _required(children, _NAL_ENTRIES[format_])
        nal_config = nal.parse_avcc(record) if _NAL_ENTRIES[format_] == b"avcC" else nal.parse_hvcc(record)
        codec = nal_config.codec
    elif format_ == b"av01":
        codec, private = Codec.AV1, _required(children, b"av1C")
    elif format_ in (b"vp09", b"vp08"):
        codec = Codec.VP9 if format_ == b"vp09" else Codec.VP8
        colour = colour or _vpcc_colour(children.get(b"vpcC", b""))
    else:
        raise _unsupported("video", format_)
    config = StreamConfig(StreamKind.VIDEO, codec, private, width=width, height=height, colour=colour)
    return SampleEntry(_text_of(format_), config, nal_config, encryption)


def _nclx(colr: bytes) -> Colour | None:
    if len(colr) < 11 or colr[:4] != b"nclx":
        return None
    primaries, transfer, matrix = struct.unpack_from(">HHH", colr, 4)
    return Colour(primaries, transfer, matrix, bool(colr[10] & 0x80))


def _vpcc_colour(vpcc: bytes) -> Colour | None:
    """Colour of a VPCodecConfigurationBox (version 1)."""
    if len(vpcc) < 10 or vpcc[0] != 1:
        return None
    return Colour(vpcc[7], vpcc[8], vpcc[9], bool(vpcc[6] & 1))


def _audio(data: bytes, box: Box) -> SampleEntry:
    if box.body + _AUDIO_FIELDS > box.end:
        raise damaged("an audio sample entry is cut short")
    version, channels, rate = struct.unpack_from(">H6xH6xI", data, box.body + 8)
    fields = _AUDIO_FIELDS + _quicktime_extra(data, box, version)
    format_, encryption = _protection(data, box, fields)
    children = {child.type: data[child.body : child.end] for child in walk(data, box.body + fields, box.end)}
    if b"wave" in children and b"esds" not in children:
        wave = children[b"wave"]
        children |= {child.type: wave[child.body : child.end] for child in walk(wave, 0, len(wave))}
    config = _audio_config(format_, children, rate >> 16, channels)
    return SampleEntry(_text_of(format_), config, None, encryption)


def _quicktime_extra(data: bytes, box: Box, version: int) -> int:
    """Bytes that a QuickTime version 1 or 2 sound description has before its children; an ISO entry has none."""
    extra = {1: 16, 2: 36}.get(version, 0)
    at = box.body + _AUDIO_FIELDS
    first_is_box = at + 8 <= box.end and data[at + 4 : at + 8].isalnum()
    return 0 if first_is_box else extra


def _audio_config(format_: bytes, children: dict[bytes, bytes], rate: int, channels: int) -> StreamConfig:
    if format_ == b"mp4a":
        return _mp4a(_required(children, b"esds"), rate, channels)
    if format_ in (b"ac-3", b"ec-3"):
        return _dolby(format_, children, rate, channels)
    if format_ == b"Opus":
        return _opus(_required(children, b"dOps"))
    if format_ == b"fLaC":
        return _flac(_required(children, b"dfLa"), rate, channels)
    if format_ == b".mp3":
        return StreamConfig(StreamKind.AUDIO, Codec.MP3, sample_rate=rate, channels=channels)
    raise _unsupported("audio", format_)


def _mp4a(esds: bytes, rate: int, channels: int) -> StreamConfig:
    """ES_Descriptor > DecoderConfigDescriptor > DecoderSpecificInfo (14496-1 7.2.6)."""
    kind, private = _decoder_config(esds[4:])
    codec = _ESDS_CODECS.get(kind)
    if codec is None:
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, f"Audio of MPEG-4 object type {kind:#x} is not supported.")
    if codec is Codec.AAC:
        if not private:
            raise damaged("the AAC configuration is missing")
        asc = aac.parse_asc(private)
        return StreamConfig(
            StreamKind.AUDIO, codec, private, sample_rate=asc.output_rate, channels=asc.channels or channels
        )
    return StreamConfig(StreamKind.AUDIO, codec, sample_rate=rate, channels=channels)


def _decoder_config(descriptors: bytes) -> tuple[int, bytes]:
    """objectTypeIndication and the DecoderSpecificInfo; empty where there is none."""
    kind, private = 0, b""
    place = 0
    for _ in range(16):
        if place + 2 > len(descriptors):
            break
        tag, length, place = _descriptor(descriptors, place)
        if tag == 3:
            flags = descriptors[place + 2]
            place += 3 + (2 if flags & 0x80 else 0)
            if flags & 0x40:
                place += 1 + descriptors[place]
            place += 2 if flags & 0x20 else 0
        elif tag == 4:
            kind = descriptors[place]
            place += 13
        elif tag == 5:
            private = descriptors[place : place + length]
            break
        else:
            place += length
    return kind, private


def _descriptor(data: bytes, place: int) -> tuple[int, int, int]:
    """Tag, length and payload position of the descriptor at ``place``; the length has up to four 7-bit groups."""
    tag, length = data[place], 0
    place += 1
    for _ in range(4):
        byte = data[place]
        place += 1
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    return tag, length, place


def _dolby(format_: bytes, children: dict[bytes, bytes], rate: int, channels: int) -> StreamConfig:
    """AC3SpecificBox and EC3SpecificBox (ETSI TS 102 366 annex F)."""
    if format_ == b"ac-3":
        codec, bits = Codec.AC3, int.from_bytes(children.get(b"dac3", b"")[:3].ljust(3, b"\0"), "big")
        known, fscod, acmod, lfe = b"dac3" in children, bits >> 22, bits >> 11 & 7, bits >> 10 & 1
    else:
        codec, bits = Codec.EAC3, int.from_bytes(children.get(b"dec3", b"")[:5].ljust(5, b"\0"), "big")
        known, fscod, acmod, lfe = b"dec3" in children, bits >> 22 & 3, bits >> 9 & 7, bits >> 8 & 1
    if known:
        channels = ac3.CHANNELS[acmod] + lfe
        rate = ac3.SAMPLE_RATES[fscod] if fscod < len(ac3.SAMPLE_RATES) else rate
    return StreamConfig(StreamKind.AUDIO, codec, sample_rate=rate, channels=channels)


def _opus(dops: bytes) -> StreamConfig:
    """OpusSpecificBox to OpusHead (RFC 7845 5.1), whose numbers are little-endian and whose version is 1."""
    channels, preskip, rate, gain, family = struct.unpack_from(">xBHIhB", dops)
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, channels, preskip, rate, gain, family)
    if family:
        mapping = dops[11 : 13 + channels]
        if len(mapping) != 2 + channels:
            raise damaged("the Opus channel mapping is cut short")
        head += mapping
    return StreamConfig(
        StreamKind.AUDIO,
        Codec.OPUS,
        head,
        sample_rate=_OPUS_RATE,
        channels=channels,
        codec_delay_s=preskip / _OPUS_RATE,
        seek_preroll_s=_OPUS_PREROLL_S,
    )


def _flac(dfla: bytes, rate: int, channels: int) -> StreamConfig:
    """FLACSpecificBox; STREAMINFO tells rates that do not fit the sample entry."""
    blocks = dfla[4:]
    if len(blocks) < 38 or blocks[0] & 0x7F != 0:
        raise damaged("the FLAC configuration has no STREAMINFO")
    packed = int.from_bytes(blocks[14:18], "big")
    return StreamConfig(
        StreamKind.AUDIO,
        Codec.FLAC,
        b"fLaC" + blocks,
        sample_rate=packed >> 12 or rate,
        channels=(packed >> 9 & 7) + 1 if packed else channels,
    )


def _text(data: bytes, box: Box) -> SampleEntry:
    format_, encryption = _protection(data, box, _TEXT_FIELDS)
    if format_ == b"stpp":
        config = StreamConfig(StreamKind.TEXT, Codec.TTML)
    elif format_ == b"wvtt":
        header = find(data, box.body + _TEXT_FIELDS, box.end, b"vttC")
        config = StreamConfig(StreamKind.TEXT, Codec.WEBVTT, data[header.body : header.end] if header else b"")
    else:
        raise _unsupported("text", format_)
    return SampleEntry(_text_of(format_), config, None, encryption)


def _required(children: dict[bytes, bytes], type_: bytes) -> bytes:
    body = children.get(type_)
    if body is None:
        raise damaged(f"the decoder configuration {type_.decode()} is missing")
    return body


def _text_of(format_: bytes) -> str:
    return format_.decode("ascii", "replace")


def _unsupported(kind: str, format_: bytes) -> MediaError:
    return unsupported_format(kind, "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in format_))
