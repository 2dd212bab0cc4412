"""A bounded reader of ISO base media file boxes (ISO/IEC 14496-12), as far as decryption needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.iso_box import BoxError, read_box

MAX_BOXES = 1_000_000
MAX_DEPTH = 12
CONTAINERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"mfra", b"sinf", b"schi"}
)


@dataclass(slots=True)
class Box:
    """One box. ``start``, ``body`` (behind size and type) and ``end`` are offsets in the file. ``extended`` is the
    16-byte type of a ``uuid`` box, and ``body`` stands behind it."""

    type: bytes
    start: int
    body: int
    end: int
    extended: bytes = b""
    children: list[Box] = field(default_factory=list)

    def all(self, type_: bytes) -> Iterator[Box]:
        """The direct children of one type."""
        return (child for child in self.children if child.type == type_)

    def first(self, *path: bytes) -> Box | None:
        """The first box down a path of types, or None."""
        box: Box | None = self
        for type_ in path:
            box = next(box.all(type_), None) if box is not None else None
        return box

    def walk(self) -> Iterator[Box]:
        """This box and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_boxes(data: bytes | bytearray | memoryview) -> list[Box]:
    """The boxes of a file or segment, with the children of the known containers.

    The last top-level box may be cut short. Raises :class:`DrmError` ``drm.decrypt_failed`` for anything that is no
    box structure or beyond the limits (a million boxes, 12 levels).
    """
    return _BoxParser(data).boxes(0, len(data), 0)


def parse_children(data: bytes | bytearray | memoryview, start: int, end: int) -> list[Box]:
    """The boxes within ``data[start:end]``; raises as :func:`parse_boxes`."""
    return _BoxParser(data).boxes(start, end, 1)


class _BoxParser:
    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = data
        self._count = 0

    def boxes(self, start: int, end: int, depth: int) -> list[Box]:
        if depth > MAX_DEPTH:
            raise damaged("Its boxes are nested too deeply.")
        found: list[Box] = []
        while start < end:
            if end - start < 8:
                if depth == 0:
                    raise damaged("It ends in the middle of a box.")
                break  # QuickTime ends some lists with four zero bytes
            box = self._one(start, end, depth)
            found.append(box)
            start = box.end
        return found

    def _one(self, start: int, end: int, depth: int) -> Box:
        self._count += 1
        if self._count > MAX_BOXES:
            raise damaged("It has too many boxes.")
        try:
            type_, _, body, stop = read_box(self._data, start, end)
        except BoxError:
            raise damaged("One of its boxes has an impossible size.") from None
        if stop > end and depth == 0 and type_ == b"mdat":
            stop = end
        if stop > end:
            raise damaged("One of its boxes has an impossible size.")
        extended = b""
        if type_ == b"uuid":
            extended = bytes(self._data[body : body + 16])
            body += 16
            if body > stop:
                raise damaged("One of its boxes has an impossible size.")
        box = Box(type_, start, body, stop, extended)
        if type_ in CONTAINERS:
            box.children = self.boxes(body, box.end, depth + 1)
        return box


class BoxFields:
    """Reads big-endian numbers one after another; never beyond ``end``."""

    def __init__(self, data: bytes | bytearray | memoryview, start: int, end: int) -> None:
        self.data = data
        self.position = start
        self.end = end
        self.total = len(data)

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def take(self, length: int) -> bytes:
        stop = self.position + length
        if length < 0 or stop > self.end:
            raise damaged("One of its boxes is shorter than what it says.")
        taken = bytes(self.data[self.position : stop])
        self.position = stop
        return taken

    def skip(self, length: int) -> None:
        if self.position + length > self.end:
            raise damaged("One of its boxes is shorter than what it says.")
        self.position += length

    def version_and_flags(self) -> tuple[int, int]:
        return self.number(1), self.number(3)

    def count(self, item_length: int) -> int:
        """A 32-bit count of items of ``item_length`` bytes that must all be there."""
        count = self.number(4)
        if self.position + count * item_length > self.end:
            raise damaged("One of its boxes is shorter than what it says.")
        return count


def fields(data: bytes | bytearray | memoryview, box: Box) -> BoxFields:
    """A reader over the body of ``box``."""
    return BoxFields(data, box.body, box.end)


def damaged(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.DECRYPT_FAILED, f"The MP4 data is damaged. {detail}")
