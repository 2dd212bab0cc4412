"""One movie fragment (moof) as a flat list of samples with their places (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from drm_client.boxes import parse_children
from drm_client.mp4_protection import SampleEncryptions, grouped_encryptions, sample_encryptions, seig_groups
from player.media.boxes import Box, damaged, reading, version_and_flags, walk
from player.media.track import Fmp4Track

MAX_SAMPLES = 200_000
"""Most samples in one fragment."""

_BASE_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
_BASE_IS_MOOF = 0x020000
_RUN_OFFSET, _RUN_FIRST_FLAGS = 0x1, 0x4
_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800
_NON_SYNC = 0x010000


class SampleLocation(NamedTuple):
    """One sample: bytes ``[offset, offset + size)`` of the segment, times in ticks of the track's timescale."""

    offset: int
    size: int
    dts: int
    composition: int
    duration: int
    key: bool


@dataclass(slots=True)
class TrackFragment:
    """The samples of one track in a fragment.

    ``encryption`` is None for a clear entry. ``base`` is where its offsets count from, as a place in the segment.
    """

    track: Fmp4Track
    entry: int
    rows: list[SampleLocation] = field(default_factory=list)
    base: int = 0
    encryption: SampleEncryptions | None = None


@dataclass(slots=True)
class _Defaults:
    """What tfhd says: where offsets count from, and the defaults of the samples."""

    base: int | None
    duration: int
    size: int
    flags: int


class FragmentReader:
    """Reads moof boxes one after another; it remembers each track's time for fragments without tfdt."""

    def __init__(self, tracks: Mapping[int, Fmp4Track], fallback_start_s: float, origin: int) -> None:
        self._tracks = tracks
        self._next_dts = {id_: round(fallback_start_s * track.timescale) for id_, track in tracks.items()}
        self._origin = origin

    def read(self, data: bytes, at: int) -> list[TrackFragment]:
        """``data`` is a whole moof box that stands at byte ``at`` of the segment. Raises ``MEDIA_DAMAGED``."""
        out: list[TrackFragment] = []
        with reading("a movie fragment"):
            data_end: int | None = None
            for box in walk(data, 8, len(data)):
                if box.type != b"traf":
                    continue
                fragment = self._track_fragment(data, box, at, data_end)
                if fragment is not None:
                    out.append(fragment)
                    if fragment.rows:
                        data_end = fragment.rows[-1].offset + fragment.rows[-1].size
        return out

    def _track_fragment(self, data: bytes, traf: Box, at: int, data_end: int | None) -> TrackFragment | None:
        boxes: dict[bytes, list[Box]] = {}
        for box in walk(data, traf.body, traf.end):
            boxes.setdefault(box.type, []).append(box)
        if b"tfhd" not in boxes:
            raise damaged("a track fragment has no header")
        header = boxes[b"tfhd"][0]
        track = self._tracks.get(struct.unpack_from(">I", data, header.body + 4)[0])
        if track is None:
            return None
        defaults, entry = self._header(data, header, track, at)
        dts = _decode_time(data, boxes) if b"tfdt" in boxes else self._next_dts[track.id]
        base = defaults.base if defaults.base is not None else data_end or at
        place = data_end if defaults.base is None and data_end is not None else None
        fragment = TrackFragment(track, entry, base=base)
        counts: list[int] = []
        for run in boxes.get(b"trun", []):
            place, dts = _append_run(fragment.rows, data, run, defaults, base, place, dts, at + len(data) + 8)
            counts.append(len(fragment.rows) - sum(counts))
        self._next_dts[track.id] = dts
        fragment.encryption = _encryption(fragment, data, traf, counts)
        return fragment

    def _header(self, data: bytes, box: Box, track: Fmp4Track, at: int) -> tuple[_Defaults, int]:
        """Read tfhd (8.8.7): the defaults and the index of the sample entry."""
        _, flags = version_and_flags(data, box)
        place = box.body + 8
        base: int | None = at if flags & _BASE_IS_MOOF else None
        if flags & _BASE_OFFSET:
            base = _absolute_base(struct.unpack_from(">Q", data, place)[0] - self._origin, at, len(data))
            place += 8
        values = [track.default_entry, track.default_duration, track.default_size, track.default_flags]
        for number, bit in enumerate((_DESCRIPTION, _DURATION, _SIZE, _FLAGS)):
            if flags & bit:
                values[number] = struct.unpack_from(">I", data, place)[0]
                place += 4
        if place > box.end:
            raise damaged("a track fragment's header is cut short")
        entry = values[0] - 1
        if not 0 <= entry < len(track.entries):
            raise damaged("a fragment names a sample description that does not exist")
        return _Defaults(base, values[1], values[2], values[3]), entry


