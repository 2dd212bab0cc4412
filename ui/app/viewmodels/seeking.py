"""Where the viewer wants to be, until the playback is there."""

from __future__ import annotations

from dataclasses import dataclass

from player.reporting.state import PlaybackState, PlaybackStatus
from ui.app.viewmodels.text import clock_time

STEP_S = 10.0
LONG_STEP_S = 30.0
_STEPS_BEFORE_LONG = 6
_NEAR_S = 1.5
_END_MARGIN_S = 2.0  # steps do not run over the end by accident
_PATIENCE = 30  # states to wait for a sent seek, about three seconds


@dataclass(frozen=True, slots=True)
class SeekRange:
    """What the seek bar stands for, in seconds on the title's timeline: all of a title, or the window of a live
    programme. False where nothing is known yet."""

    start_s: float = 0.0
    end_s: float = 0.0
    live: bool = False
    open_ended: bool = False  # nobody knows where the title ends: this is what is known of it

    def __bool__(self) -> bool:
        return self.end_s > self.start_s

    def fraction(self, time_s: float) -> float:
        """The place of a time on the bar, 0 to 1."""
        return min(1.0, max(0.0, (time_s - self.start_s) / (self.end_s - self.start_s))) if self else 0.0

    def at(self, fraction: float) -> float:
        """The time at a place on the bar."""
        return self.start_s + fraction * (self.end_s - self.start_s)

    def words(self, time_s: float) -> str:
        """A time as it is shown: since the start, or before the live end."""
        if not self.live:
            return clock_time(time_s - self.start_s)
        behind = clock_time(self.end_s - time_s)
        return behind if self.end_s - time_s < 1 else f"-{behind}"


def known_end_s(state: PlaybackState) -> float:
    """How far the title is known to go. Where a jump leads is not known before it is there."""
    at_s = 0.0 if state.status is PlaybackStatus.SEEKING else state.position_s
    return max((at_s, state.duration_s or 0.0, *(end_s for _, end_s in state.buffered)))


def stretch_of(state: PlaybackState, known_s: float = 0.0) -> SeekRange:
    """What the seek bar stands for now. ``known_s`` is how far a film goes that tells no length."""
    if state.media is not None and state.duration_s is None:
        return SeekRange(state.start_s, known_s, open_ended=True)
    if state.live_view is not None:
        return SeekRange(state.live_view.start_s, state.live_view.end_s, live=True)
    return SeekRange(state.start_s, state.duration_s or 0.0)


class SeekIntent:
    """Collects steps into one target, so that five quick key presses are one seek of 50 s."""

    def __init__(self) -> None:
        self.target_s: float | None = None
        self._steps = 0
        self._sent = False
        self._patience = 0

    def step(self, direction: int, position_s: float, duration_s: float | None, start_s: float = 0.0) -> None:
        """Move the target by one step from itself, or from ``position_s`` when there is none."""
        self._steps = 1 if self.target_s is None else self._steps + 1
        size = LONG_STEP_S if self._steps > _STEPS_BEFORE_LONG else STEP_S
        start = position_s if self.target_s is None else self.target_s
        furthest = max(start, duration_s - _END_MARGIN_S) if duration_s is not None else float("inf")
        self.aim(min(furthest, max(start_s, start + direction * size)))

    def aim(self, target_s: float) -> None:
        self.target_s = target_s
        self._sent = False

    def commit(self) -> float | None:
        """The target to send to the engine, or None when there is nothing new to send."""
        if self.target_s is None or self._sent:
            return None
        self._sent = True
        self._patience = _PATIENCE
        return self.target_s

    def settle(self, position_s: float, *, seeking: bool) -> None:
        """Drop the target once the playback has reached it (or never will)."""
        if self.target_s is None or not self._sent:
            return
        self._patience -= 1
        arrived = not seeking and abs(position_s - self.target_s) < _NEAR_S
        if arrived or self._patience <= 0:
            self.target_s = None
            self._steps = 0
