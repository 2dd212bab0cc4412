"""The sign-in page."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.base.errors import InputError
from player.reporting.state import PlaybackFailure
from player.service.address import is_loopback, service_address
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import tr

SHORTEST_PASSWORD = 8  # the service takes no shorter one


class SignInViewModel(QObject):
    """Takes an email address and a password; ``signedIn(name)`` follows when the service accepts them."""

    changed = Signal()
    signedIn = Signal(str)
    refused = Signal()
    serviceChosen = Signal(str)  # its address

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._task: ClientTask[Any] | None = None
        self._busy = False
        self._error = ""
        self._email = ""
        self._registering = False

    registering = shown(bool, "_registering", changed)  # a new account is filled in
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

    @Slot(bool)
    def setRegistering(self, wanted: bool) -> None:
        """Fill in a new account, or sign in to one that there is."""
        self._registering = wanted
        self._show(busy=False, error="")

    @Slot(str, str, str)
    def register(self, name: str, email: str, password: str) -> None:
        """Make an account and sign in to it."""
        if self._busy:
            return
        self._email = email.strip()
        if not name.strip() or "@" not in self._email or len(password) < SHORTEST_PASSWORD:
            words = tr("Please enter a name, an email address, and a password of at least {count} characters.")
            self._show(busy=False, error=words.format(count=SHORTEST_PASSWORD))
            return
        self._show(busy=True, error="")
        self._task = self._tasks.run(
            self._client.register(self._email, name.strip(), password), self._done, self._failed
        )

    @Slot(str)
    def useService(self, address: str) -> None:
        """Use the service at this address from now on; without a scheme it is taken for HTTPS, or for plain HTTP on
        this machine."""
        text = address.strip()
        if "://" not in text:
            host = text.partition("/")[0].rpartition(":")[0] or text
            text = f"http://{text}" if is_loopback(host) else f"https://{text}"
        try:
            found = service_address(text)
        except InputError as error:
            self._show(busy=False, error=error.sentence)
            return
        self._show(busy=True, error="")
        self._task = self._tasks.run(self._client.answers(found), lambda _none: self._found(found), self._no_service)

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

    def _found(self, address: str) -> None:
        self._show(busy=False, error="")
        self.serviceChosen.emit(address)

    def _no_service(self, failure: PlaybackFailure) -> None:
        self._show(
            busy=False, error=tr("There is no Matinee service at this address. {why}").format(why=failure.sentence)
        )

    def _failed(self, failure: PlaybackFailure) -> None:
        self._show(busy=False, error=failure.sentence)
        self.refused.emit()

    def _show(self, *, busy: bool, error: str) -> None:
        self._busy, self._error = busy, error
        self.changed.emit()
