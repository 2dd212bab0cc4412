"""SegmentTimeline (ISO/IEC 23009-1 5.3.9.6): S elements into runs of equal segments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from lxml import etree

from player.manifest.dash.cut import PlainTimeline, Row, read_plain
from player.manifest.dash.xml import Element, children, integer, line_of, local
from player.manifest.limits import MAX_COUNTED_SEGMENTS, MAX_OPEN_WINDOW, MAX_SEGMENTS, limit_error
from player.manifest.parser_notes import Notes


class SegmentRun(NamedTuple):
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


_row_time = itemgetter(0)
_row_first = itemgetter(5)


@dataclass(frozen=True, slots=True)
class SegmentTimeline:
    """The runs of one SegmentTimeline. ``sequences`` says whether any of them has segment sequences. ``open_end`` is
    where the next segment will end that the clock alone adds, None where the timeline ends with what it lists."""

    rows: tuple[Row, ...]
    sequences: bool = False
    open_end: int | None = None

    @property
    def count(self) -> int:
        """How many segments there are."""
        return self.rows[-1][5] + self.rows[-1][2] if self.rows else 0

    def __iter__(self) -> Iterator[SegmentRun]:
        return map(SegmentRun._make, self.rows)

    def run_of(self, position: int) -> SegmentRun:
        """The run that holds the segment at a position."""
        return SegmentRun._make(self.rows[bisect_right(self.rows, position, key=_row_first) - 1])

    def run_at(self, ticks: float) -> SegmentRun:
        """The last run that starts at or before a time; the first one where there is none."""
        return SegmentRun._make(self.rows[max(bisect_right(self.rows, ticks, key=_row_time) - 1, 0)])


@dataclass(frozen=True, slots=True)
class Extent:
    """What a SegmentTimeline is counted by and how far it goes.

    ``end`` is where the period ends in media time, for r=-1; with ``whole_only`` it is the live edge, past which no
    segment may reach. ``end_number`` is @endNumber. Gaps and overlaps of up to ``tolerance`` are not worth a warning.
    ``oldest`` is where the window of a live timeline begins, in media time.
    """

    start_number: int
    end: int | None
    whole_only: bool
    end_number: int | None
    tolerance: float
    oldest: int | None = None


def read_timeline(
    element: Element, extent: Extent, notes: Notes, path: str, known: KnownTimelines | None = None
) -> SegmentTimeline:
    """Runs of a SegmentTimeline. One pass, without calls for an ordinary S. ``known`` are timelines of the same MPD
    that were read before: the sets of one presentation often repeat them."""
    plain = (known or KnownTimelines()).rows(element, extent.start_number)
    if plain is not None:
        return SegmentTimeline(plain if extent.end_number is None else tuple(_until(list(plain), extent.end_number)))
    runs = _Runs(extent, _Trouble(notes, path))
    trouble = runs.trouble
    append = runs.rows.append
    patterns = _patterns(element, trouble)
    for item in element.iterchildren(element.tag.replace("SegmentTimeline", "S")):
        attributes = item.items()
        if len(attributes) != 2 or attributes[0][0] != "t" or attributes[1][0] != "d":
            if item.get("p") is None:
                runs.add(item, *trouble.values(item, runs.time, runs.number))
            else:
                runs.add_pattern(item, patterns.get(item.get("p") or ""))
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
    if runs.count + runs.extra > MAX_COUNTED_SEGMENTS:
        raise limit_error(
            "a SegmentTimeline has too many segments", MAX_COUNTED_SEGMENTS, line=line_of(element), path=path
        )
    open_end = runs.open_end if extent.end_number is None or runs.number <= extent.end_number else None
    return SegmentTimeline(tuple(_until(runs.rows, extent.end_number)), runs.sequences, open_end)


_PLAIN_FROM = 100  # S elements: below, one by one is as quick


class KnownTimelines:
    """The plain timelines of one MPD: those taken out of its text, and those that its sets repeat."""

    def __init__(self, cut: Mapping[Element, PlainTimeline] = MappingProxyType({})) -> None:
        self._cut = cut
        self._texts: dict[bytes, PlainTimeline | None] = {}

    def rows(self, element: Element, start_number: int) -> tuple[Row, ...] | None:
        """The rows of a long timeline in which each S has just a start and a duration and follows the one before
        without a gap; None for any other."""
        plain = self._cut.get(element) or self._written(element)
        return None if plain is None else plain.rows(start_number)

    def _written(self, element: Element) -> PlainTimeline | None:
        """An element of the tree written out and read in bulk, a third of the time that one by one takes."""
        if not _PLAIN_FROM < len(element) <= MAX_SEGMENTS:
            return None
        text = etree.tostring(element, with_tail=False)
        content = text[text.find(b">") + 1 : text.rfind(b"<")]
        if content not in self._texts:
            self._texts[content] = read_plain(content)
        return self._texts[content]


Pattern = tuple[int, ...]
"""The durations of a pattern's segments, in ticks (ISO/IEC 23009-1 5.3.9.6, 6th edition)."""


