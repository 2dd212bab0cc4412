"""Decrypts whole MP4 files, init segments and media segments, and leaves no trace of the encryption in them.

The output has the clear sample entries (``encv`` and ``enca`` become what ``frma`` names), no protection boxes
(sinf, pssh, senc, saiz, saio, ``seig`` groups, PIFF's forms), and what this moves is pointed at again.
"""

from __future__ import annotations

from drm_client.boxes import Box, damaged, fields, parse_boxes
from drm_client.cenc import SampleDecryptor
from drm_client.keys import KeyRing
from drm_client.mp4_protection import is_protection_box, sample_protection
from drm_client.mp4_samples import (
    Mp4Track,
    PlacedSample,
    SampleRun,
    fragment_runs,
    fragment_samples,
    fragment_track_id,
    movie_samples,
    parse_tracks,
)
from drm_client.rewrite import Rewriter
from drm_client.scheme import SampleProtection

_FOURCC_OF_PROTECTED = frozenset({b"encv", b"enca", b"enct", b"encs", b"encm"})


class Mp4Decryptor:
    """Decrypts the parts of one presentation: a whole file, or an init segment and then its media segments."""

    def __init__(self, keys: KeyRing) -> None:
        self._decryptor = SampleDecryptor(keys)
        self._tracks: dict[int, Mp4Track] = {}

    def decrypt(self, data: bytearray) -> bytearray:
        """The clear file or segment; ``data`` is used up.

        Raises :class:`DrmError`: ``drm.no_key`` with the key ID that is missing, ``drm.decrypt_failed`` for damaged
        data or a segment whose init segment did not come before it, ``drm.scheme_unsupported``.
        """
        boxes = parse_boxes(data)
        offsets = _Offsets()
        for box in boxes:
            if box.type == b"moov":
                for trak, track in parse_tracks(data, box):
                    self._tracks[track.id] = track
                    self._decrypt_samples(data, movie_samples(data, trak, track))
            elif box.type == b"moof":
                self._decrypt_fragment(data, box, offsets)
        return _without_protection(data, boxes, offsets)

    def _decrypt_fragment(self, data: bytearray, moof: Box, offsets: _Offsets) -> None:
        follows = moof.start
        for traf in moof.all(b"traf"):
            track = self._tracks.get(fragment_track_id(data, traf))
            if track is None:
                raise damaged("A fragment belongs to no known track: its init segment must come before it.")
            runs, base, base_at = fragment_runs(data, traf, track, moof, follows)
            self._decrypt_samples(data, fragment_samples(data, traf, track, runs, base))
            offsets.add_fragment(runs, base, base_at)
            if runs:
                follows = runs[-1].offset + sum(runs[-1].sizes)

    def _decrypt_samples(self, data: bytearray, samples: list[PlacedSample]) -> None:
        protected: list[tuple[int, int, SampleProtection]] = []
        total = len(data)
        for start, size, encryption, info in samples:
            if encryption is None or not encryption.protected or not size:
                continue
            end = start + size
            if start < 0 or end > total:
                raise damaged("It ends before its last sample.")
            protected.append((start, end, sample_protection(encryption, info)))
        self._decryptor.decrypt_samples(data, protected)


class _Offsets:
    """Where fragments keep offsets that point at their samples."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, int, int]] = []  # (place of the field, base, offset of the run)
        self.bases: list[tuple[int, int]] = []  # (place of the field, base)

    def add_fragment(self, runs: list[SampleRun], base: int, base_at: int | None) -> None:
        self.runs += [(run.field_at, base, run.offset) for run in runs if run.field_at is not None]
        if base_at is not None:
            self.bases.append((base_at, base))


def _without_protection(data: bytearray, boxes: list[Box], offsets: _Offsets) -> bytearray:
    """The file without its protection boxes; offsets and sizes fit what is left."""
    rewriter = Rewriter(data)
    kept: list[Box] = []
    for box in boxes:
        kept += _drop_protection(rewriter, box)
    for box in kept:
        _patch_offsets(rewriter, box)
    for place, base, target in offsets.runs:
        _patch(rewriter, place, 4, rewriter.moved(target) - rewriter.moved(base))
    for place, base in offsets.bases:
        _patch(rewriter, place, 8, rewriter.moved(base))
    for box in kept:
        _patch_size(rewriter, box)
    return rewriter.result()


def _drop_protection(rewriter: Rewriter, box: Box) -> list[Box]:
    """Mark the protection boxes in ``box`` for removal; the boxes that stay."""
    data = rewriter.data
    if box.type == b"sinf" or is_protection_box(data, box):
        rewriter.remove(box.start, box.end)
        return []
    if box.type in _FOURCC_OF_PROTECTED:
        sinf = box.first(b"sinf")
        if sinf is not None and (frma := sinf.first(b"frma")) is not None:
            data[box.start + 4 : box.start + 8] = data[frma.body : frma.body + 4]
    kept = [box]
    for child in box.children:
        kept += _drop_protection(rewriter, child)
    return kept


def _patch_size(rewriter: Rewriter, box: Box) -> None:
    data = rewriter.data
    size = rewriter.moved(box.end) - rewriter.moved(box.start)
    written = int.from_bytes(data[box.start : box.start + 4], "big")
    if size == box.end - box.start or written == 0:
        return
    if written == 1:
        _patch(rewriter, box.start + 8, 8, size)
    else:
        _patch(rewriter, box.start, 4, size)


def _patch_offsets(rewriter: Rewriter, box: Box) -> None:
    if box.type in (b"stco", b"co64"):
        length = 4 if box.type == b"stco" else 8
        reader = fields(rewriter.data, box)
        reader.skip(4)
        for _ in range(reader.count(length)):
            place = reader.position
            _patch(rewriter, place, length, rewriter.moved(reader.number(length)))
    elif box.type == b"sidx":
        _patch_segment_index(rewriter, box)
    elif box.type == b"tfra":
        _patch_random_access(rewriter, box)


def _patch_segment_index(rewriter: Rewriter, sidx: Box) -> None:
    """A sidx box points at what follows it by sizes (ISO/IEC 14496-12, 8.16.3)."""
    reader = fields(rewriter.data, sidx)
    version, _ = reader.version_and_flags()
    length = 8 if version else 4
    reader.skip(8 + length)
    place = reader.position
    first = sidx.end + reader.number(length)
    _patch(rewriter, place, length, rewriter.moved(first) - rewriter.moved(sidx.end))
    reader.skip(2)
    for _ in range(reader.number(2)):
        place = reader.position
        value = reader.number(4)
        reader.skip(8)
        end = first + (value & 0x7FFFFFFF)
        size = rewriter.moved(end) - rewriter.moved(first)
        _patch(rewriter, place, 4, value & 0x80000000 | size)
        first = end


def _patch_random_access(rewriter: Rewriter, tfra: Box) -> None:
    """A tfra box gives the offsets of movie fragments (ISO/IEC 14496-12, 8.8.10)."""
    reader = fields(rewriter.data, tfra)
    version, _ = reader.version_and_flags()
    length = 8 if version else 4
    reader.skip(4)
    widths = reader.number(4)
    numbers = sum((widths >> shift & 3) + 1 for shift in (4, 2, 0))
    for _ in range(reader.count(2 * length + numbers)):
        reader.skip(length)
        place = reader.position
        _patch(rewriter, place, length, rewriter.moved(reader.number(length)))
        reader.skip(numbers)


def _patch(rewriter: Rewriter, place: int, length: int, value: int) -> None:
    rewriter.data[place : place + length] = (value % (1 << 8 * length)).to_bytes(length, "big")
