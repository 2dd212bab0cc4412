"""Splice information (ANSI/SCTE 35): what a cue says, from its binary form (clause 9).

It is read and shown; nothing acts on it yet. Remote input: every length is checked, what does not fit is refused as a
whole with a sentence.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace

PTS_HZ = 90_000
_MAX_BYTES = 4096 + 3  # section_length has twelve bits
_TABLE_ID = 0xFC
_CUEI = b"CUEI"
_COMMANDS = {0: "splice_null", 4: "splice_schedule", 5: "splice_insert", 6: "time_signal", 7: "bandwidth_reservation"}
_DESCRIPTORS = {0: "avail", 1: "dtmf", 2: "segmentation", 3: "time", 4: "audio"}


@dataclass(frozen=True, slots=True)
class SpliceDescriptor:
    """A splice_descriptor (10.3). Of a segmentation the identity, the type, the length in seconds and the UPID."""

    kind: str
    event_id: int | None = None
    type_id: int | None = None
    duration_s: float | None = None
    upid_type: int | None = None
    upid: str = ""  # in hex
    cancelled: bool = False
    number: tuple[int, int] | None = None  # segment_num of segments_expected


@dataclass(frozen=True, slots=True)
class Splice:
    """One splice_info_section. ``time_s`` is the splice's PTS with its adjustment, None for an immediate one."""

    command: str
    time_s: float | None = None
    event_id: int | None = None
    out_of_network: bool | None = None
    duration_s: float | None = None
    auto_return: bool | None = None
    cancelled: bool = False
    encrypted: bool = False
    descriptors: tuple[SpliceDescriptor, ...] = field(default=())


class SpliceError(ValueError):
    """Data that is no splice information; its text says why."""


class _SectionBits:
    """Reads a section bit by bit. Raises :class:`SpliceError` past its end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise SpliceError("the section ends too early")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        return bool(self.take(1))

    def octets(self, count: int) -> bytes:
        return self.take(count * 8).to_bytes(count, "big")


def of_text(text: str) -> Splice:
    """From base64, or hexadecimal with 0x before it, as manifests write it. Raises :class:`SpliceError`."""
    digits = "".join(text.split())
    if len(digits) > 4 * _MAX_BYTES:
        raise SpliceError("the section is too long")
    try:
        if digits[:2] in ("0x", "0X"):
            return of_bytes(bytes.fromhex(digits[2:]))
        return of_bytes(base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True))
    except (ValueError, binascii.Error) as error:
        if isinstance(error, SpliceError):
            raise
        raise SpliceError("neither base64 nor hexadecimal") from None


def of_bytes(data: bytes) -> Splice:
    """A splice_info_section (9.6). Raises :class:`SpliceError`."""
    if len(data) < 15 or data[0] != _TABLE_ID:
        raise SpliceError("not a splice_info_section")
    length = int.from_bytes(data[1:3], "big") & 0xFFF
    if length > len(data) - 3:
        raise SpliceError("the section ends too early")
    bits = _SectionBits(data[3 : 3 + length])
    bits.take(8)  # protocol_version
    encrypted = bits.flag()
    bits.take(6)
    adjustment = bits.take(33)
    bits.take(8 + 12)  # cw_index, tier
    command_length, kind = bits.take(12), bits.take(8)
    name = _COMMANDS.get(kind, f"command_{kind}")
    if encrypted:
        return Splice(name, encrypted=True)
    splice = Splice(name)
    if kind == 5:
        splice = _insert(bits, adjustment)
    elif kind == 6:
        splice = Splice(name, _splice_time(bits, adjustment))
    elif command_length != 0xFFF:
        bits.octets(command_length)
    else:
        return splice
    return replace(splice, descriptors=_descriptors(bits))


def _splice_time(bits: _SectionBits, adjustment: int) -> float | None:
    """splice_time() (9.8.1)."""
    if not bits.flag():
        bits.take(7)
        return None
    bits.take(6)
    return ((bits.take(33) + adjustment) % (1 << 33)) / PTS_HZ


def _insert(bits: _SectionBits, adjustment: int) -> Splice:
    """splice_insert() (9.7.3)."""
    event_id, cancelled = bits.take(32), bits.flag()
    bits.take(7)
    if cancelled:
        return Splice("splice_insert", event_id=event_id, cancelled=True)
    out, program, timed, immediate = bits.flag(), bits.flag(), bits.flag(), bits.flag()
    bits.take(4)
    time_s = None
    if program and not immediate:
        time_s = _splice_time(bits, adjustment)
    if not program:
        for _ in range(bits.take(8)):
            bits.take(8)
            found = None if immediate else _splice_time(bits, adjustment)
            time_s = time_s if time_s is not None else found
    duration_s, auto_return = None, None
    if timed:
        auto_return = bits.flag()
        bits.take(6)
        duration_s = bits.take(33) / PTS_HZ
    bits.take(16 + 8 + 8)  # unique_program_id, avail_num, avails_expected
    return Splice("splice_insert", time_s, event_id, out, duration_s, auto_return)


def _descriptors(bits: _SectionBits) -> tuple[SpliceDescriptor, ...]:
    found = []
    left = bits.take(16)
    while left >= 6:
        tag, length = bits.take(8), bits.take(8)
        body = bits.octets(length)
        left -= 2 + length
        kind = _DESCRIPTORS.get(tag, f"descriptor_{tag}") if body[:4] == _CUEI else "private"
        found.append(_segmentation(body[4:]) if kind == "segmentation" else SpliceDescriptor(kind))
    return tuple(found)


def _segmentation(data: bytes) -> SpliceDescriptor:
    """segmentation_descriptor() (10.3.3)."""
    bits = _SectionBits(data)
    event_id, cancelled = bits.take(32), bits.flag()
    bits.take(7)
    if cancelled:
        return SpliceDescriptor("segmentation", event_id, cancelled=True)
    program, timed = bits.flag(), bits.flag()
    bits.take(6)
    if not program:
        bits.octets(6 * bits.take(8))
    duration_s = bits.take(40) / PTS_HZ if timed else None
    upid_type, upid_length = bits.take(8), bits.take(8)
    upid = bits.octets(upid_length).hex()
    type_id, number = bits.take(8), (bits.take(8), bits.take(8))
    return SpliceDescriptor("segmentation", event_id, type_id, duration_s, upid_type, upid, number=number)
