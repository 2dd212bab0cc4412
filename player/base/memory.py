"""What playbacks took of the machine's memory is given back to it, so that a player that runs for months stays small.

The C library keeps freed memory for later use, in a heap for nearly each thread. Segments and frames come and go in
all sizes and on changing threads. So each title leaves gaps that the next one nearly fits: what is in use stays the
same, but the process grows. With few heaps (``mallopt(3)``) the gaps are filled again. ``malloc_trim(3)`` returns the
rest to the system, in some milliseconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import Callable

EVERY_S = 600.0
AFTER_PLAYBACK_S = 1.0  # not while the next title starts


_M_ARENA_MAX = -8  # malloc.h
_HEAPS = 2


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A call of the C library, where that is the GNU one."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


_malloc_trim = _of_glibc("malloc_trim")
_mallopt = _of_glibc("mallopt")


def share_heaps() -> None:
    """Let all threads that begin from now on share a few heaps; does nothing where the C library has no such call."""
    if _mallopt is not None:
        _mallopt(_M_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Give unused memory back to the system now; does nothing where the C library has no such call."""
    if _malloc_trim is not None:
        _malloc_trim(0)


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
