"""What is to be played now: hours, weekdays, loops. Pure; times are local wall-clock time, and a clock that cannot be
right is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day in minutes since midnight, the end not in it. One that ends before it begins goes over
    midnight; equal ends are the whole day."""

    start_min: int
    end_min: int

    @staticmethod
    def parse(start: str, end: str) -> Hours:
        """``"08:00"``, ``"22:30"``; 24:00 is the end of the day. Raises ValueError."""
        return Hours(_minutes(start), _minutes(end))

    def covers(self, moment: datetime) -> bool:
        """Whether the moment's time of day lies in the span."""
        now = moment.hour * 60 + moment.minute
        if self.start_min == self.end_min:
            return True
        if self.start_min < self.end_min:
            return self.start_min <= now < self.end_min
        return now >= self.start_min or now < self.end_min

    def is_after_midnight(self, moment: datetime) -> bool:
        """Whether the moment lies in the part that belongs to the day before."""
        return self.start_min > self.end_min and moment.hour * 60 + moment.minute < self.end_min


@dataclass(frozen=True, slots=True)
class PlayTime:
    """When an entry may play. No ``days`` are all days; the night after a day belongs to that day."""

    days: frozenset[str] = frozenset()
    hours: Hours | None = None

    @property
    def is_always(self) -> bool:
        return not self.days and self.hours is None

    def covers(self, moment: datetime) -> bool:
        """Whether this is the time for it."""
        if self.hours is not None and not self.hours.covers(moment):
            return False
        day = moment.weekday()
        if self.hours is not None and self.hours.is_after_midnight(moment):
            day = (day - 1) % 7
        return not self.days or DAYS[day] in self.days


def may_play(slot: PlayTime, moment: datetime | None) -> bool:
    """Without a clock to trust (None) only what may always play does."""
    return slot.is_always if moment is None else slot.covers(moment)


class Scheduled(Protocol):
    """Something of a playlist that has its time."""

    @property
    def slot(self) -> PlayTime: ...


def next_entry(entries: Sequence[Scheduled], after: int, moment: datetime | None) -> int | None:
    """Return the index of the next entry whose time it is, in a loop, after ``after`` (-1: from the first). None if
    there is none."""
    for step in range(1, len(entries) + 1):
        index = (after + step) % len(entries)
        if may_play(entries[index].slot, moment):
            return index
    return None


def screen_is_on(hours: Hours | None, moment: datetime | None) -> bool:
    """A screen whose clock is not to be trusted stays on."""
    return hours is None or moment is None or hours.covers(moment)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"{text!r:.20} is not a time such as 08:30")
    value = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or value > _DAY_MIN:
        raise ValueError(f"{text} is not a time of the day")
    return value
