"""Decrypts whole WebM files by the WebM encryption specification (AES-CTR, signal byte, partitions), and leaves no
trace of the encryption: ContentEncodings go, frames lose their headers, sizes and positions are set right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from drm_client.cenc import SampleDecryptor
from drm_client.ebml import UNKNOWN_SIZE, EbmlError, read_element, read_number
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.rewrite import Rewriter
from drm_client.scheme import SampleProtection, Scheme

MAX_ELEMENTS = 4_000_000
MAX_DEPTH = 8
_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_TRACKS, _TRACK_ENTRY, _TRACK_NUMBER = 0x1654AE6B, 0xAE, 0xD7
_ENCODINGS, _ENCODING, _ENCRYPTION, _KEY_ID = 0x6D80, 0x6240, 0x5035, 0x47E2
_BLOCK_GROUP, _BLOCK, _SIMPLE_BLOCK = 0xA0, 0xA1, 0xA3
_SEEK_HEAD, _SEEK, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AC
_CUES, _CUE_POINT, _CUE_TRACK = 0x1C53BB6B, 0xBB, 0xB7
_CUE_CLUSTER, _CUE_RELATIVE = 0xF1, 0xF0
_POSITION, _PREVIOUS_SIZE, _CRC = 0xA7, 0xAB, 0xBF
_CONTAINERS = frozenset(
    {_SEGMENT, _CLUSTER, _TRACKS, _TRACK_ENTRY, _ENCODINGS, _ENCODING, _ENCRYPTION, _BLOCK_GROUP}
    | {_SEEK_HEAD, _SEEK, _CUES, _CUE_POINT, _CUE_TRACK}
)
_TOP_OF_SEGMENT = frozenset({_CLUSTER, _TRACKS, _SEEK_HEAD, _CUES, 0x1549A966, 0x1043A770, 0x1254C367, 0x1941A469})
_ENCRYPTED, _PARTITIONED = 1, 2
_IV_BYTES = 8


@dataclass(slots=True)
class WebmElement:
    """An EBML element: offsets of its ID, size field, body and end. ``unknown`` where it does not say its size."""

    id: int
    start: int
    size_at: int
    body: int
    end: int
    unknown: bool = False
    children: list[WebmElement] = field(default_factory=list)

    def all(self, id_: int) -> Iterator[WebmElement]:
        return (child for child in self.children if child.id == id_)

    def walk(self) -> Iterator[WebmElement]:
        yield self
        for child in self.children:
            yield from child.walk()


class WebmDecryptor:
    """Decrypts a WebM file, or its init segment and then its media segments."""

    def __init__(self, keys: KeyRing) -> None:
        self._decryptor = SampleDecryptor(keys)
        self._kids: dict[int, bytes] = {}

    def decrypt(self, data: bytearray) -> bytearray:
        """The clear file; ``data`` is used up.

        Raises :class:`DrmError`: ``drm.no_key``, or ``drm.decrypt_failed`` for damaged data.
        """
        elements = _WebmParser(data).elements(0, len(data), 0)
        rewriter = Rewriter(data)
        everything = [element for top in elements for element in top.walk()]
        for element in everything:
            if element.id == _TRACK_ENTRY:
                self._read_track(data, element)
        for element in everything:
            if element.id in (_ENCODINGS, _CRC):
                rewriter.remove(element.start, element.end)
            elif element.id in (_SIMPLE_BLOCK, _BLOCK):
                self._decrypt_block(rewriter, element)
        segment = next((element for element in elements if element.id == _SEGMENT), None)
        for top in elements:
            _patch_positions(rewriter, top, segment)
        for top in elements:
            _patch_sizes(rewriter, top)
        return rewriter.result()

    def _read_track(self, data: bytearray, track: WebmElement) -> None:
        number = next((_number(data, element) for element in track.all(_TRACK_NUMBER)), None)
        key_ids = [element for element in track.walk() if element.id == _KEY_ID]
        encrypted = any(element.id == _ENCRYPTION for element in track.walk())
        if number is not None and encrypted:
            self._kids[number] = bytes(data[key_ids[0].body : key_ids[0].end]) if key_ids else bytes(16)

    def _decrypt_block(self, rewriter: Rewriter, block: WebmElement) -> None:
        data = rewriter.data
        try:
            number, position = read_number(data, block.body, block.end)
        except EbmlError:
            raise _damaged("It has an impossible number.") from None
        kid = self._kids.get(number)
        if kid is None:
            return
        position += 3  # time code and flags
        if position >= block.end or data[position - 1] & 0x06:
            raise _damaged("An encrypted frame is incomplete or laced.")
        signal = data[position]
        frame = position + 1
        subsamples: tuple[tuple[int, int], ...] = ()
        if signal & _ENCRYPTED:
            iv = bytes(data[frame : frame + _IV_BYTES])
            frame += _IV_BYTES
            if signal & _PARTITIONED:
                if frame >= block.end:
                    raise _damaged("An encrypted frame is incomplete.")
                count = data[frame]
                table = frame + 1
                frame = table + 4 * count
                subsamples = _partitions(bytes(data[table:frame]), block.end - frame)
            if frame > block.end:
                raise _damaged("An encrypted frame is incomplete.")
            if frame < block.end:
                protection = SampleProtection(Scheme.CENC, kid, iv, subsamples)
                self._decryptor.decrypt_in_place(memoryview(data)[frame : block.end], protection)
        rewriter.remove(position, frame)


def _partitions(table: bytes, size: int) -> tuple[tuple[int, int], ...]:
    """(clear, protected) pairs from the offsets at which a frame turns from clear to encrypted and back."""
    offsets = [int.from_bytes(table[at : at + 4], "big") for at in range(0, len(table), 4)]
    edges = [0, *offsets, size]
    if sorted(edges) != edges:
        raise _damaged("The partitions of an encrypted frame are impossible.")
    lengths = [end - start for start, end in pairwise(edges)]
    lengths += [0] * (len(lengths) % 2)
    return tuple(zip(lengths[::2], lengths[1::2], strict=True))


def _patch_positions(rewriter: Rewriter, top: WebmElement, segment: WebmElement | None) -> None:
    """Positions count from the segment's body; relative ones of cues from the body of their cluster."""
    data = rewriter.data
    origin = segment.body if segment is not None else 0
    new_origin = rewriter.moved(origin)
    for element in top.walk():
        if element.id in (_SEEK_POSITION, _CUE_CLUSTER, _POSITION):
            target = origin + _number(data, element)
            _write_number(data, element, rewriter.moved(target) - new_origin)
    for track in top.walk():
        if track.id == _CUE_TRACK:
            _patch_relative(rewriter, track, segment)
    _patch_previous_sizes(rewriter, top)


