"""Where the samples of MP4 tracks and fragments lie, and how each is encrypted (ISO/IEC 14496-12, 8.5 to 8.8)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from drm_client.boxes import Box, BoxFields, damaged, fields
from drm_client.mp4_protection import (
    MAX_SAMPLES,
    NO_GROUPS,
    Data,
    ProtectableEntry,
    SampleEncryptions,
    SampleGroups,
    SampleInfo,
    TrackEncryption,
    grouped_encryptions,
    parse_sample_entries,
    read_auxiliary,
    sample_encryption_box,
    sample_encryptions,
    seig_groups,
)

_TFHD_FIELDS = ((0x01, 8), (0x02, 4), (0x08, 4), (0x10, 4), (0x20, 4))


@dataclass(slots=True)
class Mp4Track:
    """What the movie box says of one track; ``groups`` are its encryption sample groups."""

    id: int
    entries: list[ProtectableEntry] = field(default_factory=list)
    groups: SampleGroups = NO_GROUPS
    default_entry: int = 1
    default_size: int = 0

    def encryption(self, entry: int) -> TrackEncryption | None:
        """How samples of a 1-based sample description are encrypted; None where they are clear."""
        return self.entries[entry - 1].encryption if 1 <= entry <= len(self.entries) else None

    @property
    def scheme(self) -> str:
        """The scheme of the first encrypted description; sample groups do not name their own."""
        return next((entry.encryption.scheme for entry in self.entries if entry.encryption is not None), "")


class PlacedSample(NamedTuple):
    """A sample's place in the data, its encryption (None: clear) and its own encryption information."""

    offset: int
    size: int
    encryption: TrackEncryption | None
    info: SampleInfo


@dataclass(frozen=True, slots=True)
class SampleRun:
    """Samples that lie together: a chunk, or a track run. ``field_at`` is where a fragment's data offset stands."""

    offset: int
    sizes: Sequence[int]
    entry: int
    field_at: int | None = None


def parse_tracks(data: Data, moov: Box) -> list[tuple[Box, Mp4Track]]:
    """The track boxes of a movie box, with what they say. To be called once: it completes the tree of boxes."""
    tracks = [(trak, _parse_track(data, trak)) for trak in moov.all(b"trak")]
    by_id = {track.id: track for _, track in tracks}
    mvex = moov.first(b"mvex")
    for trex in mvex.all(b"trex") if mvex is not None else ():
        reader = fields(data, trex)
        reader.skip(4)
        known = by_id.get(reader.number(4))
        if known is not None:
            known.default_entry, _, known.default_size = reader.number(4), reader.number(4), reader.number(4)
    return tracks


def _parse_track(data: Data, trak: Box) -> Mp4Track:
    tkhd = trak.first(b"tkhd")
    stbl = trak.first(b"mdia", b"minf", b"stbl")
    stsd = stbl.first(b"stsd") if stbl is not None else None
    if tkhd is None or stbl is None or stsd is None:
        raise damaged("A track is incomplete.")
    reader = fields(data, tkhd)
    version, _ = reader.version_and_flags()
    reader.skip(16 if version else 8)
    track = Mp4Track(reader.number(4), parse_sample_entries(data, stsd))
    track.groups = seig_groups(data, stbl, track.scheme)
    return track


def movie_samples(data: Data, trak: Box, track: Mp4Track) -> list[PlacedSample]:
    """The samples of a track of a file that is not fragmented; none where the track has fragments alone."""
    stbl = trak.first(b"mdia", b"minf", b"stbl")
    if stbl is None:
        return []
    runs = _chunks(data, stbl)
    if not runs:
        return []
    encryptions = grouped_encryptions(data, stbl, _ungrouped(track, runs), track.groups, NO_GROUPS)
    container = stbl if sample_encryption_box(stbl) is not None else trak
    return _placed(data, runs, sample_encryptions(data, container, stbl, encryptions, _counts(runs)), 0)


def fragment_samples(data: Data, traf: Box, track: Mp4Track, runs: list[SampleRun], base: int) -> list[PlacedSample]:
    """The samples of one track fragment, whose ``runs`` and ``base`` data offset :func:`fragment_runs` gave."""
    own = seig_groups(data, traf, track.scheme)
    encryptions = grouped_encryptions(data, traf, _ungrouped(track, runs), track.groups, own)
    return _placed(data, runs, sample_encryptions(data, traf, traf, encryptions, _counts(runs)), base)


def _ungrouped(track: Mp4Track, runs: Sequence[SampleRun]) -> list[TrackEncryption | None]:
    """How each sample is encrypted by its sample description."""
    known = {run.entry: track.encryption(run.entry) for run in runs}
    return [known[run.entry] for run in runs for _ in run.sizes]


def _counts(runs: Sequence[SampleRun]) -> list[int]:
    return [len(run.sizes) for run in runs]


