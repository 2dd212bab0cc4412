"""An event loop whose time jumps: whenever everything waits, the next timer is due at once.

What happens outside of it (the bytes of a real server) takes no time at all. So that a run is the same every time,
the results of outside work are handed in only when everything inside waits, all at once, and in the order in which
they were asked for. Work for other threads is done on the spot.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")


class Stuck(RuntimeError):  # noqa: N818  (the run is broken, whoever asks)
    """Everything waits, and not for time."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. ``time()`` is in virtual seconds, from :attr:`BEGIN_S` on."""

    BEGIN_S = 1000.0

    def __init__(self) -> None:
        self._now = self.BEGIN_S
        self._asked: list[tuple[concurrent.futures.Future[Any], asyncio.Future[None]]] = []
        super().__init__(_JumpingSelector(self.pass_time))

    def time(self) -> float:
        return self._now

    async def outside(self, work: concurrent.futures.Future[_T]) -> _T:
        """The result of work on another thread, in no time. Raises what the work raised."""
        handed_in = self.create_future()
        self._asked.append((work, handed_in))
        await handed_in
        return work.result()

    def run_in_executor(
        self, executor: concurrent.futures.Executor | None, func: Callable[[Unpack[_Args]], _T], *args: *_Args
    ) -> asyncio.Future[_T]:
        """The call, made now and here."""
        del executor
        done: asyncio.Future[_T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  (whoever awaits it gets it)
            done.set_exception(error)
        return done

    def pass_time(self, seconds: float | None) -> None:
        """Everything waits: hand in what was asked for outside, else let the time pass. Raises Stuck."""
        if self._asked:
            asked, self._asked = self._asked, []
            concurrent.futures.wait([work for work, _ in asked])
            for _, handed_in in asked:
                if not handed_in.done():
                    handed_in.set_result(None)
        elif seconds is None:
            raise Stuck("everything waits, but not for time")
        else:
            self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: it lets the time pass instead."""

    def __init__(self, pass_time: Callable[[float | None], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self._pass_time(timeout)
        return ready


class LoopClock:
    """A :class:`player.clock.Clock` on a loop's own time; ``wall_s`` is the date of its begin."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wall_s: float) -> None:
        self._loop = loop
        self._wall_offset_s = wall_s - loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._loop.time() + self._wall_offset_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