def _patch_relative(rewriter: Rewriter, track: WebmElement, segment: WebmElement | None) -> None:
    data = rewriter.data
    relative = next(track.all(_CUE_RELATIVE), None)
    cluster_at = next(track.all(_CUE_CLUSTER), None)
    if relative is None or cluster_at is None or segment is None:
        return
    moved_start = rewriter.moved(segment.body) + _number(data, cluster_at)
    for cluster in segment.all(_CLUSTER):
        if rewriter.moved(cluster.start) == moved_start:
            target = cluster.body + _number(data, relative)
            _write_number(data, relative, rewriter.moved(target) - rewriter.moved(cluster.body))
            return


def _patch_previous_sizes(rewriter: Rewriter, top: WebmElement) -> None:
    previous: WebmElement | None = None
    for cluster in top.all(_CLUSTER):
        for element in cluster.all(_PREVIOUS_SIZE):
            if previous is not None:
                size = rewriter.moved(previous.end) - rewriter.moved(previous.start)
                _write_number(rewriter.data, element, size)
        previous = cluster


def _patch_sizes(rewriter: Rewriter, top: WebmElement) -> None:
    """Write the new size of each element in as many bytes as the old one had."""
    data = rewriter.data
    for element in top.walk():
        size = rewriter.moved(element.end) - rewriter.moved(element.body)
        if element.unknown or size == element.end - element.body:
            continue
        length = element.body - element.size_at
        data[element.size_at : element.body] = (1 << 7 * length | size).to_bytes(length, "big")


def _number(data: bytearray, element: WebmElement) -> int:
    return int.from_bytes(data[element.body : min(element.end, element.body + 8)], "big")


def _write_number(data: bytearray, element: WebmElement, value: int) -> None:
    length = element.end - element.body
    data[element.body : element.end] = (value % (1 << 8 * length)).to_bytes(length, "big")


class _WebmParser:
    def __init__(self, data: bytearray) -> None:
        self._data = data
        self._count = 0

    def elements(self, start: int, end: int, depth: int, parent: int = 0) -> list[WebmElement]:
        if depth > MAX_DEPTH:
            raise _damaged("Its elements are nested too deeply.")
        found: list[WebmElement] = []
        while start < end:
            element = self._header(start, end)
            if parent == _CLUSTER and element.id in _TOP_OF_SEGMENT:
                break  # an element that belongs beside a cluster of unknown size ends it
            if element.id in _CONTAINERS:
                self._fill(element, depth)
            found.append(element)
            start = element.end
        return found

    def _header(self, start: int, end: int) -> WebmElement:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise _damaged("It has too many elements.")
        try:
            id_, body, size, _, size_at = read_element(self._data, start, end)
        except EbmlError:
            raise _damaged("It is no WebM, or ends in the middle of an element.") from None
        unknown = size == UNKNOWN_SIZE
        if unknown and id_ not in (_SEGMENT, _CLUSTER):
            raise _damaged("One of its elements has no size.")
        if body + size > end and id_ not in (_SEGMENT, _CLUSTER):
            raise _damaged("It ends in the middle of an element.")
        return WebmElement(id_, start, size_at, body, end if unknown else min(body + size, end), unknown)

    def _fill(self, element: WebmElement, depth: int) -> None:
        element.children = self.elements(element.body, element.end, depth + 1, element.id)
        if element.unknown:
            element.end = element.children[-1].end if element.children else element.body


def _damaged(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.DECRYPT_FAILED, f"The WebM data is damaged. {detail}")
