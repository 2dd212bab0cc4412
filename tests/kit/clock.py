"""A clock that moves only when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class FakeClock:
    """A :class:`player.base.clock.Clock` stepped by the test. Sleepers wake in the order of their times."""

    def __init__(
        self, start_s: float = 1000.0, wall_s: float = 1_700_000_000.0, *, waits_for_threads: bool = False
    ) -> None:
        """``waits_for_threads``: no time passes while a thread works for the loop. It must not wait for time. Made
        while the loop runs, the clock knows of all such work that begins after it."""
        self._waits_for_threads = waits_for_threads
        if waits_for_threads:
            with contextlib.suppress(RuntimeError):
                _jobs_of_threads(asyncio.get_running_loop())
        self._now = start_s
        self._wall_offset = wall_s - start_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self._wall_offset

    def set_wall(self, wall_s: float) -> None:
        """The date is another one; the monotonic time is not."""
        self._wall_offset = wall_s - self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass: everything that falls due in between happens at its own time."""
        end = self._now + seconds
        await self.settle()
        while (due := self._next_due()) is not None and due <= end:
            self._wake()
            await self.settle()
        self._now = max(self._now, end)

    async def run(self, work: Coroutine[Any, Any, T], limit_s: float = 3600.0) -> T:
        """Run ``work`` to its end, letting time pass whenever everything waits for it."""
        task = asyncio.ensure_future(work)
        end = self._now + limit_s
        try:
            while True:
                await self.settle()
                if task.done():
                    return task.result()
                due = self._next_due()
                assert due is not None, "everything waits, but not for time"
                assert due <= end, f"not done within {limit_s} s"
                self._wake()
        finally:
            task.cancel()
            await self.settle()

    async def settle(self) -> None:
        """Let every task run until all of them wait for something, which is no thread where this clock says so."""
        jobs = _jobs_of_threads(asyncio.get_running_loop()) if self._waits_for_threads else set()
        await settle()
        while jobs:
            await asyncio.wait(jobs)
            await settle()

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake(self) -> None:
        due, _, waiter = heapq.heappop(self._sleepers)
        self._now = max(self._now, due)
        waiter.set_result(None)


def _jobs_of_threads(loop: asyncio.AbstractEventLoop) -> set[asyncio.Future[Any]]:
    """What threads work at for this loop, from the first call on."""
    known: set[asyncio.Future[Any]] | None = getattr(loop, "jobs_of_threads", None)
    if known is not None:
        return known
    jobs: set[asyncio.Future[Any]] = set()
    begin = loop.run_in_executor

    def counted(*arguments: Any) -> asyncio.Future[Any]:
        future = begin(*arguments)
        jobs.add(future)
        future.add_done_callback(jobs.discard)
        return future

    loop.run_in_executor = counted  # type: ignore[method-assign]
    loop.jobs_of_threads = jobs  # type: ignore[attr-defined]
    return jobs


async def settle() -> None:
    """Let every task run until all of them wait for something."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while loop._ready:
        await asyncio.sleep(0)
