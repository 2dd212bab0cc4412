"""The boxes that say how MP4 samples are encrypted: tenc, seig sample groups, senc, saiz and saio, and PIFF's forms.

ISO/IEC 23001-7 (clauses 7 to 9), ISO/IEC 14496-12 (8.7.8, 8.9, 8.12), Protected Interoperable File Format 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from drm_client.boxes import Box, BoxFields, damaged, fields, parse_children
from drm_client.errors import DrmError
from drm_client.scheme import SampleProtection, Scheme

Data = bytes | bytearray | memoryview

PIFF_TENC = bytes.fromhex("8974dbce7be74c5184f97148f9882554")
PIFF_SENC = bytes.fromhex("a2394f525a9b4f14a2446c427c648df4")
PIFF_PSSH = bytes.fromhex("d08a4f1810f34a82b6c832d8aba183d3")
MAX_SAMPLES = 4_000_000  # in one track or fragment
_PIFF_SCHEMES = {1: Scheme.CENC, 2: Scheme.CBC1}
_SEIG = b"seig"
_LOCAL_GROUP = 0x10000  # group indexes above it are the fragment's own
_SUBSAMPLE = struct.Struct(">HI")


@dataclass(frozen=True, slots=True)
class TrackEncryption:
    """How samples are encrypted by default or in one sample group (tenc, seig). ``iv_size`` is that of the samples'
    own IVs: 8, 16, or 0 where ``constant_iv`` holds for all."""

    scheme: str
    protected: bool
    iv_size: int
    kid: bytes
    constant_iv: bytes = field(default=b"", repr=False)
    crypt_blocks: int = 0
    skip_blocks: int = 0


class SampleInfo(NamedTuple):
    """A sample's own IV (empty where the constant one holds) and subsamples (clear, protected)."""

    iv: bytes = b""
    subsamples: tuple[tuple[int, int], ...] = ()


NO_INFO = SampleInfo()


@dataclass(frozen=True, slots=True)
class SampleGroups:
    """The ``seig`` descriptions of a track or fragment. ``default`` is the 1-based one of samples that no mapping
    names (version 2 of the box; else 0: none)."""

    descriptions: tuple[TrackEncryption, ...] = ()
    default: int = 0


NO_GROUPS = SampleGroups()


@dataclass(frozen=True, slots=True)
class SampleEncryptions:
    """How each sample of a track or fragment is encrypted (None: it is clear), with its own information.

    Where saiz and saio only point to that, ``infos`` is empty: ``pointers`` are (offset from the base of the data,
    number of samples), and ``sizes`` the bytes that each sample has there.
    """

    encryptions: Sequence[TrackEncryption | None]
    infos: Sequence[SampleInfo] = ()
    pointers: tuple[tuple[int, int], ...] = ()
    sizes: Sequence[int] = ()


def sample_protection(encryption: TrackEncryption, info: SampleInfo) -> SampleProtection:
    """Both together, for the decryptor. Raises :class:`DrmError` where no IV is known."""
    iv = info.iv or encryption.constant_iv
    if not iv:
        raise damaged("It has no initialisation vectors for its encrypted samples.")
    return SampleProtection(
        encryption.scheme, encryption.kid, iv, info.subsamples, encryption.crypt_blocks, encryption.skip_blocks
    )


def parse_sinf(data: Data, sinf: Box) -> tuple[bytes, TrackEncryption | None]:
    """Original format and encryption of one protection scheme info box; None for a scheme that is not CENC."""
    frma, schm = sinf.first(b"frma"), sinf.first(b"schm")
    if frma is None:
        raise damaged("A protected track does not name its original format.")
    original = fields(data, frma).take(4)
    scheme = "" if schm is None else bytes(data[schm.body + 4 : schm.body + 8]).decode("latin-1")
    schi = sinf.first(b"schi")
    for box in schi.children if schi is not None else ():
        if box.type == b"tenc":
            return original, _parse_tenc(fields(data, box), scheme)
        if box.extended == PIFF_TENC:
            reader = fields(data, box)
            reader.skip(4)
            return original, _piff_encryption(reader)
    return original, None


def _parse_tenc(reader: BoxFields, scheme: str) -> TrackEncryption:
    version, _ = reader.version_and_flags()
    reader.skip(1)
    pattern = reader.number(1)
    return _encryption(reader, scheme, pattern if version else 0)


