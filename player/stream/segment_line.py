"""The segments of one track through all periods, in one row: what a lane counts its positions in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from player.manifest.model import Rendition, Segment
from player.stream.timed_list import TimedList

_KEPT = 1024  # segments before the window of a live playback
_SAME_S = 1e-3


@dataclass(frozen=True, slots=True)
class LinePart:
    """One segment of a line and the rendition that it belongs to."""

    period: int
    rendition: Rendition
    segment: Segment


def is_again(known: Segment, listed: Segment) -> bool:
    """Whether a segment is one that was listed before. Its duration may be another one."""
    return (known.number, known.discontinuity) == (listed.number, listed.discontinuity) and (
        abs(known.start_s - listed.start_s) < _SAME_S
    )


class SegmentLine:
    """Segments in presentation order; a position counts from 0 over all periods.

    A live one (``growing``) grows at its end, on the engine's loop, while libmpv's demuxer thread reads it.
    """

    def __init__(self, key: str, parts: Iterable[LinePart], *, growing: bool = False) -> None:
        self.key = key
        self._row = TimedList(parts, lambda part: part.segment.start_s)
        self.growing = growing

    def __len__(self) -> int:
        return len(self._row)

    @property
    def parts(self) -> list[LinePart]:
        """All segments; of a live playback those that may still be wanted."""
        return self._row.items

    def since(self, position: int) -> list[LinePart]:
        """The segments from this position on."""
        return self._row.since(position)

    def slide(self, start_s: float) -> None:
        """What begins before ``start_s`` is no longer available."""
        self._row.forget(self.at(start_s) - _KEPT)

    def grow(self, parts: Iterable[LinePart]) -> int:
        """Put those that begin behind the last one at the end; how many those were. The last one may be longer or
        shorter by now: how long a segment will be is not known while it is made."""
        known, before = self.parts[-1] if self.parts else None, len(self)
        for part in parts:
            if known is None or part.segment.start_s > known.segment.start_s + known.segment.duration_s / 2:
                self._row.append(part)
            elif is_again(known.segment, part.segment) and known.period == part.period:
                known = part
                self._row.change_last(part)
        return len(self) - before

    def __getitem__(self, position: int) -> LinePart:
        return self._row[position]

    def at(self, time_s: float) -> int:
        """The position that covers ``time_s``, clamped to the ends."""
        return self._row.at(time_s)

    def overlapping(self, start_s: float, stop_s: float, group: tuple[int, int]) -> list[int]:
        """Positions of one group (period, discontinuity) with media between two times."""
        found = []
        first = self.at(start_s)  # of those that begin together the last one; the other is of the period before
        while first > len(self) - len(self.parts) and self[first - 1].segment.end_s > start_s:
            first -= 1
        for position in range(first, len(self)):
            segment = self[position].segment
            if segment.start_s >= stop_s:
                break
            if segment.end_s > start_s and (self[position].period, segment.discontinuity) == group:
                found.append(position)
        return found
