"""The one model of a subtitle, whatever it was written in: when, where, and in what style. Pure values.

Parsers (:mod:`player.text.webvtt`, :mod:`player.text.ttml`) make cues; :mod:`player.text.ass` draws them. Places are
per cent of the picture, from its upper left corner.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_CHARACTERS = 16 << 20
"""Longest document, in characters, that a parser reads."""
MAX_CUES = 50_000
MAX_CUE_CHARACTERS = 10_000
_MAX_STACK = 12  # cues of one region that are shown at the same time; the oldest make room
_SAME_S = 0.0015  # times are milliseconds at best


class TextEdge(StrEnum):
    """Which edge of the text stands at a place's ``y``."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class CuePlacement:
    """Where a cue stands. ``left`` and ``width`` bound its lines; both None: the whole width but the margins. ``y``
    None: where subtitles usually stand, at the bottom. ``vertical`` is ``rl`` or ``lr`` for columns of text that
    follow each other to the left or to the right; then ``left`` is where the first column stands."""

    align: Align = Align.CENTER
    edge: TextEdge = TextEdge.BOTTOM
    y: float | None = None
    left: float | None = None
    width: float | None = None
    vertical: str = ""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Colours are ``0xRRGGBBAA`` (AA 0xFF: opaque) or None for the viewer's own. ``size`` is relative to the normal
    size, which is 5.33 % of the picture's height."""

    colour: int | None = None
    background: int | None = None
    bold: bool = False
    italic: bool = False
    underline: bool = False
    size: float = 1.0


PLAIN = TextStyle()


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece of text in one style; ``\\n`` breaks the line."""

    text: str
    style: TextStyle = PLAIN


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle; times are seconds. ``flow`` names the region in which cues that are shown at the same time follow
    each other from top to bottom; empty where each cue has its own place."""

    start_s: float
    end_s: float
    spans: tuple[TextSpan, ...]
    place: CuePlacement = CuePlacement()
    flow: str = ""

    @property
    def text(self) -> str:
        """The words without their styles."""
        return "".join(span.text for span in self.spans)


def moved(cues: Iterable[Cue], shift_s: float) -> list[Cue]:
    """The cues later by ``shift_s``; what would end before 0 is left out."""
    later = (replace(cue, start_s=max(0.0, cue.start_s + shift_s), end_s=cue.end_s + shift_s) for cue in cues)
    return [cue for cue in later if cue.end_s > 0]


def clipped(cues: Iterable[Cue], start_s: float, end_s: float) -> list[Cue]:
    """The parts of the cues between two times."""
    inside = (replace(cue, start_s=max(cue.start_s, start_s), end_s=min(cue.end_s, end_s)) for cue in cues)
    return [cue for cue in inside if cue.end_s > cue.start_s]


def joined(cues: Iterable[Cue]) -> list[Cue]:
    """In the order of time. What several segments repeat, or cut at their borders, is one cue again."""
    last: dict[tuple[object, ...], int] = {}
    result: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)):
        key = (cue.spans, cue.place, cue.flow)
        before = last.get(key)
        if before is not None and cue.start_s <= result[before].end_s + _SAME_S:
            result[before] = replace(result[before], end_s=max(result[before].end_s, cue.end_s))
        else:
            last[key] = len(result)
            result.append(cue)
    return result


def stacked(cues: Sequence[Cue]) -> list[Cue]:
    """The cues with those of one region that are shown together made one: the earlier above the later."""
    flows: dict[tuple[str, CuePlacement], list[Cue]] = defaultdict(list)
    result: list[Cue] = []
    for cue in cues:
        if cue.flow:
            flows[cue.flow, cue.place].append(cue)
        else:
            result.append(cue)
    for group in flows.values():
        result += _stack(group)
    return sorted(result, key=lambda cue: (cue.start_s, cue.end_s))


def _stack(group: Sequence[Cue]) -> list[Cue]:
    """One cue for each time between two changes. Cues that begin together keep their order."""
    times = sorted({time for cue in group for time in (cue.start_s, cue.end_s)})
    waiting = sorted(group, key=lambda cue: cue.start_s)
    shown: list[Cue] = []
    place = 0
    result: list[Cue] = []
    for start_s, end_s in itertools.pairwise(times):
        while place < len(waiting) and waiting[place].start_s <= start_s:
            shown.append(waiting[place])
            place += 1
        shown = [cue for cue in shown if cue.end_s > start_s][-_MAX_STACK:]
        if shown:
            result.append(replace(shown[0], start_s=start_s, end_s=end_s, spans=_lines(shown)))
    return joined(result)


def _lines(cues: Sequence[Cue]) -> tuple[TextSpan, ...]:
    spans = list(cues[0].spans)
    for cue in cues[1:]:
        spans += (TextSpan("\n"), *cue.spans)
    return tuple(spans)
