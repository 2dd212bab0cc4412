"""The segments of one track through all periods, in one row: what a lane counts its positions in. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from player.manifest.model import Rendition, Segment


@dataclass(frozen=True, slots=True)
class LinePart:
    """One segment of a line and the rendition that it belongs to."""

    period: int
    rendition: Rendition
    segment: Segment


class SegmentLine:
    """Segments in presentation order; a position counts from 0 over all periods.

    A live one (``growing``) grows at its end, on the engine's loop, while libmpv's demuxer thread reads it.
    """

    def __init__(self, key: str, parts: Iterable[LinePart], *, growing: bool = False) -> None:
        self.key = key
        self.parts = list(parts)
        self.growing = growing
        self._starts = [part.segment.start_s for part in self.parts]

    def __len__(self) -> int:
        return len(self._starts)

    def grow(self, parts: Iterable[LinePart]) -> int:
        """Put those that begin behind the last one at the end; how many those were."""
        last = self.parts[-1].segment if self.parts else None
        before = len(self._starts)
        for part in parts:
            if last is None or part.segment.start_s > last.start_s + last.duration_s / 2:
                self.parts.append(part)
                self._starts.append(part.segment.start_s)
        return len(self._starts) - before

    def __getitem__(self, position: int) -> LinePart:
        return self.parts[position]

    def at(self, time_s: float) -> int:
        """The position that covers ``time_s``, clamped to the ends."""
        return max(0, bisect_right(self._starts, time_s) - 1)

    def overlapping(self, start_s: float, stop_s: float, group: tuple[int, int]) -> list[int]:
        """Positions of one group (period, discontinuity) with media between two times."""
        found = []
        for position in range(self.at(start_s), len(self)):
            segment = self.parts[position].segment
            if segment.start_s >= stop_s:
                break
            if segment.end_s > start_s and (self.parts[position].period, segment.discontinuity) == group:
                found.append(position)
        return found
