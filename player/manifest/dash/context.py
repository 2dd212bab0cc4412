"""What the levels of an MPD hand down while it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from player.manifest.dash.xml import Element
from player.manifest.notes import Notes


@dataclass(frozen=True, slots=True)
class MpdContext:
    """The MPD as a whole. ``now_s`` is the server's clock as far as known; None only for a static MPD or where no
    clock was given and the MPD has no publish time."""

    url: str
    dynamic: bool
    now_s: float | None
    availability_start_s: float
    availability_end_s: float | None  # MPD@availabilityEndTime: no segment can be had any more (5.3.1.2)
    window_depth_s: float | None
    references: dict[str, Element]
    notes: Notes


@dataclass(frozen=True, slots=True)
class PeriodContext:
    """One period on the presentation timeline; ``end_s`` is None while it is open."""

    mpd: MpdContext
    element: Element
    position: int
    start_s: float
    end_s: float | None
    path: str

    @property
    def duration_s(self) -> float | None:
        return None if self.end_s is None else self.end_s - self.start_s

    def edge_s(self, offset_s: float) -> float | None:
        """How far into the period segments are available now, ``offset_s`` being @availabilityTimeOffset; None
        when only the period's end limits them (ISO/IEC 23009-1 A.3.2)."""
        if not self.mpd.dynamic or self.mpd.now_s is None:
            return None
        if math.isinf(offset_s):
            if self.end_s is not None:
                return None
            offset_s = 0.0
        now_s = self.mpd.now_s
        if self.mpd.availability_end_s is not None:
            now_s = min(now_s, self.mpd.availability_end_s)
        return now_s - self.mpd.availability_start_s - self.start_s + offset_s
