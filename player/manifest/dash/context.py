"""What the levels of an MPD hand down while it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from player.base.errors import ManifestError
from player.manifest.dash.query import Queries
from player.manifest.dash.timeline import KnownTimelines
from player.manifest.dash.xml import Element
from player.manifest.parser_notes import Notes
from player.manifest.values import InitializationSet

_ROUNDING_S = 1e-3
_CHUNK_S = 0.5  # where it is not said


@dataclass(frozen=True, slots=True)
class MpdContext:
    """The MPD as a whole. ``now_s`` is the server's clock as far as known; None only for a static MPD or where no
    clock was given and the MPD has no publish time."""

    url: str
    dynamic: bool
    now_s: float | None
    availability_start_s: float
    availability_end_s: float | None  # MPD@availabilityEndTime: no segment is available any more (5.3.1.2)
    window_depth_s: float | None
    references: dict[str, Element]
    queries: Queries
    notes: Notes
    refused: list[ManifestError]  # Representations that were left out, by the reason
    initialization_sets: dict[str, InitializationSet] = field(default_factory=dict)  # by their ids
    timelines: KnownTimelines = field(default_factory=KnownTimelines)
    due_s: list[float] = field(default_factory=list)
    """When, by the server's clock, each list of segments gets its next one without a reload. Filled while reading."""

    parts_s: list[float] = field(default_factory=list)
    """How long the chunks are that segments are published in before they are whole. Filled while reading."""

    def part_target_s(self) -> float | None:
        """The length of the chunks; None where segments are published whole."""
        return max(self.parts_s, default=None)

    def next_due_s(self) -> float | None:
        """The date of the next segment that comes without a reload; None where none does."""
        return min(self.due_s, default=None)


@dataclass(frozen=True, slots=True)
class PeriodContext:
    """One period on the presentation timeline; ``end_s`` is None while it is open."""

    mpd: MpdContext
    element: Element
    position: int
    start_s: float
    end_s: float | None
    path: str
    queries: Queries

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

    def early(self, segment_s: float, offset_s: float, resync_s: float | None = None) -> None:
        """Note that segments of a length are available so much before they are whole (@availabilityTimeOffset).
        ``resync_s`` is how long their chunks are where the MPD says it (Resync@dT)."""
        if self.mpd.dynamic and offset_s > 0:
            length_s = segment_s - offset_s if resync_s is None else resync_s
            self.mpd.parts_s.append(length_s if 0 < length_s < segment_s else min(_CHUNK_S, segment_s))

    def due(self, end_s: float, offset_s: float) -> None:
        """Note when the segment that ends ``end_s`` into the period will be available (ISO/IEC 23009-1 A.3.2)."""
        mpd = self.mpd
        if not mpd.dynamic or mpd.now_s is None or math.isinf(offset_s):
            return
        if self.end_s is not None and self.start_s + end_s > self.end_s + _ROUNDING_S:
            return
        date_s = mpd.availability_start_s + self.start_s + end_s - offset_s
        if mpd.availability_end_s is None or date_s <= mpd.availability_end_s:
            mpd.due_s.append(date_s)
