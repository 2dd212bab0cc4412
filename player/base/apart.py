"""Work that may never end: a read of a share that hangs cannot be interrupted.

Its threads are daemons: other work does not wait for a place among them, and the process does not wait for their end.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_threads: set[threading.Thread] = set()
_held = threading.Event()


async def apart(function: Callable[..., T], *values: object) -> T:
    """The result of a call on a thread of its own."""
    return await asyncio.wrap_future(begin_apart(function, *values))


def begin_apart(function: Callable[..., T], *values: object) -> Future[T]:
    """Begin a call on a thread of its own."""
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            _settle(outcome, partial(function, *values))
        finally:
            _threads.discard(thread)

    thread = threading.Thread(target=work, name="apart", daemon=True)
    _threads.add(thread)
    thread.start()
    return outcome


def hold() -> None:
    """From now on a library has threads that may never end."""
    _held.set()


def is_held(grace_s: float = 1.0) -> bool:
    """Whether something goes on around which a process cannot be taken down in order, at the latest ``grace_s`` after
    it should have ended."""
    if _held.is_set():
        return True
    for thread in tuple(_threads):
        thread.join(grace_s)
        if thread.is_alive():
            return True
    return False


class ApartWorker(Executor):
    """One thread for calls in order, begun with the first."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401
        """Make a call after those before it. Raises RuntimeError after :meth:`shutdown`."""
        outcome: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("no call is made any more")
            if self._thread.ident is None:
                self._thread.start()
            self._calls.put((outcome, partial(fn, *args, **kwargs)))
        return outcome

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the thread once the calls before are made, or the one that goes on."""
        with self._lock:
            while cancel_futures and not self._calls.empty():
                with contextlib.suppress(Empty):
                    left = self._calls.get_nowait()
                    if left is not None:
                        left[0].cancel()
            if not self._closed:
                self._closed = True
                self._calls.put(None)
        if wait and self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            _settle(*call)


def _settle(outcome: Future[T], call: Callable[[], T]) -> None:
    if not outcome.set_running_or_notify_cancel():
        return
    try:
        value = call()
    except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is awaited
        outcome.set_exception(error)
    else:
        outcome.set_result(value)
