"""A viewer's hour in the real app at a real service, at random and with pauses: ``python -m tests.soak.viewers_hour
PROFILE SERVICE SCREEN --by keys|mouse [--tv] [--minutes N] [--seed N] [--sheet FILE]``.

SCREEN is the file in which Xvfb keeps its picture. Keys and the mouse are real: ``xdotool`` presses them on that
screen, which shows the app under a window manager, or a Wayland compositor with the app in it.

After each step, what was pressed did something, and one thing in sight has the focus. No button's words are cut,
nothing runs out of the window, and no value stands in place of words. No picture is broken. Text stands out from what
is around it as WCAG 2.2 AA asks.

All steps make one contact sheet; how much memory the app has is noted twelve times. Lines ``service: …`` ask the
caller to kill, stop or restart the service. The last line is a JSON document; exit code 0 when nothing was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from PySide6.QtCore import QBuffer, QEvent, QIODevice, QObject, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtQuick import QQuickItem, QQuickWindow

from player.qa.usage import usage
from tests.kit.waiting import PATIENCE_S
from tests.packaging.xvfb import read_screen
from tests.ui.legible import in_qml, place_of, readings, texts
from tests.ui.loop import run_loop
from tests.ui.stage import name_of
from ui.app.composition import AppOptions, run_app
from ui.app.selftest.focus import stops
from ui.app.viewmodels.application import ApplicationViewModel
from ui.cli.doctor import part_reports

EMAIL, PASSWORD = "demo@matinee.local", "demo"
ARROWS = ("Right", "Down", "Left", "Up")
KEYS = (*ARROWS, "Return", "XF86Back", "Escape")
WEIGHTS = (25, 25, 11, 11, 14, 6, 4)
DWELLS_S = (1.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 15.0, 30.0)
EVENTS = ("kill", "start", "slow", "start")  # one after the other, through the hour
# While the service answers: at these shares of the hour
ERRANDS = ((0.02, "guide"), (0.25, "child"), (0.48, "grown-up"), (0.7, "guide"), (0.82, "child"), (0.92, "grown-up"))
PIN, WRONG_PIN = "2468", "1357"
_MOST_BACKS, _MOST_UP, _MOST_ALONG, _MOST_WHEELS = 8, 12, 12, 60
# What would end the hour, or leave the app
UNPRESSED = (
    "signOut",
    "signOutEverywhere",
    "removeProfile",
    "removeDevice",
    "deleteProfile",
    "changePassword",
    "cancelPlan",
    "saveProfile",
)
#: What no viewer should read.
_NO_WORDS = re.compile(r"\b(undefined|null|NaN|None|True|False)\b|%\d|%n|\[object|Traceback|<[a-z]+>|\d:\d{4,5}\b")
_BROKEN = 3  # QQuickImageBase::Error
_THUMB = (640, 360)
_COLUMNS = 6
_MEMORIES = 12
_AT_ONCE_S, _ANSWERS_S, _SETTLES_MS = 0.3, 5.0, 600
_TRIES_NEW = 0.6  # how often something is pressed that never was
_MOST_ON_A_PAGE = 25
_WHEEL_UP, _WHEEL_DOWN = "4", "5"
_WHEELS = 0.15  # how often the mouse turns its wheel


class Presses(QObject):
    """Counts what arrives at the window from the keyboard and the mouse."""

    def __init__(self, window: QQuickWindow) -> None:
        super().__init__(window)
        self.count = 0
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel):
            self.count += 1
        return False


class Hour:
    """Takes steps until the time is over; ``wrong`` are sentences."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, options: argparse.Namespace) -> None:
        self.app, self.window, self.options = app, window, options
        self.random = random.Random(options.seed)
        self.presses = Presses(window)
        self.wrong: list[str] = []
        self.pages: Counter[str] = Counter()
        self.pressed: Counter[str] = Counter()
        self.words: set[str] = set()
        self.checked = 0  # texts
        self.shots: list[tuple[str, bytes]] = []  # as JPEG: pixels of an hour would be more than the app itself
        self.memory_mb: list[int] = []
        self.steps = 0
        self.on_top = QGuiApplication.platformName() != "wayland"  # there no program places its window
        self._on_page = 0
        self._wheeled = False  # since the last click: what has the focus may have gone out of sight

    def run(self) -> None:
        self._until(lambda: self.page != "starting", PATIENCE_S)
        self._wait(6.0)
        # Weston adds up how the pointer of X moves, at times from a wrong beginning. Stopped by a corner, they agree.
        for corner in (QPoint(0, 0), QPoint(self.window.width() - 1, self.window.height() - 1)):
            self._point(corner)
            run_loop(_SETTLES_MS)
        if self.page == "profiles":
            self._choose("person_0")
            self._arrive("home", lambda: self.page == "home")
        begin = time.monotonic()
        length_s = self.options.minutes * 60
        events = [(length_s * (number + 1) / (len(EVENTS) * 2 + 1), name) for number, name in enumerate(EVENTS * 2)]
        errands = [(length_s * share, name) for share, name in ERRANDS]
        while (past_s := time.monotonic() - begin) < length_s:
            if events and past_s > events[0][0]:
                print(f"service: {events.pop(0)[1]}", flush=True)
            if errands and past_s > errands[0][0] and self._service_answers():
                self._run_errand(errands.pop(0)[1])
            if past_s >= length_s * len(self.memory_mb) / _MEMORIES:
                self.memory_mb.append(usage().memory_bytes // 1_000_000)
            page = self.page
            self.steps += 1
            what = self._by_keys() if self.options.by == "keys" else self._by_mouse()
            self._wait(self.random.choice(DWELLS_S))
            self._on_page = self._on_page + 1 if self.page == page else 0
            self._look(what)
        print("service: start", flush=True)

    # --- what a household does, and nobody comes across by chance

    def _run_errand(self, errand: str) -> None:
        """To the guide, or from one who watches to another."""
        if errand == "grown-up" and not self.app.profiles.property("kids"):
            return
        if errand == "guide" and self.app.profiles.property("kids"):  # the walk may have come there by itself
            self._run_errand("grown-up")
        if not self._go_home():
            return
        self._on_page = 0
        if errand == "guide":
            self._choose("openChannels")
            self._arrive("the guide", lambda: self.page == "channels")
            return
        self._choose("switchProfile")
        self._arrive("the profiles", lambda: self.page == "profiles" and self._find_stop("person_1") is not None)
        self._choose("person_1" if errand == "child" else "person_0")
        if errand == "grown-up":
            self._arrive("the PIN", lambda: self._asks_pin() and self.app.profiles.property("leavingKids"))
            self._enter_pin(WRONG_PIN)
            self._arrive("words about a wrong PIN", lambda: bool(self.app.profiles.property("error")))
            self._enter_pin(PIN)
        if self._arrive("home", lambda: self.page == "home"):
            kids = bool(self.app.profiles.property("kids"))
            if kids != (errand == "child"):
                self._say(f"who watches did not change to the {errand}")

    def _service_answers(self) -> bool:
        try:
            return httpx.get(f"{self.options.service}/api/v1/health", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def _asks_pin(self) -> bool:
        return str(self.app.profiles.property("state")) == "pin"

    def _enter_pin(self, pin: str) -> None:
        if self.options.by == "mouse":
            for digit in pin:
                self._click_on(f"key_{digit}")
        else:
            for digit in pin:
                self._press("key", digit)
        self._look("typed a PIN")
        self._choose("submitPin")

    def _go_home(self) -> bool:
        for _ in range(_MOST_BACKS):
            uncovered = any(name_of(item) == "switchProfile" for item in stops(self.window))  # by no dialog
            if self.page == "home" and uncovered and not self._find_stop("menuCancel"):
                return True
            self._press("key", "XF86Back")
            self._wait(1.0)
        self._say(f"Back does not lead home from {self.page}")
        return False

    def _arrive(self, at: str, condition: Callable[[], object]) -> bool:
        there = self._until(lambda: bool(condition()), PATIENCE_S)
        self._wait(1.0)
        self._look(f"at {at}")
        if not there:
            self._say(f"{at} does not come")
        return there

    def _choose(self, name: str) -> None:
        """Walk to something and press it, or click on it."""
        self.steps += 1
        if self.options.by == "mouse":
            self._point(QPoint(self.window.width() // 2, self.window.height() // 2))
            for _ in range(_MOST_WHEELS):  # the page is scrolled to its top
                if self._find_stop(name) is not None:
                    break
                self._press("click", _WHEEL_UP)
                self._wheeled = True
                run_loop(200)
            self._click_on(name)
        else:
            ways = (*["Up"] * _MOST_UP, *["Left"] * _MOST_ALONG, *["Right"] * _MOST_ALONG)
            if name == "submitPin":
                ways = (*["Down"] * _MOST_UP, *["Left"] * 2)
            for key in ways:
                if self.focus_name == name:
                    break
                self._press("key", key)
                run_loop(_SETTLES_MS)
            if self.focus_name != name:
                self._say(f"no arrow leads to {name} on {self.page}")
            self._press("key", "Return")
        run_loop(_SETTLES_MS)

    def _click_on(self, name: str) -> None:
        item = self._find_stop(name)
        if item is None:
            self._say(f"there is no {name} to click on, on {self.page}")
            return
        self._point(item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint())
        run_loop(_SETTLES_MS)
        self._click()

    def _find_stop(self, *names: str) -> QQuickItem | None:
        return next((item for item in self._stops() if name_of(item) in names), None)

    # --- acting

    def _by_keys(self) -> str:
        name = self.focus_name
        if self._on_page > _MOST_ON_A_PAGE and self.page != "home":
            key = "XF86Back"
        elif not self.pressed[name] and self.random.random() < _TRIES_NEW:
            key = "Return"
        else:
            (key,) = self.random.choices(KEYS, WEIGHTS)
        if key == "Return" and name.startswith(UNPRESSED):
            key = "Up"
        if key == "Return":
            self.pressed[name] += 1
        before, page, shown = self._seen(), self.page, self._controls_shown()
        item = self.window.activeFocusItem()
        chosen = item is not None and item.property("chosen") and not name.startswith("filter")
        if not self._press("key", key):
            return key
        if page == "player":  # they come with any key, and Down below them sends them away
            answered = lambda: self.page != "player" or self._controls_shown() or self.focus_name != name  # noqa: E731
            if not self._until(answered, _AT_ONCE_S if shown else _ANSWERS_S) and not shown and key in KEYS[:5]:
                self._say(f"{key} does nothing on the player at {name}")
        elif chosen and key == "Return":
            pass  # it is so already
        elif not self._until(lambda: self._seen() != before, _AT_ONCE_S) and not self._may_do_nothing(key):
            if key in ARROWS:
                self._some_arrow(before, name)
            elif not self._until(lambda: self._seen() != before, _ANSWERS_S):
                self._say(f"{key} does nothing on {page} at {name}")
        return key

    def _may_do_nothing(self, key: str) -> bool:
        return key in ("XF86Back", "Escape") and self.page == "home"

    def _some_arrow(self, before: object, name: str) -> None:
        """This arrow does nothing here; another one must."""
        for arrow in ARROWS:
            self._press("key", arrow)
            if self._until(lambda: self._seen() != before, _AT_ONCE_S):
                return
        if len(self._stops()) > 1:
            self._say(f"no arrow does anything on {self.page} at {name}")

    def _by_mouse(self) -> str:
        if self.page == "player":  # the controls come with a movement
            self._point(QPoint(self.window.width() // 2, self.window.height() // 2 + self.random.randint(-40, 40)))
            self._until(lambda: bool(self._stops()), _ANSWERS_S)
        elif self.random.random() < _WHEELS:
            return self._turn_wheel()
        unpressed = UNPRESSED if self.on_top else (*UNPRESSED, "pictureInPicture")
        targets = [item for item in self._stops() if not name_of(item).startswith(unpressed)]
        if not targets and self.focus_name == "keysOverlay":  # a click anywhere ends it
            self._point(QPoint(self.window.width() // 2, self.window.height() // 2))
            if self._click() and not self._until(lambda: self.focus_name != "keysOverlay", _ANSWERS_S):
                self._say("a click does not end the keys")
            return "click keysOverlay"
        if not targets:
            self._say(f"nothing on {self.page} can be clicked")
            self._press("key", "XF86Back")
            return "nothing"
        fewest = min(self.pressed[name_of(item)] for item in targets)
        fresh = [item for item in targets if self.pressed[name_of(item)] == fewest]
        item = self.random.choice(fresh if self.random.random() < _TRIES_NEW else targets)
        name = name_of(item)
        self._point(_middle(item).toPoint())
        run_loop(_SETTLES_MS)
        if self.random.random() < 0.75 and item in self._stops():  # a film may have ended meanwhile
            self.pressed[name] += 1
            before, page = self._seen(), self.page
            chosen = item.property("checked") or item.property("chosen")
            if item.property("cursorPosition") is not None and item.hasActiveFocus() and not self.options.tv:
                chosen = True  # a field in which one writes already
            if self._click() and not (
                chosen or page == "player" or self._until(lambda: self._seen() != before, _ANSWERS_S)
            ):
                self._say(f"a click does nothing on {page} at {name}")
            return f"click {name}"
        return f"point {name}"

    def _turn_wheel(self) -> str:
        """Over the middle of the page, a few times; a page that is seen whole stays as it is."""
        self._point(QPoint(self.window.width() // 2, self.window.height() // 2))
        way = self.random.choice((_WHEEL_UP, _WHEEL_DOWN, _WHEEL_DOWN))
        for _ in range(self.random.randint(1, 4)):
            self._press("click", way)
        self._wheeled = True
        return "wheel up" if way == _WHEEL_UP else "wheel down"

    def _click(self) -> bool:
        self._wheeled = False
        return self._press("click", "1")

    def _point(self, place: QPoint) -> None:
        there = self.window.mapToGlobal(place)
        _xdotool("mousemove", str(there.x()), str(there.y()))

    def _press(self, *words: str) -> bool:
        """A key or a click, as far as the app; whether it arrived."""
        before = self.presses.count
        _xdotool(*words)
        if self._until(lambda: self.presses.count > before, _ANSWERS_S):
            return True
        self._say(f"{' '.join(words)} does not reach the app")
        return False

    def _wait(self, seconds: float) -> None:
        run_loop(round(seconds * 1000))

    def _until(self, condition: Callable[[], bool], patience_s: float) -> bool:
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                return False
            run_loop(30)
        return True

    # --- looking

    @property
    def page(self) -> str:
        return str(self.app.property("page"))

    @property
    def focus_name(self) -> str:
        item = self.window.activeFocusItem()
        return "" if item is None else name_of(item)

    def _seen(self) -> tuple[str, int, bytes]:
        """What would tell the viewer that something has happened."""
        item = self.window.activeFocusItem()
        ways = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        picture = self._picture().scaled(480, 270, *ways)  # every pixel counts, small words too
        return self.page, id(item), bytes(picture.constBits())

    def _controls_shown(self) -> bool:
        overlay = self.window.findChild(QQuickItem, "overlay")
        return overlay is None or bool(overlay.property("shown"))

    def _stops(self) -> list[QQuickItem]:
        """What can be pressed, and is in sight: neither outside of the window nor under something else."""
        frame, everything = QRectF(0, 0, self.window.width(), self.window.height()), self.window.contentItem()
        return [
            item
            for item in (*stops(self.window), *self._of_a_small_window())
            if item.width() > 0
            and _opacity(item) > 0.5
            and _is_in_sight(item, frame)
            and _takes_the_mouse(item, everything)
        ]

    def _of_a_small_window(self) -> list[QQuickItem]:
        """Its only control is for the mouse."""
        leaves = self.window.findChild(QQuickItem, "leaveSmall")
        return [leaves] if leaves is not None and leaves.isVisible() else []

    def _look(self, what: str) -> None:
        self.pages[self.page] += 1
        if self.page == "signIn":
            self._say(f"signed out after {what}")
        found = self._faults()
        if found:  # something may be on its way
            run_loop(_SETTLES_MS)
            found = [one for one in self._faults() if one in found]
        for sentence in found:
            self._say(sentence)
        caption = f"{self.steps} {what} {self.page} {self.focus_name}"
        if len(self.shots) < self.options.most_shots:
            ways = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.shots.append((caption, _jpeg(self._picture().scaled(*_THUMB, *ways))))
        print(caption, flush=True)

    def _faults(self) -> list[str]:
        """What is wrong with what is to be seen now."""
        return [*self._of_the_focus(), *self._of_texts(), *self._of_pictures()]

    def _of_the_focus(self) -> Iterator[str]:
        item = self.window.activeFocusItem()
        if item is None or not item.isVisible() or not item.isEnabled():
            yield f"the focus is lost on {self.page}"
        elif not self._wheeled and not QRectF(0, 0, self.window.width(), self.window.height()).contains(
            _middle(item)
        ):
            yield f"the focus is out of sight on {self.page} at {name_of(item)}"

    def _of_texts(self) -> Iterator[str]:
        picture = self._picture()
        scale = self.window.height() / 720 if self.options.tv else 1.0
        for one in readings(self.window, picture, scale):
            self.checked += 1
            if not one.good:
                yield f"“{one.words[:40]}” on {self.page} has a contrast of {one.ratio:.1f}, not {one.least}"
        for text in texts(self.window.contentItem()):
            words = str(text.property("text"))
            self.words.add(f"{self.page}\t{words}")
            if text.property("truncated") and _is_button(text):
                yield f"the words of a button are cut on {self.page}: {words}"
            if _NO_WORDS.search(words):
                yield f"on {self.page} stands “{words[:60]}”"
            place = place_of(text)
            if (place.left() < 0 or place.right() > self.window.width() + 1) and not _scrolls(text):
                yield f"“{words[:40]}” runs out of the window on {self.page}"

    def _of_pictures(self) -> Iterator[str]:
        waiting = [self.window.contentItem()]
        while waiting:
            item = waiting.pop()
            if item.isVisible():
                if item.inherits("QQuickImageBase") and in_qml(item, "status") == _BROKEN:
                    yield f"a picture is broken on {self.page}: {item.property('source').toString()}"
                waiting.extend(item.childItems())

    def _picture(self) -> QImage:
        """The window as it is on the screen, with the video."""
        whole = read_screen(self.options.screen)
        height, width, _ = whole.shape
        corner = self.window.mapToGlobal(QPoint(0, 0))
        image = QImage(whole.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888)
        return image.copy(corner.x(), corner.y(), self.window.width(), self.window.height())

    def _say(self, sentence: str) -> None:
        if not any(sentence in one for one in self.wrong):
            self.wrong.append(f"step {self.steps}: {sentence}")
            print(self.wrong[-1], flush=True)

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
            painter.drawImage(x, y + 16, QImage.fromData(shot))
        painter.end()
        made.save(str(file))


def _jpeg(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "JPEG", 85)
    return bytes(buffer.data())


def _xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, stderr=subprocess.DEVNULL)


def _middle(item: QQuickItem) -> QPointF:
    return item.mapToScene(QPointF(item.width() / 2, item.height() / 2))


def _is_in_sight(item: QQuickItem, frame: QRectF) -> bool:
    """Whether its middle lies in the window, and in every list that cuts what is beyond it."""
    middle, ancestor = _middle(item), item.parentItem()
    while ancestor is not None:
        if ancestor.clip() and not ancestor.contains(ancestor.mapFromScene(middle)):
            return False
        ancestor = ancestor.parentItem()
    return frame.contains(middle)


def _takes_the_mouse(item: QQuickItem, everything: QQuickItem) -> bool:
    """Whether a click on its middle reaches it, and not something that lies over it."""
    hit = _hit(everything, _middle(item))
    while hit is not None and hit is not item:
        hit = hit.parentItem()
    return hit is not None


def _hit(item: QQuickItem, place: QPointF) -> QQuickItem | None:
    """The uppermost item at this place of the window that takes clicks."""
    inside = item.contains(item.mapFromScene(place))
    if not item.isVisible() or not item.isEnabled() or (item.clip() and not inside):
        return None
    for child in sorted(item.childItems(), key=lambda one: one.z())[::-1]:
        if (found := _hit(child, place)) is not None:
            return found
    return item if inside and item.acceptedMouseButtons() & Qt.MouseButton.LeftButton else None


def _opacity(item: QQuickItem) -> float:
    found, current = 1.0, item
    while current is not None:
        found *= current.opacity()
        current = current.parentItem()
    return found


def _scrolls(text: QQuickItem) -> bool:
    """Whether it lies in a row or list, which goes on beyond the window."""
    ancestor = text.parentItem()
    while ancestor is not None:
        if ancestor.inherits("QQuickFlickable"):
            return True
        ancestor = ancestor.parentItem()
    return False


def _is_button(text: QQuickItem) -> bool:
    parent = text.parentItem()
    return any(
        one is not None and one.property("primary") is not None
        for one in (parent, parent.parentItem() if parent is not None else None)
    )


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("profile", type=Path)
    parser.add_argument("service")
    parser.add_argument("screen", type=Path)
    parser.add_argument("--by", choices=("keys", "mouse"), default="keys")
    parser.add_argument("--tv", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--most-shots", type=int, default=600)
    options = parser.parse_args()
    hours: list[Hour] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
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
            examine=lambda: part_reports(options.profile, "file"),
        )
    )
    (hour,) = hours
    if options.sheet is not None:
        hour.sheet(options.sheet)
        options.sheet.with_suffix(".txt").write_text("\n".join(sorted(hour.words)), "utf-8")
    report = {
        "seed": options.seed,
        "steps": hour.steps,
        "pages": hour.pages,
        "pressed": len(hour.pressed),
        "texts": hour.checked,
        "memory_mb": hour.memory_mb,
        "wrong": hour.wrong,
    }
    print(json.dumps(report, ensure_ascii=False), flush=True)
    return 1 if hour.wrong or hour.steps < options.minutes else 0


if __name__ == "__main__":
    sys.exit(main())
