"""Time as the services see it: handed in, so that tests can set it."""

from __future__ import annotations

import math
import time
from typing import Protocol

DAY_S = 86400.0


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def day_of(moment: float) -> int:
    """The day, counted from 1970 (UTC), of a moment in seconds since 1970."""
    return math.floor(moment / DAY_S)
