"""A viewer's hour in the real app at a real service, at random and with pauses: ``python -m tests.soak.viewers_hour
PROFILE SERVICE --by keys|mouse [--tv] [--minutes N] [--seed N] [--sheet FILE]``.

After each step what has the focus must be there, no button's words may be cut, and text must stand out from what it
stands on. All steps make one contact sheet. Lines ``service: …`` ask the caller to kill, stop or restart the service.
The last line is a JSON document; exit code 0 when nothing was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtQuick import QQuickItem, QQuickWindow
from PySide6.QtTest import QTest

from tests.ui.app.test_contrast import contrast
from tests.ui.loop import run_loop
from tests.ui.stage import name_of
from ui.app.composition import AppOptions, run_app
from ui.app.selftest.focus import stops
from ui.app.viewmodels.application import ApplicationViewModel

K = Qt.Key
EMAIL, PASSWORD = "demo@matinee.local", "demo"
ARROWS = (K.Key_Right, K.Key_Down, K.Key_Left, K.Key_Up)
KEYS = (*ARROWS, K.Key_Return, K.Key_Back)
WEIGHTS = (25, 25, 11, 11, 18, 10)
DWELLS_S = (1.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 15.0, 30.0)
LEAST_CONTRAST = 3.0  # of large text (WCAG 2.2, 1.4.3); small text below 4.5 is listed
SMALL_CONTRAST = 4.5
EVENTS = ("kill", "start", "slow", "start")  # one after the other, through the hour
# What would end the hour, or leave the app
UNPRESSED = (
    "signOut",
    "signOutEverywhere",
    "removeProfile",
    "removeDevice",
    "deleteProfile",
    "changePassword",
    "cancelPlan",
)
_THUMB = (320, 180)
_COLUMNS = 10
_RING = 3  # pixels around a text


class Hour:
    """Takes steps until the time is over; ``wrong`` are sentences, ``faint`` texts that are hard to read."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, options: argparse.Namespace) -> None:
        self.app, self.window, self.options = app, window, options
        self.random = random.Random(options.seed)
        self.wrong: list[str] = []
        self.faint: dict[str, float] = {}
        self.pages: dict[str, int] = {}
        self.shots: list[tuple[str, QImage]] = []
        self.steps = 0

    def run(self) -> None:
        begin = time.monotonic()
        length_s = self.options.minutes * 60
        events = [(length_s * (number + 1) / (len(EVENTS) * 2 + 1), name) for number, name in enumerate(EVENTS * 2)]
        self._wait(6.0)
        while (past_s := time.monotonic() - begin) < length_s:
            if events and past_s > events[0][0]:
                print(f"service: {events.pop(0)[1]}", flush=True)
            what = self._by_keys() if self.options.by == "keys" else self._by_mouse()
            self._wait(self.random.choice(DWELLS_S))
            self.steps += 1
            self._look(what)
        print("service: start", flush=True)

    # --- acting

    def _by_keys(self) -> str:
        (key,) = self.random.choices(KEYS, WEIGHTS)
        if key == K.Key_Return and self.focus_name.startswith(UNPRESSED):
            key = K.Key_Up
        before = self.window.activeFocusItem()
        self._press(key)
        if key in ARROWS and self.page != "player" and self.window.activeFocusItem() is before:
            self._some_arrow(before)
        return f"{key.name.removeprefix('Key_')}"

    def _some_arrow(self, before: QQuickItem | None) -> None:
        """This arrow does nothing here; another one must."""
        for arrow in ARROWS:
            self._press(arrow)
            if self.window.activeFocusItem() is not before:
                return
        if len(self._stops()) > 1:
            self.wrong.append(
                f"step {self.steps}: no arrow does anything on {self.page} at {name_of(before) if before else None}"
            )

    def _by_mouse(self) -> str:
        targets = [item for item in self._stops() if not name_of(item).startswith(UNPRESSED)]
        if not targets or (self.page == "player" and self.random.random() < 0.3):
            QTest.mouseMove(self.window, QPoint(self.window.width() // 2, self.window.height() // 2))
            run_loop(200)
            targets = [item for item in self._stops() if not name_of(item).startswith(UNPRESSED)] or targets
        if not targets:
            self._press(K.Key_Back)  # what no mouse leaves is named below
            self.wrong.append(f"step {self.steps}: nothing on {self.page} can be clicked")
            return "nothing"
        item = self.random.choice(targets)
        place = item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()
        QTest.mouseMove(self.window, place)
        run_loop(60)
        if self.random.random() < 0.7:
            QTest.mouseClick(self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        return f"{name_of(item)}"

    def _press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window, key)
        run_loop(30)

    def _wait(self, seconds: float) -> None:
        run_loop(round(seconds * 1000))

    # --- looking

    @property
    def page(self) -> str:
        return str(self.app.property("page"))

    @property
    def focus_name(self) -> str:
        item = self.window.activeFocusItem()
        return "" if item is None else name_of(item)

    def _stops(self) -> list[QQuickItem]:
        """What can be pressed, and is in sight: neither outside of the window nor under something else."""
        frame = QRectF(0, 0, self.window.width(), self.window.height())
        found = []
        for item in stops(self.window):
            middle = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
            if frame.contains(middle) and item.width() > 0 and _opacity(item) > 0.5:
                found.append(item)
        return found

    def _look(self, what: str) -> None:
        self.pages[self.page] = self.pages.get(self.page, 0) + 1
        item = self.window.activeFocusItem()
        if self.page == "signIn":
            self.wrong.append(f"step {self.steps}: signed out after {what}")
        if item is None or not item.isVisible() or not item.isEnabled():
            self.wrong.append(f"step {self.steps}: the focus is lost on {self.page} after {what}")
        picture = self._picture()
        for text in _texts(self.window.contentItem()):
            self._judge(text, picture)
        caption = f"{self.steps} {what} {self.page} {self.focus_name}"
        if len(self.shots) < self.options.most_shots:
            ways = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.shots.append((caption, picture.scaled(*_THUMB, *ways)))
        print(caption, flush=True)

    def _picture(self) -> QImage:
        """The window as it is on the screen, with the video; as it was drawn where no program may read the screen."""
        if QGuiApplication.platformName() == "xcb":
            screen = self.window.screen().grabWindow(int(self.window.winId())).toImage()
            if not screen.isNull():
                return screen
        return self.window.grabWindow()

    def _judge(self, text: QQuickItem, picture: QImage) -> None:
        words = str(text.property("text"))
        if text.property("truncated") and _is_button(text):
            self._once(f"the words of a button are cut on {self.page}: {words}")
        found = _contrast(text, picture)
        if found is None or not _on_top(self.window.contentItem(), text):
            return
        if found < LEAST_CONTRAST and not _is_placeholder(text):
            self._once(f"“{words[:40]}” on {self.page} has a contrast of {found:.1f}")
        elif found < SMALL_CONTRAST:
            self.faint[words[:40]] = round(min(found, self.faint.get(words[:40], 99.0)), 2)

    def _once(self, sentence: str) -> None:
        if not any(sentence in one for one in self.wrong):
            self.wrong.append(f"step {self.steps}: {sentence}")

    def sheet(self, file: Path) -> None:
        """All steps in one picture."""
        width, height = _THUMB
        rows = -(-len(self.shots) // _COLUMNS)
        made = QImage(_COLUMNS * (width + 6), max(1, rows) * (height + 22), QImage.Format.Format_RGB32)
        made.fill(QColor("#3a3f48"))
        painter = QPainter(made)
        painter.setPen(QColor("white"))
        for number, (caption, shot) in enumerate(self.shots):
            x, y = number % _COLUMNS * (width + 6), number // _COLUMNS * (height + 22)
            painter.drawText(x + 3, y + 12, caption[:52])
            painter.drawImage(x, y + 16, shot)
        painter.end()
        made.save(str(file))


def _texts(root: QQuickItem) -> Iterator[QQuickItem]:
    """Texts in sight; what stands behind a dialog is disabled and not looked at."""
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if not item.isVisible() or item.opacity() < 0.95 or not item.isEnabled():
            continue
        if item.inherits("QQuickText") and item.property("text"):
            yield item
        waiting.extend(item.childItems())


def _contrast(text: QQuickItem, picture: QImage) -> float | None:
    """Of the text's colour and the lower part of what stands around it; None where it is not whole in the picture."""
    inner = QRectF(0, 0, float(text.property("contentWidth")), float(text.property("contentHeight")))
    place = text.mapRectToScene(inner).toRect()
    ring = place.adjusted(-_RING, -1, _RING, 1)
    if place.width() < 8 or not picture.rect().contains(ring) or not _uncovered(text, place):
        return None
    colour = QColor(text.property("color"))
    grounds = sorted(contrast(colour, picture.pixelColor(point)) for point in _edge(ring))
    return grounds[len(grounds) // 4]


def _edge(ring: QRect) -> Sequence[QPoint]:
    rows = range(ring.top(), ring.bottom(), 3)
    return [QPoint(x, y) for y in rows for x in (ring.left(), ring.right())]


def _uncovered(text: QQuickItem, place: QRect) -> bool:
    """Whether no ancestor cuts it off, and it does not move at this moment."""
    ancestor = text.parentItem()
    while ancestor is not None:
        if ancestor.clip():
            seen = ancestor.mapRectToScene(QRectF(0, 0, ancestor.width(), ancestor.height()))
            if not seen.contains(QRectF(place)):
                return False
        ancestor = ancestor.parentItem()
    return True


def _on_top(root: QQuickItem, text: QQuickItem) -> bool:
    """Whether nothing opaque is drawn over the middle of a text."""
    middle = text.mapToScene(QPointF(float(text.property("contentWidth")) / 2, text.height() / 2))
    return _topmost(root, middle) is text


def _topmost(item: QQuickItem, point: QPointF) -> QQuickItem | None:
    """What is drawn last at a point of the window."""
    if not item.isVisible() or item.opacity() < 0.5:
        return None
    inside = item.contains(item.mapFromScene(point))
    if item.clip() and not inside:
        return None
    children = enumerate(item.childItems())
    for _, child in sorted(children, key=lambda one: (one[1].z(), one[0]), reverse=True):
        found = _topmost(child, point)
        if found is not None:
            return found
    return item if inside and _is_solid(item) else None


def _is_solid(item: QQuickItem) -> bool:
    if item.inherits("QQuickText"):
        return bool(item.property("text"))
    if item.inherits("QQuickImage"):
        return True
    return (
        item.inherits("QQuickRectangle")
        and QColor(item.property("color")).alpha() > 128
        and not item.property("gradient")
    )


def _opacity(item: QQuickItem) -> float:
    found, current = 1.0, item
    while current is not None:
        found *= current.opacity()
        current = current.parentItem()
    return found


def _is_button(text: QQuickItem) -> bool:
    parent = text.parentItem()
    return any(
        one is not None and one.property("primary") is not None
        for one in (parent, parent.parentItem() if parent is not None else None)
    )


def _is_placeholder(text: QQuickItem) -> bool:
    parent = text.parentItem()
    return parent is not None and parent.property("placeholder") == text.property("text")


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("profile", type=Path)
    parser.add_argument("service")
    parser.add_argument("--by", choices=("keys", "mouse"), default="keys")
    parser.add_argument("--tv", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--most-shots", type=int, default=600)
    options = parser.parse_args()
    hours: list[Hour] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        if options.tv:
            window.showFullScreen()
        hour = Hour(app, window, options)
        hours.append(hour)

        def go() -> None:
            try:
                hour.run()
            except Exception:  # noqa: BLE001 - it is printed, and the end of the hour
                hour.wrong.append(traceback.format_exc())
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
    (hour,) = hours
    if options.sheet is not None:
        hour.sheet(options.sheet)
    report = {"steps": hour.steps, "pages": hour.pages, "faint": hour.faint, "wrong": hour.wrong}
    print(json.dumps(report, ensure_ascii=False), flush=True)
    return 1 if hour.wrong or hour.steps < options.minutes else 0


if __name__ == "__main__":
    sys.exit(main())
