"""Sliding-window limits, kept in the memory of one process."""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from heapq import nsmallest
from typing import Protocol

from backend_stub.config import RateLimit

_MAX_KEYS = 10_000
_FORGOTTEN = 1000  # keys at once, so that it is done seldom
_SUBSCRIBER_BITS = 64  # of an IPv6 address: all that follow are one household's


def subscriber_of(host: str) -> str:
    """Whom attempts from this network address are counted for: the IPv4 address, or the IPv6 network of a line."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, _SUBSCRIBER_BITS), strict=False))


class CountingWindow(Protocol):
    """Counts attempts per key; ``now`` is monotonic time in seconds. Thread-safe."""

    def attempt(self, key: str, now: float, count: int = 1) -> float | None:
        """Count an attempt, or ``count`` of them at once: None when they may go on, else the seconds to wait. What
        begins within the limit may go beyond it."""
        ...

    def wait(self, key: str, now: float) -> float | None:
        """What :meth:`attempt` would answer, without counting one."""
        ...

    def give_back(self, key: str) -> None:
        """Forget the newest attempt of ``key``: it was counted before it was known that it does not count."""
        ...

    def forgive(self, key: str) -> None:
        """Forget the attempts of ``key``, after one that succeeded."""
        ...


class SlidingWindow:
    """A :class:`CountingWindow` of this process alone. When there are too many keys, those with the fewest attempts
    are forgotten: others cannot push out a key that is near its limit by trying many."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._attempts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def attempt(self, key: str, now: float, count: int = 1) -> float | None:
        with self._lock:
            if key not in self._attempts and len(self._attempts) >= _MAX_KEYS:
                self._make_room(now)
            times = self._attempts.setdefault(key, deque())
            wait_s = self._wait(times, now)
            if wait_s is None:
                times.extend([now] * count)
            return wait_s

    def wait(self, key: str, now: float) -> float | None:
        with self._lock:
            return self._wait(self._attempts.get(key, deque()), now)

    def give_back(self, key: str) -> None:
        with self._lock:
            if times := self._attempts.get(key):
                times.pop()

    def forgive(self, key: str) -> None:
        with self._lock:
            self._attempts.pop(key, None)

    def _make_room(self, now: float) -> None:
        over = [key for key, times in self._attempts.items() if not times or times[-1] <= now - self._limit.window_s]
        few = nsmallest(_FORGOTTEN - len(over), self._attempts, key=lambda key: len(self._attempts[key]))
        for key in {*over, *few}:
            del self._attempts[key]

    def _wait(self, times: deque[float], now: float) -> float | None:
        while times and times[0] <= now - self._limit.window_s:
            times.popleft()
        most = self._limit.attempts
        return times[-most] + self._limit.window_s - now if len(times) >= most else None
