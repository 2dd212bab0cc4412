"""The passphrase that is asked for before the app begins, where what is kept here has one."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from drm_client import passphrase
from drm_client.errors import DrmError
from ui.app.viewmodels.binding import shown


class PassphraseViewModel(QObject):
    """``opened`` is sent once the secrets in ``folder`` can be used. A try takes about a second, beside Qt's loop."""

    changed = Signal()
    opened = Signal()
    _tried = Signal(str)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._busy = False
        self._trouble = ""
        self._tried.connect(self._ended)

    busy = shown(bool, "_busy", changed)
    """Whether a passphrase is being tried."""
    trouble = shown(str, "_trouble", changed)
    """Why the last one did not open it."""

    @Slot(str)
    def tryIt(self, text: str) -> None:
        """Try a passphrase."""
        if self._busy or not text:
            return
        self._busy, self._trouble = True, ""
        self.changed.emit()
        threading.Thread(target=self._try, args=(text,), name="passphrase", daemon=True).start()

    def _try(self, text: str) -> None:
        try:
            passphrase.unlock(self._folder, text)
        except DrmError as error:
            self._tried.emit(error.sentence)
        else:
            self._tried.emit("")

    @Slot(str)
    def _ended(self, trouble: str) -> None:
        self._busy, self._trouble = False, trouble
        self.changed.emit()
        if not trouble:
            self.opened.emit()
