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


@dataclass(frozen=True, slots=True)
class Extent:
    """What a SegmentTimeline is counted by and how far it goes.

    ``end`` is where the period ends in media time, for r=-1; with ``whole_only`` it is the live edge, past which no
    segment may reach. ``end_number`` is @endNumber. Gaps and overlaps of up to ``tolerance`` are not worth a warning.
    """

    start_number: int
    end: int | None
    whole_only: bool
    end_number: int | None
    tolerance: float


def read_timeline(element: Element, extent: Extent, notes: Notes, path: str) -> Timeline:
    """Runs of a SegmentTimeline. One pass, without calls for an ordinary S."""
    runs = _Runs(extent, _Trouble(notes, path))
    trouble = runs.trouble
    append = runs.rows.append
    for item in element.iterchildren(element.tag.replace("SegmentTimeline", "S")):
        attributes = item.items()
        if len(attributes) != 2 or attributes[0][0] != "t" or attributes[1][0] != "d":
            runs.add(item, *trouble.values(item, runs.time, runs.number))
            continue
        try:
            start, duration = int(attributes[0][1]), int(attributes[1][1])
        except ValueError:
            start, duration = trouble.number(item, attributes[0]), trouble.number(item, attributes[1])
        if start == runs.time and duration != runs.duration and duration > 0:  # by far the most frequent
            append((start, duration, 1, runs.number, 1, runs.count))
            runs.duration, runs.parts = duration, 1
            runs.count += 1
            runs.number += 1
            runs.time += duration
        else:
            runs.add(item, start, duration, 0, runs.number, 1)
    if runs.count + runs.extra > MAX_SEGMENTS:
        raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, line=line_of(element), path=path)
    return Timeline(tuple(_until(runs.rows, extent.end_number)), runs.sequences)


class _Runs:
    """The runs up to an S element, and what the next one is measured against.

    ``time`` and ``number`` are those that follow without a gap, ``duration`` and ``parts`` those of the last run.
    ``count`` segments or sequences there are, and ``extra`` segments more inside the sequences.
    """

    __slots__ = ("count", "duration", "extent", "extra", "number", "parts", "rows", "sequences", "time", "trouble")

    def __init__(self, extent: Extent, trouble: _Trouble) -> None:
        self.extent = extent
        self.trouble = trouble
        self.rows: list[Row] = []
        self.sequences = False
        self.time = self.duration = self.parts = self.count = self.extra = 0
        self.number = extent.start_number

    def add(self, item: Element, start: int, duration: int, repeat: int, number: int, parts: int) -> None:
        """An S element with its values, whatever they are."""
        if duration <= 0:
            self.trouble.warn(item, "dash.bad_s", "An S element has no positive @d.")
            return
        if start != self.time and self.rows and abs(start - self.time) > self.extent.tolerance:
            self.trouble.jump(item, start - self.time)
        if repeat < 0:
            repeat = _open_repeat(item, start, duration, self.extent, self.trouble)
        if repeat >= 0:
            self._put((start, duration, repeat + 1, number, parts, self.count))

    def _put(self, row: Row) -> None:
        """As a run of its own, or as more of the last one where nothing changes."""
        start, duration, size, number, parts, _ = row
        follows = start == self.time and number == self.number
        if follows and duration == self.duration and parts == self.parts:
            self.rows[-1] = Run._make(self.rows[-1]).longer(size)
        else:
            self.rows.append(row)
            self.sequences = self.sequences or parts > 1
            self.duration, self.parts = duration, parts
        self.count += size
        self.extra += (parts - 1) * size
        self.number = number + size
        self.time = start + duration * size


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


def _open_repeat(item: Element, start: int, length: int, extent: Extent, trouble: _Trouble) -> int:
    """The repeat count that a negative @r stands for: until the next S@t or the period's end; -1 for no segment."""
    limit, whole_only = extent.end, extent.whole_only
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
