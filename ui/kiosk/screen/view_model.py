"""What the kiosk's window shows besides the picture: a word while there is none, and what the operator sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.text import tr
from ui.kiosk.operator import MOST_DIGITS, CodeLock

_IDLE_MS = 20_000


class KioskViewModel(QObject):
    """``place`` is picture, waiting or dark; ``stage`` of the operator is none, code or panel, and goes back to none
    by itself. ``leaveWanted`` and ``restartWanted`` follow only a right code."""

    changed = Signal()
    factsChanged = Signal()
    leaveWanted = Signal()
    restartWanted = Signal()

    def __init__(
        self,
        name: str,
        degrees: int,
        code: str,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self._degrees = name, degrees
        self._clock = clock
        self._lock = CodeLock(code)
        self._has_code = bool(code)
        self._place, self._stage, self._typed, self._trouble = "waiting", "none", "", ""
        self._facts: list[str] = []
        self._idle = QTimer(self, singleShot=True, interval=_IDLE_MS)
        self._idle.timeout.connect(self.dismiss)

    place = shown(str, "_place", changed)
    stage = shown(str, "_stage", changed)
    trouble = shown(str, "_trouble", changed)
    facts = shown(list, "_facts", factsChanged)

    @Property(str, constant=True)
    def name(self) -> str:
        return self._name

    @Property(int, constant=True)
    def degrees(self) -> int:
        """Clockwise rotation of everything that is shown."""
        return self._degrees

    @Property(int, notify=changed)
    def digits(self) -> int:
        """How many have been typed."""
        return len(self._typed)

    def show(self, place: str) -> None:
        """What the screen is for now."""
        if place != self._place:
            self._place = place
            self.changed.emit()

    def tell(self, facts: Sequence[str]) -> None:
        """What an operator wants to know first."""
        if list(facts) != self._facts:
            self._facts = list(facts)
            self.factsChanged.emit()

    @Slot()
    def ask(self) -> None:
        """Back or Escape: the operator is asked for the code, or sent away again. Without a code nothing happens."""
        if self._stage != "none":
            self.dismiss()
        elif self._has_code:
            self._go("code")

    @Slot(str)
    def typed(self, digit: str) -> None:
        """A key while the code is asked for."""
        if self._stage == "code" and len(self._typed) < MOST_DIGITS and digit.isascii() and digit.isdecimal():
            self._typed += digit
            self._trouble = ""
            self._idle.start()
            self.changed.emit()

    @Slot()
    def enter(self) -> None:
        """The code is complete."""
        if self._stage != "code":
            return
        now = self._clock()
        if self._lock.open(self._typed, now):
            self._go("panel")
            return
        locked = self._lock.is_locked(now)
        self._typed = ""
        self._trouble = tr("Wrong too often: wait a minute.") if locked else tr("That is not the code.")
        self._idle.start()
        self.changed.emit()

    @Slot()
    def dismiss(self) -> None:
        """Back to the picture."""
        self._go("none")

    @Slot()
    def leave(self) -> None:
        if self._stage == "panel":
            self.leaveWanted.emit()

    @Slot()
    def restart(self) -> None:
        if self._stage == "panel":
            self.restartWanted.emit()

    def _go(self, stage: str) -> None:
        self._stage, self._typed, self._trouble = stage, "", ""
        if stage == "none":
            self._idle.stop()
        else:
            self._idle.start()
        self.changed.emit()
