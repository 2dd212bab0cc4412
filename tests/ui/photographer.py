"""The real app led to its pages, and their pictures, for :mod:`tests.ui.demo_pictures`:
``python -m tests.ui.photographer SERVICE PROFILE FOLDER [--tv]``. What the household is to do meanwhile is asked for
line by line.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QImage
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

from tests.ui.loop import run_loop
from ui.app.composition import AppOptions, run_app
from ui.app.viewmodels.application import ApplicationViewModel

HOST = "matinee.local"  # as a household's network may call the machine of the service
EMAIL, PASSWORD = "ada@berger.example", "seven ridges at dawn"
APPROVE, PLAY_ELSEWHERE, END_SERVICE, READY = "approve", "play-elsewhere", "end-service", "ready"
FILM, SERIES = "the-first-ferry", "the-night-train"
#: Title, where it was left, and how long it is, in seconds; the newest first.
WATCHED = (("rain-on-linden-street", 23.0, 60.0), ("departure", 17.0, 44.0), ("dunes", 60.0, 60.0))
_KEPT, _COMING, _PAUSED, _WAITING = ("harbour-lights", "departure"), "deep-water", "lanterns", "the-autumn-road"
_SLOWLY, _MONTH = ("download_limit_bps", "2000000"), ("month_limit_gb", "5")
_SCENES, _FORMS = 640, 800  # pixels across; what is read needs more
#: What is made, and how wide.
PICTURES = {
    **dict.fromkeys(("home", "rows", "details", "series", "live", "player", "statistics"), _SCENES),
    **dict.fromkeys(("offline", "home-tv", "search-tv"), _SCENES),
    **dict.fromkeys(("profiles", "downloads", "data-use", "subtitles", "account", "trouble"), _FORMS),
    "sign-in-tv": _FORMS,
}
_PATIENCE_S, _SETTLE_MS = 180.0, 3500
K = Qt.Key


class Photographer:
    """Leads the app to its pages, and takes their pictures."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, folder: Path) -> None:
        self._app, self._window, self._folder = app, window, folder

    def at_a_desk(self) -> None:
        self._until(lambda: self._page == "profiles" and self._app.profiles.people.rowCount())
        self._take("profiles")
        self._enter_home()
        self._take("home")
        self._press(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Right)
        self._take("rows")
        for title_id, name in ((FILM, "details"), (SERIES, "series")):
            self._app.showTitle(title_id)
            self._take(name)
            self._app.back()
        self._app.showChannels()
        self._take("live")
        self._app.back()
        self._play()
        self._downloads()
        self._settings()
        self._app.showAccount()
        self._until(lambda: self._app.account.property("state") == "ready")
        self._take("account")
        self._app.back()
        self._ask(PLAY_ELSEWHERE)
        self._app.openTitle(FILM)
        self._until(lambda: self._app.player.property("failure"))
        self._take("trouble")
        self._app.back()
        self._ask(END_SERVICE)
        self._app.home.refresh()
        self._until(lambda: self._app.home.property("offline"))
        self._press(*[K.Key_Up] * 8, K.Key_Down)  # from the row that was looked at, to what is on this machine
        self._take("offline")

    def across_the_room(self) -> None:
        self._until(lambda: self._app.codeSignIn.property("code"))
        self._take("sign-in-tv")
        self._ask(APPROVE, self._app.codeSignIn.property("code"))
        self._until(lambda: self._page == "profiles" and self._app.profiles.people.rowCount())
        self._enter_home()
        self._take("home-tv")
        self._app.showSearch()
        for letter in "night":
            self._app.search.type(letter)
        self._take("search-tv")

    @property
    def _page(self) -> object:
        return self._app.property("page")

    def _enter_home(self) -> None:
        """As the first of the household."""
        run_loop(1000)
        self._press(K.Key_Return)
        self._until(lambda: self._page == "home" and self._app.home.rows.rowCount())

    def _play(self) -> None:
        self._app.openTitle(FILM)
        self._until(lambda: self._app.player.property("status") == "playing")
        run_loop(_SETTLE_MS * 2)
        self._press(K.Key_Up)
        self._take("player", 500)
        self._press(K.Key_I)
        self._take("statistics", 1500)
        self._app.back()

    def _downloads(self) -> None:
        """Some are here; then the viewer limits how fast the others come."""
        shelf = self._app.downloads
        for title_id in _KEPT:
            self._download(title_id)
            self._until(lambda title_id=title_id: shelf.of_title(title_id).state == "complete")
        self._app.settings.choose(*_SLOWLY)
        for title_id in (_PAUSED, _COMING, _WAITING):
            self._download(title_id)
        self._until(lambda: shelf.of_title(_PAUSED).fraction > 0.2)
        shelf.act(shelf.of_title(_PAUSED).id, "pause")
        self._until(lambda: shelf.of_title(_COMING).fraction > 0.5)
        self._app.showDownloads()
        self._take("downloads", _SETTLE_MS * 2)
        self._app.back()

    def _download(self, title_id: str) -> None:
        self._app.showTitle(title_id)
        self._until(lambda: self._page == "details")
        run_loop(1000)
        self._app.titleDownload.choose("720")
        self._until(lambda: self._app.downloads.of_title(title_id) is not None)
        self._app.back()

    def _settings(self) -> None:
        self._app.settings.choose(*_MONTH)
        self._app.showSettings()
        run_loop(500)
        for section, name in (("subtitles", "subtitles"), ("data", "data-use")):
            while self._app.settings.property("section") != section:
                self._press(K.Key_Down)
            self._take(name)
        self._app.back()

    def _ask(self, *words: str) -> None:
        """Have the household do something, and wait until it is done."""
        print(*words, flush=True)
        if sys.stdin.readline().strip() != READY:
            raise RuntimeError(f"“{words[0]}” was not done")

    def _take(self, name: str, wait_ms: int = _SETTLE_MS) -> None:
        run_loop(wait_ms)
        picture = self._window.screen().grabWindow(int(self._window.winId())).toImage()
        small = picture.scaledToWidth(PICTURES[name], Qt.TransformationMode.SmoothTransformation)
        path = self._folder / f"{name}.png"
        if not small.convertToFormat(QImage.Format.Format_RGB888).save(str(path), "PNG", 0):  # 0: as small as can be
            raise OSError(f"{path} cannot be written")
        print(path.name, flush=True)

    def _press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self._window, key)
            run_loop(300)

    def _until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                said = self._app.signIn.property("error"), self._app.codeSignIn.property("error")
                raise TimeoutError(f"on {self._page}: {said}")
            run_loop(50)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("profile", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tv", action="store_true")
    options = parser.parse_args()
    done = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        photographer = Photographer(app, window, options.folder)
        if options.tv:
            window.showFullScreen()
        QCursor.setPos(window.screen().geometry().bottomRight())  # it hovers over nothing
        window.requestActivate()  # a virtual screen has no window manager

        def go() -> None:
            try:
                (photographer.across_the_room if options.tv else photographer.at_a_desk)()
                done.append(True)
            finally:
                QGuiApplication.quit()

        QTimer.singleShot(500, window, go)

    asyncio_alone = mock.patch.dict(sys.modules, {"uvloop": None})  # which has a resolver of its own
    with asyncio_alone, mock.patch.object(socket, "getaddrinfo", _here(socket.getaddrinfo)):
        run_app(
            AppOptions(
                profile=options.profile,
                service_url=options.service,
                email="" if options.tv else EMAIL,
                password="" if options.tv else PASSWORD,
                tv=options.tv,
                key_store="file",
                on_window=begin,
            )
        )
    return 0 if done else 1


def _here(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """The resolver of a network in which this machine has the name :data:`HOST`."""
    names = {HOST: "127.0.0.1", HOST.encode(): b"127.0.0.1"}
    return lambda host, *rest, **more: look_up(names.get(host, host), *rest, **more)


if __name__ == "__main__":
    sys.exit(main())
