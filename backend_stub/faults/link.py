"""A shaped link: when bytes have gone out, given a looped trace of rates. Pure; the clock's values are handed in.

The link is a queue. A sender reserves room for a slice and gets the time at which its last bit has left. Responses
that reserve in turns share the rate evenly. Absolute times keep the average exact, however late each wake-up is.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from backend_stub.faults.document import TraceEntry

_SLICE_S = 0.01
_MIN_SLICE = 512
_MAX_SLICE = 64 << 10


class ShapedLink:
    """One link that starts its trace at ``started_s`` (monotonic seconds). Thread-safe: edges share links."""

    def __init__(self, trace: Sequence[TraceEntry], started_s: float) -> None:
        self._entries = [entry for entry in trace if entry.duration_ms > 0]
        durations = [entry.duration_ms / 1000 for entry in self._entries]
        bits = [entry.bandwidth_kbps * entry.duration_ms for entry in self._entries]
        self._ends_s = list(accumulate(durations))  # of each entry, within one loop
        self._ends_bits = list(accumulate(bits))
        self._loop_s = self._ends_s[-1]
        self._loop_bits = self._ends_bits[-1]
        if self._loop_bits <= 0:
            raise ValueError("the trace carries nothing")
        self._started_s = started_s
        self._free_s = started_s
        self._lock = threading.Lock()

    def latency_s(self, now: float) -> float:
        """The round trip at this time."""
        return self._entries[self._entry_at(now)[0]].latency_ms / 1000

    def slice_bytes(self, now: float) -> int:
        """A good size to reserve: about 10 ms of the present rate."""
        rate = self._entries[self._entry_at(now)[0]].bandwidth_kbps * 125
        return int(min(max(rate * _SLICE_S, _MIN_SLICE), _MAX_SLICE))

    def reserve(self, size: int, earliest: float) -> float:
        """Queue ``size`` bytes, to start at ``earliest`` or when the link is free; the time the last bit has left."""
        with self._lock:
            start = max(self._free_s, earliest, self._started_s)
            self._free_s = max(start, self._time_of(self._bits_until(start) + size * 8))
            return self._free_s

    def _entry_at(self, now: float) -> tuple[int, float, int]:
        """The running entry, the time within the loop, and the number of loops before."""
        loops, offset = divmod(max(0.0, now - self._started_s), self._loop_s)
        return min(bisect_right(self._ends_s, offset), len(self._entries) - 1), offset, int(loops)

    def _bits_until(self, now: float) -> float:
        """What the link could have carried since it started."""
        index, offset, loops = self._entry_at(now)
        left = self._ends_s[index] - offset
        return loops * self._loop_bits + self._ends_bits[index] - left * self._entries[index].bandwidth_kbps * 1000

    def _time_of(self, bits: float) -> float:
        """The earliest time by which the link can have carried so much."""
        loops, rest = divmod(bits, self._loop_bits)
        if rest == 0 and loops > 0:
            loops, rest = loops - 1, self._loop_bits
        index = min(bisect_left(self._ends_bits, rest), len(self._entries) - 1)
        rate = self._entries[index].bandwidth_kbps * 1000
        left = (self._ends_bits[index] - rest) / rate if rate > 0 else 0.0
        return self._started_s + loops * self._loop_s + self._ends_s[index] - left
