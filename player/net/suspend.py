"""Noticing that the machine was asleep: its connections are dead then, and what was waited for is out of date.

On Linux CLOCK_BOOTTIME counts while the machine sleeps and CLOCK_MONOTONIC does not, so a sleep is a jump of one
against the other (clock_gettime(2)). Elsewhere there is no such pair, and a sleep shows as connections that break.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from player.clock import Clock

NOTICEABLE_S = 2.0
LOOK_EVERY_S = 1.0


def boot_time() -> float:
    """Seconds since the machine was started, those in sleep included where the system counts them."""
    clock_id = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock_id is None else time.clock_gettime(clock_id)


class SuspendWatch:
    """Compares two clocks. ``boot`` is the one that goes on in sleep, ``clock`` the one that stands still."""

    def __init__(self, clock: Clock, boot: Callable[[], float] = boot_time) -> None:
        self._clock = clock
        self._boot = boot
        self._lead_s = boot() - clock.monotonic()

    def slept_s(self) -> float:
        """Seconds that the machine slept since the last look; 0 for less than :data:`NOTICEABLE_S`."""
        lead_s = self._boot() - self._clock.monotonic()
        slept_s = lead_s - self._lead_s
        self._lead_s = lead_s
        return slept_s if slept_s >= NOTICEABLE_S else 0.0
