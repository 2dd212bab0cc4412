"""Playback speed that keeps a live programme at its target latency, changed so gently that it is not heard. Pure."""

from __future__ import annotations

_BEGIN_S = 0.08  # so far off, a correction begins ...
_ENOUGH_S = 0.02  # ... and so near, it ends
_HORIZON_S = 8.0  # a correction aims at being done in about so long
_STEP = 0.005  # speeds are multiples of this
SPARE_S = 2.0
"""With less than this in hand playback is not hurried; at low latency there is never so much."""
_SMOOTHING = 0.5


class Pace:
    """Keeps what it decided before: a correction goes on until it is done."""

    def __init__(self, min_rate: float, max_rate: float, spare_s: float = SPARE_S) -> None:
        self._min_rate = min_rate
        self._max_rate = max_rate
        self._spare_s = spare_s
        self._correcting = False
        self._error_s: float | None = None

    def rest(self) -> None:
        """Playback does not run: what was measured before says nothing of what comes."""
        self._correcting = False
        self._error_s = None

    def rate(self, error_s: float, buffer_s: float) -> float:
        """The speed from now on. ``error_s`` is the latency less its target; ``buffer_s`` what is in hand."""
        before = self._error_s
        self._error_s = error_s if before is None else before + _SMOOTHING * (error_s - before)
        off_s = abs(self._error_s)
        self._correcting = off_s > (_ENOUGH_S if self._correcting else _BEGIN_S)
        if not self._correcting or (self._error_s > 0 and buffer_s < self._spare_s):
            return 1.0
        steps = max(1, round(off_s / _HORIZON_S / _STEP)) * _STEP
        rate = 1.0 + (steps if self._error_s > 0 else -steps)
        return min(max(rate, self._min_rate), self._max_rate)