def _absolute_base(base: int, at: int, size: int) -> int:
    """A base-data-offset as a place in the segment. It counts from the start of the *file*; where the segment was
    cut out of one whose start we do not know, the only sensible meaning left is the fragment's own start."""
    return base if at <= base <= at + size + 16 else at


def _decode_time(data: bytes, boxes: dict[bytes, list[Box]]) -> int:
    box = boxes[b"tfdt"][0]
    version, _ = version_and_flags(data, box)
    value: int = struct.unpack_from(">Q" if version else ">I", data, box.body + 4)[0]
    return value


def _append_run(
    rows: list[SampleLocation],
    data: bytes,
    box: Box,
    defaults: _Defaults,
    base: int,
    place: int | None,
    dts: int,
    payload: int,
) -> tuple[int, int]:
    """Append the samples of one trun (8.8.8); the place and the time after its last one.

    A run without an offset goes on where the last one ended, or begins at ``payload``, the usual start of mdat.
    """
    _, flags = version_and_flags(data, box)
    count = struct.unpack_from(">I", data, box.body + 4)[0]
    if len(rows) + count > MAX_SAMPLES:
        raise damaged("a fragment has too many samples")
    cursor = box.body + 8
    if flags & _RUN_OFFSET:
        place = base + struct.unpack_from(">i", data, cursor)[0]
        cursor += 4
    elif place is None:
        place = max(base, payload)
    first_flags = None
    if flags & _RUN_FIRST_FLAGS:
        first_flags = struct.unpack_from(">I", data, cursor)[0]
        cursor += 4
    layout = ">" + "".join(
        code
        for bit, code in ((_RUN_DURATION, "I"), (_RUN_SIZE, "I"), (_RUN_FLAGS, "I"), (_RUN_COMPOSITION, "i"))
        if flags & bit
    )
    width = struct.calcsize(layout)
    if cursor + width * count > box.end or place < 0:
        raise damaged("a run of samples is cut short")
    table = list(struct.iter_unpack(layout, data[cursor : cursor + width * count])) if width else [()] * count
    columns = _columns(flags, table, defaults, first_flags)
    for duration, size, sample_flags, composition in zip(*columns, strict=True):
        rows.append(SampleLocation(place, size, dts, composition, duration, not sample_flags & _NON_SYNC))
        place += size
        dts += duration
    return place, dts


def _columns(
    flags: int, table: Sequence[tuple[int, ...]], defaults: _Defaults, first_flags: int | None
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Durations, sizes, flags and composition offsets of a run, the defaults filled in."""
    count = len(table)
    taken = 0
    columns: list[list[int]] = []
    bits = (_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_COMPOSITION)
    for bit, default in zip(bits, (defaults.duration, defaults.size, defaults.flags, 0), strict=True):
        if flags & bit:
            columns.append([row[taken] for row in table])
            taken += 1
        else:
            columns.append([default] * count)
    if first_flags is not None and count and not flags & _RUN_FLAGS:
        columns[2][0] = first_flags
    return columns[0], columns[1], columns[2], columns[3]


def _encryption(fragment: TrackFragment, data: bytes, traf: Box, runs: Sequence[int]) -> SampleEncryptions | None:
    """How the samples are encrypted, out of the fragment's own boxes; ``runs`` are the numbers of samples in each
    trun. None where all are clear."""
    default = fragment.track.entries[fragment.entry].encryption
    if default is None:
        return None
    container = parse_children(data, traf.start, traf.end)[0]
    own = seig_groups(data, container, default.scheme)
    ungrouped = [default] * len(fragment.rows)
    encryptions = grouped_encryptions(data, container, ungrouped, fragment.track.groups, own)
    if not any(item is not None and item.protected for item in encryptions):
        return None
    return sample_encryptions(data, container, container, encryptions, runs)
