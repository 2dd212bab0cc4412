"""MPEG-2 transport stream packets (ISO/IEC 13818-1): taken apart, filled again, and their program tables
rewritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode

PACKET = 188
SYNC = 0x47
_HEADER = 4
_PCR = 0x10
_SERVICES, _NULL = 0x11, 0x1FFF


@dataclass(slots=True)
class TsPacket:
    """One packet: its four header bytes, adaptation field (with its length byte, empty where there is none) and
    payload."""

    header: bytes
    adaptation: bytes
    payload: bytes

    @property
    def pid(self) -> int:
        return (self.header[1] & 0x1F) << 8 | self.header[2]

    @property
    def starts_unit(self) -> bool:
        return bool(self.header[1] & 0x40)

    @property
    def has_clock(self) -> bool:
        """Whether it carries a program clock reference."""
        return len(self.adaptation) > 1 and bool(self.adaptation[1] & _PCR)

    def to_bytes(self, counter: int) -> bytes:
        """The packet with this continuity counter; the adaptation field pads a payload that does not fill it."""
        space = PACKET - _HEADER - len(self.adaptation) - len(self.payload)
        adaptation = self.adaptation
        if space > 0:
            adaptation = _padded(adaptation, space)
        control = (0x20 if adaptation else 0) | (0x10 if self.payload else 0)
        last = self.header[3] & 0xC0 | control | counter & 15
        return self.header[:3] + bytes([last]) + adaptation + self.payload


def _padded(adaptation: bytes, space: int) -> bytes:
    """An adaptation field that is ``space`` bytes longer."""
    if not adaptation:
        return b"\0" if space == 1 else bytes([space - 1, 0]) + b"\xff" * (space - 2)
    if len(adaptation) == 1:  # a length of zero, without flags
        return bytes([space, 0]) + b"\xff" * (space - 1)
    return bytes([adaptation[0] + space]) + adaptation[1:] + b"\xff" * space


def is_transport_stream(data: bytes | bytearray | memoryview) -> bool:
    """Whether ``data`` looks like whole packets."""
    return len(data) >= PACKET and all(data[at] == SYNC for at in range(0, min(len(data), 5 * PACKET), PACKET))


def parse_packets(data: bytes | bytearray) -> list[TsPacket]:
    """All packets. Raises :class:`DrmError` ``drm.decrypt_failed`` where one does not begin with the sync byte."""
    packets = []
    view = bytes(data)
    for at in range(0, len(view) - PACKET + 1, PACKET):
        if view[at] != SYNC:
            raise DrmError(DrmErrorCode.DECRYPT_FAILED, "The transport stream is damaged: a packet is out of step.")
        packets.append(_parse_packet(view[at : at + PACKET]))
    return packets


def _parse_packet(packet: bytes) -> TsPacket:
    body = _HEADER
    adaptation = b""
    if packet[3] & 0x20:
        body = min(_HEADER + 1 + packet[4], PACKET)
        adaptation = packet[_HEADER:body]
    return TsPacket(packet[:_HEADER], adaptation, packet[body:] if packet[3] & 0x10 else b"")


def join_packets(packets: Iterable[TsPacket]) -> bytearray:
    """The stream of ``packets``. Continuity counters count on from each PID's first packet."""
    stream = bytearray()
    counters: dict[int, int] = {}
    for packet in packets:
        pid = packet.pid
        if pid in counters:
            counters[pid] += 1 if packet.payload else 0
        else:
            counters[pid] = packet.header[3] & 15
        stream += packet.to_bytes(counters[pid])
    return stream


@dataclass(slots=True)
class Unit:
    """The packets of one PID from a unit's start to the next: a PES packet, or table sections."""

    packets: list[TsPacket] = field(default_factory=list)

    def content(self) -> bytes:
        return b"".join(packet.payload for packet in self.packets)

    def fill(self, content: bytes) -> None:
        """Replace the content by one that is not longer; packets at the end may be left without payload."""
        position = 0
        for packet in self.packets:
            size = len(packet.payload)
            packet.payload = content[position : position + size]
            position += size


def units(packets: Iterable[TsPacket], pid: int) -> list[Unit]:
    """The units of one PID. Packets before the first start belong to none."""
    found: list[Unit] = []
    for packet in packets:
        if packet.pid != pid or not packet.payload:
            continue
        if packet.starts_unit:
            found.append(Unit())
        if found:
            found[-1].packets.append(packet)
    return found


def pes_header_length(content: bytes) -> int:
    """Bytes before the payload of a PES packet, or the whole of what is no such packet."""
    if len(content) < 9 or content[:3] != b"\0\0\1":
        return len(content)
    return min(9 + content[8], len(content))


def resized_pes(header: bytes, payload: bytes, removed: int) -> bytes:
    """A PES packet from which ``removed`` payload bytes were taken; a stated length (not zero) is corrected."""
    length = int.from_bytes(header[4:6], "big")
    if length and removed:
        header = header[:4] + max(length - removed, 0).to_bytes(2, "big") + header[6:]
    return header + payload


@dataclass(frozen=True, slots=True)
class Section:
    """A program table section within a unit's content: where it starts and ends (behind its CRC)."""

    start: int
    end: int


def first_section(content: bytes, table_id: int) -> Section | None:
    """The first whole section, if it is of ``table_id`` and has the long form."""
    if not content:
        return None
    start = 1 + content[0]
    if len(content) < start + 12 or content[start] != table_id:
        return None
    end = start + 3 + (int.from_bytes(content[start + 1 : start + 3], "big") & 0x0FFF)
    return Section(start, end) if start + 12 <= end <= len(content) else None


def program_map_pids(packets: Iterable[TsPacket]) -> list[int]:
    """The PIDs of the program map tables by the program association table."""
    for unit in units(packets, 0):
        content = unit.content()
        section = first_section(content, 0x00)
        if section is not None:
            entries = [content[at : at + 4] for at in range(section.start + 8, section.end - 7, 4)]
            return [int.from_bytes(entry[2:], "big") & 0x1FFF for entry in entries if entry[:2] != b"\0\0"]
    return []


def starts_soundly(data: bytes) -> bool:
    """Whether the first packet of a transport stream is one that streams begin with: a program association or
    service description table whose CRC fits, or a null packet."""
    first = _parse_packet(data[:PACKET])
    if first.pid == _NULL:
        return True
    if first.pid not in (0, _SERVICES) or not first.payload:
        return False
    section = first_section(first.payload, 0x00 if first.pid == 0 else 0x42)
    return section is not None and crc32(first.payload[section.start : section.end]) == bytes(4)


def crc32(section: bytes) -> bytes:
    """The CRC at a section's end (ISO/IEC 13818-1, Annex A)."""
    value = 0xFFFFFFFF
    for byte in section:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if value & 0x80000000 else value << 1
    return value.to_bytes(4, "big")
