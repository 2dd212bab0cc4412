"""Noticing that the machine was asleep: its connections are dead then, and what was waited for is out of date.

Each system has one clock that counts during sleep and one that stops. Neither can be set. After a sleep their
difference has jumped. :func:`time.monotonic` reads one or the other:

======= ============================ =========================== ============================================
system  counts on                    stands still                time.monotonic()
======= ============================ =========================== ============================================
Linux   CLOCK_BOOTTIME               CLOCK_MONOTONIC             stands still (clock_gettime(2))
macOS   CLOCK_MONOTONIC_RAW          CLOCK_UPTIME_RAW            stands still (mach_absolute_time)
Windows GetTickCount64               QueryUnbiasedInterruptTime  counts on (GetTickCount64)
======= ============================ =========================== ============================================

A Windows machine in modern standby counts as awake, and other systems have no such pair: there a sleep shows as
connections that break.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

NOTICEABLE_S = 2.0
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """One reading of the clocks, in seconds: the one that counts during sleep, the one that stops, and the program's
    own."""

    always_s: float
    awake_s: float
    own_s: float


@dataclass(frozen=True, slots=True)
class Sleep:
    """How long the machine slept, and how much of that the program's own clock has not counted; seconds."""

    seconds: float
    unseen_s: float


def slept_between(before: Clocks, now: Clocks) -> Sleep | None:
    """The sleep between two readings; None for less than :data:`NOTICEABLE_S`. Pure."""
    always_s = now.always_s - before.always_s
    slept_s = always_s - (now.awake_s - before.awake_s)
    if slept_s < NOTICEABLE_S:
        return None
    unseen_s = always_s - (now.own_s - before.own_s)
    return Sleep(slept_s, unseen_s if unseen_s >= NOTICEABLE_S else 0.0)


if sys.platform == "linux":

    def _counting_on() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def _standing_still() -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC)

elif sys.platform == "darwin":

    def _counting_on() -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)

    def _standing_still() -> float:
        return time.clock_gettime(time.CLOCK_UPTIME_RAW)

elif sys.platform == "win32":
    _KERNEL = ctypes.WinDLL("kernel32")

    def _counting_on() -> float:
        return time.monotonic()

    def _standing_still() -> float:
        ticks = ctypes.c_ulonglong()  # of 100 ns
        _KERNEL.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 1e7

else:

    def _counting_on() -> float:
        return time.monotonic()

    def _standing_still() -> float:
        return time.monotonic()


def boot_time() -> float:
    """Seconds since the machine was started, those in sleep included where the system counts them."""
    return _counting_on()


def read_clocks() -> Clocks:
    """The clocks of this machine, now."""
    return Clocks(_counting_on(), _standing_still(), time.monotonic())


class SuspendWatch:
    """Tells of each sleep once; ``read`` gives the clocks."""

    def __init__(self, read: Callable[[], Clocks] = read_clocks) -> None:
        self._read = read
        self._before = self._read()

    def look(self) -> Sleep | None:
        """The sleep since the last look; None where there was none."""
        before, self._before = self._before, self._read()
        return slept_between(before, self._before)
