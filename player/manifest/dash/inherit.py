"""Segment addressing with inheritance (ISO/IEC 23009-1 5.3.9.1): what holds for one Representation.

SegmentBase, SegmentList and SegmentTemplate may stand in Period, AdaptationSet and Representation. The innermost
level that has one of them decides which it is; attributes and child elements that it lacks come from the
same-named element further out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from player.manifest.dash.xml import Element, child, decimal, integer, local, timescale_of
from player.manifest.model import ByteRange

KINDS = ("SegmentBase", "SegmentList", "SegmentTemplate")


@dataclass(frozen=True, slots=True)
class InheritedAddressing:
    """The merged segment information of one Representation; ``levels`` are its elements, innermost first.
    ``last_number`` is what a descriptor says of its last segment."""

    kind: str
    levels: tuple[Element, ...]
    last_number: int | None = None

    def text(self, name: str) -> str | None:
        for element in self.levels:
            value = element.get(name)
            if value is not None:
                return value
        return None

    def number(self, name: str) -> int | None:
        return integer(self.text(name))

    def decimal(self, name: str) -> float | None:
        return decimal(self.text(name))

    def element(self, name: str) -> Element | None:
        for element in self.levels:
            found = child(element, name)
            if found is not None:
                return found
        return None

    def elements(self, name: str) -> list[Element]:
        """All children of a name, from the innermost level that has any."""
        for element in self.levels:
            found = [item for item in element if local(item) == name]
            if found:
                return found
        return []

    @property
    def timescale(self) -> int:
        return timescale_of(self.text("timescale")) or 1

    @property
    def presentation_time_offset(self) -> int:
        return self.number("presentationTimeOffset") or 0

    @property
    def start_number(self) -> int:
        value = self.number("startNumber")
        return 1 if value is None else value

    @property
    def end_number(self) -> int | None:
        value = self.number("endNumber")
        return self.last_number if value is None else value


def merge(levels: Sequence[Element], last_number: int | None = None) -> InheritedAddressing | None:
    """The addressing of a Representation whose elements are ``levels``, innermost first; None where none is given."""
    for level in levels:
        for kind in KINDS:
            if child(level, kind) is not None:
                found = tuple(item for outer in levels if (item := child(outer, kind)) is not None)
                return InheritedAddressing(kind, found, last_number)
    return None


def byte_range(text: str | None) -> ByteRange | None:
    """``first-last`` in bytes, both included (RFC 9110 14.1.2); the end may be missing."""
    if text is None:
        return None
    first, dash, last = text.strip().removeprefix("bytes=").partition("-")
    start, end = integer(first), integer(last)
    if not dash or start is None or start < 0 or (end is not None and end < start):
        return None
    return ByteRange(start, None if end is None else end - start + 1)
