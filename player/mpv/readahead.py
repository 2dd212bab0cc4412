"""How far libmpv reads ahead: in bursts.

Left to itself libmpv wakes its reading thread for each packet that it plays, to read another one, which for a small
picture takes a tenth of all the processor's time. A thread that waits in a read is not woken. So libmpv is let read
far ahead, and is then kept waiting until little is left. What it holds keeps its quality: it is four seconds or less
on the average.
"""

from __future__ import annotations

import threading

FAR_S = 5.0
"""How far libmpv may read ahead."""
_NEAR_S = 1.5
_SOON_S = 0.6  # so long after a look comes the next one


class ReadAhead:
    """One for each player, for any thread. Without ``paced`` libmpv reads as it likes: it plays as fast as it can."""

    def __init__(self, *, paced: bool = True) -> None:
        self._paced = paced
        self._open = threading.Event()
        self._open.set()

    def look(self, held_s: float) -> None:
        """libmpv holds so many seconds that are still to be decoded."""
        if held_s < _NEAR_S + _SOON_S:
            self._open.set()
        elif self._paced and held_s >= FAR_S - _SOON_S:
            self._open.clear()

    def hurry(self) -> bool:
        """Let libmpv read on at once: a read that waits may be in the way. Whether it has been kept from it."""
        kept = not self._open.is_set()
        self._open.set()
        return kept

    def wait(self) -> None:
        """Before each read: return when it is time for it."""
        self._open.wait()
