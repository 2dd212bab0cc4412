"""The sign-in page."""

from __future__ import annotations

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.state import Failure
from ui.ports import ClientPort
from ui.viewmodels.binding import shown
from ui.viewmodels.tasks import Task, Tasks
from ui.viewmodels.text import tr


class SignInViewModel(QObject):
    """Takes an email address and a password; ``signedIn(name)`` follows when the service accepts them."""

    changed = Signal()
    signedIn = Signal(str)
    refused = Signal()

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._task: Task[str] | None = None
        self._busy = False
        self._error = ""
        self._email = ""

    busy = shown(bool, "_busy", changed)
    error = shown(str, "_error", changed)
    email = shown(str, "_email", changed)

    @Property(str, constant=True)
    def serviceName(self) -> str:
        return self._client.service_name

    @Slot(str, str)
    def submit(self, email: str, password: str) -> None:
        """Try to sign in. Does nothing while another try is on its way."""
        if self._busy:
            return
        self._email = email.strip()
        if not self._email or not password:
            self._show(busy=False, error=tr("Please enter your email address and your password."))
            return
        self._show(busy=True, error="")
        self._task = self._tasks.run(self._client.sign_in(self._email, password), self._done, self._failed)

    @Slot()
    def cancel(self) -> None:
        """Give up waiting."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._show(busy=False, error="")

    def explain(self, sentence: str) -> None:
        """Say why a new sign-in is needed."""
        self._show(busy=False, error=sentence)

    def _done(self, name: str) -> None:
        self._show(busy=False, error="")
        self.signedIn.emit(name)

    def _failed(self, failure: Failure) -> None:
        self._show(busy=False, error=failure.sentence)
        self.refused.emit()

    def _show(self, *, busy: bool, error: str) -> None:
        self._busy, self._error = busy, error
        self.changed.emit()
