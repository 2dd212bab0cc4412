"""Fragmented MP4 (CMAF, DASH, HLS): initialisation segments, and the samples of segments that are still arriving.

ISO/IEC 14496-12 and 23000-19. :func:`samples` gives every sample as soon as its last byte is there, decrypted
and ready for the decoder.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from operator import itemgetter

from drm_client.boxes import parse_children
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.mp4_protection import (
    NO_GROUPS,
    SampleGroups,
    SampleInfo,
    read_auxiliary,
    sample_protection,
    seig_groups,
)
from player.base.errors import ErrorCode, MediaError
from player.media.boxes import Box, damaged, find, header, need, reading, version_and_flags, walk
from player.media.fragment import FragmentReader, SampleLocation, TrackFragment
from player.media.model import ByteSource, EventMessage, Sample, SampleDecrypt
from player.media.nal import to_annex_b
from player.media.sample_entry import SampleEntry, parse_sample_entry
from player.media.track import Fmp4Init, Fmp4Track

MAX_INIT_BYTES = 8 << 20
MAX_MOOF_BYTES = 16 << 20
MAX_EVENT_BYTES = 1 << 20

_HEADER_BYTES = 16
_MAX_TRACKS = 32
_MAX_ENTRIES = 16
_HANDLERS = (b"vide", b"soun", b"text", b"subt", b"sbtl")


def parse_init(data: bytes) -> Fmp4Init:
    """Read an initialisation segment.

    Tracks that are neither video, audio nor text are passed over, and so is one whose codec is not known as long
    as another track remains. Raises ``MEDIA_DAMAGED``, ``MEDIA_UNSUPPORTED`` or ``MEDIA_NO_TRACKS``.
    """
    if len(data) > MAX_INIT_BYTES:
        raise damaged("the initialisation segment is too large")
    with reading("the initialisation segment"):
        moov = need(data, 0, len(data), b"moov")
        movie = need(data, moov.body, moov.end, b"mvhd")
        version, _ = version_and_flags(data, movie)
        movie_scale = struct.unpack_from(">I", data, movie.body + (20 if version else 12))[0]
        defaults = _track_defaults(data, moov)
        tracks: dict[int, Fmp4Track] = {}
        unknown: MediaError | None = None
        pssh = []
        for box in walk(data, moov.body, moov.end):
            if box.type == b"pssh":
                pssh.append(bytes(data[box.start : box.end]))
            elif box.type == b"trak" and len(tracks) < _MAX_TRACKS:
                try:
                    track = _parse_track(data, box, movie_scale, defaults)
                except MediaError as error:
                    if error.code is not ErrorCode.MEDIA_UNSUPPORTED:
                        raise
                    unknown = error
                    continue
                if track is not None:
                    tracks[track.id] = track
    if not tracks:
        raise unknown or MediaError(ErrorCode.MEDIA_NO_TRACKS, "The media has neither video nor audio nor text.")
    return Fmp4Init(tracks, tuple(pssh))


def _track_defaults(data: bytes, moov: Box) -> dict[int, tuple[int, int, int, int]]:
    """trex by track: sample description index, duration, size, flags (8.8.3)."""
    extends = find(data, moov.body, moov.end, b"mvex")
    out: dict[int, tuple[int, int, int, int]] = {}
    for box in walk(data, extends.body, extends.end) if extends else ():
        if box.type == b"trex":
            id_, description, duration, size, flags = struct.unpack_from(">5I", data, box.body + 4)
            out[id_] = (description or 1, duration, size, flags)
    return out


def _parse_track(
    data: bytes, trak: Box, movie_scale: int, defaults: dict[int, tuple[int, int, int, int]]
) -> Fmp4Track | None:
    media = need(data, trak.body, trak.end, b"mdia")
    handler_box = need(data, media.body, media.end, b"hdlr")
    handler = data[handler_box.body + 8 : handler_box.body + 12]
    if handler not in _HANDLERS:
        return None
    track_header = need(data, trak.body, trak.end, b"tkhd")
    version, _ = version_and_flags(data, track_header)
    id_ = struct.unpack_from(">I", data, track_header.body + (20 if version else 12))[0]
    timescale, language = _media_header(data, need(data, media.body, media.end, b"mdhd"))
    table = need(data, media.body, media.end, b"minf", b"stbl")
    description, duration, size, flags = defaults.get(id_, (1, 0, 0, 0))
    entries = _entries(data, need(data, table.body, table.end, b"stsd"), handler)
    return Fmp4Track(
        id_,
        timescale,
        _edit_shift(data, find(data, trak.body, trak.end, b"edts", b"elst"), timescale, movie_scale),
        entries,
        description,
        duration,
        size,
        flags,
        _groups(data, table, entries),
        language,
    )


def _groups(data: bytes, table: Box, entries: tuple[SampleEntry, ...]) -> SampleGroups:
    """The track's sample groups of encryption; none for a clear track."""
    scheme = next((entry.encryption.scheme for entry in entries if entry.encryption is not None), None)
    if scheme is None:
        return NO_GROUPS
    return seig_groups(data, parse_children(data, table.start, table.end)[0], scheme)