def _encryption(reader: BoxFields, scheme: str, pattern: int) -> TrackEncryption:
    """The part that tenc and seig have in common (ISO/IEC 23001-7, 8.2 and 6)."""
    protected, iv_size, kid = reader.number(1), reader.number(1), reader.take(16)
    constant_iv = reader.take(reader.number(1)) if protected and not iv_size else b""
    if iv_size not in (0, 8, 16) or len(constant_iv) not in (0, 8, 16):
        raise damaged("Its initialisation vectors have an impossible length.")
    return TrackEncryption(scheme, bool(protected), iv_size, kid, constant_iv, pattern >> 4, pattern & 15)


def _piff_encryption(reader: BoxFields) -> TrackEncryption:
    algorithm, iv_size, kid = reader.number(3), reader.number(1), reader.take(16)
    if iv_size not in (0, 8, 16):
        raise damaged("Its initialisation vectors have an impossible length.")
    return TrackEncryption(_PIFF_SCHEMES.get(algorithm, Scheme.CENC), algorithm != 0, iv_size, kid)


def seig_groups(data: Data, container: Box, scheme: str) -> SampleGroups:
    """The sample groups of a track's or fragment's ``seig`` sgpd box."""
    for box in container.all(b"sgpd"):
        if not is_seig(data, box):
            continue
        reader = fields(data, box)
        version, _ = reader.version_and_flags()
        reader.skip(4)
        length, default = _group_layout(reader, version)
        entries = []
        for _ in range(reader.count(length or 20)):
            start = reader.position
            size = length or (reader.number(4) if version == 1 else 0)
            reader.skip(1)
            pattern = reader.number(1)
            entries.append(_encryption(reader, scheme, pattern))
            if size:
                reader.position = min(start + size + (0 if length else 4), reader.end)
        return SampleGroups(tuple(entries), default)
    return NO_GROUPS


def _group_layout(reader: BoxFields, version: int) -> tuple[int, int]:
    """(fixed entry length or 0, default index) of an sgpd box; the reader then stands at the count.

    Editions of ISO/IEC 14496-12 differ in whether version 2 has the length: it has where the box then comes out even.
    """
    if version == 0:
        return 0, 0
    length = reader.number(4)
    if version == 1:
        return length, 0
    start = reader.position
    if reader.end - start >= 8:
        default, count = reader.number(4), reader.number(4)
        if length and reader.position + count * length == reader.end:
            reader.position = start + 4
            return length, default
    reader.position = start
    return 0, length


def grouped_encryptions(
    data: Data, container: Box, ungrouped: Sequence[TrackEncryption | None], track: SampleGroups, own: SampleGroups
) -> list[TrackEncryption | None]:
    """How each sample is encrypted: by its sample group, else as ``ungrouped`` has it for its sample description.

    ``own`` are a fragment's own groups, whose default goes before that of its ``track`` (ISO/IEC 14496-12, 8.9).
    """
    default = own.default + _LOCAL_GROUP if own.default else track.default
    indexes = _seig_indexes(data, container, len(ungrouped), default)
    if indexes is None:
        if not default:
            return list(ungrouped)
        indexes = [default] * len(ungrouped)
    result: list[TrackEncryption | None] = []
    for alone, index in zip(ungrouped, indexes, strict=True):
        if not index:
            result.append(alone)
            continue
        groups, position = (own, index - _LOCAL_GROUP) if index > _LOCAL_GROUP else (track, index)
        if position > len(groups.descriptions):
            raise damaged("A sample group that it uses is not described.")
        result.append(groups.descriptions[position - 1])
    return result


def _seig_indexes(data: Data, container: Box, samples: int, default: int) -> list[int] | None:
    """The group index of each sample from a container's ``seig`` sbgp box, ``default`` where its runs end; None
    without such a box."""
    for box in container.all(b"sbgp"):
        reader = fields(data, box)
        version, _ = reader.version_and_flags()
        if reader.take(4) != _SEIG:
            continue
        if version == 1:
            reader.skip(4)
        indexes: list[int] = []
        for _ in range(reader.count(8)):
            count, index = reader.number(4), reader.number(4)
            indexes += [index] * min(count, samples - len(indexes))
        return indexes + [default] * (samples - len(indexes))
    return None


def is_seig(data: Data, box: Box) -> bool:
    """Whether an sbgp or sgpd box is about encryption."""
    return bytes(data[box.body + 4 : box.body + 8]) == _SEIG


