"""SIGINT and SIGTERM end the Qt event loop in an orderly way.

Python runs signal handlers between bytecodes only, and Qt's event loop runs none: a byte on a socket wakes it up.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QSocketNotifier

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While it is there, the first signal calls ``stop`` on the Qt thread; ``received`` tells afterwards."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.received = False
        self._stop = stop
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._wake)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, self._note) for number in _SIGNALS}

    def close(self) -> None:
        """Put everything back as it was."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True

    def _wake(self) -> None:
        self._reader.recv(64)
        if self.received:
            self._stop()
