"""Whether an H.264 picture follows another one, or is the other field of its frame, by their frame numbers (ITU-T
H.264 7.3.3, 7.4.3). Pure."""

from __future__ import annotations

from typing import NamedTuple

from player.media.nal import annex_b_units

_SPS, _IDR, _SLICE = 7, 5, 1
_HIGH_PROFILES = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}
_SLICE_HEAD = 24  # bytes of a slice that hold more than is read of it
_SCALING_LISTS = 8  # twelve with 4:4:4


class Numbering(NamedTuple):
    """What a sequence parameter set says of frame numbers: how many bits they have, whether some may be left out, and
    whether a slice names its colour plane. ``fields``: a picture may be one field of a frame."""

    bits: int
    gaps: bool
    planes: bool
    fields: bool


class _SliceHead(NamedTuple):
    """What a picture's first slice says. ``parity``: 0 is a top field, 1 a bottom field, None a frame."""

    number: int
    reference: bool
    idr: bool
    parity: int | None


class _Bits:
    def __init__(self, data: bytes) -> None:
        data = data.replace(b"\0\0\3", b"\0\0")  # emulation prevention, 7.4.1
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("a unit ends too soon")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def unsigned(self) -> int:
        """An Exp-Golomb code, 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def numbering(picture: bytes) -> Numbering | None:
    """What the sequence parameter set before a keyframe says; None where there is none that can be read."""
    unit = next((each for each in annex_b_units(picture) if each and each[0] & 31 == _SPS), b"")
    try:
        return _numbering(unit[1:]) if unit else None
    except (ValueError, IndexError):
        return None


def _numbering(body: bytes) -> Numbering:
    bits = _Bits(body[3:])
    bits.unsigned()
    planes = False
    if body[0] in _HIGH_PROFILES:
        chroma = bits.unsigned()
        planes = chroma == 3 and bool(bits.take(1))
        bits.unsigned()
        bits.unsigned()
        bits.take(1)
        if bits.take(1):
            for number in range(_SCALING_LISTS if chroma != 3 else 12):
                if bits.take(1):
                    _pass_over_a_scaling_list(bits, 16 if number < 6 else 64)
    frame_bits = bits.unsigned() + 4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()
    gaps = bool(bits.take(1))
    for _ in range(2):  # width and height
        bits.unsigned()
    return Numbering(frame_bits, gaps, planes, not bits.take(1))


def _pass_over_a_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def follows(before: bytes, after: bytes, known: Numbering | None) -> bool:
    """Whether no reference picture is missing between two pictures that stand one behind the other; True also where
    that cannot be told. An IDR picture begins a new count."""
    if known is None or known.gaps:
        return True
    try:
        first, second = _head(before, known), _head(after, known)
    except (ValueError, IndexError):
        return True
    if first is None or second is None or second.idr:
        return True
    expected = (first.number + first.reference) % (1 << known.bits)
    return second.number == expected


def completes(first: bytes, second: bytes, known: Numbering) -> bool:
    """Whether two pictures, one behind the other, are the two fields of a frame. The first one opens a frame."""
    if not known.fields:
        return False
    try:
        one, other = _head(first, known), _head(second, known)
    except (ValueError, IndexError):
        return False
    if one is None or other is None or other.idr or one.parity is None or other.parity is None:
        return False
    return one.parity != other.parity and one.number == other.number


def _head(picture: bytes, known: Numbering) -> _SliceHead | None:
    unit = next((each for each in annex_b_units(picture) if each and each[0] & 31 in (_SLICE, _IDR)), None)
    if unit is None:
        return None
    bits = _Bits(unit[1:_SLICE_HEAD])
    for _ in range(3):  # first_mb_in_slice, slice_type, pic_parameter_set_id
        bits.unsigned()
    if known.planes:
        bits.take(2)
    number = bits.take(known.bits)
    parity = bits.take(1) if known.fields and bits.take(1) else None
    return _SliceHead(number, bool(unit[0] & 0x60), unit[0] & 31 == _IDR, parity)
