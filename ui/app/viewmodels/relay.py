"""The newest state of a session, brought from whatever thread it comes on to the Qt thread."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal

from player.reporting.state import PlaybackState


class StateRelay(QObject):
    """Keeps only the newest state: however fast states come, the Qt thread's queue holds one wake-up."""

    arrived = Signal(object)
    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._newest: PlaybackState | None = None
        self._closed = False
        self._wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def push(self, state: PlaybackState) -> None:
        """Any thread."""
        with self._lock:
            waiting = self._newest is not None
            self._newest = state
            if not waiting and not self._closed:
                self._wake.emit()

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._closed = True
            self._newest = None

    def _deliver(self) -> None:
        with self._lock:
            state, self._newest = self._newest, None
            closed = self._closed
        if state is not None and not closed:
            self.arrived.emit(state)
