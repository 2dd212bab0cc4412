"""The application as a whole: which page is shown, who is signed in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.state import Failure
from ui.ports import ClientPort
from ui.viewmodels.binding import shown
from ui.viewmodels.home import HomeViewModel
from ui.viewmodels.player import PlayerViewModel
from ui.viewmodels.sign_in import SignInViewModel
from ui.viewmodels.tasks import Tasks
from ui.viewmodels.text import tr

if TYPE_CHECKING:
    from player.opening import Source


class Page(StrEnum):
    STARTING = "starting"
    SIGN_IN = "signIn"
    HOME = "home"
    PLAYER = "player"


class ApplicationViewModel(QObject):
    """Pages form a stack of two: sign-in or home below, the player above."""

    pageChanged = Signal()
    viewerChanged = Signal()
    openErrorChanged = Signal()
    leftPlayer = Signal()

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        home: HomeViewModel,
        player: PlayerViewModel,
        *,
        tv: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._home = home
        self._player = player
        self._sign_in = SignInViewModel(client, tasks, self)
        self._tv = tv
        self._page = Page.STARTING
        self._below = Page.SIGN_IN
        self._viewer = ""
        self._open_error = ""
        self._sign_in.signedIn.connect(self._enter)
        self._sign_in.refused.connect(lambda: self._go_below(Page.SIGN_IN))
        self._home.signInNeeded.connect(self._sign_in_again)
        self._player.ended.connect(self.back)

    page = shown(str, "_page", pageChanged)
    viewer = shown(str, "_viewer", viewerChanged)
    openError = shown(str, "_open_error", openErrorChanged)

    @Property(bool, constant=True)
    def tv(self) -> bool:
        return self._tv

    @Property(QObject, constant=True)
    def signIn(self) -> SignInViewModel:
        return self._sign_in

    @Property(QObject, constant=True)
    def home(self) -> HomeViewModel:
        return self._home

    @Property(QObject, constant=True)
    def player(self) -> PlayerViewModel:
        return self._player

    def start(self, *, email: str = "", password: str = "", source: Source | None = None) -> None:
        """Go to the first page: ``source`` plays at once, credentials sign in, else an earlier sign-in counts."""
        if self._client.service_name:
            if email and password:
                self._sign_in.submit(email, password)
            else:
                self._tasks.run(self._client.restore(), self._restored, self._not_restored)
        if source is not None:
            self._play(source)
        elif not self._client.service_name:
            self._go(Page.SIGN_IN)

    @Slot(str)
    def openTitle(self, title_id: str) -> None:
        card = self._home.title_of(title_id)
        self._play_new(title_id=title_id, name=card.name if card else "")

    @Slot(str, result=bool)
    def openUrl(self, text: str) -> bool:
        """Play the manifest at an address the viewer typed; False with ``openError`` set when it is none."""
        url = text.strip()
        valid = _is_web_address(url)
        self._open_error = "" if valid else tr("Please enter an address that begins with http:// or https://.")
        self.openErrorChanged.emit()
        if valid:
            self._play_new(url=url)
        return valid

    @Slot()
    def back(self) -> None:
        """Leave the player for the page below it."""
        if self._page is not Page.PLAYER:
            return
        self._player.close()
        self._go(self._below)
        if self._below is Page.HOME:
            self._home.refresh()
        self.leftPlayer.emit()

    @Slot()
    def signOut(self) -> None:
        self._tasks.run(self._client.sign_out(), lambda _none: None, lambda _failure: None)
        self._forget_viewer()

    def close(self) -> None:
        """Stop what is playing and what is tried again."""
        self._player.close()
        self._home.set_visible(visible=False)

    def _play_new(self, *, url: str = "", title_id: str = "", name: str = "") -> None:
        from player.opening import Source  # loaded by the engine meanwhile

        self._play(Source(url=url, title_id=title_id, name=name))

    def _play(self, source: Source) -> None:
        self._go(Page.PLAYER)
        self._player.open(source)

    def _enter(self, name: str) -> None:
        self._set_viewer(name)
        self._home.refresh()
        self._go_below(Page.HOME)

    def _sign_in_again(self, why: str) -> None:
        self._sign_in.explain(why)
        self._forget_viewer()

    def _forget_viewer(self) -> None:
        self._home.clear()
        self._set_viewer("")
        self._go_below(Page.SIGN_IN)

    def _restored(self, name: str | None) -> None:
        if name is None:
            self._go_below(Page.SIGN_IN)
        else:
            self._enter(name)

    def _not_restored(self, _failure: Failure) -> None:
        self._go_below(Page.SIGN_IN)

    def _go_below(self, page: Page) -> None:
        """Change the page under the player, which is left alone."""
        self._below = page
        if self._page is not Page.PLAYER:
            self._go(page)

    def _go(self, page: Page) -> None:
        if page is not self._page:
            self._page = page
            self._home.set_visible(visible=page is Page.HOME)
            self.pageChanged.emit()

    def _set_viewer(self, name: str) -> None:
        self._viewer = name
        self.viewerChanged.emit()


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
