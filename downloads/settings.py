"""How downloads behave on this machine: how many at once, how fast, when, and over which networks. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Metered(StrEnum):
    """What to do while the network is metered (paid by volume)."""

    ALLOW = "allow"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the day in which downloads may run, in minutes since local midnight; it may pass midnight. From
    ``start`` (included) to ``end`` (excluded); equal means all day."""

    start: int = 0
    end: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.start < _DAY and 0 <= self.end < _DAY):
            raise ValueError("a minute of the day is between 0 and 1439")

    def holds(self, minute: int) -> bool:
        """Whether ``minute`` (since local midnight) is inside."""
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def wait_s(self, minute: int) -> float:
        """Seconds from ``minute`` until it opens; 0 while it is open."""
        return 0.0 if self.holds(minute) else ((self.start - minute) % _DAY) * 60.0


_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """``titles`` and ``parallel`` bound the downloads at once and the transfers of each; ``limit_bps`` the rate of
    all together (bit/s). ``reserve_bytes`` are left free on the disk; ``room_bytes`` bounds what all take, beside the
    limits that are kept with them (:mod:`downloads.quota`)."""

    titles: int = 1
    parallel: int = 4
    limit_bps: float | None = None
    window: Window = Window()
    metered: Metered = Metered.WAIT
    yield_to_playback: bool = True
    reserve_bytes: int = 200 * 1024 * 1024
    room_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.titles < 1 or self.parallel < 1 or (self.limit_bps is not None and self.limit_bps <= 0):
            raise ValueError("at least one download, one transfer and some rate must be allowed")
