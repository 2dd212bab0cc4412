"""Troubles of a channel, planned ahead by the clock: segments that come late, and restarts of the encoder."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Late:
    """Segments that end from ``from_at`` to ``until_at`` (seconds since 1970) can be had ``by_s`` seconds later."""

    from_at: float
    until_at: float
    by_s: float


@dataclass(frozen=True, slots=True)
class LiveFaults:
    """``restarts_at`` (seconds since 1970, ascending): the title begins anew there, in mid-segment or not."""

    late: tuple[Late, ...] = ()
    restarts_at: tuple[float, ...] = ()

    def delay_s(self, ends_at: float) -> float:
        """How late the segment is that ends then."""
        return max((one.by_s for one in self.late if one.from_at <= ends_at < one.until_at), default=0.0)


NO_FAULTS = LiveFaults()


class LivePlans:
    """The planned troubles of each channel, in memory. Thread-safe: edges ask from their own threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, LiveFaults] = {}

    def of(self, title_id: str) -> LiveFaults:
        with self._lock:
            return self._plans.get(title_id, NO_FAULTS)

    def set(self, title_id: str, faults: LiveFaults) -> None:
        """Plan these in place of what was planned; none clears the plan."""
        with self._lock:
            if faults == NO_FAULTS:
                self._plans.pop(title_id, None)
            else:
                self._plans[title_id] = faults
