"""Small MP4 files with made-up samples, encrypted in every way the standards allow, and a reader for the results.

Written apart from the code under test, straight from ISO/IEC 14496-12 and 23001-7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.drm_client.encryptors import Subsamples, encrypt_sample

PIFF_TENC = bytes.fromhex("8974dbce7be74c5184f97148f9882554")
PIFF_SENC = bytes.fromhex("a2394f525a9b4f14a2446c427c648df4")


def box(type_: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), type_) + body


def full(type_: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(type_, struct.pack(">I", version << 24 | flags), *parts)


@dataclass(frozen=True)
class Protection:
    """What one tenc box or one seig group says."""

    scheme: str = "cenc"
    kid: bytes = bytes(16)
    key: bytes = bytes(range(16))
    iv_size: int = 8
    constant_iv: bytes = b""
    crypt: int = 0
    skip: int = 0
    protected: bool = True

    def common(self) -> bytes:
        fixed = struct.pack(">BBB16s", self.crypt << 4 | self.skip, self.protected, self.iv_size, self.kid)
        if self.protected and not self.iv_size:
            fixed += bytes([len(self.constant_iv)]) + self.constant_iv
        return fixed

    def tenc(self) -> bytes:
        return full(b"tenc", b"\0", self.common(), version=1 if self.skip or self.crypt else 0)

    def seig(self) -> bytes:
        return b"\0" + self.common()


@dataclass(frozen=True)
class Clear:
    """One sample before encryption: its data, subsamples, the protection (None: clear) and group index (0: none)."""

    data: bytes
    protection: Protection | None
    subsamples: Subsamples = ()
    group: int = 0
    iv: bytes = b""

    def encrypted(self) -> bytes:
        how = self.protection
        if how is None or not how.protected:
            return self.data
        iv = self.iv or how.constant_iv
        return encrypt_sample(how.scheme, how.key, iv, self.data, self.subsamples, how.crypt, how.skip)

    def auxiliary(self, *, subsampled: bool) -> bytes:
        if self.protection is None or not self.protection.protected:
            return b""
        entry = self.iv
        if subsampled:
            entry += struct.pack(">H", len(self.subsamples))
            entry += b"".join(struct.pack(">HI", *pair) for pair in self.subsamples)
        return entry


@dataclass
class Layout:
    """How a file is written. ``senc``: ``senc``, ``piff`` or ``saio`` (auxiliary information in the mdat alone)."""

    senc: str = "senc"
    saiz: bool = True
    default_base: bool = True
    movie_groups: Sequence[Protection] = ()
    fragment_groups: Sequence[Protection] = ()
    sgpd_version: int = 1
    pssh: bytes = b""
    entry: bytes = b"mp4a"
    extra: bytes = field(default=b"")


def protected_entry(original: bytes, protection: Protection, *, piff: bool = False) -> bytes:
    """An audio sample entry with a codec box before and another after the protection box."""
    if piff:
        algorithm = {"cenc": 1, "cbc1": 2}[protection.scheme]
        inner = struct.pack(">I3sB16s", 0, algorithm.to_bytes(3, "big"), protection.iv_size, protection.kid)
        schm, tenc = full(b"schm", b"piff\0\1\0\1"), box(b"uuid", PIFF_TENC, inner)
    else:
        schm, tenc = full(b"schm", protection.scheme.encode(), b"\0\1\0\0"), protection.tenc()
    sinf = box(b"sinf", box(b"frma", original), schm, box(b"schi", tenc))
    return box(b"enca", bytes(28), box(b"esds", b"codec"), sinf, box(b"btrt", bytes(12)))


def clear_entry(original: bytes) -> bytes:
    return box(original, bytes(28), box(b"esds", b"codec"), box(b"btrt", bytes(12)))


def _sgpd(groups: Sequence[Protection], version: int) -> bytes:
    entries = [group.seig() for group in groups]
    lengths = {len(entry) for entry in entries}
    fixed = lengths.pop() if len(lengths) == 1 else 0
    body = b"seig"
    if version == 1:
        body += struct.pack(">I", fixed)
    elif version == 2:  # as ISO/IEC 14496-12:2020 has it
        body += struct.pack(">II", fixed, 0)
    body += struct.pack(">I", len(entries))
    for entry in entries:
        body += (struct.pack(">I", len(entry)) if version == 1 and not fixed else b"") + entry
    return full(b"sgpd", body, version=version)


def _sbgp(indexes: Sequence[int]) -> bytes:
    return full(
        b"sbgp", b"seig", struct.pack(">I", len(indexes)), *(struct.pack(">II", 1, index) for index in indexes)
    )


def _saiz(samples: Sequence[Clear], *, subsampled: bool) -> bytes:
    sizes = [len(sample.auxiliary(subsampled=subsampled)) for sample in samples]
    if len(set(sizes)) == 1 and sizes[0]:
        return full(b"saiz", struct.pack(">BI", sizes[0], len(sizes)))
    return full(b"saiz", struct.pack(">BI", 0, len(sizes)), bytes(sizes))


def _senc(samples: Sequence[Clear], layout: Layout) -> bytes:
    subsampled = any(sample.subsamples for sample in samples)
    body = struct.pack(">I", len(samples))
    body += b"".join(sample.auxiliary(subsampled=subsampled) for sample in samples)
    if layout.senc == "piff":
        return box(b"uuid", PIFF_SENC, struct.pack(">I", 2 if subsampled else 0), body)
    return full(b"senc", body, flags=2 if subsampled else 0)


def movie(entries: Sequence[bytes], layout: Layout, *, stbl: bytes = b"", fragmented: bool = True) -> bytes:
    """A moov box of one track with ID 1."""
    groups = _sgpd(layout.movie_groups, layout.sgpd_version) if layout.movie_groups else b""
    stsd = full(b"stsd", struct.pack(">I", len(entries)), *entries)
    table = box(b"stbl", stsd, groups, stbl)
    trak = box(b"trak", full(b"tkhd", struct.pack(">III", 0, 0, 1), bytes(68)), box(b"mdia", box(b"minf", table)))
    mvex = box(b"mvex", full(b"trex", struct.pack(">IIIII", 1, 1, 0, 0, 0))) if fragmented else b""
    return box(b"moov", full(b"mvhd", bytes(96)), trak, mvex, layout.pssh)


def fragment(samples: Sequence[Clear], layout: Layout, at: int = 0, entry: int = 1) -> bytes:
    """A moof and its mdat that begin at the file offset ``at``."""
    subsampled = any(sample.subsamples for sample in samples)
    auxiliary = b"".join(sample.auxiliary(subsampled=subsampled) for sample in samples)
    boxes = _sgpd(layout.fragment_groups, layout.sgpd_version) if layout.fragment_groups else b""
    if any(sample.group for sample in samples):
        boxes += _sbgp([sample.group for sample in samples])
    if layout.senc != "saio":
        boxes += _senc(samples, layout)
    if layout.saiz:
        boxes += _saiz(samples, subsampled=subsampled)
    prefix = auxiliary if layout.senc == "saio" else b""

    def moof(data_offset: int) -> bytes:
        flags, base = (0x020002, b"") if layout.default_base else (0x000003, struct.pack(">Q", at))
        tfhd = full(b"tfhd", struct.pack(">I", 1), base, struct.pack(">I", entry), flags=flags)
        sizes = b"".join(struct.pack(">I", len(sample.data)) for sample in samples)
        trun = full(b"trun", struct.pack(">Ii", len(samples), data_offset + len(prefix)), sizes, flags=0x201)
        saio = full(b"saio", struct.pack(">II", 1, data_offset)) if layout.saiz and layout.senc == "saio" else b""
        traf = box(b"traf", tfhd, boxes, saio, trun)
        return box(b"moof", full(b"mfhd", struct.pack(">I", 1)), traf, layout.pssh)

    head = moof(len(moof(0)) + 8)
    return head + box(b"mdat", prefix, *(sample.encrypted() for sample in samples))


def fragmented_file(fragments: Sequence[Sequence[Clear]], entries: Sequence[bytes], layout: Layout) -> bytes:
    """ftyp, moov, a sidx over the fragments, the fragments, and an mfra that points at them."""
    head = box(b"ftyp", b"iso6") + movie(entries, layout)
    entry = 1
    sizes = [len(fragment(samples, layout, 0, entry)) for samples in fragments]
    at = len(head) + 12 + 20 + 12 * len(sizes)
    references = b"".join(struct.pack(">III", size, 1000, 0) for size in sizes)
    sidx = full(b"sidx", struct.pack(">IIIIHH", 1, 1000, 0, 0, 0, len(sizes)), references)
    assert len(head) + len(sidx) == at
    body, places = b"", []
    for samples in fragments:
        places.append(at + len(body))
        body += fragment(samples, layout, at + len(body), entry)
    points = b"".join(struct.pack(">IIBBB", number, place, 1, 1, 1) for number, place in enumerate(places))
    tfra = full(b"tfra", struct.pack(">III", 1, 0, len(places)), points)
    return head + sidx + body + box(b"mfra", tfra, full(b"mfro", struct.pack(">I", len(tfra) + 24)))


def progressive_file(
    samples: Sequence[Clear], entries: Sequence[bytes], layout: Layout, *, per_chunk: int = 3
) -> bytes:
    """ftyp, moov with sample tables, and an mdat whose chunks hold ``per_chunk`` samples with a gap between them."""
    subsampled = any(sample.subsamples for sample in samples)
    auxiliary = b"".join(sample.auxiliary(subsampled=subsampled) for sample in samples)
    chunks = [samples[at : at + per_chunk] for at in range(0, len(samples), per_chunk)]
    gap = b"gap!"

    def head(start: int) -> bytes:
        offsets, position = [], start + len(auxiliary)
        for chunk in chunks:
            offsets.append(position)
            position += sum(len(sample.data) for sample in chunk) + len(gap)
        rows = [(1, per_chunk, 1)]
        if len(chunks[-1]) != per_chunk:
            rows.append((len(chunks), len(chunks[-1]), 1))
        stbl = full(b"stsc", struct.pack(">I", len(rows)), *(struct.pack(">III", *row) for row in rows))
        sizes = struct.pack(f">{len(samples)}I", *(len(sample.data) for sample in samples))
        stbl += full(b"stsz", struct.pack(">II", 0, len(samples)), sizes)
        stbl += full(b"stco", struct.pack(f">I{len(offsets)}I", len(offsets), *offsets))
        if any(sample.group for sample in samples):
            stbl += _sbgp([sample.group for sample in samples])
        if layout.senc == "saio":
            stbl += _saiz(samples, subsampled=subsampled) + full(b"saio", struct.pack(">II", 1, start))
        else:
            stbl += _senc(samples, layout)
        return box(b"ftyp", b"isom") + movie(entries, layout, stbl=stbl, fragmented=False)

    media = b"".join(b"".join(sample.encrypted() for sample in chunk) + gap for chunk in chunks)
    return head(len(head(0)) + 8) + box(b"mdat", auxiliary, media)


_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra", b"mvex"}


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, start, body, end) of each box; fails an assertion where the sizes do not add up."""
    end = len(data) if end is None else end
    while start < end:
        size, type_ = struct.unpack_from(">I4s", data, start)
        assert size >= 8
        assert start + size <= end
        yield type_, start, start + 8, start + size
        if type_ in _CONTAINERS:
            yield from walk(data, start + 8, start + size)
        elif type_ == b"stsd":
            yield from walk(data, start + 16, start + size)
        elif type_ in (b"mp4a", b"enca", b"avc1", b"encv"):
            yield from walk(data, start + 8 + (28 if type_ in (b"mp4a", b"enca") else 78), start + size)
        start += size


