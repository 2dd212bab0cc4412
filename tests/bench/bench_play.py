"""From Play to the first frame of a title, in the real app at a real service.

A title's page is open for a moment, as a viewer reads it; then Play is pressed. The first frame is drawn into the
window's video item; it is counted once the app says that it plays as well.

Run: ``python -m tests.bench.bench_play SERVICE TITLE [rounds]`` beside ``matinee demo``. Exit code 1 when the
median is over its target.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

from tests.ui.loop import run_loop
from ui.app.composition import AppOptions, run_app
from ui.app.video.software import SoftwareVideoSurface
from ui.app.viewmodels.application import ApplicationViewModel

EMAIL, PASSWORD = "demo@matinee.local", "demo"
TARGET_S, READS_MS, PATIENCE_S, ROUNDS = 0.5, 3000, 60.0, 5


def press_play(app: ApplicationViewModel, window: QQuickWindow, title_id: str) -> float:
    """Seconds from the key to the first frame."""
    video = window.findChild(SoftwareVideoSurface, "video")
    app.showTitle(title_id)
    until(lambda: app.property("page") == "details")
    run_loop(READS_MS)
    before, begin = video.frames, time.perf_counter()
    QTest.keyClick(window, Qt.Key.Key_Return)
    until(lambda: video.frames > before and app.property("player").property("status") == "playing", 1)
    spent_s = time.perf_counter() - begin
    run_loop(1000)
    for _ in range(2):
        app.back()
        run_loop(1000)
    return spent_s


def until(condition: Callable[[], bool], step_ms: int = 20) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        run_loop(step_ms)


def main(service: str, title_id: str, rounds: int) -> int:
    """See the module."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found: list[float] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        def go() -> None:
            try:
                until(lambda: app.property("page") == "home" and bool(app.property("home").suggestions()))
                found.extend(press_play(app, window, title_id) for _ in range(rounds))
            finally:
                QGuiApplication.quit()

        QTimer.singleShot(500, window, go)

    with tempfile.TemporaryDirectory() as folder:
        run_app(
            AppOptions(
                profile=Path(folder),
                service_url=service,
                email=EMAIL,
                password=PASSWORD,
                key_store="file",
                on_window=begin,
            )
        )
    print("Play to the first frame: " + ", ".join(f"{spent_s:.2f}" for spent_s in found) + " s")
    print(f"median {statistics.median(found):.2f} s, target {TARGET_S} s")
    return int(statistics.median(found) > TARGET_S)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print("without a service and a title there is nothing to measure")
        sys.exit(0)
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else ROUNDS))
