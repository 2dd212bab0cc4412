"""How the demuxer thread waits for bytes, and how such a wait is ended.

libmpv reads on its demuxer thread and blocks in our callback. A seek of libmpv's does not end a blocked read (only
stop and quit do, by cancel). So each low-level seek makes a new *generation*. The engine may interrupt every read of
a given generation or an older one. The interrupted read answers "end of file", and libmpv performs its queued seek.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from player.media.model import Interrupted


class Waiting:
    """One condition shared by everything the demuxer thread may wait for in one playback."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._generation = 0
        self._interrupted = -1
        self._ended = False
        self.blocked = False
        """Whether libmpv's reader waits for bytes that are not there."""

    @property
    def generation(self) -> int:
        """The number of low-level seeks so far."""
        return self._generation

    @property
    def ended(self) -> bool:
        return self._ended

    def next_generation(self) -> None:
        """A low-level seek has come; reads from here on are not hit by interrupts aimed at earlier ones."""
        with self._condition:
            self._generation += 1

    def interrupt(self, generation: int) -> None:
        """End the read that is blocked now if it belongs to ``generation`` or an older one, and all such reads to
        come."""
        with self._condition:
            self._interrupted = max(self._interrupted, generation)
            self._condition.notify_all()

    def end(self) -> None:
        """End every wait, now and later: the stream is being closed."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def wake(self) -> None:
        """Something that is waited for may have happened."""
        with self._condition:
            self._condition.notify_all()

    def until(self, ready: Callable[[], bool]) -> None:
        """Block until ``ready()``; raises :class:`Interrupted` when told to stop. Call ``wake`` after changes."""
        with self._condition:
            try:
                while not ready():
                    if self._ended or self._generation <= self._interrupted:
                        raise Interrupted
                    self.blocked = True
                    self._condition.wait()
            finally:
                self.blocked = False
