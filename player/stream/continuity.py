"""Whether what is given to libmpv of a track goes on without a hole: what is lost, and what comes twice. Pure.

A hole in the written samples is what a viewer misses, whatever the reason: a segment that could not be fetched, one
that broke off, one of another time. Silence that fills a hole does not count as media.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median_low

AUDIO_SLACK_S = 0.1
VIDEO_SLACK_S = 0.5  # frames of a slow source stand long, and encoders reorder them
_TOUCHING_S = 0.05
# Audio that is later than its picture is seen to be (ITU-R BT.1359: from 0.19 s early or 0.09 s late on).
APART_S = 0.2
TAIL_SLACK_S = 0.5  # audio and video of a title rarely start or end at the same time
_LEAST_HOLE = 0.3  # of a sample: less is the rounding of a clock
_LONGEST_AUDIO_S = 0.13  # of a frame: Opus has 0.12 s
_SPARSE_S = 60.0  # small holes that are further apart do not add up
_COVERED_SLACK_S = 0.1
STILL_S = 0.25  # fewer than four pictures a second are no motion
_ROUNDING_S = 0.001
_SLOWER = 1.75  # soft pulldown shows a picture half as long again as the one before
_FEWEST = 8  # pictures that tell a pace: what is left of a segment at a splice may be two
_MOST_STREAMS = 64


class BreakKind(StrEnum):
    """What is wrong between two times of a track."""

    LOST = "lost"
    REPEATED = "repeated"
    EARLY = "early"
    """It stands before the title's start, and is not played: neither lost nor repeated."""
    STANDS = "stands"
    """Pictures come more rarely than motion or the stream's own pace wants, and nothing shows that any is missing:
    slides, or pictures that were lost before the packager. Nothing in the stream tells one from the other."""


@dataclass(frozen=True, slots=True)
class Break:
    """From ``start_s`` to ``end_s`` on the timeline, in seconds: nothing of a track was written, it came twice, or it
    is not played."""

    kind: BreakKind
    start_s: float
    end_s: float


def joined(breaks: Iterable[Break]) -> list[Break]:
    """Return the breaks by their times; those of one kind that touch each other are made one."""
    found: list[Break] = []
    for each in sorted(breaks, key=lambda each: (each.kind, each.start_s)):
        last = found[-1] if found else None
        if last is not None and last.kind is each.kind and each.start_s <= last.end_s + _TOUCHING_S:
            found[-1] = Break(last.kind, last.start_s, max(last.end_s, each.end_s))
        else:
            found.append(each)
    return sorted(found, key=lambda each: each.start_s)


def heard_s(duration_s: float, before_s: float) -> float:
    """How long a frame of audio sounds that is stated to last ``duration_s``, where the one before it lasts
    ``before_s`` (0: there is none). MP4 states no holes: what was lost before the packager makes a frame longer than
    its codec allows."""
    return before_s if duration_s > max(_LONGEST_AUDIO_S, 2 * before_s) and before_s > 0.0 else duration_s