def _media_header(data: bytes, box: Box) -> tuple[int, str]:
    """Timescale and ISO 639-2 language of mdhd (8.4.2)."""
    version, _ = version_and_flags(data, box)
    place = box.body + (20 if version else 12)
    timescale = struct.unpack_from(">I", data, place)[0]
    if timescale == 0:
        raise damaged("a track's timescale is 0")
    packed = struct.unpack_from(">H", data, place + (12 if version else 8))[0]
    letters = "".join(chr((packed >> shift & 31) + 0x60) for shift in (10, 5, 0))
    return timescale, letters if letters.isalpha() else ""


def _edit_shift(data: bytes, elst: Box | None, timescale: int, movie_scale: int) -> int:
    """What an edit list adds to media times: empty edits delay, the first real one cuts its media time (8.6.6)."""
    if elst is None:
        return 0
    version, _ = version_and_flags(data, elst)
    count = struct.unpack_from(">I", data, elst.body + 4)[0]
    layout = struct.Struct(">Qqi" if version else ">Iii")
    shift = 0
    for number in range(min(count, 64)):
        place = elst.body + 8 + number * layout.size
        if place + layout.size > elst.end:
            raise damaged("an edit list is cut short")
        duration, media_time, _ = layout.unpack_from(data, place)
        if media_time >= 0:
            return shift - int(media_time)
        shift += duration * timescale // (movie_scale or 1)
    return shift


def _entries(data: bytes, stsd: Box, handler: bytes) -> tuple[SampleEntry, ...]:
    out: list[SampleEntry] = []
    for box in walk(data, stsd.body + 8, stsd.end):
        if len(out) == _MAX_ENTRIES:
            raise damaged("a track has too many sample descriptions")
        out.append(parse_sample_entry(data, box, handler))
    if not out:
        raise damaged("a track has no sample description")
    return tuple(out)


def samples(
    init: Fmp4Init,
    source: ByteSource,
    decrypt: SampleDecrypt | None = None,
    *,
    on_event: Callable[[EventMessage], None] | None = None,
    on_pssh: Callable[[bytes], None] | None = None,
    fallback_start_s: float = 0.0,
    origin: int = 0,
) -> Iterator[tuple[int, Sample]]:
    """The samples of one segment, in the order of their bytes, each as soon as it has arrived: (track id, sample).

    ``on_event`` gets emsg boxes, ``on_pssh`` the pssh boxes of fragments (key rotation). ``fallback_start_s`` is
    the media time of a segment without tfdt, ``origin`` the segment's first byte in its file (for the rare
    absolute base-data-offset).

    Raises ``MEDIA_DAMAGED`` (also where the segment ends too early, after everything before that was given),
    ``DrmError`` with ``NO_KEY`` for protected samples without ``decrypt``, and what ``source`` and ``decrypt`` raise.
    """
    reader = FragmentReader(init.tracks, fallback_start_s, origin)
    place = 0
    box = None
    while (available := source.wait(place + 8)) >= place + 8:
        box = _next_box(source, place, available)
        if box.type == b"moof":
            data = _whole(source, box, MAX_MOOF_BYTES)
            if on_pssh is not None:
                _report_pssh(data, on_pssh)
            yield from _fragment_samples(reader.read(data, place), source, decrypt)
        elif box.type == b"emsg" and on_event is not None and box.end - box.start <= MAX_EVENT_BYTES:
            on_event(_event(_whole(source, box, MAX_EVENT_BYTES)))
        if box.end == place:
            return
        place = box.end
    if available < place and box is not None and box.type != b"mdat":  # of an mdat all samples have been there
        raise damaged("the segment ends inside a box")


