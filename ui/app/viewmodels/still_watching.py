"""Whether anybody still watches: without a key or the mouse for hours, playing pauses and asks."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

STILL_WATCHING_MS = 3 * 3600 * 1000


class StillWatching(QObject):
    """From :meth:`begin` to :meth:`end`. ``late`` says that nobody has shown for hours."""

    late = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.timer = QTimer(self, singleShot=True)
        self.timer.timeout.connect(self.late)

    @property
    def left_ms(self) -> int:
        """How long nobody has to show yet."""
        return self.timer.remainingTime() if self.timer.isActive() else STILL_WATCHING_MS

    def begin(self, left_ms: int = STILL_WATCHING_MS) -> None:
        """Count from now."""
        self.timer.start(left_ms)

    def noticed(self) -> None:
        """A key or the mouse: somebody is there."""
        if self.timer.isActive():
            self.begin()

    def end(self) -> None:
        """Nothing plays any more."""
        self.timer.stop()
