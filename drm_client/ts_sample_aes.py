"""HLS SAMPLE-AES in MPEG-2 transport streams: decrypts the elementary streams and gives the program map table back
the clear stream types, so that any reader takes the result."""

from __future__ import annotations

from drm_client.sample_aes import Frames, SampleAes, ac3_frames, adts_frames
from drm_client.ts_packets import (
    TsPacket,
    Unit,
    crc32,
    first_section,
    join_packets,
    parse_packets,
    pes_header_length,
    program_map_pids,
    resized_pes,
    units,
)

_H264 = 0xDB
_AUDIO: dict[int, Frames] = {0xCF: adts_frames, 0xC1: ac3_frames, 0xC2: ac3_frames}
_CLEAR_TYPES = {_H264: 0x1B, 0xCF: 0x0F, 0xC1: 0x81, 0xC2: 0x87}
_REGISTRATION, _PRIVATE_DATA_INDICATOR = 0x05, 0x0F
_MARKS = {
    _PRIVATE_DATA_INDICATOR: frozenset({b"zavc", b"aacd", b"ac3d", b"ec3d"}),
    _REGISTRATION: frozenset({b"apad"}),
}


def decrypt_transport_stream(data: bytes | bytearray, key: bytes, iv: bytes) -> bytearray:
    """The clear segment; streams that are not encrypted pass as they are.

    ``key`` and ``iv`` are 16 bytes. Raises :class:`DrmError` ``drm.decrypt_failed`` for what is no transport stream.
    """
    cipher = SampleAes(key, iv)
    packets = parse_packets(data)
    streams: dict[int, int] = {}
    for pid in program_map_pids(packets):
        for unit in units(packets, pid):
            streams |= _clear_program_map(unit)
    full = [bool(packet.payload) for packet in packets]
    for pid, stream_type in streams.items():
        if stream_type == _H264:
            _decrypt_video(cipher, units(packets, pid))
        else:
            _decrypt_audio(cipher, units(packets, pid), _AUDIO[stream_type])
    return join_packets(_without_emptied(packets, full))


def encrypted_streams(data: bytes | bytearray) -> dict[int, int]:
    """The SAMPLE-AES stream type of each encrypted PID of a segment."""
    packets = parse_packets(data)
    found: dict[int, int] = {}
    for pid in program_map_pids(packets):
        for unit in units(packets, pid):
            found |= _clear_program_map(unit)
    return found


def _without_emptied(packets: list[TsPacket], full: list[bool]) -> list[TsPacket]:
    """All packets but those that were ``full``, lost their payload and carry no clock."""
    pairs = zip(packets, full, strict=True)
    return [packet for packet, was_full in pairs if packet.payload or not was_full or packet.has_clock]


def _decrypt_video(cipher: SampleAes, pes_units: list[Unit]) -> None:
    """Decrypt access units, which become shorter: some packets have no payload any more."""
    for unit in pes_units:
        content = unit.content()
        header = pes_header_length(content)
        clear = cipher.h264(content[header:])
        unit.fill(resized_pes(content[:header], clear, len(content) - header - len(clear)))


def _decrypt_audio(cipher: SampleAes, pes_units: list[Unit], frames: Frames) -> None:
    """Frames may run from one PES packet into the next, so the stream is decrypted as a whole; its length stays."""
    contents = [unit.content() for unit in pes_units]
    headers = [pes_header_length(content) for content in contents]
    stream = bytearray().join([content[header:] for content, header in zip(contents, headers, strict=True)])
    cipher.audio(stream, frames)
    position = 0
    for unit, content, header in zip(pes_units, contents, headers, strict=True):
        size = len(content) - header
        unit.fill(content[:header] + stream[position : position + size])
        position += size


def _clear_program_map(unit: Unit) -> dict[int, int]:
    """Rewrite a program map table for clear streams; the encrypted PIDs with their stream types."""
    content = unit.content()
    section = first_section(content, 0x02)
    if section is None:
        return {}
    found: dict[int, int] = {}
    position = section.start + 12 + (int.from_bytes(content[section.start + 10 : section.start + 12], "big") & 0x0FFF)
    table = bytearray(content[section.start : position])
    while position + 5 <= section.end - 4:
        stream_type = content[position]
        length = int.from_bytes(content[position + 3 : position + 5], "big") & 0x0FFF
        descriptors = content[position + 5 : position + 5 + length]
        if stream_type in _CLEAR_TYPES:
            found[int.from_bytes(content[position + 1 : position + 3], "big") & 0x1FFF] = stream_type
            stream_type, descriptors = _CLEAR_TYPES[stream_type], _clear_descriptors(descriptors)
        table += bytes([stream_type]) + content[position + 1 : position + 3]
        table += (0xF000 | len(descriptors)).to_bytes(2, "big") + descriptors
        position += 5 + length
    if found:
        table[1:3] = (0xB000 | len(table) - 3 + 4).to_bytes(2, "big")
        rewritten = content[: section.start] + table + crc32(bytes(table))
        unit.fill(rewritten.ljust(len(content), b"\xff"))
    return found


def _clear_descriptors(descriptors: bytes) -> bytes:
    """Descriptors without those that mark encryption."""
    kept = bytearray()
    position = 0
    while position + 2 <= len(descriptors):
        end = position + 2 + descriptors[position + 1]
        mark = descriptors[position + 2 : position + 6]
        if mark not in _MARKS.get(descriptors[position], frozenset()):
            kept += descriptors[position:end]
        position = end
    return bytes(kept)
