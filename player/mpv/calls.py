"""Calls into libmpv that go on while another thread wants to free it.

libmpv's client API must not be called on a handle that is being freed (its ``client.h``, ``mpv_terminate_destroy``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 30.0


class Calls:
    """Counts the calls that go on. Once :meth:`close` was called none begins. Safe on any thread."""

    def __init__(self) -> None:
        self._going_on = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def closed(self) -> bool:
        """Whether no call begins any more."""
        return self._closed

    @contextmanager
    def call(self) -> Iterator[bool]:
        """Around one call. What it yields is whether the call may be made."""
        with self._changed:
            allowed = not self._closed
            self._going_on += allowed
        try:
            yield allowed
        finally:
            if allowed:
                with self._changed:
                    self._going_on -= 1
                    self._changed.notify_all()

    def close(self, patience_s: float = PATIENCE_S) -> bool:
        """Let no call begin, and wait for the last one to end; whether it did within ``patience_s``."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._going_on == 0, patience_s)
