"""Lazily expanded segments of templates: nothing is made before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from player.manifest.dash.templates import UrlTemplate
from player.manifest.dash.timeline import SegmentRun, SegmentTimeline
from player.manifest.model import InitSegment, PartialSegment, Segment, SourcePosition
from player.manifest.sequences import SequenceIndex

CLIP_S = 1e-6  # rounding noise that does not count as a segment of its own


@dataclass(frozen=True, slots=True)
class SegmentMaker:
    """What all segments of one Representation share.

    ``period_start_s`` is the period's start on the presentation timeline, ``offset`` the presentation time offset and
    ``timescale`` its ticks per second, ``discontinuity`` the number of periods before this one.
    """

    template: UrlTemplate
    init: InitSegment | None
    period_start_s: float
    period_end_s: float | None
    offset: int
    timescale: int
    discontinuity: int
    place: SourcePosition

    @property
    def media_offset_s(self) -> float:
        return self.period_start_s - self.offset / self.timescale

    def segment(self, number: int, time: int, start_s: float, duration_s: float, parts: int = 1) -> Segment:
        return Segment(
            number,
            start_s,
            duration_s,
            self.template.url(number, time),
            None,
            self.init,
            (),
            self.media_offset_s,
            self.discontinuity,
            parts=self._parts(number, time, duration_s, parts),
            place=self.place,
        )

    def _parts(self, number: int, time: int, duration_s: float, parts: int) -> tuple[PartialSegment, ...]:
        """A segment sequence (S@k): its segments share the duration evenly and are addressed by $SubNumber$, or by
        their own times where the template has only $Time$."""
        template, length_s = self.template, duration_s / parts
        if parts < 2:
            return ()
        if "SubNumber" in template.uses:
            return tuple(PartialSegment(template.url(number, time, sub), length_s) for sub in range(parts))
        if "Time" not in template.uses:
            return ()
        step = duration_s * self.timescale / parts
        return tuple(PartialSegment(template.url(number, time + round(sub * step)), length_s) for sub in range(parts))


@dataclass(frozen=True, slots=True)
class NumberIndex:
    """Segments of one duration, addressed by number (ISO/IEC 23009-1 5.3.9.5.3).

    ``first`` and ``count`` say which are there; ``start_number`` is the number of the one that starts the period,
    ``shift`` its @eptDelta in ticks. The last one ends with the period. ``parts`` is SegmentTemplate@k: how many
    segments make one segment sequence, each of this duration.
    """

    frame: SegmentMaker
    first: int
    count: int
    duration: int
    start_number: int
    shift: int = 0
    parts: int = 1

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: int, /) -> Segment:
        position = _checked(position, self.count)
        frame = self.frame
        ticks = (self.first + position - self.start_number) * self.duration
        start_s = frame.period_start_s + (ticks + self.shift) / frame.timescale
        duration_s = self.duration / frame.timescale
        segment = frame.segment(self.first + position, ticks + frame.offset, start_s, duration_s, self.parts)
        if frame.period_end_s is not None and start_s + duration_s > frame.period_end_s:
            return segment._replace(duration_s=max(frame.period_end_s - start_s, 0.0))
        return segment

    def __iter__(self) -> Iterator[Segment]:
        return (self[position] for position in range(self.count))

    def position_at(self, time_s: float) -> int:
        if not self.count:
            raise IndexError("no segments")
        frame = self.frame
        ticks = (time_s - frame.period_start_s) * frame.timescale - self.shift + CLIP_S
        position = int(ticks // self.duration) - (self.first - self.start_number)
        return min(max(position, 0), self.count - 1)


@dataclass(frozen=True, slots=True)
class TimelineIndex:
    """Segments of a SegmentTimeline; only those from ``first`` to before ``stop`` of its positions are presented.

    ``renumber`` is added to the numbers that segments show (not to those in URLs), so that they stay over refreshes.
    """

    frame: SegmentMaker
    timeline: SegmentTimeline
    first: int
    stop: int
    renumber: int = 0

    def __len__(self) -> int:
        return self.stop - self.first

    def __getitem__(self, position: int, /) -> Segment:
        position = _checked(position, len(self)) + self.first
        run = self.timeline.run_of(position)
        return self._segment(run, position - run.first)

    def _segment(self, run: SegmentRun, step: int) -> Segment:
        frame = self.frame
        time = run.time + step * run.duration
        start_s = frame.period_start_s + (time - frame.offset) / frame.timescale
        segment = frame.segment(run.number + step, time, start_s, run.duration / frame.timescale, run.parts)
        return segment._replace(number=segment.number + self.renumber) if self.renumber else segment

    def __iter__(self) -> Iterator[Segment]:
        plain = self.frame.template.parts
        if plain is None or self.timeline.sequences:
            return (self[position] for position in range(len(self)))
        return self._plain(plain)

    def _plain(self, plain: tuple[str, bool, str]) -> Iterator[Segment]:
        """The short way for a template with one number in it. A segment is made by ``tuple.__new__``, which takes
        half the time of the class's own constructor."""
        frame, renumber = self.frame, self.renumber
        before, by_time, after = plain
        timescale, init, discontinuity, place = frame.timescale, frame.init, frame.discontinuity, frame.place
        period_start_s, offset, media_offset_s = frame.period_start_s, frame.offset, frame.media_offset_s
        new = tuple.__new__
        low, high = self.first, self.stop
        once = range(1)
        for time, duration, size, number, _, first in self.timeline.rows:
            duration_s = duration / timescale
            steps = once if size == 1 else range(size)
            if first < low or first + size > high:
                steps = range(max(low - first, 0), min(high - first, size))
            for step in steps:
                at = time + step * duration
                shown = number + step
                yield new(
                    Segment,
                    (
                        shown + renumber,
                        period_start_s + (at - offset) / timescale,
                        duration_s,
                        f"{before}{at if by_time else shown}{after}",
                        None,
                        init,
                        (),
                        media_offset_s,
                        discontinuity,
                        False,
                        None,
                        "",
                        None,
                        (),
                        None,
                        place,
                    ),
                )

    def position_at(self, time_s: float) -> int:
        if len(self) <= 0:
            raise IndexError("no segments")
        frame = self.frame
        ticks = (time_s - frame.period_start_s) * frame.timescale + frame.offset + CLIP_S * frame.timescale
        run = self.timeline.run_at(ticks)
        step = min(max(int((ticks - run.time) // run.duration), 0), run.size - 1)
        return min(max(run.first + step, self.first), self.stop - 1) - self.first


def taken_apart(index: TimelineIndex | NumberIndex) -> TimelineIndex | NumberIndex | SequenceIndex:
    """``index`` with its segment sequences taken apart; itself where there are none, or no addresses for them."""
    if isinstance(index, NumberIndex):
        if index.parts < 2 or not index.count:
            return index
        count = index.count * index.parts - _behind_period(index)
        return SequenceIndex(index, ((0, 0, index.parts),), count, index.parts)
    if not index.timeline.sequences or index.frame.template.uses.isdisjoint(("SubNumber", "Time")):
        return index
    runs: list[tuple[int, int, int]] = []
    count = 0
    for run in index.timeline:
        first, stop = max(run.first, index.first), min(run.first + run.size, index.stop)
        if first < stop:
            runs.append((first - index.first, count, run.parts))
            count += (stop - first) * run.parts
    count -= _behind_period(index) if runs else 0
    return SequenceIndex(index, tuple(runs), count, max((run.parts for run in index.timeline), default=1))


def _behind_period(index: TimelineIndex | NumberIndex) -> int:
    """How many segments of the last sequence begin at the period's end or later."""
    last, end_s = index[-1], index.frame.period_end_s
    if end_s is None or not last.parts:
        return 0
    length_s = last.parts[0].duration_s
    return sum(last.start_s + sub * length_s >= end_s - CLIP_S for sub in range(1, len(last.parts)))


def _checked(position: int, count: int) -> int:
    if position < 0:
        position += count
    if not 0 <= position < count:
        raise IndexError(position)
    return position


def presented(timeline: SegmentTimeline, *, offset: int, end: float | None, tolerance: float) -> tuple[int, int]:
    """Positions of the first and after the last segment of a timeline that lie inside the period.

    ``offset`` and ``end`` are the period's limits in ticks; segments wholly outside are not presented.
    """
    if not timeline.rows:
        return 0, 0
    last = SegmentRun._make(timeline.rows[-1])
    starts_inside = timeline.rows[0][0] + timeline.rows[0][1] > offset + tolerance
    if starts_inside and (end is None or last.time + (last.size - 1) * last.duration < end - tolerance):
        return 0, timeline.count
    first, stop = None, 0
    for run in timeline:
        begin = min(int(max((offset + tolerance - run.time) // run.duration, 0)), run.size)
        if begin < run.size and first is None:
            first = run.first + begin
        if end is None:
            stop = run.first + run.size
        elif run.time < end - tolerance:
            inside = int(-((run.time - end + tolerance) // run.duration))
            stop = run.first + min(inside, run.size)
    if first is None:
        return timeline.count, timeline.count
    return first, max(stop, first)
