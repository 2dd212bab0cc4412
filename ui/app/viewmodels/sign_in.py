"""The sign-in page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.base.errors import InputError
from player.net.local_network import is_loopback
from player.reporting.state import PlaybackFailure
from player.service.address import service_address
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import tr

LOOK_EVERY_MS = 8000
MOST_NEARBY = 4  # have their place on the page
SHORTEST_PASSWORD = 8  # the service takes no shorter one


class SignInStep(StrEnum):
    """What the form asks for."""

    SIGN_IN = "signIn"
    REGISTER = "register"  # a new account
    FORGOTTEN = "forgotten"  # the address that a code goes to
    RESET = "reset"  # the code, and a new password


@dataclass(frozen=True, slots=True)
class NearbyLine:
    """A service on this network; ``safe``: the way there is protected, or does not leave this machine."""

    url: str
    host: str
    safe: bool


class NearbyModel(RecordModel[NearbyLine]):
    record = NearbyLine


class SignInViewModel(QObject):
    """Takes an email address and a password; ``signedIn(name)`` follows when the service accepts them.

    ``leavable``: the service was chosen here, so another one can be.
    """

    changed = Signal()
    signedIn = Signal(str)
    refused = Signal()
    serviceChosen = Signal(str)  # its address, none to ask for another one

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._task: ClientTask[Any] | None = None
        self._busy = False
        self._error = ""
        self._email = ""
        self._leavable = False
        self._step = SignInStep.SIGN_IN
        self._nearby = NearbyModel(self)
        self._looking: ClientTask[Any] | None = None
        self._look_again = QTimer(self, singleShot=True, interval=LOOK_EVERY_MS)
        self._look_again.timeout.connect(self._look)

    step = shown(str, "_step", changed)
    busy = shown(bool, "_busy", changed)
    error = shown(str, "_error", changed)
    email = shown(str, "_email", changed)
    leavable = shown(bool, "_leavable", changed)

    @Property(str, constant=True)
    def serviceName(self) -> str:
        return self._client.service_name

    @Property(QObject, constant=True)
    def nearby(self) -> NearbyModel:
        """The services on this network."""
        return self._nearby

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page: without a service those of this network are looked for meanwhile."""
        self._look_again.stop()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if visible and not self._client.service_name:
            self._look()

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

    @Slot(str)
    def goTo(self, step: str) -> None:
        """Fill in another form, one of :class:`SignInStep`."""
        self._step = SignInStep(step)
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
    def sendCode(self, email: str) -> None:
        """Have a code for a new password mailed to this address."""
        if self._busy:
            return
        self._email = email.strip()
        if "@" not in self._email:
            self._show(busy=False, error=tr("Please enter your email address."))
            return
        self._show(busy=True, error="")
        self._task = self._tasks.run(
            self._client.ask_for_reset(self._email), lambda _none: self.goTo(SignInStep.RESET), self._failed
        )

    @Slot(str, str)
    def resetPassword(self, code: str, password: str) -> None:
        """Set a new password by the mailed code, and sign in with it."""
        if self._busy:
            return
        if not code.strip() or len(password) < SHORTEST_PASSWORD:
            words = tr("Please enter the code, and a new password of at least {count} characters.")
            self._show(busy=False, error=words.format(count=SHORTEST_PASSWORD))
            return
        self._show(busy=True, error="")
        work = self._client.reset_password(self._email, code.strip(), password)
        self._task = self._tasks.run(work, self._done, self._failed)

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
    def leaveService(self) -> None:
        """Ask for the address of a service again."""
        self.serviceChosen.emit("")

    def let_service_go(self) -> None:
        """Offer to leave the service for another."""
        self._leavable = bool(self._client.service_name)
        self.changed.emit()

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

    def _look(self) -> None:
        self._looking = self._tasks.run(self._client.find_services(), self._seen, lambda _failure: self._seen([]))

    def _seen(self, found: Sequence[str]) -> None:
        self._look_again.start()
        lines = sorted((_nearby_line(url) for url in found), key=lambda line: (not line.safe, line.host))
        lines = lines[:MOST_NEARBY]
        if lines != list(self._nearby.records):
            self._nearby.replace(lines)

    def _done(self, name: str) -> None:
        self._step = SignInStep.SIGN_IN
        self._show(busy=False, error="")
        self.signedIn.emit(name)

    def _found(self, address: str) -> None:
        self._show(busy=False, error="")
        self.serviceChosen.emit(address)

    def _no_service(self, failure: PlaybackFailure) -> None:
        unreached = failure.code.startswith("net.")
        words = tr("This address cannot be reached. {why}") if unreached else tr("This is no Matinee service. {why}")
        self._show(busy=False, error=words.format(why=failure.sentence))
        self.refused.emit()

    def _failed(self, failure: PlaybackFailure) -> None:
        self._show(busy=False, error=failure.sentence)
        self.refused.emit()

    def _show(self, *, busy: bool, error: str) -> None:
        self._busy, self._error = busy, error
        self.changed.emit()


def _nearby_line(url: str) -> NearbyLine:
    try:
        service_address(url)
    except InputError:
        return NearbyLine(url, urlsplit(url).netloc, safe=False)
    return NearbyLine(url, urlsplit(url).netloc, safe=True)
