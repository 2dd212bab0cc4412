"""Fragmented MP4 by hand, for a packager that reads boxes and no pictures."""

from __future__ import annotations

import struct

TIMESCALE = 1000
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def init() -> bytes:
    """An initialisation segment of H.264, High profile at level 3.1."""
    avcc = box(b"avcC", bytes([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]))
    stsd = box(b"stsd", struct.pack(">II", 0, 1), box(b"avc1", bytes(78), avcc))
    mdhd = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, TIMESCALE, 0, 0))
    minf = box(b"minf", box(b"stbl", stsd))
    trak = box(b"trak", box(b"mdia", mdhd, minf))
    mvex = box(b"mvex", box(b"trex", struct.pack(">IIIIII", 0, 1, 1, 0, 0, 0)))
    return box(b"ftyp", b"iso6", bytes(4)) + box(b"moov", trak, mvex)


def fragment(start_s: float, duration_s: float, *, sync: bool = False, payload: bytes = bytes(20)) -> bytes:
    """One sample, in a chunk of its own."""
    flags = _SYNC if sync else _NOT_SYNC
    tfhd = box(b"tfhd", struct.pack(">II", 0x20000, 1))
    tfdt = box(b"tfdt", struct.pack(">IQ", 1 << 24, round(start_s * TIMESCALE)))
    row = struct.pack(">III", round(duration_s * TIMESCALE), len(payload), flags)
    trun = box(b"trun", struct.pack(">II", 0x700, 1), row)
    moof = box(b"moof", box(b"mfhd", struct.pack(">II", 0, 1)), box(b"traf", tfhd, tfdt, trun))
    return moof + box(b"mdat", payload)
