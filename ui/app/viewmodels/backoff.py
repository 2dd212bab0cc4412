"""How long to wait before something that failed is tried again. Pure."""

from __future__ import annotations

FIRST_S = 2.0
LONGEST_S = 60.0
_GROWTH = 2.0


class BackOff:
    """Waits that double from ``first_s`` up to ``longest_s``, both in seconds."""

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The wait before the next try; the one after it is longer."""
        wait_s = self._next_s
        self._next_s = min(self._longest_s, wait_s * _GROWTH)
        return wait_s

    def reset(self) -> None:
        """Something went well: begin with the short wait again."""
        self._next_s = self._first_s