def types(data: bytes) -> set[bytes]:
    return {type_ for type_, *_ in walk(data)}


def read_fragment_samples(data: bytes) -> list[bytes]:
    """The samples of all fragments by tfhd and trun, as :func:`fragment` writes them."""
    samples: list[bytes] = []
    base = 0
    for type_, start, body, _ in walk(data):
        if type_ == b"moof":
            base = start
        elif type_ == b"tfhd" and struct.unpack_from(">I", data, body)[0] & 1:
            base = struct.unpack_from(">Q", data, body + 8)[0]
        elif type_ == b"trun":
            count, offset = struct.unpack_from(">Ii", data, body + 4)
            position = base + offset
            for size in struct.unpack_from(f">{count}I", data, body + 12):
                samples.append(data[position : position + size])
                position += size
    return samples


def read_progressive_samples(data: bytes) -> list[bytes]:
    """The samples by stsc, stsz and stco."""
    tables = {type_: body for type_, _, body, _ in walk(data)}
    count = struct.unpack_from(">I", data, tables[b"stsz"] + 8)[0]
    sizes = struct.unpack_from(f">{count}I", data, tables[b"stsz"] + 12)
    chunks = struct.unpack_from(">I", data, tables[b"stco"] + 4)[0]
    offsets = struct.unpack_from(f">{chunks}I", data, tables[b"stco"] + 8)
    rows = [
        struct.unpack_from(">III", data, tables[b"stsc"] + 8 + 12 * number)
        for number in range(struct.unpack_from(">I", data, tables[b"stsc"] + 4)[0])
    ]
    samples: list[bytes] = []
    for number, offset in enumerate(offsets, 1):
        per_chunk = [row[1] for row in rows if row[0] <= number][-1]
        position = offset
        for size in sizes[len(samples) : len(samples) + per_chunk]:
            samples.append(data[position : position + size])
            position += size
    return samples
