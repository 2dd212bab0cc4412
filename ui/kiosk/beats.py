"""The screen's side of the line to the kiosk: beats out, and the end when the kiosk is gone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

from ui.kiosk.process import write_beat
from ui.kiosk.watchdog import Beat


class BeatLine(QObject):
    """Beats on what was stdout; from here on whatever else prints goes to stderr. ``gone`` is called on the Qt thread
    when stdin ends, which is when the kiosk does."""

    def __init__(self, gone: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = os.dup(1)
        os.dup2(2, 1)
        os.set_blocking(self._line, False)
        self._gone = gone
        self._notifier = QSocketNotifier(0, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)

    def send(self, beat: Beat) -> None:
        """Tell how it is. A kiosk that does not read now misses this one."""
        with contextlib.suppress(OSError):
            os.write(self._line, write_beat(beat))

    def close(self) -> None:
        self._notifier.setEnabled(False)
        os.close(self._line)

    def _heard(self) -> None:
        if not os.read(0, 4096):
            self._notifier.setEnabled(False)
            self._gone()