def _placed(data: Data, runs: Sequence[SampleRun], samples: SampleEncryptions, base: int) -> list[PlacedSample]:
    infos = read_auxiliary(data, base, samples) if samples.pointers else samples.infos
    sized = [size for run in runs for size in run.sizes]
    places = [place for run in runs if run.sizes for place in accumulate(run.sizes[:-1], initial=run.offset)]
    return list(map(PlacedSample, places, sized, samples.encryptions, infos))


def _chunks(data: Data, stbl: Box) -> list[SampleRun]:
    """The chunks of a track by its sample tables (stsz or stz2, stsc, stco or co64)."""
    offsets_box = stbl.first(b"stco") or stbl.first(b"co64")
    stsc = stbl.first(b"stsc")
    if offsets_box is None or stsc is None:
        return []
    sizes = _sample_sizes(data, stbl)
    length = 4 if offsets_box.type == b"stco" else 8
    reader = fields(data, offsets_box)
    reader.skip(4)
    offsets = [reader.number(length) for _ in range(reader.count(length))]
    reader = fields(data, stsc)
    reader.skip(4)
    rows = [(reader.number(4), reader.number(4), reader.number(4)) for _ in range(reader.count(12))]
    runs: list[SampleRun] = []
    taken = 0
    for number, (first, per_chunk, entry) in enumerate(rows):
        last = rows[number + 1][0] - 1 if number + 1 < len(rows) else len(offsets)
        for offset in offsets[max(first, 1) - 1 : last]:
            runs.append(SampleRun(offset, sizes[taken : taken + per_chunk], entry))
            taken += per_chunk
    return runs


def _sample_sizes(data: Data, stbl: Box) -> list[int]:
    stsz, stz2 = stbl.first(b"stsz"), stbl.first(b"stz2")
    if stsz is not None:
        reader = fields(data, stsz)
        reader.skip(4)
        same = reader.number(4)
        if same:
            return [same] * _bounded(reader.number(4))
        return [reader.number(4) for _ in range(reader.count(4))]
    if stz2 is None:
        return []
    reader = fields(data, stz2)
    reader.skip(7)
    bits = reader.number(1)
    count = _bounded(reader.number(4))
    if bits == 4:
        packed = reader.take((count + 1) // 2)
        return [packed[number // 2] >> (0 if number & 1 else 4) & 15 for number in range(count)]
    return [reader.number(bits // 8) for _ in range(count)]


def fragment_runs(
    data: Data, traf: Box, track: Mp4Track, moof: Box, follows: int
) -> tuple[list[SampleRun], int, int | None]:
    """The track runs of a fragment, its base data offset, and where an explicit one stands in the data (else None).

    ``follows`` is the base where nothing else is said: the end of the track fragment before this one, or the start
    of the movie fragment.
    """
    tfhd = traf.first(b"tfhd")
    if tfhd is None:
        raise damaged("A fragment is incomplete.")
    reader = fields(data, tfhd)
    _, flags = reader.version_and_flags()
    reader.skip(4)
    base_at = reader.position if flags & 1 else None
    values = {bit: reader.number(length) for bit, length in _TFHD_FIELDS if flags & bit}
    base = values.get(0x01, moof.start if flags & 0x020000 else follows)
    entry, default_size = values.get(0x02, track.default_entry), values.get(0x10, track.default_size)
    runs: list[SampleRun] = []
    position = base
    total = 0
    for trun in traf.all(b"trun"):
        run = _parse_run(fields(data, trun), base, position, default_size, entry)
        total += len(run.sizes)
        _bounded(total)
        runs.append(run)
        position = run.offset + sum(run.sizes)
    return runs, base, base_at


def fragment_track_id(data: Data, traf: Box) -> int:
    """The track that a fragment belongs to."""
    tfhd = traf.first(b"tfhd")
    if tfhd is None:
        raise damaged("A fragment is incomplete.")
    reader = fields(data, tfhd)
    reader.skip(4)
    return reader.number(4)


def _parse_run(reader: BoxFields, base: int, position: int, default_size: int, entry: int) -> SampleRun:
    _, flags = reader.version_and_flags()
    count = _bounded(reader.number(4))
    field_at = None
    if flags & 0x01:
        field_at = reader.position
        offset = reader.number(4)
        position = base + (offset - (1 << 32) if offset >= 1 << 31 else offset)
    if flags & 0x04:
        reader.skip(4)
    before = 4 if flags & 0x100 else 0
    after = 4 * (bool(flags & 0x400) + bool(flags & 0x800))
    if not flags & 0x200:
        if count * max(default_size, 1) > reader.total:
            raise damaged("It lists more samples than it can hold.")
        return SampleRun(position, [default_size] * count, entry, field_at)
    entry_size = struct.Struct(f">{before}xI{after}x")
    sizes = [size for (size,) in entry_size.iter_unpack(reader.take(count * entry_size.size))]
    return SampleRun(position, sizes, entry, field_at)


def _bounded(count: int) -> int:
    if count > MAX_SAMPLES:
        raise damaged("It lists too many samples.")
    return count
