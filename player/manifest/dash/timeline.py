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

    def longer(self, size: int) -> Run:
        """The run with ``size`` more segments."""
        return self._replace(size=self.size + size)


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
    tolerance: float,
    notes: Notes,
    path: str,
) -> Timeline:
    """Runs of a SegmentTimeline. ``end`` is where the period ends in media time, for r=-1; with ``whole_only`` it is
    the live edge, past which no segment may reach. ``end_number`` is @endNumber;
    gaps and overlaps of up to ``tolerance`` are not worth a warning.

    One pass without calls for an ordinary S: a day of live television is some forty thousand of them.
    """
    trouble = _Trouble(notes, path)
    new = tuple.__new__  # half the time of the class's own constructor
    runs: list[Run] = []
    time = count = previous_duration = previous_parts = 0
    next_number = start_number
    for item in element.iterchildren(element.tag.replace("SegmentTimeline", "S")):
        attributes = item.items()
        repeat, number, parts = 0, next_number, 1
        if len(attributes) == 2 and attributes[0][0] == "t" and attributes[1][0] == "d":
            try:
                start, duration = int(attributes[0][1]), int(attributes[1][1])
            except ValueError:
                start, duration = trouble.number(item, attributes[0]), trouble.number(item, attributes[1])
        else:
            start, duration, repeat, number, parts = trouble.values(item, time, next_number)
        if duration <= 0:
            trouble.warn(item, "dash.bad_s", "An S element has no positive @d.")
            continue
        if start != time and runs and abs(start - time) > tolerance:
            trouble.jump(item, start - time)
        if repeat < 0:
            repeat = _open_repeat(item, start, duration, end, trouble, whole_only=whole_only)
            if repeat < 0:
                continue
        size = repeat + 1
        if count + size > MAX_SEGMENTS:
            raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, line=line_of(item), path=path)
        if duration == previous_duration and start == time and number == next_number and parts == previous_parts:
            runs[-1] = runs[-1].longer(size)
        else:
            runs.append(new(Run, (start, duration, size, number, parts, count)))
            previous_duration, previous_parts = duration, parts
        count += size
        next_number = number + size
        time = start + duration * size
    return _until(runs, end_number)


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
