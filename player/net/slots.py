"""Bounded concurrency: so many exchanges at once per host and over all, the most urgent first."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class _Waiter:
    """One that waits for a place. The order is the queue's: greater priority first, then first come."""

    rank: tuple[int, int]
    host: str = field(compare=False)
    free: asyncio.Future[None] = field(compare=False)


class Slots:
    """A priority semaphore with a limit per host and one over all hosts."""

    def __init__(self, per_host: int, total: int) -> None:
        if per_host < 1 or total < 1:
            raise ValueError("at least one exchange must be allowed")
        self._per_host = per_host
        self._total = total
        self._busy: Counter[str] = Counter()
        self._queue: list[_Waiter] = []
        self._arrivals = 0

    @property
    def busy(self) -> int:
        """Exchanges under way over all hosts."""
        return self._busy.total()

    @asynccontextmanager
    async def hold(self, host: str, priority: int) -> AsyncIterator[None]:
        """A place for one exchange with ``host``; waits its turn."""
        if self._has_room(host) and not self._queue:
            self._busy[host] += 1
        else:
            await self._wait(host, priority)
        try:
            yield
        finally:
            self._release(host)

    async def _wait(self, host: str, priority: int) -> None:
        waiter = _Waiter((-priority, self._arrivals), host, asyncio.get_running_loop().create_future())
        self._arrivals += 1
        heapq.heappush(self._queue, waiter)
        self._hand_out()
        try:
            await waiter.free
        except asyncio.CancelledError:
            if waiter.free.done() and not waiter.free.cancelled():
                self._release(host)  # the place came at the moment we were told to go
            raise

    def _release(self, host: str) -> None:
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        self._hand_out()

    def _hand_out(self) -> None:
        """Give free places to the first in the queue whose host has room; the others keep their turn."""
        passed: list[_Waiter] = []
        while self._queue and self._busy.total() < self._total:
            waiter = heapq.heappop(self._queue)
            if waiter.free.done():
                continue
            if not self._has_room(waiter.host):
                passed.append(waiter)
                continue
            self._busy[waiter.host] += 1
            waiter.free.set_result(None)
        for waiter in passed:
            heapq.heappush(self._queue, waiter)

    def _has_room(self, host: str) -> bool:
        return self._busy.total() < self._total and self._busy[host] < self._per_host
