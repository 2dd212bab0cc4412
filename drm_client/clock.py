"""Trusted time of one issuer, which its licences are judged by, made from clocks that the viewer can set.

Pure: readings of the machine's clocks go in, times come out; :mod:`drm_client.os_clock` reads the clocks. Each
service has a clock of its own, so that one service's wrong time never moves another's licences. The rules:

1. A fresh, signed time of the issuer is the truth at the moment it arrives, in both directions, where nothing
   contradicts it.
2. Within one boot, time goes on by a clock that cannot be set and counts through suspend. The wall clock is ignored.
3. Across boots, time goes on by what the wall clock has gained since the last reading, but not beyond what it shows
   now; nothing if it has lost. So a clock that was at 1970 once (an empty battery) and is right again takes nothing
   away. A boot clock that went back (a restored snapshot of the machine) counts as another boot. After a boot in
   which something was played it is ``UNSAVED_S`` at least: who makes boots of his own (a namespace) must not get
   that for nothing.
4. Time that rules 1 and 2 vouch for is *certain*. What rule 3 adds is *provisional*: it counts until the next signed
   time takes its place.
5. A signed time that contradicts the certain time, and that the wall clock does not confirm, is *held*: requests to
   the issuer are dated by it, licences are not judged by it. It is taken once the issuer has stood by it for
   ``HOLD_AHEAD_S`` (``HOLD_BEHIND_S`` for an earlier time).

So a wall clock that is set back can hide only time in which this program did not run. One that is set forward can end
a licence early only until the service is reached again. What an issuer's wrong clock did in an hour is healed by its
next correct time. ``docs/security.md`` states the bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MAX_TIME_S = 4_102_444_800.0
"""Seconds since 1970 beyond which no time is believed (the year 2100)."""
MIN_SIGNED_S = 1_577_836_800.0
"""No signed time before this one is believed (the year 2020)."""
AGREE_S = 300.0
"""Times that differ by no more agree; licence servers refuse requests that are further off."""
PLAUSIBLE_S = 86_400.0
"""A wall clock confirms a signed time that is no further from it: a wrong time zone does not matter."""
PLAUSIBLE_OFF_S = 400 * 86_400.0
"""So long a machine may have been off without its wall clock having noticed (an empty battery)."""
HOLD_AHEAD_S = 7200.0
HOLD_BEHIND_S = 900.0
UNSAVED_S = 75.0
"""So much of a playback may be missing in the state that was kept last: it is kept once a minute, and judged every
15 seconds."""
ANSWER_S = 60.0
"""An answer that was under way for longer is not taken: its time is over."""
_BACK_S = 5.0
"""Readings of two processes may cross by so much."""


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


@dataclass(frozen=True, slots=True)
class HeldTime:
    """A signed time that is held (rule 5). ``at_s`` goes on with the clocks, ``stood_s`` counts seconds since the
    issuer first said so."""

    at_s: float
    stood_s: float


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is kept between runs (sealed): the trusted time at ``reading``, and when the issuer was last heard.

    ``server_at_s`` is None before the first signed server time: then ``time`` began as the wall clock of the first
    reading, all of it provisional. ``heard_boot`` is the boot in which a signed time was taken last, ``played`` says
    that a playback began in the boot of ``reading``.
    """

    time: TrustedTime
    reading: Reading
    server_at_s: float | None = None
    heard_boot: str = ""
    held: HeldTime | None = None
    played: bool = False


def begin(reading: Reading) -> ClockState:
    """The state on a machine that never heard a signed server time."""
    return ClockState(TrustedTime(_sane(reading.wall_s), 0.0), reading)


