"""Fragmented MP4 as it comes out of a pipe: an initialisation segment, then fragments of one track. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from backend_stub.boxes import BoxError, boxes
from backend_stub.encoding.boxes import Init, read_fragment, read_init

_MOST_BYTES = 64 << 20  # of one box
_AVC_FIELDS, _STSD_HEADER = 78, 8
_STSD = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_AAC_LC = "mp4a.40.2"


@dataclass(frozen=True, slots=True)
class InitSegment:
    """``ftyp`` and ``moov``, with the codec as RFC 6381 names it."""

    data: bytes = field(repr=False)
    read: Init
    codecs: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """``moof`` and ``mdat``: one CMAF chunk. Times are seconds on the encoder's timeline."""

    data: bytes = field(repr=False)
    start_s: float
    duration_s: float
    independent: bool

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


class FragmentReader:
    """Cuts a stream into an :class:`InitSegment` and its fragments."""

    def __init__(self) -> None:
        self._left = bytearray()
        self._held = bytearray()  # boxes that wait for the one that completes them
        self._init: Init | None = None

    def feed(self, data: bytes) -> list[InitSegment | Fragment]:
        """What became whole with these bytes. Raises :class:`BoxError` for what is no such stream."""
        self._left += data
        found: list[InitSegment | Fragment] = []
        while len(self._left) >= 8:
            size, kind = int.from_bytes(self._left[:4]), bytes(self._left[4:8])
            if not 8 <= size <= _MOST_BYTES:
                raise BoxError(f"a box {kind!r} of {size} bytes")
            if len(self._left) < size:
                break
            box = bytes(self._left[:size])
            del self._left[:size]
            if kind in {b"ftyp", b"moof"}:
                self._held = bytearray(box)
            elif kind in {b"moov", b"mdat"}:
                found.append(self._whole(bytes(self._held) + box, kind))
                self._held.clear()
        return found

    def _whole(self, data: bytes, kind: bytes) -> InitSegment | Fragment:
        if kind == b"moov":
            self._init = read_init(data)
            return InitSegment(data, self._init, _codecs(data))
        if self._init is None or not data.startswith(b"moof", 4):
            raise BoxError("media data without its boxes")
        found, scale = read_fragment(data, self._init), self._init.timescale
        return Fragment(
            data,
            float(Fraction(found.start, scale)),
            float(Fraction(found.duration, scale)),
            found.starts_with_sync,
        )


def _codecs(init: bytes) -> str:
    body = memoryview(init)
    for name in _STSD:
        body = _child(body, name)
    kind, entry = next(boxes(body[_STSD_HEADER:]))
    if kind != b"avc1":
        return _AAC_LC
    profile, compatibility, level = _child(entry[_AVC_FIELDS:], b"avcC")[1:4]
    return f"avc1.{profile:02x}{compatibility:02x}{level:02x}"


def _child(data: memoryview, name: bytes) -> memoryview:
    for kind, body in boxes(data):
        if kind == name:
            return body
    raise BoxError(f"box {name!r} is missing")
