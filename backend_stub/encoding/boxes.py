"""Just enough ISO base media (ISO/IEC 14496-12) to check the segments we wrote: sizes, times, sync flags, key ids."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from backend_stub.boxes import BoxError, boxes

_NOT_SYNC = 0x10000  # sample_is_non_sync_sample, section 8.8.3.1
_IDR = 5  # H.264 nal_unit_type of a picture from which decoding can begin
_STSD_HEADER = 8
_ENTRY_FIELDS = {b"encv": 78, b"enca": 28}
_H264 = frozenset({"avc1", "avc3"})


@dataclass(frozen=True, slots=True)
class Init:
    """What an initialisation segment says of its one track; ``kid`` and ``scheme`` only of an encrypted one.

    ``skipped`` is the media time (ticks) at which the presentation begins: the edit list hides the samples that
    AAC needs to start up, and takes back the delay of reordered pictures. ``sample_entry`` is that of the clear track
    also where it is encrypted.
    """

    timescale: int
    skipped: int
    sample_entry: str
    scheme: str | None
    kid: bytes | None
    default_duration: int
    default_size: int
    default_flags: int


@dataclass(frozen=True, slots=True)
class Media:
    """What a media segment shows; times in ticks of the track's timescale, the edit list applied."""

    start: int
    duration: int
    samples: int
    starts_with_sync: bool


@dataclass(frozen=True, slots=True)
class _SampleRun:
    duration: int
    first_shift: int  # of presentation against decoding time
    sizes: list[int]
    first_is_sync: bool


def _find(data: memoryview, *path: bytes) -> memoryview:
    for name in path:
        body = next((body for kind, body in boxes(data) if kind == name), None)
        if body is None:
            raise BoxError(f"box {name!r} is missing")
        data = body
    return data


def read_init(data: bytes) -> Init:
    """Read an initialisation segment. Raises :class:`BoxError`."""
    try:
        moov = _find(memoryview(data), b"moov")
        mdhd = _find(moov, b"trak", b"mdia", b"mdhd")
        (timescale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)
        kind, entry = next(boxes(_find(moov, b"trak", b"mdia", b"minf", b"stbl", b"stsd")[_STSD_HEADER:]))
        _, _, duration, size, flags = struct.unpack_from(">5I", _find(moov, b"mvex", b"trex"), 4)
        entry_type = kind.decode("latin-1")
        scheme, kid = None, None
        if kind in _ENTRY_FIELDS:
            entry_type, scheme, kid = _protection(entry[_ENTRY_FIELDS[kind] :])
    except (struct.error, StopIteration, IndexError) as error:
        raise BoxError("a box is cut short") from error
    return Init(timescale, _skipped(moov), entry_type, scheme, kid, duration, size, flags)


def _skipped(moov: memoryview) -> int:
    """The media time of the first real edit (section 8.6.6); 0 without an edit list."""
    trak = _find(moov, b"trak")
    edits = next((body for kind, body in boxes(trak) if kind == b"edts"), None)
    if edits is None:
        return 0
    elst = _find(edits, b"elst")
    (count,) = struct.unpack_from(">I", elst, 4)
    layout = struct.Struct(">QqI") if elst[0] == 1 else struct.Struct(">IiI")
    times = [int(layout.unpack_from(elst, 8 + number * layout.size)[1]) for number in range(min(count, 16))]
    return next((time for time in times if time >= 0), 0)


def _protection(entry: memoryview) -> tuple[str, str, bytes]:
    """The sample entry that was encrypted, how, and under which key (ISO/IEC 14496-12, section 8.12)."""
    sinf = _find(entry, b"sinf")
    before = bytes(_find(sinf, b"frma")[:4]).decode("latin-1")
    scheme = bytes(_find(sinf, b"schm")[4:8]).decode("latin-1")
    return before, scheme, bytes(_find(sinf, b"schi", b"tenc")[8:24])


def read_media(data: bytes, init: Init) -> Media:
    """Read a media segment whole. Raises :class:`BoxError` when a part is missing or its samples do not fit.

    An H.264 segment's samples must be made of length-prefixed NAL units, and its first must hold an IDR picture. Both
    can be checked in encrypted segments too, where lengths and NAL headers are in the clear.
    """
    try:
        runs, payloads, start = _walk_media(memoryview(data), init)
    except (struct.error, IndexError) as error:
        raise BoxError("a box is cut short") from error
    if not runs or start is None:
        raise BoxError("no samples")
    sizes = [size for run in runs for size in run.sizes]
    payload = b"".join(payloads)
    if sum(sizes) != len(payload):
        raise BoxError(f"the samples take {sum(sizes)} bytes but the media data holds {len(payload)}")
    if init.sample_entry in _H264:
        _check_nal_units(payload, sizes)
    start += runs[0].first_shift - init.skipped
    hidden = min(0, start)  # before the presentation begins
    return Media(start - hidden, sum(run.duration for run in runs) + hidden, len(sizes), runs[0].first_is_sync)


def read_fragment(data: bytes, init: Init) -> Media:
    """Read a fragment that may begin anywhere in a segment. Raises :class:`BoxError` when a part is missing."""
    try:
        runs, _, start = _walk_media(memoryview(data), init)
    except (struct.error, IndexError) as error:
        raise BoxError("a box is cut short") from error
    if not runs or start is None:
        raise BoxError("no samples")
    start += runs[0].first_shift - init.skipped
    return Media(start, sum(run.duration for run in runs), sum(len(run.sizes) for run in runs), runs[0].first_is_sync)


