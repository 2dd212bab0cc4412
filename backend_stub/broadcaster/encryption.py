"""Common Encryption of fragmented MP4 by ``cbcs`` (ISO/IEC 23001-7, section 10.4): one track, whole fragments. Pure.

Video is encrypted by the pattern 1:9 in the slices of H.264, whose first bytes stay clear: slice headers lie in them.
Audio is encrypted whole but for what is left of its last block. The initialisation vector is constant for a key.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from backend_stub.boxes import CLEARKEY_SYSTEM, COMMON_SYSTEM, BoxError, boxes, pssh_box
from backend_stub.encoding.boxes import Init, sample_sizes
from backend_stub.services.content_keys import PlainKey

SCHEME = "cbcs"
_BLOCK = 16
_CRYPT, _SKIP = 1, 9  # blocks of the video pattern
_CLEAR_BYTES = 64  # at the start of a slice
_SLICES = frozenset({1, 5})
_MOST_CLEAR = 0xFFFF
_ENTRY_FIELDS = {b"avc1": (b"encv", 78), b"mp4a": (b"enca", 28)}
_STSD_HEADER = 8
_DATA_OFFSET = 0x1
_SUBSAMPLES = 0x2
_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl")

Subsample = tuple[int, int]  # clear and protected bytes


@dataclass(frozen=True, slots=True)
class TrackKey:
    """What a track is encrypted with from one initialisation segment to the next."""

    key: PlainKey = field(repr=False)
    iv: bytes = field(default_factory=lambda: secrets.token_bytes(_BLOCK))


def encrypted_init(init: bytes, with_key: TrackKey) -> bytes:
    """The initialisation segment of the encrypted track, with the key id in it. Raises :class:`BoxError`."""
    pssh = b"".join(pssh_box(system, [with_key.key.kid]) for system in (COMMON_SYSTEM, CLEARKEY_SYSTEM))

    def change(kind: bytes, body: bytes) -> bytes:
        if kind == b"stsd":
            return _box(kind, body[:_STSD_HEADER] + _protected_entry(body[_STSD_HEADER:], with_key))
        if kind in _PATH:
            return _box(kind, _each(body, change) + (pssh if kind == b"moov" else b""))
        return _box(kind, body)

    return _each(init, change)


def encrypted_fragment(fragment: bytes, init: Init, with_key: TrackKey) -> bytes:
    """The fragment with its samples encrypted, and how they are split. Raises :class:`BoxError`."""
    video = init.sample_entry == "avc1"
    sizes = sample_sizes(fragment, init)
    (moof_kind, moof), (mdat_kind, mdat) = _two(fragment)
    if (moof_kind, mdat_kind) != (b"moof", b"mdat") or sum(sizes) != len(mdat):
        raise BoxError("a fragment of another shape")
    data, splits, place = bytearray(mdat), [], 0
    for size in sizes:
        split = list(_subsamples(data[place : place + size])) if video else [(0, size)]
        _encrypt(data, place, split, with_key, video=video)
        splits.append(split)
        place += size
    return _with_splits(bytes(moof), splits if video else []) + _box(b"mdat", bytes(data))


def _encrypt(data: bytearray, place: int, split: Sequence[Subsample], with_key: TrackKey, *, video: bool) -> None:
    step = (_CRYPT + _SKIP) * _BLOCK if video else _BLOCK
    for clear, protected in split:
        place += clear
        spots = range(place, place + protected - _BLOCK + 1, step)
        if spots:
            encryptor = Cipher(AES(with_key.key.key), CBC(with_key.iv)).encryptor()
            if video:
                done = encryptor.update(b"".join(data[spot : spot + _BLOCK] for spot in spots))
                for number, spot in enumerate(spots):
                    data[spot : spot + _BLOCK] = done[number * _BLOCK : (number + 1) * _BLOCK]
            else:
                whole = protected // _BLOCK * _BLOCK
                data[place : place + whole] = encryptor.update(bytes(data[place : place + whole]))
        place += protected


def _subsamples(sample: bytes | bytearray) -> Iterator[Subsample]:
    """Clear and protected bytes of a sample of H.264 whose NAL units have lengths of four bytes."""
    place = clear = 0
    while place + 4 < len(sample):
        end = place + 4 + int.from_bytes(sample[place : place + 4])
        if end > len(sample) or end == place + 4:
            raise BoxError("a NAL unit does not fit its sample")
        lead = min(4 + _CLEAR_BYTES, end - place)
        if sample[place + 4] & 0x1F in _SLICES and end - place - lead >= _BLOCK:
            clear += lead
            while clear > _MOST_CLEAR:
                yield _MOST_CLEAR, 0
                clear -= _MOST_CLEAR
            yield clear, end - place - lead
            clear = 0
        else:
            clear += end - place
        place = end
    while clear:
        yield min(clear, _MOST_CLEAR), 0
        clear -= min(clear, _MOST_CLEAR)


def _with_splits(moof: bytes, splits: Sequence[Sequence[Subsample]]) -> bytes:
    """``moof`` with ``saiz``, ``saio`` and ``senc`` (ISO/IEC 14496-12, sections 8.7.8 and 8.7.9)."""
    if not splits:
        return _box(b"moof", moof)
    entries = [
        struct.pack(">H", len(split)) + b"".join(struct.pack(">HI", *one) for one in split) for split in splits
    ]
    if max(map(len, entries)) > 255:
        raise BoxError("a sample of too many parts")
    senc = _box(b"senc", struct.pack(">II", _SUBSAMPLES, len(entries)), *entries)
    saiz = _box(b"saiz", struct.pack(">IBI", 0, 0, len(entries)), bytes(map(len, entries)))
    saio_size = 20
    added = len(saiz) + saio_size + len(senc)
    place, made = 8, []
    for kind, body in boxes(memoryview(moof)):
        if kind != b"traf":
            made.append(_box(kind, bytes(body)))
        else:
            inside = b"".join(
                _box(one, _shifted(bytes(part), added) if one == b"trun" else bytes(part))
                for one, part in boxes(body)
            )
            # From the start of moof to the first entry: the boxes before, this one's header, and senc's.
            entry_at = place + 8 + len(inside) + len(saiz) + saio_size + 16
            saio = _box(b"saio", struct.pack(">III", 0, 1, entry_at))
            made.append(_box(kind, inside, saiz, saio, senc))
        place += len(made[-1])
    return _box(b"moof", *made)


def _shifted(trun: bytes, by: int) -> bytes:
    flags, count, *_ = struct.unpack_from(">II", trun)
    if not flags & _DATA_OFFSET:
        return trun
    (offset,) = struct.unpack_from(">i", trun, 8)
    return struct.pack(">IIi", flags, count, offset + by) + trun[12:]


def _protected_entry(entry: bytes, with_key: TrackKey) -> bytes:
    """A sample entry as that of an encrypted track (ISO/IEC 14496-12, section 8.12)."""
    kind, body = next(iter(boxes(memoryview(entry))))
    if bytes(kind) not in _ENTRY_FIELDS:
        raise BoxError(f"a sample entry {kind!r} is not encrypted here")
    encrypted, fields = _ENTRY_FIELDS[bytes(kind)]
    pattern = _CRYPT << 4 | _SKIP if encrypted == b"encv" else 0
    tenc = struct.pack(">IBBBB", 1 << 24, 0, pattern, 1, 0) + with_key.key.kid + bytes([_BLOCK]) + with_key.iv
    schm = struct.pack(">I4sI", 0, SCHEME.encode(), 1 << 16)
    sinf = _box(b"sinf", _box(b"frma", kind), _box(b"schm", schm), _box(b"schi", _box(b"tenc", tenc)))
    return _box(encrypted, bytes(body[:fields]), bytes(body[fields:]), sinf)


def _each(data: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    return b"".join(change(bytes(kind), bytes(body)) for kind, body in boxes(memoryview(data)))


def _two(data: bytes) -> tuple[tuple[bytes, memoryview], tuple[bytes, memoryview]]:
    found = list(boxes(memoryview(data)))
    if len(found) != 2:
        raise BoxError("a fragment of another shape")
    return found[0], found[1]


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body
