"""Waiting in tests: for what is to happen, never for a time. And measuring times beside other work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 120.0
"""Far beyond what anything takes on a busy machine: who waits so long waits in vain. Less under a fault."""
_LOOK_EVERY_S = 0.01


def until(condition: Callable[[], T], what: str = "", patience_s: float | None = None) -> T:
    """Look again and again until the condition gives something true, and give that."""
    deadline = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "it does not happen"
        time.sleep(_LOOK_EVERY_S)
    return found


async def until_in_loop(condition: Callable[[], T], what: str = "", patience_s: float | None = None) -> T:
    """The same where a loop has to go on meanwhile."""
    deadline = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "it does not happen"
        await asyncio.sleep(_LOOK_EVERY_S)
    return found


def until_holds(check: Callable[[], None], patience_s: float | None = None) -> None:
    """Call ``check`` until it raises no AssertionError, for facts that are told one after another. Raises the last
    one."""
    deadline = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_LOOK_EVERY_S)


def least(measure: Callable[[], float], enough_s: float, tries: int = 20) -> float:
    """The least of several times, as other work only ever adds to one; the first below ``enough_s`` will do."""
    times: list[float] = []
    while len(times) < tries and (not times or min(times) >= enough_s):
        times.append(measure())
    return min(times)


@contextmanager
def at_most(processor_s: float) -> Iterator[None]:
    """Hold a block against the time that it has the processor for itself: what runs beside it does not count."""
    begun_s = time.thread_time()
    yield
    took_s = time.thread_time() - begun_s
    assert took_s <= processor_s, f"it took {took_s:.1f} s of the processor"
