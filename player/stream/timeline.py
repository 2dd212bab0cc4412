"""The slots of a playback: which stretch of the presentation each virtual segment stands for. Pure values.

A *slot* is one segment of the main track (video, or audio where there is no video) over all periods. Every rung fills
the same slots; the audio has segments of its own, which are cut to the slots when the stream is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import IndexRef, PlaylistRef, Rendition, Segment, SegmentIndex
from player.stream.timed_list import TimedList

_FEW_PICTURES_S = 0.05
_SAME_S = 1e-3
_KEPT = 1024  # slots before the window of a live playback


@dataclass(frozen=True, slots=True)
class Slot:
    """One virtual segment. ``group`` changes where the media's timestamps may restart (period, discontinuity).

    ``until_s`` is where the next slot of the group begins (infinite for the last one), so that the slots of a group
    cover its time without a hole or an overlap, whatever the durations say. After the ``last`` one the title ends.
    ``goes_on``: it starts a period in its midst, since a segment that lies on the border is a slot of the one before.
    """

    number: int
    start_s: float
    duration_s: float
    period: int
    group: tuple[int, int]
    first_of_group: bool
    last_of_group: bool
    until_s: float
    last: bool = False
    goes_on: bool = False

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    @property
    def middle_s(self) -> float:
        return self.start_s + self.duration_s / 2


class Timeline:
    """The ordered slots of a playback.

    That of a live playback grows at its end, on the engine's loop, while libmpv's demuxer thread reads it: a slot
    that another one follows never changes, and numbers stay. ``live`` says that it began so, ``growing`` that it may
    still grow, and ``first`` is the number of the first slot that is still available.
    """

    def __init__(self, slots: Iterable[Slot] = (), *, live: bool = False) -> None:
        self._row = TimedList(slots, lambda slot: slot.start_s)
        self.live = live
        self.growing = live
        self.first = 0

    def __len__(self) -> int:
        return len(self._row)

    def __getitem__(self, number: int) -> Slot:
        return self._row[number]

    @property
    def slots(self) -> list[Slot]:
        """All slots; of a live playback those that may still be wanted."""
        return self._row.items

    def since(self, number: int) -> list[Slot]:
        """The slots from this number on."""
        return self._row.since(number)

    @property
    def start_s(self) -> float:
        """Where the first slot that is still available begins."""
        return self[min(self.first, len(self) - 1)].start_s if len(self) else 0.0

    @property
    def end_s(self) -> float:
        return self.slots[-1].end_s if self.slots else 0.0

    def period_end_s(self, period: int) -> float:
        """Where the last slot of a period ends; 0 where there is none."""
        return max((slot.end_s for slot in self.slots if slot.period == period), default=0.0)

    def at(self, time_s: float) -> Slot:
        """The slot that covers ``time_s``, clamped to the ends."""
        return self._row[self._row.at(time_s)]

    def rounded(self, time_s: float) -> float:
        """Return the time, or the start of a segment that is at most a few frames away.

        Otherwise microseconds of a clock would decide whether a segment is fetched of which next to nothing is shown.
        """
        starts = (self.at(time_s + each).start_s for each in (-_FEW_PICTURES_S, _FEW_PICTURES_S))
        return next((start_s for start_s in starts if abs(start_s - time_s) <= _FEW_PICTURES_S), time_s)

    def grow(self, found: Iterable[tuple[int, Segment]]) -> int:
        """Put the segments (with their periods) behind the last slot that begin there; how many those were. The last
        slot is as long as its segment is listed by now: while that is made, its end is not known."""
        found = list(found)
        if self.slots:
            self._row.change_last(_as_listed(self.slots[-1], found))
        fresh, crossed = _once(_behind(self.slots[-1] if self.slots else None, found))
        if fresh and self.slots:
            self._row.change_last(_followed(self.slots[-1], *fresh[0]))
        for place, (period, segment) in enumerate(fresh):
            slot = replace(self._slot(period, segment), goes_on=place in crossed)
            if place + 1 < len(fresh):
                slot = _followed(slot, *fresh[place + 1])
            self._row.append(slot)
        if not self.growing:
            self.end()
        return len(fresh)

    def slide(self, start_s: float) -> None:
        """What begins before ``start_s`` is no longer available."""
        while self.first + 1 < len(self) and self[self.first].middle_s < start_s:
            self.first += 1
        self._row.forget(self.first - _KEPT)

    def end(self) -> None:
        """Nothing more will come: the last slot takes whatever its media holds."""
        self.growing = False
        if self.slots:
            self._row.change_last(replace(self.slots[-1], last_of_group=True, until_s=math.inf, last=True))

    def _slot(self, period: int, segment: Segment) -> Slot:
        """The next slot; until another one follows it counts as one in the middle of its group."""
        group = (period, segment.discontinuity)
        return Slot(
            number=len(self),
            start_s=segment.start_s,
            duration_s=segment.duration_s,
            period=period,
            group=group,
            first_of_group=not self.slots or self.slots[-1].group != group,
            last_of_group=False,
            until_s=segment.end_s,
        )


def _followed(slot: Slot, period: int, following: Segment) -> Slot:
    """``slot`` as it is once it is known what comes after it."""
    last = slot.group != (period, following.discontinuity)
    return replace(slot, last_of_group=last, until_s=math.inf if last else following.start_s)


def _as_listed(slot: Slot, found: Sequence[tuple[int, Segment]]) -> Slot:
    """``slot`` with the duration that the list gives its segment, unless that is the same but for rounding."""
    for period, segment in reversed(found):
        if segment.start_s < slot.start_s - _FEW_PICTURES_S:
            break
        same = (period, segment.discontinuity) == slot.group and abs(segment.start_s - slot.start_s) < _SAME_S
        if same and abs(segment.duration_s - slot.duration_s) > _FEW_PICTURES_S:
            return replace(slot, duration_s=segment.duration_s, until_s=segment.end_s)
    return slot


def _behind(last: Slot | None, found: Iterable[tuple[int, Segment]]) -> list[tuple[int, Segment]]:
    """Those that begin behind ``last``; durations may be rounded, so half a slot of overlap is let pass."""
    if last is None:
        return list(found)
    return [(period, segment) for period, segment in found if segment.start_s > last.middle_s]


def _once(found: Sequence[tuple[int, Segment]]) -> tuple[list[tuple[int, Segment]], set[int]]:
    """The segments without those that come a second time, and the places of what follows those.

    Where periods of DASH were made of one film, a segment on their border is the last one of the first period and
    the first one of the second (ISO/IEC 23009-1 5.3.2.2). It can be decoded from its start only, so it is played
    once and as a whole.
    """
    left: list[tuple[int, Segment]] = []
    crossed: set[int] = set()
    for place, (period, segment) in enumerate(found):
        before = left[-1] if left else None
        more = place + 1 < len(found) and found[place + 1][0] == period
        if before is not None and before[0] != period and more and _same(before[1], segment):
            crossed.add(len(left))
        else:
            left.append((period, segment))
    return left, crossed


def _same(one: Segment, other: Segment) -> bool:
    same = (one.url, one.byte_range) == (other.url, other.byte_range)
    return same and abs(one.start_s - other.start_s) < _FEW_PICTURES_S


def loaded(rendition: Rendition) -> SegmentIndex | None:
    """The rendition's segments if they are known already, else None."""
    segments = rendition.segments
    return None if isinstance(segments, PlaylistRef | IndexRef) else segments


