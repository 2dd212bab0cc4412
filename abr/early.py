"""When a segment that is on its way may be played: the rule and the rate it rests on, for player and simulator.

Times are seconds, rates bit/s, sizes bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

SHORT_S = 1.5  # with less than this in hand playback is about to run dry
SAFETY = 0.75  # of the rate seen so far
_MARGIN_S, _MARGIN_SHARE = 1.0, 0.25  # sound goes ahead of the picture by a second: so much earlier it must be there

_WINDOW_S = 2.0
_EVIDENCE_BYTES = 32 * 1024  # less than this says too little about the link
_SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Arriving:
    """A segment on its way: ``left_bits`` are missing, and ``until_s`` from now it has been played out."""

    left_bits: float
    until_s: float


def in_time(arriving: Iterable[Arriving], bps: float) -> bool:
    """Whether a link of ``bps`` brings each of ``arriving`` a little before it has been played out.

    Bytes and media time are taken as proportional, so what is there in time at its end is in time everywhere.
    """
    bits = 0.0
    for each in sorted(arriving, key=lambda item: item.until_s):
        bits += each.left_bits
        margin_s = min(_MARGIN_S, _MARGIN_SHARE * each.until_s)
        if each.left_bits > 0 and bits > bps * (each.until_s - margin_s):
            return False
    return True


class ArrivalRate:
    """The rate of the last seconds over all transfers together."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, size: int) -> None:
        """``size`` bytes have arrived."""
        self._arrivals.append((now_s, size))
        while self._arrivals[0][0] < now_s - _WINDOW_S:
            self._arrivals.popleft()

    def bps(self, now_s: float) -> float | None:
        """Bits per second; None while there is too little to judge by.

        The first bytes only start the time: how long they took is not known.
        """
        sizes = [size for _, size in self._arrivals]
        if len(sizes) < 2 or sum(sizes) < _EVIDENCE_BYTES:
            return None
        return sum(sizes[1:]) * 8 / max(now_s - self._arrivals[0][0], _SHORTEST_S)

    def forget(self) -> None:
        """What follows is another time."""
        self._arrivals.clear()


def cautious_bps(seen_bps: float | None, trusted_bps: float | None) -> float | None:
    """What to count on: a share of the rate seen just now, else what the link is sure to give."""
    return trusted_bps if seen_bps is None else seen_bps * SAFETY
