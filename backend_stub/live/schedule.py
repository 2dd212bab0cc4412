"""When each segment of a looped title is on air. Pure: the channel began at the epoch and has looped ever since."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from backend_stub.live.faults import NO_FAULTS, LiveFaults

DEFAULT_WINDOW_S = 120.0


@dataclass(frozen=True, slots=True)
class Airing:
    """One segment in one loop. ``number`` counts all airings of its rendition, ``break_number`` the loops of which
    any was on air before; ``index`` is its place in the title. ``begins_at`` is in seconds since 1970."""

    loop: int
    index: int
    number: int
    break_number: int
    begins_at: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class _Era:
    """From one start of the encoder to the next (``until``): loops from ``first_loop`` on."""

    start: float
    until: float
    first_loop: int


@dataclass(frozen=True, slots=True)
class Channel:
    """``loop_s`` is the length of one loop, ``window_s`` how far back a viewer can go. A restart of the encoder ends
    a loop early: what was not whole by then is never on air."""

    loop_s: float
    window_s: float = DEFAULT_WINDOW_S
    faults: LiveFaults = NO_FAULTS

    def __post_init__(self) -> None:
        if self.loop_s <= 0:
            raise ValueError("a channel needs a title with a length")

    def loop_at(self, now: float) -> int:
        era = next(era for era in reversed(self._eras()) if era.start <= max(now, 0.0))
        return era.first_loop + math.floor((now - era.start) / self.loop_s)

    def loop_begins(self, loop: int) -> float:
        era = self._era_of(loop)
        return era.start + (loop - era.first_loop) * self.loop_s

    def on_air(self, durations_s: Sequence[float], now: float) -> Iterator[Airing]:
        """The airings of a rendition that a viewer may fetch at ``now``: whole by then, and within the window.

        Where one is late, those after it wait for it.
        """
        ends = list(accumulate(durations_s))
        for loop in range(self.loop_at(max(0.0, now - self.window_s)), self.loop_at(now) + 1):
            begins_at, until = self.loop_begins(loop), self._era_of(loop).until
            aired, breaks = self._before(loop, ends)
            for index, (end_s, duration_s) in enumerate(zip(ends, durations_s, strict=True)):
                ends_at = begins_at + end_s
                if ends_at > until:
                    break
                if ends_at + self.faults.delay_s(ends_at) > now:
                    return
                if now - self.window_s < ends_at:
                    yield Airing(loop, index, aired + index, breaks, ends_at - duration_s, duration_s)

    def _eras(self) -> list[_Era]:
        eras, start, first_loop = [], 0.0, 0
        for restart in self.faults.restarts_at:
            eras.append(_Era(start, restart, first_loop))
            start, first_loop = restart, first_loop + math.ceil((restart - start) / self.loop_s)
        eras.append(_Era(start, math.inf, first_loop))
        return eras

    def _era_of(self, loop: int) -> _Era:
        return next(era for era in reversed(self._eras()) if era.first_loop <= loop)

    def _before(self, loop: int, ends: Sequence[float]) -> tuple[int, int]:
        """How many segments of a rendition are on air in all loops before this one, and in how many loops."""
        aired = breaks = 0
        for era in self._eras():
            if era.until == math.inf or loop < era.first_loop + math.ceil((era.until - era.start) / self.loop_s):
                loops = loop - era.first_loop
                return aired + loops * len(ends), breaks + loops
            whole = math.floor((era.until - era.start) / self.loop_s)
            last_begins = era.start + whole * self.loop_s
            cut_short = sum(last_begins + end_s <= era.until for end_s in ends)
            aired += whole * len(ends) + cut_short
            breaks += whole + (cut_short > 0)
        raise AssertionError("the last era has no end")
