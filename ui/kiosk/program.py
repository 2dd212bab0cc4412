"""What the screen plays next: entries in turn, their loops and times, and what is done when one cannot be played.
Pure; ``now`` is a steady clock's seconds, ``moment`` the local time, None while no clock is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ui.kiosk.provisioning import PlaylistEntry
from ui.kiosk.schedule import Hours, may_play, next_entry, screen_is_on

_STALLED_S = 30.0  # without a picture: the next entry may do better
_PAUSES_S = (1.0, 2.0, 5.0, 10.0)  # the last is the longest that a network is back before a screen tries it again


@dataclass(frozen=True, slots=True)
class Play:
    """Begin this entry, from its start."""

    index: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Play nothing: the screen is off, or it is the time of no entry."""


class Program:
    """See the module. ``playing`` is the index of the entry that plays, None for none; ``is_on`` whether the screen
    is to be lit."""

    def __init__(self, entries: Sequence[PlaylistEntry], screen_on: Hours | None = None, begin_with: int = 0) -> None:
        self._entries = entries
        self._screen_on = screen_on
        self._last = (begin_with - 1) % len(entries)
        self.playing: int | None = None
        self.is_on = True
        self._loops_left = 0
        self._began = self._moved = 0.0
        self._not_before = float("-inf")
        self._failures = 0  # entries in a row that showed nothing

    def tick(self, now: float, moment: datetime | None) -> Play | Stop | None:
        """What is to be done now, if anything. To be called about once a second."""
        self.is_on = screen_is_on(self._screen_on, moment)
        if not self.is_on:
            return self._stop()
        if self.playing is None:
            return self._next(now, moment) if now >= self._not_before else None
        entry = self._entries[self.playing]
        if not may_play(entry.slot, moment):
            return self._next(now, moment) or self._stop()
        if entry.play_s and now - self._began >= entry.play_s:
            return self._again(self.playing, now, moment)
        if now - self._moved > _STALLED_S:
            return self._after_failure(now, moment)
        return None

    def moved(self, now: float) -> None:
        """A new picture has been shown."""
        self._moved = now
        self._failures = 0

    def ended(self, now: float, moment: datetime | None) -> Play | Stop | None:
        """The entry came to its end by itself."""
        return None if self.playing is None else self._again(self.playing, now, moment)

    def failed(self, now: float, moment: datetime | None) -> Play | Stop | None:
        """The entry cannot be played, or not any more."""
        return None if self.playing is None else self._after_failure(now, moment)

    def _again(self, playing: int, now: float, moment: datetime | None) -> Play | Stop | None:
        """The next loop of this entry, else the next one."""
        self._loops_left -= 1
        if self._loops_left > 0 and may_play(self._entries[playing].slot, moment):
            return self._begin(playing, now)
        return self._next(now, moment) or self._stop()

    def _after_failure(self, now: float, moment: datetime | None) -> Play | Stop | None:
        """The next entry; once all have failed in turn, after a pause."""
        self._failures += 1
        playable = sum(may_play(entry.slot, moment) for entry in self._entries)
        if not playable or self._failures % playable:
            return self._next(now, moment) or self._stop()
        self._not_before = now + _PAUSES_S[min(self._failures // playable, len(_PAUSES_S)) - 1]
        return self._stop()

    def _next(self, now: float, moment: datetime | None) -> Play | None:
        index = next_entry(self._entries, self._last, moment)
        if index is None:
            return None
        self._loops_left = self._entries[index].loops
        return self._begin(index, now)

    def _begin(self, index: int, now: float) -> Play:
        self.playing = self._last = index
        self._began = self._moved = now
        return Play(index)

    def _stop(self) -> Stop | None:
        if self.playing is None:
            return None
        self.playing = None
        return Stop()
