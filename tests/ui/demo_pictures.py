"""The guide's pictures of the real app at a real service, for a screen of X: ``python -m tests.ui.demo_pictures
SERVICE PROFILE FOLDER [--tv]``, at a desk and then with ``--tv``. SERVICE is one that serves the folder of ``matinee
demo``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMetaObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

from tests.ui.loop import run_loop
from ui.app.composition import AppOptions, run_app
from ui.app.viewmodels.application import ApplicationViewModel

EMAIL, PASSWORD = "demo@matinee.local", "demo"
FILM, SERIES = "the-first-ferry", "the-night-train"
_WIDTH, _PATIENCE_S, _SETTLE_MS = 640, 60.0, 3500
K = Qt.Key


#: What is made, of those in the guide.
PICTURES = ("home", "rows", "details", "series", "live", "player", "statistics", "home-tv", "search-tv")


class Photographer:
    """Leads the app to its pages, and takes their pictures."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, folder: Path) -> None:
        self._app, self._window, self._folder = app, window, folder

    def at_a_desk(self) -> None:
        self._until(lambda: self._app.property("page") == "home" and bool(self._app.home.rows.rowCount()))
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
        self._app.openTitle(FILM)
        self._until(lambda: self._app.player.property("status") == "playing")
        run_loop(_SETTLE_MS * 2)
        self._press(K.Key_Up)
        self._take("player", 500)
        self._press(K.Key_I)
        self._take("statistics", 1500)

    def across_the_room(self) -> None:
        self._until(lambda: self._app.property("page") == "home" and bool(self._app.home.rows.rowCount()))
        self._take("home-tv")
        QMetaObject.invokeMethod(self._app, "showSearch")
        for letter in "night":
            self._app.search.type(letter)
        self._take("search-tv")

    def _take(self, name: str, wait_ms: int = _SETTLE_MS) -> None:
        run_loop(wait_ms)
        picture = self._window.screen().grabWindow(int(self._window.winId())).toImage()
        small = picture.scaledToWidth(_WIDTH, Qt.TransformationMode.SmoothTransformation)
        small.convertToFormat(QImage.Format.Format_RGB888).save(str(self._folder / f"{name}.png"))

    def _press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self._window, key)
            run_loop(300)

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"on {self._app.property('page')}")
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

        def go() -> None:
            try:
                (photographer.across_the_room if options.tv else photographer.at_a_desk)()
                done.append(True)
            finally:
                QGuiApplication.quit()

        QTimer.singleShot(500, window, go)

    run_app(
        AppOptions(
            profile=options.profile,
            service_url=options.service,
            email=EMAIL,
            password=PASSWORD,
            tv=options.tv,
            key_store="file",
            on_window=begin,
        )
    )
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
