"""The application as a whole: which page is shown, who is signed in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from player.state import Failure
from ui.ports import ClientPort
from ui.viewmodels.binding import shown
from ui.viewmodels.details import DetailsViewModel
from ui.viewmodels.downloads import DownloadsViewModel
from ui.viewmodels.home import HomeViewModel
from ui.viewmodels.player import PlayerViewModel
from ui.viewmodels.settings import SettingsViewModel
from ui.viewmodels.sign_in import SignInViewModel
from ui.viewmodels.tasks import Tasks
from ui.viewmodels.text import tr
from ui.viewmodels.title_download import TitleDownload

if TYPE_CHECKING:
    from player.opening import Source


class Page(StrEnum):
    STARTING = "starting"
    SIGN_IN = "signIn"
    HOME = "home"
    DETAILS = "details"
    SETTINGS = "settings"
    DOWNLOADS = "downloads"
    PLAYER = "player"


_FOR_VIEWERS = frozenset({Page.DETAILS})


class ApplicationViewModel(QObject):
    """Pages form a stack: starting, sign-in or home at the bottom, others above it, the player on top.

    When the viewer has to sign in again, what needs a viewer waits until that is done.
    """

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
        settings: SettingsViewModel | None = None,
        downloads: DownloadsViewModel | None = None,
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
        self._settings = settings or SettingsViewModel(client, tasks, parent=self)
        self._details = DetailsViewModel(client, tasks, home.posters, self)
        self._downloads = downloads or DownloadsViewModel(None, tasks, home.posters, self)
        self._title_download = TitleDownload(self._downloads, tasks, self)
        self._page = Page.STARTING
        self._bottom = Page.STARTING
        self._above: list[Page] = []
        self._playing = False
        self._viewer = ""
        self._open_error = ""
        self._sign_in.signedIn.connect(self._enter)
        self._sign_in.refused.connect(lambda: self._rest_on(Page.SIGN_IN))
        self._home.signInNeeded.connect(self._sign_in_again)
        self._details.signInNeeded.connect(self._sign_in_again)
        self._details.changed.connect(lambda: self._title_download.show(self._details.card))
        self._title_download.playWanted.connect(self.playDownload)
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

    @Property(QObject, constant=True)
    def details(self) -> DetailsViewModel:
        return self._details

    @Property(QObject, constant=True)
    def settings(self) -> SettingsViewModel:
        return self._settings

    @Property(QObject, constant=True)
    def downloads(self) -> DownloadsViewModel:
        return self._downloads

    @Property(QObject, constant=True)
    def titleDownload(self) -> TitleDownload:
        return self._title_download

    def start(self, *, email: str = "", password: str = "", source: Source | None = None) -> None:
        """Go to the first page: ``source`` plays at once, credentials sign in, else an earlier sign-in counts."""
        if self._client.service_name:
            if email and password:
                self._sign_in.submit(email, password)
            else:
                self._tasks.run(self._client.restore(), self._restored, self._not_restored)
        if source is not None:
            self._play(source)
        if not self._client.service_name:
            self._rest_on(Page.SIGN_IN)
        self._downloads.refresh()

    @Slot(str)
    def showTitle(self, title_id: str) -> None:
        """The page of a title."""
        card = self._home.title_of(title_id)
        if card is not None:
            self._details.show(card)
            self._put_above(Page.DETAILS)

    @Slot(str)
    def openTitle(self, title_id: str) -> None:
        """Play a title where the viewer stopped."""
        self._play_title(title_id)

    @Slot(str)
    def openTitleFromStart(self, title_id: str) -> None:
        self._play_title(title_id, start_s=0.0)

    @Slot()
    def showSettings(self) -> None:
        self._put_above(Page.SETTINGS)

    @Slot()
    def showDownloads(self) -> None:
        self._put_above(Page.DOWNLOADS)

    @Slot(str)
    def playDownload(self, download_id: str) -> None:
        """Play what is kept on this machine."""
        if self._downloads.port is not None:
            self._tasks.run(self._downloads.port.source(download_id), self._play, self._downloads.tell)

    @Slot(str, result=bool)
    def openUrl(self, text: str) -> bool:
        """Play the manifest at an address the viewer typed; False with ``openError`` set when it is none."""
        url = text.strip()
        valid = _is_web_address(url)
        self._open_error = "" if valid else tr("Please enter an address that begins with http:// or https://.")
        self.openErrorChanged.emit()
        if valid:
            from player.opening import Source  # loaded by the engine meanwhile

            self._play(Source(url=url))
        return valid

    @Slot(result=str)
    def clipboardText(self) -> str:
        """What would be pasted."""
        return QGuiApplication.clipboard().text()

    @Slot()
    def back(self) -> None:
        """Leave the page on top for the one below it."""
        if self._playing:
            self._player.close()
            self._playing = False
            self._show_top()
            self._refresh_shown()
            self.leftPlayer.emit()
        elif self._above:
            if self._above.pop() is Page.SETTINGS:
                self._settings.notice_seen()
            self._show_top()

    @Slot()
    def signOut(self) -> None:
        self._tasks.run(self._client.sign_out(), lambda _none: None, lambda _failure: None)
        self._above.clear()
        self._details.clear()
        self._forget_viewer()

    def close(self) -> None:
        """Stop what is playing and what is tried again."""
        self._player.close()
        self._home.set_visible(visible=False)
        self._downloads.close()

    def _play_title(self, title_id: str, start_s: float | None = None) -> None:
        from player.opening import Source  # loaded by the engine meanwhile

        card = self._home.title_of(title_id)
        self._play(Source(title_id=title_id, name=card.name if card else ""), start_s)

    def _play(self, source: Source, start_s: float | None = None) -> None:
        self._playing = True
        self._show_top()
        self._player.open(source, start_s)

    def _refresh_shown(self) -> None:
        """The position in a title has changed by playing it."""
        if self._bottom is Page.HOME:
            self._home.refresh()
        if self._page is Page.DETAILS:
            self._details.refresh()

    def _enter(self, name: str) -> None:
        self._set_viewer(name)
        self._home.refresh()
        self._rest_on(Page.HOME)

    def _sign_in_again(self, why: str) -> None:
        self._sign_in.explain(why)
        self._forget_viewer()

    def _forget_viewer(self) -> None:
        self._home.clear()
        self._set_viewer("")
        self._rest_on(Page.SIGN_IN)

    def _restored(self, name: str | None) -> None:
        if name is None:
            self._rest_on(Page.SIGN_IN)
        else:
            self._enter(name)

    def _not_restored(self, _failure: Failure) -> None:
        self._rest_on(Page.SIGN_IN)

    def _rest_on(self, page: Page) -> None:
        """Change the page at the bottom; what stands above it is left alone."""
        self._bottom = page
        self._show_top()

    def _put_above(self, page: Page) -> None:
        if page not in self._above:
            self._above.append(page)
        self._show_top()

    def _show_top(self) -> None:
        page = self._top()
        if page is not self._page:
            self._page = page
            self._home.set_visible(visible=page is Page.HOME)
            self._downloads.set_visible(visible=page is Page.DOWNLOADS)
            self.pageChanged.emit()

    def _top(self) -> Page:
        if self._playing:
            return Page.PLAYER
        return next((page for page in reversed(self._above) if self._may_show(page)), self._bottom)

    def _may_show(self, page: Page) -> bool:
        """Whether the page needs no viewer, or there is one."""
        return page not in _FOR_VIEWERS or self._bottom is Page.HOME

    def _set_viewer(self, name: str) -> None:
        self._viewer = name
        self.viewerChanged.emit()


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
