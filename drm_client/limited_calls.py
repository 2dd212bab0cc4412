"""Calls of another program that may never answer, such as the system's key store, with a time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class NoAnswerError(Exception):
    """A call did not end in time, or an earlier one hangs."""


class LimitedCalls:
    """Makes one call after the other, each on a thread of its own, and waits at most ``limit_s`` seconds for it.

    A call that hangs cannot be ended. While it hangs no other is made: one that comes late would undo a newer one.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._turn = threading.Lock()
        self._hangs = False

    def call(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, or raise what it raises. Raises :class:`NoAnswerError`."""
        if not (self._turn.acquire(blocking=False) if self._hangs else self._turn.acquire(timeout=self.limit_s)):
            raise NoAnswerError
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001  (it is the caller's)
                answer.set_exception(error)
            finally:
                self._hangs = False
                self._turn.release()

        threading.Thread(target=run, name="key store", daemon=True).start()
        try:
            return answer.result(self.limit_s)
        except TimeoutError:
            if answer.done():
                return answer.result()
            self._hangs = True
            raise NoAnswerError from None
