"""From Enter on Play to the first picture, in the app at a service: ``python -m tests.bench.bench_press [DATA]``.

Five times on the first page: three seconds of rest, Enter pressed by ``xdotool`` on Xvfb under openbox, two seconds
of film, and back. The time begins when the key has reached the window. It ends when the window has shown the first
picture that is not black: what the video item has drawn since.

DATA is a folder of ``matinee demo``; without it a title of 20 s is drawn first. Prints the five times and their
median (ms). Exit code 1 where that is over its target, 2 where a program is missing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickWindow

from backend_stub.config import Settings
from backend_stub.encoding.features import Feature, Shot, publish_feature
from backend_stub.encoding.score import CALM, MusicScore
from tests.kit.children import ends_with_us
from tests.kit.waiting import until
from tests.packaging.xvfb import VirtualScreen
from tests.soak.test_viewers_hour import Service
from tests.soak.viewers_hour import EMAIL, PASSWORD
from tests.ui.loop import run_loop
from tests.ui.stage import name_of
from ui.app.composition import AppOptions, run_app
from ui.app.video.software import SoftwareVideoSurface
from ui.app.viewmodels.application import ApplicationViewModel

PRESSES, TARGET_MS = 5, 500.0
_REST_S, _FILM_S, _PATIENCE_S = 3.0, 2.0, 60.0
_PLACES = 7  # so many across and down are looked at
_BLACK = 24


class Presses(QObject):
    """Presses Play again and again; ``took_ms`` are the times."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow) -> None:
        super().__init__(window)
        self.took_ms: list[float] = []
        self._app, self._window = app, window
        self._video = window.findChild(SoftwareVideoSurface, "video")
        self._pressed_at = self._shown_at = 0.0
        self._before: tuple[int, ...] = ()
        window.installEventFilter(self)
        window.frameSwapped.connect(self._look)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and not self._pressed_at:
            self._pressed_at = time.perf_counter()
        return False

    def run(self) -> None:
        self._until(lambda: self._page in ("home", "profiles"))
        if self._page == "profiles":
            run_loop(1000)
            self._press("Return")
        for _ in range(PRESSES):
            self._until(lambda: self._page == "home" and self._focus == "playFeatured")
            run_loop(round(1000 * _REST_S))
            self._until(lambda: self._focus == "playFeatured")
            self._before, self._pressed_at, self._shown_at = self._seen(), 0.0, 0.0
            self._press("Return")
            self._until(lambda: self._shown_at > 0)
            self.took_ms.append(1000 * (self._shown_at - self._pressed_at))
            run_loop(round(1000 * _FILM_S))
            self._press("XF86Back")
            run_loop(round(1000 * _REST_S))
            if self._page == "details":  # of a series
                self._press("XF86Back")

    @property
    def _page(self) -> str:
        return str(self._app.property("page"))

    @property
    def _focus(self) -> str:
        item = self._window.activeFocusItem()
        return "" if item is None else name_of(item)

    def _press(self, key: str) -> None:
        subprocess.run(["xdotool", "key", key], check=True)

    def _look(self) -> None:
        if self._pressed_at and not self._shown_at:
            seen = self._seen()
            if seen != self._before and max(seen, default=0) > _BLACK:
                self._shown_at = time.perf_counter()

    def _seen(self) -> tuple[int, ...]:
        """What the video item shows: how bright some places are."""
        swap = self._video._swap
        image = swap.begin_paint()
        try:
            if image is None:
                return ()
            across = [(image.width() - 1) * n // (_PLACES - 1) for n in range(_PLACES)]
            down = [(image.height() - 1) * n // (_PLACES - 1) for n in range(_PLACES)]
            return tuple(image.pixelColor(x, y).lightness() for x in across for y in down)
        finally:
            swap.end_paint()

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"on {self._page} at {self._focus}")
            run_loop(10)


def _draw(data: Path) -> None:
    short = Feature("Harbour", "Lights.", 2026, (Shot("harbour", 20, 5),), (MusicScore(146.8, CALM),))
    publish_feature(Settings(data), short)


def _measure(profile: Path, url: str) -> list[float]:
    made: list[Presses] = []
    wrong: list[Exception] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        presses = Presses(app, window)
        made.append(presses)

        def go() -> None:
            try:
                presses.run()
            except Exception as error:  # noqa: BLE001 - raised once the app has ended
                wrong.append(error)
            QGuiApplication.quit()

        QTimer.singleShot(0, window, go)

    run_app(
        AppOptions(
            profile=profile, service_url=url, email=EMAIL, password=PASSWORD, key_store="file", on_window=begin
        )
    )
    if wrong:
        raise wrong[0]
    return made[0].took_ms


def main(data: Path | None) -> int:
    """See the module."""
    missing = [program for program in ("Xvfb", "openbox", "xdotool") if shutil.which(program) is None]
    if missing:
        print(f"missing: {', '.join(missing)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder, VirtualScreen(1280, 800) as screen:
        if data is None:
            data = Path(folder) / "data"
            _draw(data)
        os.environ.update(DISPLAY=screen.display, QT_QPA_PLATFORM="xcb", MATINEE_VIDEO="software")
        manager = subprocess.Popen(ends_with_us("openbox"), stderr=subprocess.DEVNULL)
        service = Service(data)
        service.start()
        try:
            until(service.answers, "the service does not answer")
            took_ms = _measure(Path(folder) / "profile", service.url)
        finally:
            service.kill()
            manager.terminate()
            manager.wait(20)
    median_ms = statistics.median(took_ms)
    print(f"from Enter to the first picture: {', '.join(f'{one:.0f}' for one in took_ms)} ms")
    print(f"median {median_ms:.0f} ms, target {TARGET_MS:.0f} ms")
    return 0 if median_ms <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