def build_timeline(indexes: Sequence[SegmentIndex], *, live: bool = False) -> Timeline:
    """Slots from the main track's segments, one index for each period.

    Raises :class:`MediaError` where there is nothing to play.
    """
    timeline = Timeline(live=live)
    timeline.grow((period, segment) for period, index in enumerate(indexes) for segment in index)
    if not len(timeline):
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has no segments to play.")
    return timeline


def segment_for(index: SegmentIndex, slot: Slot) -> Segment:
    """The segment of another rung that fills ``slot``: the one in the middle of it.

    Raises :class:`MediaError` where the rung has no segments.
    """
    if not len(index):
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "One quality of this title has no segments.")
    return index[index.position_at(slot.middle_s)]


def ends_before(index: SegmentIndex, slot: Slot) -> bool:
    """Whether a rung's segments end before the middle of ``slot``: a list that lacks its end."""
    return not len(index) or index[len(index) - 1].end_s < slot.middle_s


def is_aligned(index: SegmentIndex, timeline: Timeline, period: int) -> bool:
    """Whether a rung's segments begin where the slots of ``period`` begin, so that it may be switched to.

    Half a segment of drift is let pass (HLS adds up rounded durations), and so is one segment more at the end. A
    rung may end before the others, see :func:`ends_before`.
    """
    slots = [slot for slot in timeline.slots if slot.period == period]
    shown_before = int(bool(slots) and slots[0].goes_on)
    if len(index) - shown_before > len(slots) + 1:
        return False
    pairs = zip(islice(index, shown_before, None), slots, strict=False)
    return all(abs(segment.start_s - slot.start_s) <= slot.duration_s / 2 + 0.01 for segment, slot in pairs)
