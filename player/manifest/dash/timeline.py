"""SegmentTimeline (ISO/IEC 23009-1 5.3.9.6): S elements into runs of equal segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from player.manifest.dash.xml import Element, integer, line_of
from player.manifest.limits import MAX_SEGMENTS, limit_error
from player.manifest.notes import Notes


class Run(NamedTuple):
    """``size`` segments of ``duration`` from ``time`` (timescale units), the first one numbered ``number``.

    ``parts`` is S@k: how many segments make one segment sequence, 1 for ordinary ones. ``first`` is the position of
    the run's first segment in the whole timeline.
    """

    time: int
    duration: int
    size: int
    number: int
    parts: int
    first: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The runs of one SegmentTimeline."""

    runs: tuple[Run, ...]

    @property
    def count(self) -> int:
        return self.runs[-1].first + self.runs[-1].size if self.runs else 0

    @property
    def end(self) -> int:
        """Where the last segment ends, in timescale units."""
        last = self.runs[-1]
        return last.time + last.duration * last.size


def read_timeline(
    element: Element,
    *,
    start_number: int,
    end: int | None,
    whole_only: bool,
    end_number: int | None,
    notes: Notes,
    path: str,
) -> Timeline:
    """Runs of a SegmentTimeline. ``end`` is where the period ends in media time, for r=-1; with ``whole_only`` it is
    the live edge, past which no segment may reach. ``end_number`` is @endNumber."""
    items = list(element.iterchildren("{*}S")) or list(element.iterchildren("S"))
    reader = _Reader(start_number, notes, path)
    for position, item in enumerate(items):
        get = item.get
        time, duration = get("t"), get("d")
        length = int(duration) if duration is not None and duration.isdecimal() else integer(duration)
        if length is None or length <= 0:
            reader.bad(item, "has no positive @d")
            continue
        repeat_text = get("r")
        repeat = 0 if repeat_text is None else integer(repeat_text) or 0
        start = reader.start(time, item)
        if repeat < 0:
            repeat = _open_repeat(items, position, start, length, end, reader, whole_only=whole_only)
            if repeat < 0:
                continue
        number, parts = get("n"), get("k")
        reader.add(
            item,
            start,
            length,
            repeat + 1,
            None if number is None else integer(number),
            1 if parts is None else max(integer(parts) or 1, 1),
        )
    return _until(reader.runs, end_number)


class _Reader:
    """The running state of a timeline."""

    __slots__ = ("count", "next_number", "next_time", "notes", "path", "runs")

    def __init__(self, start_number: int, notes: Notes, path: str) -> None:
        self.runs: list[Run] = []
        self.count = 0
        self.next_number = start_number
        self.next_time = 0
        self.notes = notes
        self.path = path

    def bad(self, item: Element, what: str) -> None:
        self.notes.warn("dash.bad_s", f"An S element {what}.", line=line_of(item), path=self.path)

    def start(self, text: str | None, item: Element) -> int:
        if text is None:
            return self.next_time
        time = int(text) if text.isdecimal() else integer(text)
        if time is None:
            self.bad(item, "has an @t that is not a number")
            return self.next_time
        if self.runs and time != self.next_time:
            word = "gap" if time > self.next_time else "overlap"
            self.notes.warn(
                f"dash.timeline_{word}",
                f"The SegmentTimeline has {'a' if word == 'gap' else 'an'} {word} of "
                f"{abs(time - self.next_time)} timescale units.",
                line=line_of(item),
                path=self.path,
            )
        return time

    def add(self, item: Element, start: int, length: int, count: int, number: int | None, parts: int) -> None:
        if self.count + count > MAX_SEGMENTS:
            raise limit_error(
                "a SegmentTimeline has too many segments", MAX_SEGMENTS, line=line_of(item), path=self.path
            )
        if number is None:
            number = self.next_number
        runs = self.runs
        last = runs[-1] if runs else None
        if (
            last is not None
            and last.duration == length
            and last.time + last.duration * last.size == start
            and last.number + last.size == number
            and last.parts == parts
        ):
            runs[-1] = Run(last.time, length, last.size + count, last.number, parts, last.first)
        else:
            runs.append(Run(start, length, count, number, parts, self.count))
        self.count += count
        self.next_number = number + count
        self.next_time = start + length * count


def _open_repeat(
    items: list[Element],
    position: int,
    start: int,
    length: int,
    end: int | None,
    reader: _Reader,
    *,
    whole_only: bool,
) -> int:
    """The repeat count that a negative @r stands for: until the next S@t or the period's end; -1 for no segment."""
    limit, item = end, items[position]
    if position + 1 < len(items):
        following = integer(items[position + 1].get("t"))
        if following is None:
            reader.bad(item, "repeats until the next one, which has no @t")
            return 0
        limit, whole_only = following, False
    if limit is None:
        reader.bad(item, "repeats until the end of the period, which is not known; it is taken once")
        return 0
    span = limit - start
    return max(span // length if whole_only else -(-span // length), 0) - 1


def _until(runs: list[Run], end_number: int | None) -> Timeline:
    if end_number is None:
        return Timeline(tuple(runs))
    kept = []
    for run in runs:
        count = min(run.size, end_number - run.number + 1)
        if count > 0:
            kept.append(run._replace(size=count))
    position, result = 0, []
    for run in kept:
        result.append(run._replace(first=position))
        position += run.size
    return Timeline(tuple(result))
