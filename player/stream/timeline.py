"""The slots of a playback: which stretch of the presentation each virtual segment stands for. Pure values.

A *slot* is one segment of the main track (video, or audio where there is no video) over all periods. Every rung fills
the same slots; the audio has segments of its own, which are cut to the slots when the stream is written.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from player.errors import ErrorCode, MediaError
from player.manifest.model import Rendition, Segment, SegmentIndex, Track


@dataclass(frozen=True, slots=True)
class Slot:
    """One virtual segment. ``group`` changes where the media's timestamps may start anew (period, discontinuity).

    ``until_s`` is where the next slot of the group begins (infinite for the last one), so that the slots of a group
    cover its time without a hole or an overlap, whatever the durations say.
    """

    number: int
    start_s: float
    duration_s: float
    period: int
    group: tuple[int, int]
    first_of_group: bool
    last_of_group: bool
    until_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    @property
    def middle_s(self) -> float:
        return self.start_s + self.duration_s / 2


@dataclass(frozen=True, slots=True)
class LogicalTrack:
    """One choice of a viewer (the English audio) through all periods; ``per_period`` has None where it is missing."""

    id: str
    label: str
    per_period: tuple[Track | None, ...]

    @property
    def first(self) -> Track:
        for track in self.per_period:
            if track is not None:
                return track
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has no such track.", track=self.id)

    def per_period_renditions(self) -> tuple[tuple[int, Rendition], ...]:
        """(period, its first rendition) wherever the track is there."""
        return tuple((n, track.renditions[0]) for n, track in enumerate(self.per_period) if track is not None)

    @property
    def language(self) -> str | None:
        return self.first.language


class Timeline:
    """The ordered slots of a playback."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = slots
        self._starts = [slot.start_s for slot in slots]

    def __len__(self) -> int:
        return len(self.slots)

    def __getitem__(self, number: int) -> Slot:
        return self.slots[number]

    @property
    def end_s(self) -> float:
        return self.slots[-1].end_s if self.slots else 0.0

    def at(self, time_s: float) -> Slot:
        """The slot that covers ``time_s``, clamped to the ends."""
        return self.slots[max(0, bisect_right(self._starts, time_s) - 1)]


def loaded(rendition: Rendition) -> SegmentIndex | None:
    """The rendition's segments if they are known already, else None."""
    segments = rendition.segments
    return segments if isinstance(segments, SegmentIndex) else None


def build_timeline(indexes: Sequence[SegmentIndex]) -> Timeline:
    """Slots from the main track's segments, one index for each period.

    Raises :class:`MediaError` where there is nothing to play.
    """
    raw = [(period, segment) for period, index in enumerate(indexes) for segment in index]
    groups = [(period, segment.discontinuity) for period, segment in raw]
    slots = []
    for number, (period, segment) in enumerate(raw):
        group = groups[number]
        last = number + 1 == len(raw) or groups[number + 1] != group
        slots.append(
            Slot(
                number=number,
                start_s=segment.start_s,
                duration_s=segment.duration_s,
                period=period,
                group=group,
                first_of_group=number == 0 or groups[number - 1] != group,
                last_of_group=last,
                until_s=math.inf if last else raw[number + 1][1].start_s,
            )
        )
    if not slots:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has no segments to play.")
    return Timeline(slots)


def segment_for(index: SegmentIndex, slot: Slot) -> Segment:
    """The segment of another rung that fills ``slot``: the one in the middle of it.

    Raises :class:`MediaError` where the rung has no segments.
    """
    if not len(index):
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "One quality of this title has no segments.")
    return index[index.position_at(slot.middle_s)]


def is_aligned(index: SegmentIndex, timeline: Timeline, period: int) -> bool:
    """Whether a rung's segments begin where the slots of ``period`` begin, so that it may be switched to.

    Half a segment of drift is let pass (HLS adds up rounded durations), and so is one segment more or less at the
    end.
    """
    slots = [slot for slot in timeline.slots if slot.period == period]
    if abs(len(slots) - len(index)) > 1:
        return False
    pairs = zip(index, slots, strict=False)
    return all(abs(segment.start_s - slot.start_s) <= slot.duration_s / 2 + 0.01 for segment, slot in pairs)