def sample_encryptions(
    data: Data, container: Box, table: Box, encryptions: Sequence[TrackEncryption | None], runs: Sequence[int]
) -> SampleEncryptions:
    """Add each sample's own information to how it is encrypted: senc in ``container``, or saiz and saio in ``table``.

    ``runs`` are the numbers of samples that lie together, which may have an offset each.
    """
    sizes = _auxiliary_sizes(data, table, len(encryptions))
    senc = sample_encryption_box(container)
    offsets = _auxiliary_offsets(data, table)
    if senc is not None and _lists_no_sample(data, senc) and not any(sizes or ()):
        encryptions = [each and (each if each.constant_iv else None) for each in encryptions]
    elif senc is not None:
        infos, override = _read_senc(data, senc, encryptions, sizes)
        if override is not None:
            encryptions = [each and _overridden(each, override) for each in encryptions]
        return SampleEncryptions(encryptions, infos)
    elif sizes is not None and offsets:
        counts = runs if len(offsets) == len(runs) > 1 else [len(encryptions)]
        return SampleEncryptions(encryptions, (), tuple(zip(offsets, counts, strict=False)), sizes)
    return SampleEncryptions(encryptions, [NO_INFO] * len(encryptions))


def _overridden(encryption: TrackEncryption, override: TrackEncryption) -> TrackEncryption:
    return replace(override, crypt_blocks=encryption.crypt_blocks, skip_blocks=encryption.skip_blocks)


def _auxiliary_sizes(data: Data, container: Box, samples: int) -> list[int] | None:
    """The size of each sample's encryption information from a container's saiz box, or None without one."""
    for box in container.all(b"saiz"):
        if not is_protection_box(data, box):
            continue
        reader = fields(data, box)
        _, flags = reader.version_and_flags()
        if flags & 1:
            reader.skip(8)
        default = reader.number(1)
        count = reader.number(4)
        if count > MAX_SAMPLES:
            raise damaged("It lists too many samples.")
        sizes = [default] * count if default else list(reader.take(count))
        return sizes[:samples] + [0] * (samples - len(sizes))
    return None


def _auxiliary_offsets(data: Data, container: Box) -> list[int]:
    """The offsets of a container's saio box, relative as they stand."""
    for box in container.all(b"saio"):
        if not is_protection_box(data, box):
            continue
        reader = fields(data, box)
        version, flags = reader.version_and_flags()
        if flags & 1:
            reader.skip(8)
        length = 8 if version else 4
        return [reader.number(length) for _ in range(reader.count(length))]
    return []


def is_protection_box(data: Data, box: Box) -> bool:
    """Whether a box inside a track, fragment or movie is about encryption alone, so that a clear file lacks it."""
    if box.type in (b"pssh", b"senc"):
        return True
    if box.type in (b"saiz", b"saio"):
        if not data[box.body + 3] & 1:
            return True
        return bytes(data[box.body + 4 : box.body + 8]) in (b"cenc", b"cens", b"cbc1", b"cbcs", b"piff")
    if box.type in (b"sbgp", b"sgpd"):
        return is_seig(data, box)
    return box.extended in (PIFF_SENC, PIFF_PSSH)


def sample_encryption_box(container: Box) -> Box | None:
    """The senc box of a track or fragment, or PIFF's."""
    for box in container.children:
        if box.type == b"senc" or box.extended == PIFF_SENC:
            return box
    return None


def _read_senc(
    data: Data, box: Box, encryptions: Sequence[TrackEncryption | None], sizes: Sequence[int] | None
) -> tuple[list[SampleInfo], TrackEncryption | None]:
    """The information of each sample, and what a PIFF box says in place of the track's encryption (else None).

    ``encryptions`` has one entry for each sample; ``sizes`` are those of saiz, which settle where one sample's
    entry ends when some have none.
    """
    reader = fields(data, box)
    _, flags = reader.version_and_flags()
    override = None
    if box.extended == PIFF_SENC and flags & 1:
        override = _piff_encryption(reader)
        encryptions = [override] * len(encryptions)
    count = reader.number(4)
    if count > MAX_SAMPLES:
        raise damaged("It lists too many samples.")
    subsampled = bool(flags & 2)
    if encryptions:
        for _ in range(count - len(encryptions)):  # FFmpeg repeats the entries of the fragments before this one
            _next_info(reader, encryptions[0], subsampled)
    count = min(count, len(encryptions))
    use_sizes = sizes is not None and sum(sizes) == reader.end - reader.position
    if use_sizes and sizes is not None:
        infos = _sized_infos(reader, encryptions[:count], sizes[:count])
    else:
        infos = [_next_info(reader, encryptions[number], subsampled) for number in range(count)]
    return infos + [NO_INFO] * (len(encryptions) - count), override


