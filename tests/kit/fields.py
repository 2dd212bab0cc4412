"""H.264 whose pictures are frames or pairs of fields (ITU-T H.264 7.3), grey and 32x32, in a transport stream."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction

import av

_MACROBLOCKS = 4  # of a frame; a field has half of them
_FIELD_TICKS = 1800  # of 90 kHz: 50 fields a second


class _Writer:
    def __init__(self) -> None:
        self._bits = ""

    def put(self, value: int, count: int) -> None:
        self._bits += f"{value:0{count}b}"

    def unsigned(self, *values: int) -> None:
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code

    def unit(self, head: int) -> bytes:
        """The NAL unit of what was put, with its start code."""
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        body = int(bits, 2).to_bytes(len(bits) // 8, "big")
        safe, zeros = bytearray(), 0
        for byte in body:
            if zeros == 2 and byte <= 3:
                safe.append(3)
                zeros = 0
            safe.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes([head]) + bytes(safe)


def _parameters() -> bytes:
    sequence = _Writer()
    sequence.put(77 << 16 | 40, 24)  # Main, level 4
    sequence.unsigned(0, 0, 2, 1)  # set 0, frame numbers of 4 bits, order as decoded, one reference
    sequence.put(0, 1)  # no gaps in frame numbers
    sequence.unsigned(1, 0)  # two macroblocks wide, one pair high
    sequence.put(0b001, 3)  # not frames only, no adaptive macroblocks, direct 8x8
    sequence.put(0, 2)  # no cropping, no VUI
    picture = _Writer()
    picture.unsigned(0, 0)
    picture.put(0, 2)
    picture.unsigned(0, 0, 0)
    picture.put(0, 3)
    picture.unsigned(0, 0, 0)
    picture.put(0, 3)
    return sequence.unit(0x67) + picture.unit(0x68)


def _slice(number: int, *, key: bool, intra: bool, parity: int | None) -> bytes:
    """A picture of one slice: a frame where ``parity`` is None, else a field."""
    out = _Writer()
    out.unsigned(0, 7 if intra else 5, 0)
    out.put(number % 16, 4)
    out.put(parity is not None, 1)
    if parity is not None:
        out.put(parity, 1)
    if key:
        out.unsigned(0)
    if not intra:
        out.put(0, 2)
    out.put(0, 2 if key else 1)
    out.unsigned(0)
    macroblocks = _MACROBLOCKS if parity is None else _MACROBLOCKS // 2
    if intra:
        for _ in range(macroblocks):
            out.unsigned(3, 0, 0)  # Intra 16x16 by mean, no residual
            out.put(1, 1)
    else:
        out.unsigned(macroblocks)  # all skipped
    return out.unit(0x65 if key else 0x41)


def transport_stream(pairs: Iterable[bool]) -> bytes:
    """25 frames a second, each a pair of fields where ``pairs`` says so; a packet holds one field or frame."""
    target = io.BytesIO()
    with av.open(target, "w", format="mpegts") as container:
        stream = container.add_stream("h264", rate=25)
        stream.width = stream.height = 32
        stream.time_base = Fraction(1, 90000)
        for number, pair in enumerate(pairs):
            for parity in (0, 1) if pair else (None,):
                key = number == 0 and parity != 1
                data = _slice(number, key=key, intra=number == 0, parity=parity)
                head = b"\0\0\0\1\x09\xf0" + (_parameters() if key else b"")
                packet = av.Packet(head + data)
                packet.stream = stream
                packet.pts = packet.dts = 90000 + (2 * number + (parity or 0)) * _FIELD_TICKS
                packet.time_base = stream.time_base
                packet.is_keyframe = key
                container.mux(packet)
    return target.getvalue()
