"""Trusted time: what a licence's times are compared with, out of clocks that the viewer can set.

Pure: readings of the machine's clocks go in, times come out; :mod:`drm_client.os_clock` reads the clocks. The rules:

1. A signed server time is the truth at the moment it arrives.
2. Within one boot, time goes on by a clock that cannot be set and counts through suspend. The wall clock is ignored.
3. Across boots, time goes on by what the wall clock has gained since the last reading; nothing if it has lost.
4. Time that rules 1 and 2 vouch for is *certain*. It never goes back, and with an honest server it is never ahead of
   the real time. What rule 3 adds is *provisional*: it counts until the next signed server time takes its place.

So a wall clock that is set back can hide only time in which this program did not run, and one that is set forward can
end a licence early only until the service is reached again. ``docs/security.md`` states the bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MAX_TIME_S = 1e11
"""Seconds since 1970 beyond which no time is believed (the year 5138)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The machine's clocks at one moment: ``boot_id`` names the boot, ``boottime_s`` counts seconds within it through
    suspend, ``wall_s`` is the wall clock in seconds since 1970."""

    boot_id: str
    boottime_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """Seconds since 1970. Licences are judged by ``at_s``; ``certain_s`` of it is vouched for, never more than
    ``at_s``."""

    at_s: float
    certain_s: float

    @property
    def provisional_s(self) -> float:
        """How much of it rests on the wall clock alone."""
        return self.at_s - self.certain_s


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is kept between runs (sealed): the trusted time at ``reading``, and when the service was last heard.

    ``server_at_s`` is None before the first signed server time: then ``time`` began as the wall clock of the first
    reading, all of it provisional.
    """

    time: TrustedTime
    reading: Reading
    server_at_s: float | None = None


def begin(reading: Reading) -> ClockState:
    """The state on a machine that never heard a signed server time."""
    return ClockState(TrustedTime(_sane(reading.wall_s), 0.0), reading)


def advance(state: ClockState, reading: Reading) -> ClockState:
    """The state at a later ``reading``. Neither of its times is ever less than before."""
    time, last = state.time, state.reading
    if reading.boot_id == last.boot_id:
        elapsed = _gain(last.boottime_s, reading.boottime_s)
        # A reading from before the last one (a restored snapshot of the machine) must not be counted from again.
        kept = reading if reading.boottime_s >= last.boottime_s else last
        return replace(state, time=TrustedTime(time.at_s + elapsed, time.certain_s + elapsed), reading=kept)
    elapsed = _gain(last.wall_s, reading.wall_s)
    return replace(state, time=TrustedTime(min(time.at_s + elapsed, MAX_TIME_S), time.certain_s), reading=reading)


def hear(state: ClockState, reading: Reading, server_at_s: float) -> ClockState:
    """The state after a signed, fresh server time that was received at ``reading``.

    The provisional part is given up; the certain part is not, so that an older time cannot turn the clock back.
    Raises ValueError for a time that cannot be.
    """
    if not (math.isfinite(server_at_s) and 0.0 < server_at_s <= MAX_TIME_S):
        raise ValueError(f"not a time: {server_at_s}")
    certain_s = max(advance(state, reading).time.certain_s, server_at_s)
    return ClockState(TrustedTime(certain_s, certain_s), reading, server_at_s)


def _gain(before_s: float, after_s: float) -> float:
    gain = after_s - before_s
    return gain if math.isfinite(gain) and gain > 0.0 else 0.0


def _sane(wall_s: float) -> float:
    return min(max(wall_s, 0.0), MAX_TIME_S) if math.isfinite(wall_s) else 0.0