_TOO_LONG: Pattern = ()


def _patterns(timeline: Element, trouble: _Trouble) -> dict[str, Pattern]:
    """The Pattern elements of a SegmentTimeline by their @id; those stand before the S elements."""
    found: dict[str, Pattern] = {}
    for item in timeline.iterchildren():
        if local(item) != "Pattern":
            break
        durations: list[int] = []
        for part in children(item, "P"):
            duration, repeat = integer(part.get("d")) or 0, integer(part.get("r")) or 0
            if duration <= 0 or repeat < 0:
                trouble.warn(
                    part, "dash.bad_pattern", "A P element of a Pattern has no positive @d or a negative @r."
                )
            elif repeat >= MAX_SEGMENTS - len(durations):
                found.setdefault(item.get("id") or "", _TOO_LONG)
                break
            else:
                durations += [duration] * (repeat + 1)
        if durations:
            found.setdefault(item.get("id") or "", tuple(durations))
    return found


def _pattern_count(
    item: Element, start: int, total: int, repeat: int, pattern: Pattern, entry: int, extent: Extent
) -> int:
    """How many segments an S element with a pattern stands for.

    If @d is the length of the whole pattern, @r repeats the pattern; else @r counts its segments. Packagers in the
    field count segments in both cases. So if the repetitions pass what follows (the next S@t, the period's end, the
    live edge) and the segments do not, segments are meant.
    """
    limit, whole_only = _limit(item, extent)
    if repeat < 0:
        return _until_limit(start, pattern, entry, limit, whole_only) if limit is not None else 1
    segments, repeated = repeat + 1, (repeat + 1) * len(pattern)
    if total != sum(pattern) or repeated > MAX_SEGMENTS * len(pattern):
        return segments
    if limit is None:
        return repeated
    # A period may end inside of its last segment, so that one segment more is no overrun.
    room = _until_limit(start, pattern, entry, limit, whole_only=whole_only)
    return repeated if repeated <= room or segments > room else segments


