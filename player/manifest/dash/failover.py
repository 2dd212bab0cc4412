"""Stretches that hold no true media (ISO/IEC 23009-1 5.3.9.7, FailoverContent): gaps, like those of HLS."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from player.manifest.dash.inherit import InheritedAddressing
from player.manifest.dash.xml import boolean, children, integer
from player.manifest.limits import MAX_WARNINGS
from player.manifest.model import Segment, SegmentIndex

MAX_FAILURES = MAX_WARNINGS * 10  # of one Representation
_ROUNDING_S = 1e-3


@dataclass(frozen=True, slots=True)
class FailoverIndex:
    """A segment index whose segments are gaps where their middle is in one of ``holes``: pairs of start and end, in
    seconds of the presentation, in order and apart from each other."""

    inner: SegmentIndex
    holes: tuple[tuple[float, float], ...]

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, position: int, /) -> Segment:
        return self._marked(self.inner[position])

    def __iter__(self) -> Iterator[Segment]:
        return map(self._marked, self.inner)

    def position_at(self, time_s: float) -> int:
        return self.inner.position_at(time_s)

    def _marked(self, segment: Segment) -> Segment:
        middle_s = segment.start_s + segment.duration_s / 2
        place = bisect_right(self.holes, middle_s + _ROUNDING_S, key=itemgetter(0)) - 1
        inside = place >= 0 and middle_s < self.holes[place][1] + _ROUNDING_S
        return segment._replace(gap=True) if inside else segment


def failures(addressing: InheritedAddressing, period_start_s: float) -> list[tuple[float, float]]:
    """The stretches that FailoverContent names. Those with @valid true hold replacement media, which is played."""
    element = addressing.element("FailoverContent")
    if element is None or boolean(element.get("valid")) is not False:
        return []
    found = []
    for item in children(element, "FCS")[:MAX_FAILURES]:
        start, length = integer(item.get("t")), integer(item.get("d"))
        if start is None:
            continue
        start_s = period_start_s + (start - addressing.presentation_time_offset) / addressing.timescale
        end_s = math.inf if length is None else start_s + length / addressing.timescale
        found.append((start_s, end_s))
    return _joined(sorted(found))


def _joined(holes: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches that overlap as one."""
    found: list[tuple[float, float]] = []
    for start_s, end_s in holes:
        if found and start_s <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end_s)
        else:
            found.append((start_s, end_s))
    return found
