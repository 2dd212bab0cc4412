"""Signing a television in: a code on the screen, approved on a telephone."""

from __future__ import annotations

from urllib.parse import quote

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.base.errors import ErrorCode
from player.reporting.state import PlaybackFailure
from player.service.model import DeviceCode
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.backoff import BackOff
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.tasks import ClientTask, Tasks


class CodeSignInViewModel(QObject):
    """Shows a code for as long as ``set_visible``, and a new one when it has grown old; then ``signedIn(name)``."""

    changed = Signal()
    signedIn = Signal(str)

    def __init__(
        self, client: ClientPort, tasks: Tasks, parent: QObject | None = None, back_off: BackOff | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._asking: ClientTask[DeviceCode] | None = None
        self._waiting: ClientTask[str] | None = None
        self._back_off = back_off or BackOff()
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._ask)
        self._visible = False
        self._code: DeviceCode | None = None
        self._error = ""

    error = shown(str, "_error", changed)

    @Property(str, notify=changed)
    def code(self) -> str:
        """What the viewer enters; empty until it is there."""
        return self._code.user_code if self._code else ""

    @Property(str, notify=changed)
    def address(self) -> str:
        """Where the viewer enters it."""
        return self._code.verification_uri.split("://")[-1] if self._code else ""

    @Property(str, notify=changed)
    def picture(self) -> str:
        """The way there as a QR code."""
        return f"image://qr/{quote(self._code.complete_uri, safe='')}" if self._code else ""

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page: nobody is asked in vain."""
        if visible == self._visible:
            return
        self._visible = visible
        self._stop()
        if visible:
            self._back_off.reset()
            self._ask()

    @Slot()
    def renew(self) -> None:
        """Ask for another code."""
        if self._visible:
            self._stop()
            self._ask()

    def _ask(self) -> None:
        self._asking = self._tasks.run(self._client.sign_in_code(), self._arrived, self._failed)

    def _arrived(self, code: DeviceCode) -> None:
        self._asking = None
        self._back_off.reset()
        self._code, self._error = code, ""
        self._waiting = self._tasks.run(self._client.await_code(code), self._approved, self._not_approved)
        self.changed.emit()

    def _approved(self, name: str) -> None:
        self._stop()
        self.signedIn.emit(name)

    def _not_approved(self, failure: PlaybackFailure) -> None:
        if failure.code == ErrorCode.SERVICE_EXPIRED:
            self.renew()
        else:
            self._failed(failure)

    def _failed(self, failure: PlaybackFailure) -> None:
        self._stop()
        self._error = failure.sentence
        self._retry.start(round(1000 * self._back_off.next_s()))
        self.changed.emit()

    def _stop(self) -> None:
        self._retry.stop()
        for task in (self._asking, self._waiting):
            if task is not None:
                task.cancel()
        self._asking = self._waiting = None
        self._code, self._error = None, ""
        self.changed.emit()
