"""Long plain timelines read from the text of an MPD, before its XML is parsed.

A tree of 54,000 S elements takes most of the time of reading such an MPD, though each holds two numbers only. If a
SegmentTimeline holds nothing but S elements with a start and a duration, its contents are taken out of the text and
its numbers are read in bulk. The tree gets an empty element with a mark. Anything else is read from the tree.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from itertools import repeat
from operator import add
from typing import NamedTuple

from player.manifest.dash.xml import Element, local
from player.manifest.limits import MAX_SEGMENTS

_BEGIN, _END = b"<SegmentTimeline>", b"</SegmentTimeline>"
_PLAIN = re.compile(rb'(?:\s*+<S t="[0-9]{1,18}+" d="[0-9]{1,18}+"\s*+/>)++\s*+')  # nothing is tried twice
_ONLY_NUMBERS = bytes.maketrans(b'<St="d/>', b"        ")
_SHORTEST = 2000  # bytes: below, the tree is as quick
_MARK = "matinee-cut"
_HOMES = frozenset({"SegmentTemplate", "SegmentList"})


Row = tuple[int, int, int, int, int, int]
"""The fields of a ``SegmentRun`` of :mod:`player.manifest.dash.timeline`. Plain tuples of integers are cheap to make,
and the garbage collector leaves them alone: a day of live television is some forty thousand of them."""


@dataclass(frozen=True, slots=True)
class PlainTimeline:
    """Starts and durations of segments that follow each other without a gap, in ticks."""

    starts: list[int]
    durations: list[int]
    _rows: dict[int, tuple[Row, ...]] = field(default_factory=dict)  # by the first segment's number

    def rows(self, start_number: int) -> tuple[Row, ...]:
        """The rows of the segments; the same object again for sets that repeat the timeline."""
        if start_number not in self._rows:
            numbers = range(start_number, start_number + len(self.starts))
            places = range(len(self.starts))
            columns = zip(self.starts, self.durations, repeat(1), numbers, repeat(1), places, strict=False)
            self._rows[start_number] = tuple(columns)
        return self._rows[start_number]


class CutText(NamedTuple):
    """The text that is left, and the timelines that were taken out, by their marks."""

    text: bytes
    timelines: dict[str, PlainTimeline]


def cut(data: bytes) -> CutText:
    """Take the long plain timelines out of the text of an MPD in UTF-8."""
    if data.find(b"<!") >= 0 or data.find(b"<?", 2) >= 0:  # what looks like a timeline may be none
        return CutText(data, {})
    known: dict[bytes, tuple[PlainTimeline | None, int]] = {}
    found: dict[str, PlainTimeline] = {}
    pieces: list[bytes] = []
    secret, place = secrets.token_hex(8), 0
    while (begin := data.find(_BEGIN, place)) >= 0:
        start = begin + len(_BEGIN)
        end = data.find(_END, start)
        if end < 0:
            break
        content = data[start:end]
        if content not in known:
            known[content] = read_plain(content), content.count(b"\n")
        timeline, lines = known[content]
        if timeline is None:
            pieces.append(data[place:end])
        else:
            mark = f"{secret}-{len(found)}"
            found[mark] = timeline
            opening = b'<SegmentTimeline %b="%b">' % (_MARK.encode(), mark.encode())
            pieces += (data[place:begin], opening, b"\n" * lines)
        place = end
    return CutText(b"".join((*pieces, data[place:])), found) if found else CutText(data, {})


def read_plain(content: bytes) -> PlainTimeline | None:
    """The numbers of a timeline's contents; None where it is short or holds anything else."""
    if len(content) < _SHORTEST:
        return None
    if _PLAIN.fullmatch(content) is None:
        return None
    numbers = list(map(int, content.translate(_ONLY_NUMBERS).split()))
    if len(numbers) > 2 * MAX_SEGMENTS:
        return None
    timeline = PlainTimeline(numbers[::2], numbers[1::2])
    follows = timeline.starts[1:] == list(map(add, timeline.starts, timeline.durations))[:-1]
    return timeline if follows and min(timeline.durations) > 0 else None


def put_back(root: Element, timelines: dict[str, PlainTimeline]) -> dict[Element, PlainTimeline] | None:
    """The timelines that were taken out, by their elements, which lose their marks. None where one stood elsewhere
    than in segment information (in the message of an event): then the text must stay whole."""
    found: dict[Element, PlainTimeline] = {}
    for element in root.iter() if timelines else ():
        if local(element) != "SegmentTimeline":
            continue
        timeline = timelines.get(str(element.attrib.pop(_MARK, "")))
        parent = element.getparent()
        if timeline is not None:
            if parent is None or local(parent) not in _HOMES:
                return None
            element.text = None
            found[element] = timeline
    return found