def sample_sizes(data: bytes, init: Init) -> list[int]:
    """How many bytes each sample of a fragment has. Raises :class:`BoxError`."""
    try:
        runs, _, _ = _walk_media(memoryview(data), init)
    except (struct.error, IndexError) as error:
        raise BoxError("a box is cut short") from error
    return [size for run in runs for size in run.sizes]


def first_fragment(head: bytes) -> int:
    """Where the first fragment of a file begins, given its head. Raises :class:`BoxError` when that is too short."""
    offset = 0
    while offset + 8 <= len(head):
        size, kind = struct.unpack_from(">I4s", head, offset)
        if kind == b"moof":
            return offset
        if size < 8:
            break
        offset += size
    raise BoxError("no fragment")


def with_edit(head: bytes, skipped_s: Fraction) -> bytes:
    """The boxes before the first fragment with an edit list (section 8.6.6) in their one track, by which the
    presentation begins ``skipped_s`` seconds into the media. Raises :class:`BoxError`."""
    if not skipped_s:
        return head
    moov = _place(head, 0, len(head), b"moov")
    trak = _place(head, moov[0] + 8, moov[1], b"trak")
    mdia = _place(head, trak[0] + 8, trak[1], b"mdia")
    mdhd = _find(memoryview(head)[mdia[0] + 8 : mdia[1]], b"mdhd")
    (timescale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)
    elst = struct.pack(">I4sIIIiI", 28, b"elst", 0, 1, 0, round(skipped_s * timescale), 1 << 16)
    edts = struct.pack(">I4s", 8 + len(elst), b"edts") + elst
    changed = bytearray(head[: mdia[0]] + edts + head[mdia[0] :])
    for begin, end in (moov, trak):
        struct.pack_into(">I", changed, begin, end - begin + len(edts))
    return bytes(changed)


def _place(data: bytes, begin: int, end: int, wanted: bytes) -> tuple[int, int]:
    """Where the first box of this kind lies between two offsets."""
    while begin + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, begin)
        if kind == wanted:
            return begin, begin + size
        if size < 8:
            break
        begin += size
    raise BoxError(f"box {wanted!r} is missing")


def count_samples(data: bytes) -> int:
    """The samples in all fragments of a file with one track. Raises :class:`BoxError`."""
    total = 0
    try:
        for kind, body in boxes(memoryview(data)):
            if kind == b"moof":
                traf = _find(body, b"traf")
                total += sum(struct.unpack_from(">I", run, 4)[0] for name, run in boxes(traf) if name == b"trun")
    except struct.error as error:
        raise BoxError("a box is cut short") from error
    return total


def _walk_media(data: memoryview, init: Init) -> tuple[list[_SampleRun], list[memoryview], int | None]:
    runs: list[_SampleRun] = []
    payloads: list[memoryview] = []
    start: int | None = None
    for kind, body in boxes(data):
        if kind == b"mdat":
            payloads.append(body)
        elif kind == b"moof":
            traf = _find(body, b"traf")
            tfdt = _find(traf, b"tfdt")
            (time,) = struct.unpack_from(">Q" if tfdt[0] == 1 else ">I", tfdt, 4)
            start = time if start is None else start
            defaults = _fragment_defaults(_find(traf, b"tfhd"), init)
            runs += [_read_run(trun, *defaults) for name, trun in boxes(traf) if name == b"trun"]
    return runs, payloads, start


def _fragment_defaults(tfhd: memoryview, init: Init) -> tuple[int, int, int]:
    """Default duration, size and flags of a fragment's samples (section 8.8.7)."""
    (flags,) = struct.unpack_from(">I", tfhd, 0)
    offset = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    values = [init.default_duration, init.default_size, init.default_flags]
    for position, bit in enumerate((0x8, 0x10, 0x20)):
        if flags & bit:
            (values[position],) = struct.unpack_from(">I", tfhd, offset)
            offset += 4
    return values[0], values[1], values[2]


def _read_run(trun: memoryview, duration: int, size: int, sample_flags: int) -> _SampleRun:
    """One track run (section 8.8.8)."""
    flags, count = struct.unpack_from(">II", trun, 0)
    flags &= 0xFFFFFF
    offset = 8 + (4 if flags & 0x1 else 0)
    first_flags = sample_flags
    if flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", trun, offset)
        offset += 4
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if len(trun) != offset + count * 4 * len(columns):
        raise BoxError("the track run does not hold its samples")
    table = struct.unpack_from(f">{count * len(columns)}I", trun, offset)

    def column(bit: int, default: int) -> list[int]:
        return list(table[columns.index(bit) :: len(columns)]) if bit in columns else [default] * count

    if 0x400 in columns and count:
        first_flags = column(0x400, 0)[0]
    first_shift = _signed(column(0x800, 0)[0]) if count else 0
    return _SampleRun(sum(column(0x100, duration)), first_shift, column(0x200, size), not first_flags & _NOT_SYNC)


def _signed(value: int) -> int:
    """A 32-bit composition offset as version 1 of the box means it; real unsigned ones are never that large."""
    return value - (1 << 32) if value >= 1 << 31 else value


def _check_nal_units(payload: bytes, sizes: list[int]) -> None:
    offset = 0
    for number, size in enumerate(sizes):
        end = offset + size
        kinds = set()
        while offset < end:
            length = int.from_bytes(payload[offset : offset + 4])
            if length == 0 or offset + 4 + length > end:
                raise BoxError(f"picture {number + 1} is damaged")
            kinds.add(payload[offset + 4] & 0x1F)
            offset += 4 + length
        if number == 0 and _IDR not in kinds:
            raise BoxError("the first picture is not a keyframe")