def advance(state: ClockState, reading: Reading) -> ClockState:
    """The state at a later ``reading``. Neither of its times is ever less than before."""
    time, last = state.time, state.reading
    back_s = last.boottime_s - reading.boottime_s
    if reading.boot_id == last.boot_id and back_s <= _BACK_S:
        elapsed = _gain(last.boottime_s, reading.boottime_s)
        time = TrustedTime(min(time.at_s + elapsed, MAX_TIME_S), min(time.certain_s + elapsed, MAX_TIME_S))
        kept = reading if back_s <= 0.0 else last
        return replace(state, time=time, reading=kept, held=_later(state.held, elapsed))
    gained_s = min(_gain(last.wall_s, reading.wall_s), _gain(time.at_s, reading.wall_s))
    elapsed = max(gained_s, UNSAVED_S if state.played else 0.0)
    time = TrustedTime(min(time.at_s + elapsed, MAX_TIME_S), time.certain_s)
    held = _later(state.held, elapsed)
    return replace(state, time=time, reading=reading, heard_boot="", held=held, played=False)


def hear(state: ClockState, reading: Reading, server_at_s: float) -> ClockState:
    """The state after a signed, fresh server time that was received at ``reading``: taken, or held (rule 5).

    Raises ValueError for a time that cannot be.
    """
    if not (math.isfinite(server_at_s) and MIN_SIGNED_S <= server_at_s <= MAX_TIME_S):
        raise ValueError(f"not a time: {server_at_s}")
    now = advance(state, reading)
    if _is_plausible(now, reading, server_at_s) or _stood_by(now, server_at_s):
        behind_s = now.time.certain_s - server_at_s
        at_s = now.time.certain_s if 0.0 < behind_s <= AGREE_S else server_at_s  # the answer was under way
        return ClockState(TrustedTime(at_s, at_s), reading, server_at_s, reading.boot_id, played=now.played)
    stood_s = now.held.stood_s if now.held is not None and _agree(now.held.at_s, server_at_s) else 0.0
    return replace(now, held=HeldTime(server_at_s, stood_s))


def issuer_time(state: ClockState) -> float:
    """The issuer's time as it last said it, held or taken: what requests to it are dated by."""
    return state.time.at_s if state.held is None else state.held.at_s


def is_fresh(asked: Reading, answered: Reading) -> bool:
    """Whether an answer was under way for at most :data:`ANSWER_S`, asleep or awake."""
    took_s = answered.boottime_s - asked.boottime_s
    return asked.boot_id == answered.boot_id and -_BACK_S <= took_s <= ANSWER_S


def is_doubtful(state: ClockState, reading: Reading) -> bool:
    """Whether the issuer should be asked for its time again soon: it contradicted itself, or this machine's clock
    contradicts it."""
    return state.held is not None or not _confirms(reading, state.time.at_s)


def _is_plausible(now: ClockState, reading: Reading, server_at_s: float) -> bool:
    if now.server_at_s is None or _confirms(reading, server_at_s):
        return True
    most_s = PLAUSIBLE_S if now.heard_boot == reading.boot_id else PLAUSIBLE_OFF_S
    return now.time.certain_s - AGREE_S <= server_at_s <= now.time.at_s + most_s


def _stood_by(now: ClockState, server_at_s: float) -> bool:
    if now.held is None or not _agree(now.held.at_s, server_at_s):
        return False
    return now.held.stood_s >= (HOLD_AHEAD_S if server_at_s > now.time.at_s else HOLD_BEHIND_S)


def _confirms(reading: Reading, at_s: float) -> bool:
    return abs(reading.wall_s - at_s) <= PLAUSIBLE_S


def _agree(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= AGREE_S


def _later(held: HeldTime | None, elapsed_s: float) -> HeldTime | None:
    return None if held is None else HeldTime(min(held.at_s + elapsed_s, MAX_TIME_S), held.stood_s + elapsed_s)


def _gain(before_s: float, after_s: float) -> float:
    gain = after_s - before_s
    return gain if math.isfinite(gain) and gain > 0.0 else 0.0


def _sane(wall_s: float) -> float:
    return min(max(wall_s, 0.0), MAX_TIME_S) if math.isfinite(wall_s) else 0.0