def event_messages(source: ByteSource) -> Iterator[EventMessage]:
    """The emsg boxes of a segment, without a look at its samples. One that cannot be read is passed over."""
    place = 0
    while (available := source.wait(place + 8)) >= place + 8:
        box = _next_box(source, place, available)
        if box.type == b"emsg" and 0 < box.end - box.start <= MAX_EVENT_BYTES:
            with suppress(MediaError):
                yield _event(_whole(source, box, MAX_EVENT_BYTES))
        if box.end == place:
            return
        place = box.end


def first_time_s(init: Fmp4Init, source: ByteSource) -> float | None:
    """The earliest media time in the first fragment of a segment, in seconds after edit lists; None without one."""
    reader, place = FragmentReader(init.tracks, 0.0, 0), 0
    while (available := source.wait(place + 8)) >= place + 8:
        box = _next_box(source, place, available)
        if box.type == b"moof":
            times = [
                (row.dts + row.composition + fragment.track.shift) / fragment.track.timescale
                for fragment in reader.read(_whole(source, box, MAX_MOOF_BYTES), place)
                for row in fragment.rows
            ]
            return min(times, default=None)
        if box.end == place:
            break
        place = box.end
    return None


def leading_init(source: ByteSource) -> bytes:
    """The boxes of a segment up to its moov, for segments that bring their own initialisation. ``MEDIA_DAMAGED``
    where there is none before the first fragment."""
    place = 0
    while (available := source.wait(place + 8)) >= place + 8:
        box = _next_box(source, place, available)
        if box.type in (b"moof", b"mdat") or box.end == place:
            break
        if box.end > MAX_INIT_BYTES or (box.type == b"moov" and source.wait(box.end) < box.end):
            raise damaged("the initialisation is too large or cut short")
        if box.type == b"moov":
            return bytes(source.view(0, box.end))
        place = box.end
    raise damaged("a segment has no initialisation")


def _next_box(source: ByteSource, place: int, available: int) -> Box:
    """The box header at ``place`` of the segment; a box without a size ends where it starts (the last one)."""
    if available < place + _HEADER_BYTES:
        available = source.wait(place + _HEADER_BYTES)
    raw = bytes(source.view(place, min(available, place + _HEADER_BYTES)))
    if raw[:4] == b"\0\0\0\0":
        return Box(raw[4:8], place, place, place)
    box = header(raw, 0, len(raw))
    return Box(box.type, place, place + box.body, place + box.end)


def _whole(source: ByteSource, box: Box, limit: int) -> bytes:
    if box.end - box.start > limit or box.body - box.start != 8:
        raise damaged("a box is too large")
    if source.wait(box.end) < box.end:
        raise damaged("the segment ends inside a box")
    return bytes(source.view(box.start, box.end))


def _report_pssh(moof: bytes, on_pssh: Callable[[bytes], None]) -> None:
    for box in walk(moof, 8, len(moof)):
        if box.type == b"pssh":
            on_pssh(moof[box.start : box.end])


def _fragment_samples(
    fragments: list[TrackFragment], source: ByteSource, decrypt: SampleDecrypt | None
) -> Iterator[tuple[int, Sample]]:
    """The samples of one fragment; tracks that share it are interleaved as their bytes are."""
    if len(fragments) == 1:
        emitter = _Emitter(fragments[0], source, decrypt)
        for number, row in enumerate(fragments[0].rows):
            yield emitter.track_id, emitter.sample(number, row)
        return
    emitters = [_Emitter(fragment, source, decrypt) for fragment in fragments]
    order = sorted(
        (
            (row.offset, which, number)
            for which, fragment in enumerate(fragments)
            for number, row in enumerate(fragment.rows)
        ),
        key=itemgetter(0),
    )
    for _, which, number in order:
        yield emitters[which].track_id, emitters[which].sample(number, fragments[which].rows[number])


