"""The real app, walked by keys from the sign-in to the player and back, for who listens: ``python -m
tests.soak.heard_app PROFILE SERVICE``. Prints ``step|NAME`` when it is there."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

from tests.soak.viewers_hour import EMAIL, PASSWORD
from tests.ui.loop import run_loop
from tests.ui.stage import name_of
from ui.app.composition import AppOptions, run_app
from ui.app.viewmodels.application import ApplicationViewModel

K = Qt.Key
_PATIENCE_S, _HEARD_MS = 60.0, 400


def main() -> int:
    """See the module."""
    outcome = [1]

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        def until(condition: Callable[[], bool]) -> None:
            end = time.monotonic() + _PATIENCE_S
            while not condition():
                if time.monotonic() > end:
                    raise TimeoutError(f"on {app.property('page')}")
                run_loop(50)

        def press(*keys: Qt.Key) -> None:
            for key in keys:
                QTest.keyClick(window, key)
                run_loop(_HEARD_MS)

        def reach(key: Qt.Key, name: str) -> None:
            for _ in range(20):
                item = window.activeFocusItem()
                if item is not None and name_of(item).startswith(name):
                    return
                press(key)
            raise TimeoutError(name)

        def step(name: str) -> None:
            run_loop(_HEARD_MS)
            print(f"step|{name}", flush=True)

        def walk() -> None:
            until(lambda: app.property("page") == "signIn")
            reach(K.Key_Up, "email")
            for letter in EMAIL:
                QTest.keyClick(window, letter)
            press(K.Key_Down)
            for letter in PASSWORD:
                QTest.keyClick(window, letter)
            press(K.Key_Down, K.Key_Down)
            step("sign-in")
            press(K.Key_Return)
            until(lambda: app.property("page") == "home" and bool(app.home.rows.rowCount()))
            reach(K.Key_Down, "playFeatured")
            press(K.Key_Down, K.Key_Right, K.Key_Left)
            step("home")
            reach(K.Key_Up, "playFeatured")
            press(K.Key_Right, K.Key_Return)
            until(lambda: app.property("page") == "details")
            run_loop(1500)
            press(K.Key_Right, K.Key_Left)
            step("details")
            press(K.Key_Return)
            until(lambda: app.property("page") == "player" and app.player.property("status") == "playing")
            press(K.Key_Up, K.Key_Down, K.Key_Right, K.Key_Right)
            step("player")
            while app.property("page") == "player":
                press(K.Key_Escape)
            until(lambda: app.property("page") == "details")
            press(K.Key_Right, K.Key_Right)
            step("back")
            outcome[0] = 0

        def go() -> None:
            try:
                walk()
            except Exception:  # noqa: BLE001 - it is printed, and the exit code says so
                traceback.print_exc()
            QGuiApplication.quit()

        QTimer.singleShot(500, window, go)

    run_app(AppOptions(profile=Path(sys.argv[1]), service_url=sys.argv[2], key_store="file", on_window=begin))
    return outcome[0]


if __name__ == "__main__":
    sys.exit(main())
