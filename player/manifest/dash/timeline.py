"""SegmentTimeline (ISO/IEC 23009-1 5.3.9.6): S elements into runs of equal segments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
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

    def longer(self, size: int) -> Row:
        """The row of this run with ``size`` more segments."""
        time, duration, own, number, parts, first = self
        return time, duration, own + size, number, parts, first


Row = tuple[int, int, int, int, int, int]
"""The fields of a :class:`Run`. Plain tuples of integers are cheap to make, and the garbage collector leaves them
alone: a day of live television is some forty thousand of them."""

_row_time = itemgetter(0)
_row_first = itemgetter(5)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The runs of one SegmentTimeline. ``sequences`` says whether any of them has segment sequences."""

    rows: tuple[Row, ...]
    sequences: bool = False

    @property
    def count(self) -> int:
        """How many segments there are."""
        return self.rows[-1][5] + self.rows[-1][2] if self.rows else 0

    def __iter__(self) -> Iterator[Run]:
        return map(Run._make, self.rows)

    def run_of(self, position: int) -> Run:
        """The run that holds the segment at a position."""
        return Run._make(self.rows[bisect_right(self.rows, position, key=_row_first) - 1])

    def run_at(self, ticks: float) -> Run:
        """The last run that starts at or before a time; the first one where there is none."""
        return Run._make(self.rows[max(bisect_right(self.rows, ticks, key=_row_time) - 1, 0)])


def read_timeline(
    element: Element,
    *,
    start_number: int,
    end: int | None,
    whole_only: bool,
    end_number: int | None,
    tolerance: float,
    notes: Notes,
    path: str,
) -> Timeline:
    """Runs of a SegmentTimeline. ``end`` is where the period ends in media time, for r=-1; with ``whole_only`` it is
    the live edge, past which no segment may reach. ``end_number`` is @endNumber;
    gaps and overlaps of up to ``tolerance`` are not worth a warning.

    One pass without calls for an ordinary S.
    """
    trouble = _Trouble(notes, path)
    rows: list[Row] = []
    sequences = False
    time = count = extra = previous_duration = previous_parts = 0
    next_number = start_number
    for item in element.iterchildren(element.tag.replace("SegmentTimeline", "S")):
        attributes = item.items()
        repeat, number, parts = 0, next_number, 1
        if len(attributes) == 2 and attributes[0][0] == "t" and attributes[1][0] == "d":
            try:
                start, duration = int(attributes[0][1]), int(attributes[1][1])
            except ValueError:
                start, duration = trouble.number(item, attributes[0]), trouble.number(item, attributes[1])
            if start == time and duration != previous_duration and duration > 0:  # by far the most frequent
                rows.append((start, duration, 1, number, 1, count))
                previous_duration, previous_parts = duration, 1
                count += 1
                next_number += 1
                time += duration
                continue
        else:
            start, duration, repeat, number, parts = trouble.values(item, time, next_number)
        if duration <= 0:
            trouble.warn(item, "dash.bad_s", "An S element has no positive @d.")
            continue
        if start != time and rows and abs(start - time) > tolerance:
            trouble.jump(item, start - time)
        if repeat < 0:
            repeat = _open_repeat(item, start, duration, end, trouble, whole_only=whole_only)
            if repeat < 0:
                continue
        size = repeat + 1
        if duration == previous_duration and start == time and number == next_number and parts == previous_parts:
            rows[-1] = Run._make(rows[-1]).longer(size)
        else:
            rows.append((start, duration, size, number, parts, count))
            sequences = sequences or parts > 1
            previous_duration, previous_parts = duration, parts
        count += size
        extra += (parts - 1) * size
        next_number = number + size
        time = start + duration * size
    if count + extra > MAX_SEGMENTS:
        raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, line=line_of(element), path=path)
    return Timeline(tuple(_until(rows, end_number)), sequences)


class _Trouble:
    """Warnings of one timeline."""

    __slots__ = ("notes", "path")

    def __init__(self, notes: Notes, path: str) -> None:
        self.notes = notes
        self.path = path

    def warn(self, item: Element, code: str, sentence: str) -> None:
        self.notes.warn(code, sentence, line=line_of(item), path=self.path)

    def values(self, item: Element, time: int, number: int) -> tuple[int, int, int, int, int]:
        """@t, @d, @r, @n and @k; ``time`` and ``number`` are what the first and fourth default to."""
        found = {"t": time, "d": 0, "r": 0, "n": number, "k": 1}
        for name, text in item.items():
            if name in found:
                found[str(name)] = self.number(item, (name, text))
        return found["t"], found["d"], found["r"], found["n"], max(found["k"], 1)

    def number(self, item: Element, attribute: tuple[str | bytes, str | bytes]) -> int:
        """The value of an attribute; 0 and a warning where it is not a number."""
        value = integer(str(attribute[1]))
        if value is None:
            self.warn(item, "dash.bad_s", f"An S element has an @{attribute[0]!s} that is not a number.")
            return 0
        return value

    def jump(self, item: Element, ticks: int) -> None:
        word = "gap" if ticks > 0 else "overlap"
        article = "a" if ticks > 0 else "an"
        self.warn(
            item,
            f"dash.timeline_{word}",
            f"The SegmentTimeline has {article} {word} of {abs(ticks)} timescale units.",
        )


def _open_repeat(
    item: Element,
    start: int,
    length: int,
    end: int | None,
    trouble: _Trouble,
    *,
    whole_only: bool,
) -> int:
    """The repeat count that a negative @r stands for: until the next S@t or the period's end; -1 for no segment."""
    limit = end
    sibling = item.getnext()
    if sibling is not None and sibling.tag == item.tag:
        following = integer(sibling.get("t"))
        if following is None:
            trouble.warn(item, "dash.bad_s", "An S element repeats until the next one, which has no @t.")
            return 0
        limit, whole_only = following, False
    if limit is None:
        trouble.warn(
            item, "dash.bad_s", "An S element repeats until the period's end, which is not known; it is taken once."
        )
        return 0
    span = limit - start
    return max(span // length if whole_only else -(-span // length), 0) - 1


def _until(rows: list[Row], end_number: int | None) -> Iterable[Row]:
    """The rows up to the segment with the number @endNumber."""
    if end_number is None:
        return rows
    kept: list[Row] = []
    position = 0
    for time, duration, size, number, parts, _ in rows:
        count = min(size, end_number - number + 1)
        if count > 0:
            kept.append((time, duration, count, number, parts, position))
            position += count
    return kept