class Continuity:
    """Follows the samples of one track in decode order; :meth:`start_over` after a jump of the reader. ``adds_up``:
    small holes count together (audio; :class:`Coverage` does that for video)."""

    def __init__(self, slack_s: float, *, adds_up: bool = True) -> None:
        self._slack_s = slack_s
        self._adds_up = adds_up
        self._end_s: float | None = None
        self._step_s = 0.0
        self._small: dict[BreakKind, list[tuple[float, float]]] = {kind: [] for kind in BreakKind}

    @property
    def end_s(self) -> float:
        """Where the last sample ended."""
        return -math.inf if self._end_s is None else self._end_s

    def start_over(self) -> None:
        """The next sample follows none: playback starts, or has jumped."""
        self._end_s = None

    def expect(self, from_s: float) -> None:
        """Nothing of the track has come yet, and it should have from a time on."""
        self._end_s = from_s

    def lose(self, start_s: float, end_s: float) -> Break:
        """Nothing of the track is there between two times, or silence in its place; return what is lost."""
        lost_from_s = start_s if self._end_s is None else min(self._end_s, start_s)
        self._end_s = end_s
        return Break(BreakKind.LOST, lost_from_s, end_s)

    def take(
        self, time_s: float, duration_s: float, *, spliced: bool = False, unbroken: bool = False
    ) -> Break | None:
        """Take the next sample, by its decode time; return what is wrong before it. ``spliced``: its segment starts
        a period or follows a discontinuity, where a frame may be missing. ``unbroken``: the container shows that
        nothing is missing before it, so that the sample before it lasts until there."""
        if self._adds_up:
            duration_s = heard_s(duration_s, self._step_s)
        end_s, self._end_s = self._end_s, time_s + duration_s
        if end_s is None:
            self._step_s = duration_s
            return None
        if time_s - end_s > max(self._slack_s, 2 * self._step_s) and not unbroken:
            return Break(BreakKind.LOST, end_s, time_s)
        if end_s - time_s > self._slack_s:
            return Break(BreakKind.REPEATED, time_s, end_s)
        self._step_s = max(duration_s, time_s - end_s)
        return None if spliced or not self._adds_up else self._add_up(time_s, time_s - end_s, duration_s)

    def _add_up(self, time_s: float, hole_s: float, duration_s: float) -> Break | None:
        """A hole that is too small to count by itself: return what it is with the others shortly before it."""
        if duration_s <= 0.0 or abs(hole_s) <= _LEAST_HOLE * duration_s:
            return None
        kind = BreakKind.LOST if hole_s > 0 else BreakKind.REPEATED
        small = [each for each in self._small[kind] if time_s - each[0] <= _SPARSE_S]
        small.append((time_s, abs(hole_s)))
        total_s = sum(each for _, each in small)
        self._small[kind] = [] if total_s > self._slack_s else small
        return Break(kind, time_s - total_s, time_s) if total_s > self._slack_s else None

    def end_at(self, until_s: float, shown_until_s: float = -math.inf) -> Break | None:
        """The title ends at ``until_s``: return what is lost of its end. ``shown_until_s`` is where its frames end by
        when they are shown: where they are reordered they are decoded before that."""
        end_s, self._end_s = self._end_s, None
        if end_s is None:
            return None
        end_s = max(end_s, shown_until_s)
        if until_s - end_s <= max(TAIL_SLACK_S, self._slack_s):
            return None
        return Break(BreakKind.LOST, end_s, until_s)


class PictureFlow:
    """Which pictures of a video stand though others should follow (:attr:`BreakKind.STANDS`).

    Each that is shown for longer than ``STILL_S`` does. So do those of a stretch in which pictures are missing at the
    pace of the others, and which together lacks as much.
    """

    def __init__(self) -> None:
        self._last_s: float | None = None  # when the last picture is shown, where nobody states how long
        self._usual_s: dict[Hashable, float] = {}
        self._thin: list[tuple[float, float]] = []

    def start_over(self) -> None:
        """The next picture follows none."""
        self._last_s = None
        self._thin = []

    def take(
        self, shown: Sequence[tuple[float, float]], stream: Hashable, *, stated: bool, spliced: bool
    ) -> list[Break]:
        """Take a segment's pictures in the order in which they are shown, each with its duration, which counts where
        the container has ``stated`` it. Each ``stream`` has a pace of its own. ``spliced`` as for
        :class:`Continuity`."""
        steps = list(shown)
        if not stated:
            times = [each for each, _ in shown]
            before_s, self._last_s = self._last_s, times[-1]
            if before_s is not None and not (spliced and times[0] - before_s <= VIDEO_SLACK_S):
                times.insert(0, before_s)
            steps = [(first_s, next_s - first_s) for first_s, next_s in pairwise(times)]
        steps = [(at_s, length_s) for at_s, length_s in steps if length_s > _ROUNDING_S]
        usual_s = self._pace(stream, [length_s for _, length_s in steps])
        return [found for at_s, length_s in steps if (found := self._judged(at_s, length_s, usual_s)) is not None]

    def _pace(self, stream: Hashable, lengths: Sequence[float]) -> float:
        """How long a picture of the stream usually stands: by its liveliest segment so far."""
        if len(self._usual_s) >= _MOST_STREAMS:
            self._usual_s.clear()
        own_s = _step_s(lengths)
        known_s = self._usual_s.get(stream, math.inf)
        if len(lengths) < _FEWEST:
            return own_s if math.isinf(known_s) else known_s
        usual_s = self._usual_s[stream] = min(own_s, known_s)
        return usual_s

    def _judged(self, at_s: float, length_s: float, usual_s: float) -> Break | None:
        if length_s > STILL_S + _ROUNDING_S:
            return Break(BreakKind.STANDS, at_s, at_s + length_s)
        if length_s <= _SLOWER * usual_s:
            return None
        until_s = at_s + length_s
        self._thin = [each for each in self._thin if until_s - each[0] <= _SPARSE_S]
        self._thin.append((until_s, length_s - usual_s))
        total_s = math.fsum(each for _, each in self._thin)
        if total_s <= STILL_S:
            return None
        self._thin = []
        return Break(BreakKind.STANDS, until_s - total_s, until_s)


