"""Every page and state of the app, each made from a scripted client; tests walk over all of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem

from player.errors import ErrorCode, NetError, ServiceError
from player.opening import Source
from player.state import Failure, Status
from tests.kit.fake_client import cards, playing
from tests.kit.fake_downloads import queue
from tests.ui.stage import Stage

K = Qt.Key
Setup = Callable[[Stage, bool], None]


def _sign_in(stage: Stage, tv: bool) -> None:
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn")


def _sign_in_refused(stage: Stage, tv: bool) -> None:
    _sign_in(stage, tv)
    stage.app.signIn.submit("ada@tv.test", "wrong")
    stage.until(lambda: stage.app.signIn.property("error") != "")


def _no_service(stage: Stage, tv: bool) -> None:
    stage.client.service_name = ""
    stage.start(tv=tv)


def _home(stage: Stage, tv: bool, *, titles: int = 6, begun: int = 2) -> None:
    stage.client.titles = cards(titles, begun=begun)
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and stage.app.home.property("state") != "loading")


def _home_offline(stage: Stage, tv: bool) -> None:
    _home(stage, tv, titles=0, begun=0)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.app.home.refresh()
    stage.until(lambda: stage.app.home.property("state") == "offline")


def _home_stale(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.client.failure = ServiceError(ErrorCode.SERVICE_REPLY, "Not understood.")
    stage.app.home.refresh()
    stage.until(lambda: stage.app.home.property("notice") != "")


def _details(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showTitle("title-1")
    stage.until(lambda: stage.page == "details")


def _details_gone(stage: Stage, tv: bool) -> None:
    _details(stage, tv)
    stage.client.titles = []
    stage.app.details.refresh()
    stage.until(lambda: bool(stage.app.details.property("gone")))


def _title_menu(stage: Stage, tv: bool) -> None:
    _details(stage, tv)
    stage.until(lambda: stage.item("downloadTitle").isVisible())
    stage.key(K.Key_Right, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.app.titleDownload.options.records[0].detail != "…")


def _downloads(stage: Stage, tv: bool) -> None:
    stage.downloads.titles = queue()
    _home(stage, tv)
    stage.app.showDownloads()
    stage.until(lambda: stage.app.downloads.lines.count == 5)


def _no_downloads(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showDownloads()
    stage.until(lambda: stage.item("noDownloads").isVisible())


def _download_menu(stage: Stage, tv: bool) -> None:
    _downloads(stage, tv)
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.until(lambda: is_within(stage.focus, "downloadMenu"))


def _home_offline_with_downloads(stage: Stage, tv: bool) -> None:
    stage.downloads.titles = queue()
    _home_offline(stage, tv)
    stage.until(lambda: stage.item("keptTitles").isVisible())


def _settings(section: str) -> Setup:
    def show(stage: Stage, tv: bool) -> None:
        _home(stage, tv)
        stage.app.showSettings()
        stage.until(lambda: stage.page == "settings")
        while stage.app.settings.property("section") != section:
            stage.key(K.Key_Down)
        stage.wait(20)

    return show


def _setting_menu(stage: Stage, tv: bool) -> None:
    _settings("playback")(stage, tv)
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")


def _dialog(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Up, K.Key_Return)
    stage.until(lambda: stage.focus_name == "address")


def _player(**changes: object) -> Setup:
    def show(stage: Stage, tv: bool) -> None:
        stage.start(tv=tv, source=Source(url="https://streams.test/film/master.m3u8"))
        stage.until(lambda: bool(stage.client.sessions))
        state = playing(**changes)
        stage.client.sessions[-1].publish(state)
        stage.until(lambda: stage.app.player.property("status") == str(state.status))
        stage.key(K.Key_Up)

    return show


def _player_menu(stage: Stage, tv: bool) -> None:
    _player()(stage, tv)
    stage.item("subtitles").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "menu")


STATES: dict[str, Setup] = {
    "sign-in": _sign_in,
    "sign-in refused": _sign_in_refused,
    "no service": _no_service,
    "home": _home,
    "home, nothing begun": lambda stage, tv: _home(stage, tv, begun=0),
    "home, empty": lambda stage, tv: _home(stage, tv, titles=0, begun=0),
    "home, offline": _home_offline,
    "home, not up to date": _home_stale,
    "details": _details,
    "details, gone": _details_gone,
    "home, offline with downloads": _home_offline_with_downloads,
    "details, download": _title_menu,
    "downloads": _downloads,
    "downloads, none": _no_downloads,
    "downloads, choices": _download_menu,
    "settings, appearance": _settings("appearance"),
    "settings, playback": _settings("playback"),
    "settings, subtitles": _settings("subtitles"),
    "settings, about": _settings("about"),
    "settings, choices": _setting_menu,
    "open stream": _dialog,
    "player": _player(),
    "player, paused": _player(status=Status.PAUSED, paused=True),
    "player, live": _player(live=True, duration_s=None),
    "player, buffering": _player(status=Status.BUFFERING, notice="edge-a does not answer."),
    "player, menu": _player_menu,
    "player, failed": _player(status=Status.FAILED, failure=Failure("media.damaged", "The video is damaged.")),
}


def stops(stage: Stage) -> list[QQuickItem]:
    """All visible items that take part in keyboard navigation."""
    found: list[QQuickItem] = []
    waiting = [stage.window.contentItem()]
    while waiting:
        item = waiting.pop()
        if not item.isVisible() or not item.isEnabled():
            continue
        if item.activeFocusOnTab():
            found.append(item)
        waiting.extend(item.childItems())
    return found


def is_within(item: QQuickItem, name: str) -> bool:
    """Whether ``item`` is, or lies in, the item of that name."""
    current: QQuickItem | None = item
    while current is not None and current.objectName() != name:
        current = current.parentItem()
    return current is not None
