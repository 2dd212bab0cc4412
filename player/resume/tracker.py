"""From the events of one playback to the positions that are worth keeping. Pure but for the clock it is given."""

from __future__ import annotations

from collections.abc import Callable

from player.reporting.events import BufferSampled, Event, PhaseReached, Sought, StatusChanged
from player.reporting.state import PlaybackStatus

JOURNAL_EVERY_S = 4.0
_TICK_S = 0.6  # between two looks at where playback is: the next one would be too late
_MOMENTS = frozenset({PlaybackStatus.PAUSED, PlaybackStatus.ENDED, PlaybackStatus.FAILED, PlaybackStatus.IDLE})


class ProgressTracker:
    """Feed it with every event; ``keep(position_s, urgent)`` is called at least every four seconds of playback, and
    at once on pause, seek and end (``urgent``: the service should hear of it now)."""

    def __init__(self, keep: Callable[[float, bool], None]) -> None:
        self._keep = keep
        self._position_s: float | None = None
        self._kept_at_s = float("-inf")
        self._kept: float | None = None
        self._shown = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, PhaseReached) and event.phase == "first_frame":
            self._shown = True
        elif isinstance(event, BufferSampled):
            self._position_s = event.position_s
            if event.at_s - self._kept_at_s > JOURNAL_EVERY_S - _TICK_S:
                self._write(event.at_s, urgent=False)
        elif isinstance(event, Sought):
            self._position_s = event.to_s
            self._write(event.at_s, urgent=True)
        elif isinstance(event, StatusChanged) and event.status in _MOMENTS:
            self._write(event.at_s, urgent=True)

    def _write(self, at_s: float, *, urgent: bool) -> None:
        if not self._shown or self._position_s is None or (self._position_s == self._kept and not urgent):
            return
        self._kept_at_s, self._kept = at_s, self._position_s
        self._keep(self._position_s, urgent)
