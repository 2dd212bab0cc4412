"""Stretches that hold no true media (ISO/IEC 23009-1 5.3.9.7, FailoverContent): gaps, like those of HLS."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from player.manifest.dash.inherit import InheritedAddressing
from player.manifest.dash.xml import boolean, children, integer
from player.manifest.limits import MAX_WARNINGS
from player.manifest.model import Segment, SegmentIndex

MAX_FAILURES = MAX_WARNINGS * 10  # of one Representation
_ROUNDING_S = 1e-3


@dataclass(frozen=True, slots=True)
class FailoverIndex:
    """A segment index whose segments are gaps where their middle is in one of ``holes``: pairs of start and end, in
    seconds of the presentation."""

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
        inside = any(start - _ROUNDING_S <= middle_s < end + _ROUNDING_S for start, end in self.holes)
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
    return found
