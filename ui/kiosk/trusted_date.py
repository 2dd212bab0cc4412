"""The date for the schedule. The clock of an unattended machine is not trusted: it may start wrong, and jump.

Within a run the date follows a clock that cannot be set and counts during suspend (``docs/decisions/0008``). The wall
clock is used at the start if it is plausible, when it drifts, and when the system says that it is synchronised. A
jump of it is ignored.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

DATE_VARIABLE = "MATINEE_KIOSK_DATE"
OFFSET_VARIABLE = "MATINEE_KIOSK_CLOCK_OFFSET"
_WRITTEN_S = 1_767_225_600  # the start of 2026
_LAST_S = _WRITTEN_S + 20 * 366 * 86_400
_JUMP_S = 300.0
_TIME_ERROR = 5  # adjtimex(2): the kernel's clock is not synchronised
_TIMEX_BYTES = 512  # more than struct timex has anywhere

_log = logging.getLogger(__name__)


def can_be_right(wall_s: float) -> bool:
    """Whether a clock that says so (seconds since 1970) may be right: not before this was written, not decades on."""
    return _WRITTEN_S <= wall_s < _LAST_S


class ScreenDate:
    """Pure. ``ahead_s`` is the date (seconds since 1970) less the steady clock; None while none is known."""

    def __init__(self, ahead_s: float | None = None) -> None:
        self.ahead_s = ahead_s if ahead_s is not None and 0 < ahead_s < _LAST_S else None
        self._told = False

    def at(self, wall_s: float, steady_s: float, *, synchronised: bool) -> datetime | None:
        """The local time, told what both clocks say; None while the wall clock cannot be right and never was."""
        ahead_s = wall_s - steady_s
        believed = can_be_right(wall_s) and (
            self.ahead_s is None or synchronised or abs(ahead_s - self.ahead_s) <= _JUMP_S
        )
        if believed:
            self.ahead_s = ahead_s
        elif self.ahead_s is not None and not self._told:
            _log.warning("the clock has jumped by %+.0f s, which is not believed", ahead_s - self.ahead_s)
        self._told = not believed
        return None if self.ahead_s is None else datetime.fromtimestamp(self.ahead_s + steady_s).astimezone()


class SystemDate:
    """:class:`ScreenDate` over the clocks of this machine. What a process of the kiosk knows it hands to the next in
    ``MATINEE_KIOSK_DATE``; ``MATINEE_KIOSK_CLOCK_OFFSET`` names a file with the seconds by which ``matinee selftest``
    moves the wall clock."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._offset = Path(environ[OFFSET_VARIABLE]) if environ.get(OFFSET_VARIABLE) else None
        self._date = ScreenDate(_number(environ.get(DATE_VARIABLE, "")))

    def now(self) -> datetime | None:
        """The local time now; None while it is not known."""
        moved_s = 0.0 if self._offset is None else _moved_s(self._offset)
        synchronised = self._offset is None and _is_synchronised()
        return self._date.at(time.time() + moved_s, _steady_s(), synchronised=synchronised)

    def environment(self) -> dict[str, str]:
        """What a process that is begun now has to know."""
        return {} if self._date.ahead_s is None else {DATE_VARIABLE: repr(self._date.ahead_s)}


def _steady_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


def _is_synchronised() -> bool:
    """Whether a time service keeps this machine's clock; setting it by hand ends that."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))) in range(_TIME_ERROR)


def _moved_s(file: Path) -> float:
    try:
        return _number(file.read_text(encoding="ascii")) or 0.0
    except (OSError, UnicodeDecodeError):
        return 0.0


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