def _step_s(lengths: Sequence[float]) -> float:
    """Return the usual duration of a frame. If at least every fourth frame lasts half as long, return that: then two
    of five frames are missing each time, as between 50 and 30 frames a second."""
    if not lengths:
        return math.inf
    usual_s, short_s = median_low(lengths), sorted(lengths)[len(lengths) // 4]
    return short_s if abs(usual_s - 2 * short_s) <= 2 * _ROUNDING_S else usual_s


class Coverage:
    """How much of their time the frames of a video's segments cover, by when they are shown.

    Frames come in decode order, and those of one segment may be shown in any other. So a segment is judged as a
    whole, at its end.
    """

    def __init__(self) -> None:
        self._before_s: float | None = None  # where the segment before ended
        self._decoded_before_s = 0.0  # the same, by decode times
        self._shown: list[tuple[float, float]] = []
        self._decoded: list[tuple[float, float]] = []
        self._known = dict.fromkeys(BreakKind, 0.0)
        self._lost: list[Break] = []  # in this segment
        self._pace = PictureFlow()

    def start_over(self) -> None:
        """The next segment follows none: playback starts, has jumped, or the one between is lost."""
        self._before_s = None
        self._pace.start_over()
        self._clear()

    def take(self, shown_s: float, duration_s: float, decoded_s: float | None = None) -> None:
        """Take a frame of the current segment. ``decoded_s`` is its decode time, where that is another."""
        self._shown.append((shown_s, duration_s))
        self._decoded.append((shown_s if decoded_s is None else decoded_s, duration_s))

    def note(self, found: Break) -> None:
        """Something wrong in this segment has been reported already."""
        self._known[found.kind] += found.end_s - found.start_s
        self._lost.append(found)

    def close(self, *, spliced: bool, stated: bool, unbroken: bool = False, stream: Hashable = None) -> list[Break]:
        """The segment is over: return what nobody has reported yet. ``spliced`` and, of the segment's first frame,
        ``unbroken`` as for :class:`Continuity`;
        ``stated``: the container says how long each frame is shown, else it is shown until the next one.
        ``stream`` as for :class:`PictureFlow`."""
        if not self._shown:
            self.start_over()
            return []
        shown = sorted(self._shown)
        first_s, last_s = shown[0][0], shown[-1][0]
        step_s = max(shown[-1][1], 0.0 if stated or len(shown) < 2 else last_s - shown[-2][0])  # of the last frame
        end_s = last_s + step_s
        length_s = math.fsum(each for _, each in shown)
        hole_s = end_s - first_s - length_s if stated else 0.0
        gap_s = 0.0 if self._before_s is None else first_s - self._before_s
        decoded_end_s = max(map(math.fsum, self._decoded))
        if stated:
            # MP4 states how long until the next one is decoded. Where pictures of different lengths are reordered,
            # both clocks have to show what is wrong.
            from_s = min(self._decoded)[0]
            hole_s = min(hole_s, decoded_end_s - from_s - length_s, key=abs)
            gap_s = gap_s if self._before_s is None else min(gap_s, from_s - self._decoded_before_s, key=abs)
        if spliced and abs(gap_s) <= VIDEO_SLACK_S:
            gap_s = 0.0
        gap_s = min(gap_s, 0.0) if unbroken else gap_s
        slack_s = max(_COVERED_SLACK_S, 2 * (end_s - first_s) / len(shown))
        found = [*self._beyond(slack_s, ((hole_s, end_s), (gap_s, first_s)))]
        gone = [*self._lost, *found]
        stands = self._pace.take(shown, stream, stated=stated, spliced=spliced)
        found += [each for each in stands if not any(_overlap(each, other) for other in gone)]
        self._before_s, self._decoded_before_s = end_s, decoded_end_s
        self._clear()
        return found

    def _beyond(self, slack_s: float, parts: Iterable[tuple[float, float]]) -> Iterator[Break]:
        """What of these holes (above 0) and doublings (below) is not known; each with the time at which it ends."""
        held = list(parts)
        for kind, sign in ((BreakKind.LOST, 1), (BreakKind.REPEATED, -1)):
            wrong = [(sign * seconds, until_s) for seconds, until_s in held if sign * seconds > 0]
            left_s = math.fsum(seconds for seconds, _ in wrong) - self._known[kind]
            if left_s > slack_s:
                until_s = max(wrong)[1]
                yield Break(kind, until_s - left_s, until_s)

    def _clear(self) -> None:
        self._shown, self._decoded = [], []
        self._known = dict.fromkeys(BreakKind, 0.0)
        self._lost = []


def _overlap(one: Break, other: Break) -> bool:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s) > _ROUNDING_S
