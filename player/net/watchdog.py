"""Bounding the waits of one exchange by a clock that is passed in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

from player.base.clock import Clock

T = TypeVar("T")

_LATENESS = 0.25  # a wait may overrun its limit by this part: not every shorter limit is worth a new task


class WaitedTooLong(Exception):  # noqa: N818  (the gate turns it into a NetError with a sentence)
    """A guarded wait ran out of time. ``overall`` is true when it was the exchange's whole time."""

    def __init__(self, overall: bool) -> None:
        super().__init__("waited too long")
        self.overall = overall


def current_task() -> asyncio.Task[object]:
    """The task that runs. RuntimeError outside of one."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("no task runs here")
    return task


class Watchdog:
    """Ends waits of the task that enters it: each guarded wait after its own limit, all of them at the deadline.

    Only the time inside :meth:`guard` counts against a wait's limit, so a consumer that is slow to take the next
    chunk is never mistaken for a silent server.
    """

    def __init__(self, clock: Clock, deadline_s: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + deadline_s
        self._due: float | None = None
        self._looks_at = self._end
        self._limit = deadline_s
        self._fired = False
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()

    async def guard(self, awaitable: Awaitable[T], limit_s: float) -> T:
        """The result of ``awaitable``. Raises :class:`WaitedTooLong` when it takes more than ``limit_s`` seconds."""
        task = current_task()
        self._limit = limit_s
        self._due = min(self._clock.monotonic() + limit_s, self._end)
        if self._watch is None or self._due + limit_s * _LATENESS < self._looks_at:
            if self._watch is not None:
                self._watch.cancel()
            self._watch = asyncio.create_task(self._run(task))
        cancelling = task.cancelling()
        try:
            return await awaitable
        except asyncio.CancelledError:
            if self._fired and task.uncancel() <= cancelling:
                raise WaitedTooLong(overall=self._clock.monotonic() >= self._end) from None
            raise
        finally:
            self._due = None

    async def _run(self, watched: asyncio.Task[object]) -> None:
        while True:
            now = self._clock.monotonic()
            due = self._due
            if due is not None and now >= due:
                break
            # While nothing is guarded, look again within the limit.
            self._looks_at = now + self._limit if due is None else due
            await self._clock.sleep(self._looks_at - now)
        self._fired = True
        watched.cancel()
