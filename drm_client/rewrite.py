"""Taking byte ranges out of a file whose other parts point into it."""

from __future__ import annotations

from bisect import bisect_right


class Rewriter:
    """Edits ``data`` in place and drops ranges from it at the end.

    First name all ranges with :meth:`remove`, then ask :meth:`moved` where an old offset will be, patch sizes and
    offsets in ``data``, and take :meth:`result`. Offsets are of the original until then.
    """

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self._ranges: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._removed_before: list[int] = []

    def remove(self, start: int, end: int) -> None:
        """Drop ``data[start:end]``; ranges may touch but not overlap."""
        if end > start:
            self._ranges.append((start, end))
            self._starts = []

    def moved(self, offset: int) -> int:
        """The offset in the result of what was at ``offset`` (of what follows, where that was dropped)."""
        if not self._starts:
            self._index()
        if not self._ranges:
            return offset
        position = bisect_right(self._starts, offset) - 1
        if position < 0:
            return offset
        start, end = self._ranges[position]
        return offset - self._removed_before[position] - (min(offset, end) - start)

    def result(self) -> bytearray:
        """What is left of the data."""
        if not self._ranges:
            return self.data
        self._index()
        kept = bytearray()
        view = memoryview(self.data)
        position = 0
        for start, end in self._ranges:
            kept += view[position:start]
            position = end
        kept += view[position:]
        return kept

    def _index(self) -> None:
        self._ranges.sort()
        self._starts = [start for start, _ in self._ranges]
        self._removed_before = []
        total = 0
        for start, end in self._ranges:
            self._removed_before.append(total)
            total += end - start