class _Emitter:
    """Turns the rows of one track fragment into samples."""

    def __init__(self, fragment: TrackFragment, source: ByteSource, decrypt: SampleDecrypt | None) -> None:
        self.track_id = fragment.track.id
        self._fragment = fragment
        self._entry = fragment.track.entries[fragment.entry]
        self._timescale = fragment.track.timescale
        self._shift = fragment.track.shift
        self._kind = fragment.track.kind
        self._source = source
        self._available = 0
        self._decrypt = decrypt
        encryption = fragment.encryption
        self._encryptions = () if encryption is None else encryption.encryptions
        self._infos = () if encryption is None else encryption.infos
        if decrypt is None and any(item is not None and item.protected for item in self._encryptions):
            raise DrmError(DrmErrorCode.NO_KEY, "This title is encrypted, and there is no key for it.")

    def sample(self, number: int, row: SampleLocation) -> Sample:
        """Wait for the bytes of one row, and make the sample of them."""
        offset, size, dts, composition, duration, key = row
        stop = offset + size
        if self._available < stop:
            self._available = self._source.wait(stop)
            if self._available < stop:
                raise damaged("the segment ends before its last sample")
        data = self._source.view(offset, stop)
        if self._encryptions:
            data = self._clear(number, data)
        if self._entry.nal is not None:
            data = to_annex_b(data if isinstance(data, bytearray) else bytearray(data), self._entry.nal, key=key)
        scale, decode = self._timescale, dts + self._shift
        return Sample(self._kind, (decode + composition) / scale, decode / scale, duration / scale, key, data)

    def _clear(self, number: int, data: bytes | bytearray) -> bytes | bytearray:
        item = self._encryptions[number]
        if item is None or not item.protected or self._decrypt is None:
            return data
        if not self._infos:
            self._infos = self._pointed_infos()
        buffer = data if isinstance(data, bytearray) else bytearray(data)
        try:
            protection = sample_protection(item, self._infos[number])
        except DrmError:
            raise damaged("an encrypted sample has no IV") from None
        clear = self._decrypt(buffer, protection)
        return bytearray(clear) if isinstance(clear, memoryview) else clear

    def _pointed_infos(self) -> Sequence[SampleInfo]:
        """IV and subsamples of each sample, out of the part of the segment that the fragment points to."""
        fragment = self._fragment
        samples = fragment.encryption
        if samples is None:
            return ()
        base, place = fragment.base, 0
        starts, stops = [], []
        for offset, count in samples.pointers:
            starts.append(base + offset)
            stops.append(base + offset + sum(samples.sizes[place : place + count]))
            place += count
        start, stop = min(starts), max(stops)
        if start < 0 or self._source.wait(stop) < stop:
            raise damaged("the encryption data lie outside the segment")
        with reading("the encryption data"):
            return read_auxiliary(bytes(self._source.view(start, stop)), base - start, samples)


def _event(data: bytes) -> EventMessage:
    """DASHEventMessageBox (ISO/IEC 23009-1, 5.10.3.3)."""
    with reading("an event message"):
        if data[8]:
            timescale, time, duration, id_ = struct.unpack_from(">IQII", data, 12)
            scheme, value, payload = data[32:].split(b"\0", 2)
        else:
            scheme, value, rest = data[12:].split(b"\0", 2)
            timescale, time, duration, id_ = struct.unpack_from(">IIII", rest)
            payload = rest[16:]
    if timescale == 0:
        raise damaged("an event's timescale is 0")
    return EventMessage(
        scheme.decode("utf-8", "replace"),
        value.decode("utf-8", "replace"),
        id_,
        time / timescale,
        not data[8],
        None if duration == 0xFFFFFFFF else duration / timescale,
        payload,
    )
