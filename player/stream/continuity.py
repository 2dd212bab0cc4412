"""Whether what is given to libmpv of a track goes on without a hole: what is lost, and what comes twice. Pure.

A hole in the written samples is what a viewer misses, whatever the reason: a segment that could not be fetched, one
that broke off, one of another time. Silence that fills a hole does not count as media.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

AUDIO_SLACK_S = 0.1
VIDEO_SLACK_S = 0.5  # frames of a slow source stand long, and encoders reorder them
_TOUCHING_S = 0.05
TAIL_SLACK_S = 0.5  # audio and video of a title rarely end at the same time


class BreakKind(StrEnum):
    """What is wrong between two times of a track."""

    LOST = "lost"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Break:
    """From ``start_s`` to ``end_s`` on the timeline, in seconds, nothing of a track was written, or it came twice."""

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


class Continuity:
    """Follows the samples of one track in decode order; :meth:`start_over` after a jump of the reader."""

    def __init__(self, slack_s: float) -> None:
        self._slack_s = slack_s
        self._end_s: float | None = None
        self._step_s = 0.0

    def start_over(self) -> None:
        """The next sample follows none: playback starts, or has jumped."""
        self._end_s = None

    def lose(self, start_s: float, end_s: float) -> Break:
        """Nothing of the track is there between two times, or silence in its place; return what is lost."""
        lost_from_s = start_s if self._end_s is None else min(self._end_s, start_s)
        self._end_s = end_s
        return Break(BreakKind.LOST, lost_from_s, end_s)

    def take(self, time_s: float, duration_s: float) -> Break | None:
        """Take the next sample, by its decode time; return what is wrong before it."""
        end_s, self._end_s = self._end_s, time_s + duration_s
        if end_s is None:
            return None
        found = None
        if time_s - end_s > max(self._slack_s, 2 * self._step_s):
            found = Break(BreakKind.LOST, end_s, time_s)
        elif end_s - time_s > self._slack_s:
            found = Break(BreakKind.REPEATED, time_s, end_s)
        else:
            self._step_s = max(duration_s, time_s - end_s)
        return found

    def end_at(self, until_s: float) -> Break | None:
        """The title ends at ``until_s``: return what is lost of its end."""
        end_s, self._end_s = self._end_s, None
        if end_s is None or until_s - end_s <= max(TAIL_SLACK_S, self._slack_s):
            return None
        return Break(BreakKind.LOST, end_s, until_s)
