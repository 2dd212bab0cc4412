"""How far libmpv reads ahead: in bursts.

By default libmpv wakes its reading thread for each packet that it plays. For small video that takes a tenth of the
processor time. A thread that waits in a read is not woken. So libmpv reads far ahead, and then waits in a read until
little is left. The wait has a timeout of its own, as the loop may check late. What libmpv holds keeps its quality:
four seconds or less on average.
"""

from __future__ import annotations

import threading
import time

from abr.replacing import READ_AHEAD_S

FAR_S = READ_AHEAD_S
"""How far libmpv may read ahead."""
_NEAR_S = 1.5
_SHORT_S = 0.6  # of the farthest: then it has read as far as it does


class ReadAhead:
    """One for each player, for any thread. Without ``paced`` libmpv reads as it likes: it plays as fast as it can."""

    def __init__(self, *, paced: bool = True) -> None:
        self._paced = paced
        self._open = threading.Event()
        self._open.set()
        self._free = threading.Event()
        self._free.set()
        self._until_s = 0.0  # time.monotonic()

    def look(self, held_s: float, speed: float = 1.0) -> None:
        """libmpv holds so many seconds that are still to be decoded, and plays them at ``speed``."""
        self._until_s = time.monotonic() + (held_s - _NEAR_S) / speed
        if held_s < _NEAR_S:
            self._open.set()
        elif self._paced and held_s >= FAR_S - _SHORT_S:
            self._open.clear()

    def hurry(self) -> bool:
        """Let libmpv read on at once: a read that waits may be in the way. Whether it has been kept from it."""
        kept = not self._open.is_set()
        self._open.set()
        return kept

    def hold(self) -> None:
        """Let libmpv read nothing, whoever hurries, until :meth:`release`."""
        self._free.clear()

    def release(self) -> None:
        """The end of :meth:`hold`."""
        self._free.set()

    def wait(self) -> None:
        """Before each read: return when it is time for it."""
        while not self._open.wait(max(0.0, self._until_s - time.monotonic())):
            if time.monotonic() >= self._until_s:
                self._open.set()
        self._free.wait()
