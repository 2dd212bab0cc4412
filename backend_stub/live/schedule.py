"""When each segment of a looped title is on air. Pure: the channel began at the epoch and has looped ever since."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DEFAULT_WINDOW_S = 120.0


@dataclass(frozen=True, slots=True)
class Airing:
    """One segment in one loop. ``number`` counts all airings of its rendition; ``index`` is its place in the title.
    ``begins_at`` is in seconds since 1970."""

    loop: int
    index: int
    number: int
    begins_at: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Channel:
    """``loop_s`` is the length of one loop, ``window_s`` how far back a viewer can go."""

    loop_s: float
    window_s: float = DEFAULT_WINDOW_S

    def __post_init__(self) -> None:
        if self.loop_s <= 0:
            raise ValueError("a channel needs a title with a length")

    def loop_at(self, now: float) -> int:
        return math.floor(now / self.loop_s)

    def loop_begins(self, loop: int) -> float:
        return loop * self.loop_s

    def on_air(self, durations_s: Sequence[float], now: float) -> Iterator[Airing]:
        """The airings of a rendition that a viewer may fetch at ``now``: whole by then, and within the window."""
        first = self.loop_at(max(0.0, now - self.window_s))
        for loop in range(first, self.loop_at(now) + 1):
            begins_at = self.loop_begins(loop)
            for index, duration_s in enumerate(durations_s):
                ends_at = begins_at + duration_s
                if now - self.window_s < ends_at <= now:
                    yield Airing(loop, index, loop * len(durations_s) + index, begins_at, duration_s)
                begins_at = ends_at