def _passed_rounds(start: int, pattern: Pattern, count: int, extent: Extent) -> int:
    """How many whole rounds of a pattern at the beginning of an open timeline are older than anybody goes back."""
    rounds = 0 if extent.oldest is None else (extent.oldest - start) // sum(pattern) - 1
    return max(rounds, (count - MAX_OPEN_WINDOW) // len(pattern), 0)


def _limit(item: Element, extent: Extent) -> tuple[int | None, bool]:
    """Up to where an S element goes at the most, and whether only whole segments count there."""
    following = item.getnext()
    if following is not None and following.tag == item.tag and following.get("t") is not None:
        return integer(following.get("t")), False
    return extent.end, extent.whole_only


def _until_limit(start: int, pattern: Pattern, entry: int, limit: int, whole_only: bool) -> int:
    """How many segments of a pattern begin before ``limit``, or end by it where ``whole_only``."""
    rounds, left = divmod(max(limit - start, 0), sum(pattern))
    count = rounds * len(pattern)
    if count > MAX_SEGMENTS:
        return count
    while left > 0:
        duration = pattern[(entry + count) % len(pattern)]
        if whole_only and duration > left:
            break
        left -= duration
        count += 1
    return count


class _Runs:
    """The runs up to an S element, and what the next one is measured against.

    ``time`` and ``number`` are those that follow without a gap, ``duration`` and ``parts`` those of the last run.
    ``count`` segments or sequences there are, and ``extra`` segments more inside the sequences. ``open_end``: see
    :class:`SegmentTimeline`.
    """

    __slots__ = (
        "count",
        "duration",
        "extent",
        "extra",
        "number",
        "open_end",
        "parts",
        "rows",
        "sequences",
        "time",
        "trouble",
    )

    def __init__(self, extent: Extent, trouble: _Trouble) -> None:
        self.extent = extent
        self.trouble = trouble
        self.rows: list[Row] = []
        self.sequences = False
        self.time = self.duration = self.parts = self.count = self.extra = 0
        self.number = extent.start_number
        self.open_end: int | None = None

    def add(self, item: Element, start: int, duration: int, repeat: int, number: int, parts: int) -> None:
        """An S element with its values, whatever they are."""
        if duration <= 0:
            self.trouble.warn(item, "dash.bad_s", "An S element has no positive @d.")
            return
        if self._goes_back(item, start, number, repeat + 1):
            return
        if repeat < 0:
            repeat = _open_repeat(item, start, duration, self.extent, self.trouble)
            if self.extent.whole_only and self.extent.end is not None and not _has_next(item):
                self.open_end = start + (repeat + 2) * duration
        if repeat >= 0:
            self._put((start, duration, repeat + 1, number, parts, self.count))

    def add_pattern(self, item: Element, pattern: Pattern | None) -> None:
        """An S element that refers to a Pattern by @p, from its entry @pE on."""
        start, total, repeat, number, parts = self.trouble.values(item, self.time, self.number)
        if pattern == _TOO_LONG:
            raise limit_error("a Pattern of a SegmentTimeline is too long", MAX_SEGMENTS, line=line_of(item))
        if pattern is None:
            self.trouble.warn(item, "dash.bad_pattern", "An S element refers to a Pattern that is not there.")
            self.add(item, start, total, repeat, number, parts)
            return
        if self._goes_back(item, start, number, repeat + 1):
            return
        entry = max(integer(item.get("pE")) or 0, 0)
        count = _pattern_count(item, start, total, repeat, pattern, entry, self.extent)
        if repeat < 0 and self.extent.whole_only and not _has_next(item):
            rounds = _passed_rounds(start, pattern, count, self.extent)
            start, number = start + rounds * sum(pattern), number + rounds * len(pattern)
            count -= rounds * len(pattern)
            self.open_end = start + sum(pattern[(entry + each) % len(pattern)] for each in range(count + 1))
        if self.count + count > MAX_SEGMENTS:
            raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, line=line_of(item))
        for position in range(entry, entry + count):
            duration = pattern[position % len(pattern)]
            self._put((start, duration, 1, number, parts, self.count))
            start, number = self.time, self.number

    def _goes_back(self, item: Element, start: int, number: int, count: int) -> bool:
        """Say where a timeline jumps. Whether an element starts no later than the segment in front of it: time does
        not go back (5.3.9.6.1), and of what stands at one time only the first can be found. It keeps its numbers."""
        if start == self.time or not self.rows:
            return False
        if abs(start - self.time) > self.extent.tolerance:
            self.trouble.jump(item, start - self.time)
        if start > self.time - self.duration:
            return False
        self.trouble.warn(item, "dash.timeline_back", "An S element starts before what stands in front of it.")
        self.number = number + max(count, 0)
        self.parts = 0  # what follows is a run of its own: its numbers do not go on from the last one's
        return True

    def _put(self, row: Row) -> None:
        """As a run of its own, or as more of the last one where nothing changes."""
        start, duration, size, number, parts, _ = row
        follows = start == self.time and number == self.number
        if follows and duration == self.duration and parts == self.parts:
            self.rows[-1] = SegmentRun._make(self.rows[-1]).longer(size)
        else:
            self.rows.append(row)
            self.sequences = self.sequences or parts > 1
            self.duration, self.parts = duration, parts
        self.count += size
        self.extra += (parts - 1) * size
        if parts > MAX_SEGMENTS:
            raise limit_error("a segment sequence is too long", MAX_SEGMENTS, path=self.trouble.path)
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
    if sibling is not None and _has_next(item):
        following = integer(sibling.get("t"))
        if following is None:
            trouble.warn(item, "dash.bad_s", "An S element repeats until the next one, which has no @t.")
            return 0
        limit, whole_only = following, False
        if following <= start:
            trouble.warn(item, "dash.bad_s", "An S element repeats until the next one, which does not start later.")
    if limit is None:
        trouble.warn(
            item, "dash.bad_s", "An S element repeats until the period's end, which is not known; it is taken once."
        )
        return 0
    span = limit - start
    return max(span // length if whole_only else -(-span // length), 0) - 1


def _has_next(item: Element) -> bool:
    sibling = item.getnext()
    return sibling is not None and sibling.tag == item.tag


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
