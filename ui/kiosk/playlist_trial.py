"""Whether a screen that was restarted can play: pure, told what is seen and when. Times are seconds of a steady
clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TRIAL_S = 60.0
_QUIET_S = 10.0  # nothing is due at this hour


@dataclass(frozen=True, slots=True)
class Glance:
    """A look at the screen. ``screen`` is its process (0: none), ``running`` whether it is heard of; the rest is of
    its last beat (:class:`ui.kiosk.watchdog.Beat`)."""

    screen: int
    running: bool
    frames: int = 0
    due: bool = False
    wanted: bool = False


class TrialVerdict(StrEnum):
    PLAYS = "plays"
    NOTHING_DUE = "nothing-due"
    FAILS = "fails"


class Trial:
    """``screen`` is the process that was there before; of it nothing counts."""

    def __init__(self, screen: int, now: float) -> None:
        self._old = screen
        self._began = now
        self._last: Glance | None = None
        self._quiet_from: float | None = None

    def look(self, now: float, glance: Glance) -> TrialVerdict | None:
        """To be told about once a second; None as long as it is open."""
        if glance.running and glance.screen not in (0, self._old):
            before, self._last = self._last, glance
            moved = before is not None and before.screen == glance.screen and glance.frames > before.frames
            if moved and glance.due:
                return TrialVerdict.PLAYS
            self._quiet_from = None if glance.wanted else self._quiet_from or now
            if self._quiet_from is not None and now - self._quiet_from >= _QUIET_S:
                return TrialVerdict.NOTHING_DUE
        else:
            self._last = self._quiet_from = None
        return TrialVerdict.FAILS if now - self._began >= TRIAL_S else None
