"""What playbacks took of the machine's memory is given back to it, so that a player that runs for months stays small.

The C library keeps what is freed for later use, in as many heaps as there are threads. Segments and pictures come and
go in all sizes there, so that one title after another leaves gaps that the next one only nearly fits: what is in use
stays the same, what the system counts as ours grows. ``malloc_trim(3)`` gives the gaps back, in some milliseconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import Callable

EVERY_S = 600.0
AFTER_PLAYBACK_S = 1.0  # not while the next title starts


def _trimmer() -> Callable[[int], object] | None:
    if not sys.platform.startswith("linux"):
        return None
    trim: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
    return trim


_trim = _trimmer()


def give_back() -> None:
    """Give unused memory back to the system now; does nothing where the C library has no such call."""
    if _trim is not None:
        _trim(0)


class MemoryKeeper:
    """Gives memory back every :data:`EVERY_S`, and soon after each playback. For the thread of ``loop``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, give: Callable[[], None] = give_back) -> None:
        self._loop = loop
        self._give = give

    def start(self) -> None:
        """Begin to do so."""
        self._loop.call_later(EVERY_S, self._again)

    def playback_over(self) -> None:
        """A playback has ended and let go of what it held."""
        self._loop.call_later(AFTER_PLAYBACK_S, self._now)

    def _again(self) -> None:
        self._now()
        self.start()

    def _now(self) -> None:
        self._loop.run_in_executor(None, self._give)
