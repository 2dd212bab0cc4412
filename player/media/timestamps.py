"""33-bit MPEG timestamps (ISO/IEC 13818-1, 2.4.3.7) on a line that does not jump back every 26.5 hours."""

from __future__ import annotations

TICKS_PER_SECOND = 90_000
WRAP = 1 << 33


class TimestampUnwrapper:
    """Puts each 33-bit timestamp at the place nearest to the one before it.

    All renditions of one discontinuity must share one object, so that they agree on how often the clock has wrapped.
    """

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, ticks: int) -> int:
        """``ticks`` (90 kHz, modulo 2**33) as a number that goes on beyond the wrap; the first stands as it is."""
        ticks %= WRAP
        if self._last is not None:
            ticks += (self._last - ticks + WRAP // 2) // WRAP * WRAP
        self._last = ticks
        return ticks
