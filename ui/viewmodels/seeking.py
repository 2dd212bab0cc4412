"""Where the viewer wants to be, until the playback is there."""

from __future__ import annotations

STEP_S = 10.0
LONG_STEP_S = 30.0
_STEPS_BEFORE_LONG = 6
_NEAR_S = 1.5
_END_MARGIN_S = 2.0  # steps do not run over the end by accident
_PATIENCE = 30  # states to wait for a sent seek, about three seconds


class SeekIntent:
    """Collects steps into one target, so that five quick key presses are one seek of 50 s."""

    def __init__(self) -> None:
        self.target_s: float | None = None
        self._steps = 0
        self._sent = False
        self._patience = 0

    def step(self, direction: int, position_s: float, duration_s: float | None) -> None:
        """Move the target by one step from itself, or from ``position_s`` when there is none."""
        self._steps = 1 if self.target_s is None else self._steps + 1
        size = LONG_STEP_S if self._steps > _STEPS_BEFORE_LONG else STEP_S
        start = position_s if self.target_s is None else self.target_s
        furthest = max(start, duration_s - _END_MARGIN_S) if duration_s is not None else float("inf")
        self.aim(min(furthest, max(0.0, start + direction * size)))

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