def _lists_no_sample(data: Data, senc: Box) -> bool:
    """Whether a senc box has no entries at all: FFmpeg marks AC-3 and E-AC-3 as encrypted and leaves them clear."""
    reader = fields(data, senc)
    reader.skip(4)
    return senc.extended != PIFF_SENC and reader.number(4) == 0


def read_auxiliary(data: Data, base: int, samples: SampleEncryptions) -> list[SampleInfo]:
    """The information that saiz and saio point at. Their offsets count from ``base``, a place in ``data`` (negative
    where ``data`` starts behind it)."""
    infos: list[SampleInfo] = []
    for offset, count in samples.pointers:
        reader = BoxFields(data, base + offset, len(data))
        run = slice(len(infos), len(infos) + count)
        infos += _sized_infos(reader, samples.encryptions[run], samples.sizes[run])
    return infos + [NO_INFO] * (len(samples.encryptions) - len(infos))


def _sized_infos(
    reader: BoxFields, encryptions: Sequence[TrackEncryption | None], sizes: Sequence[int]
) -> list[SampleInfo]:
    """Entries of so many bytes each: the IV, and subsamples where there is more."""
    data, end = reader.take(sum(sizes)), 0
    infos: list[SampleInfo] = []
    for encryption, size in zip(encryptions, sizes, strict=True):
        start, end = end, end + size
        if encryption is None or not encryption.protected or not size:
            infos.append(NO_INFO)
            continue
        behind = start + encryption.iv_size
        if behind == end:
            infos.append(SampleInfo(data[start:behind]))
        else:
            infos.append(SampleInfo(data[start:behind], _subsamples(data, behind, end)[0]))
    return infos


def _next_info(reader: BoxFields, encryption: TrackEncryption | None, subsampled: bool) -> SampleInfo:
    protected = encryption is not None and encryption.protected
    iv = reader.take(encryption.iv_size) if encryption is not None and protected else b""
    if not subsampled:
        return SampleInfo(iv)
    subsamples, reader.position = _subsamples(reader.data, reader.position, reader.end)
    return SampleInfo(iv, subsamples if protected else ())


def _subsamples(data: Data, at: int, end: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """The subsamples (clear, protected) that stand at ``at``, and where they end. Raises :class:`DrmError` where that
    is beyond ``end``."""
    if at + 2 > end:
        raise _too_short()
    count = int.from_bytes(data[at : at + 2], "big")
    at += 2
    stop = at + 6 * count
    if stop > end:
        raise _too_short()
    if count == 1:
        return (_SUBSAMPLE.unpack_from(data, at),), stop
    return tuple(_SUBSAMPLE.iter_unpack(data[at:stop])), stop


def _too_short() -> DrmError:
    return damaged("One of its boxes is shorter than what it says.")


@dataclass(slots=True)
class ProtectableEntry:
    """One sample description: the ``box`` of the entry, and how its samples are encrypted (None: they are clear)."""

    box: Box
    sinf: Box | None = None
    original: bytes = b""
    encryption: TrackEncryption | None = None


_ENTRY_HEADERS = {b"encv": (78,), b"enca": (28, 44, 64), b"enct": (8,), b"encs": (8,), b"encm": (8,)}


def parse_sample_entries(data: Data, stsd: Box) -> list[ProtectableEntry]:
    """The sample descriptions of a track; makes the entries and their protection boxes children of ``stsd``.

    An ``enca`` entry's boxes stand behind 28 bytes, or 44 or 64 in QuickTime's versions 1 and 2.
    """
    reader = fields(data, stsd)
    reader.skip(4)
    count = reader.number(4)
    entries: list[ProtectableEntry] = []
    for box in parse_children(data, reader.position, stsd.end)[:count]:
        entry = ProtectableEntry(box)
        stsd.children.append(box)
        entries.append(entry)
        for header in _ENTRY_HEADERS.get(box.type, ()):
            sinf = _find_sinf(data, box, header)
            if sinf is not None:
                entry.sinf = sinf
                entry.original, entry.encryption = parse_sinf(data, sinf)
                box.children = [sinf]
                break
    return entries


def _find_sinf(data: Data, entry: Box, header: int) -> Box | None:
    """The sinf box of a sample entry whose boxes begin ``header`` bytes into its body, if they do."""
    start = entry.body + header
    while start + 8 <= entry.end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > entry.end:
            return None
        if data[start + 4 : start + 8] == b"sinf":
            return parse_children(data, start, start + size)[0]
        start += size
    return None
