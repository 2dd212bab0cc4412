"""An event loop whose time jumps: whenever everything waits, the next timer is due at once.

Outside work (the bytes of a real server) takes no time. Its results are delivered together when everything inside
waits, in the order of the requests, so that each run is the same. Work for other threads is done at once.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import selectors
import signal
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")
_LOOK_S = 0.1  # of real time, while something outside is waited for


class Stuck(RuntimeError):  # noqa: N818  (the run is broken, whoever asks)
    """Everything waits, and not for time."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. ``time()`` is in virtual seconds, from :attr:`BEGIN_S` on."""

    BEGIN_S = 1000.0

    def __init__(self) -> None:
        self._now = self.BEGIN_S
        self._asked: list[tuple[concurrent.futures.Future[Any], asyncio.Future[None]]] = []
        self._interrupted = False
        super().__init__(_JumpingSelector(self.pass_time, self._may_go_on))

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of the work. A signal that would raise KeyboardInterrupt anywhere (Ctrl-C) raises it here, once
        everything on the loop is cancelled: in the middle of a task it would be taken for that task's failure."""
        taken = _take_signals(self._interrupt)
        try:
            found = self.run_until_complete(work)
            self._may_go_on()
        except KeyboardInterrupt:
            self._cancel_all()
            raise
        finally:
            for number in taken:
                signal.signal(number, signal.default_int_handler)
        return found

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True

    def _may_go_on(self) -> None:
        """Raises KeyboardInterrupt after a signal."""
        if self._interrupted:
            raise KeyboardInterrupt

    def _cancel_all(self) -> None:
        """Let every task clean up; nothing outside is waited for any more."""
        self._interrupted = False
        self._asked.clear()
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        with contextlib.suppress(Stuck):
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))

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
            while concurrent.futures.wait([work for work, _ in asked], _LOOK_S).not_done:
                self._may_go_on()
            for _, handed_in in asked:
                if not handed_in.done():
                    handed_in.set_result(None)
        elif seconds is None:
            raise Stuck("everything waits, but not for time")
        else:
            self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: it lets the time pass instead."""

    def __init__(self, pass_time: Callable[[float | None], None], may_go_on: Callable[[], None]) -> None:
        super().__init__()
        self._pass_time = pass_time
        self._may_go_on = may_go_on

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._may_go_on()
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self._pass_time(timeout)
        return ready


def _take_signals(handler: Callable[[int, FrameType | None], None]) -> list[signal.Signals]:
    """Handle the signals that raise KeyboardInterrupt, where this thread may; which those are."""
    if threading.current_thread() is not threading.main_thread():
        return []
    both = (signal.SIGINT, signal.SIGTERM)
    taken = [number for number in both if signal.getsignal(number) is signal.default_int_handler]
    for number in taken:
        signal.signal(number, handler)
    return taken


class LoopClock:
    """A :class:`player.base.clock.Clock` on a loop's own time; ``wall_s`` is the date of its start."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wall_s: float) -> None:
        self._loop = loop
        self._wall_offset_s = wall_s - loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._loop.time() + self._wall_offset_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
