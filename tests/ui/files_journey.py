"""Every function of the player of the viewer's own files, in the real app with real films: ``python -m
tests.ui.files_journey PROFILE FILM FILM [keys] [remote] [mouse]``. A key of its own for each, the six keys of a
remote, or the mouse alone. What was done is printed line by line; exit code 0 when all of it went well.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QKeyCombination, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QWindow
from PySide6.QtQuick import QQuickItem, QQuickWindow
from PySide6.QtTest import QTest

from tests.ui.functions import CONTROLS, DEEPER, OF_PROGRAMMES, SECTIONS
from tests.ui.journey import Calendar, Switch, Viewer
from tests.ui.loop import run_loop
from ui.app.composition import AppOptions, run_app
from ui.app.viewmodels import tools as tools_module
from ui.app.viewmodels.actions import key_actions
from ui.app.viewmodels.application import ApplicationViewModel
from ui.app.viewmodels.tools import TOOL_ACTIONS, ToolsViewModel

K = Qt.Key
MIDDLE_S = 50.0
WITH_MORE = ("bookmarks", "queue_list")  # levels whose lines have a menu of their own


def noted(asked: list[str]) -> None:
    """Note each deed, and do it."""

    def of(action: str, deed: Callable[[ToolsViewModel], bool]) -> Callable[[ToolsViewModel], bool]:
        def do(tools: ToolsViewModel) -> bool:
            asked.append(action)
            return deed(tools)

        return do

    def at(level: str, choose: Callable[[ToolsViewModel, str], bool]) -> Callable[[ToolsViewModel, str], bool]:
        def do(tools: ToolsViewModel, key: str) -> bool:
            asked.append(f"{level} {key}")
            return choose(tools, key)

        return do

    tools_module._DEEDS.update({action: of(action, deed) for action, deed in tools_module._DEEDS.items()})
    tools_module._CHOOSERS.update({level: at(level, choose) for level, choose in tools_module._CHOOSERS.items()})


class Watcher(Viewer):
    """Has two films of its own, and looks whether each function does what it is for."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, films: list[str]) -> None:
        super().__init__(app, window, Switch(), Calendar())
        self.films = films
        self.player, self.tools = app.player, app.player.tools_menu
        self.asked: list[str] = []
        noted(self.asked)

    def item(self, name: str) -> QQuickItem:
        found = self.window.findChild(QQuickItem, name)
        assert found is not None, name
        return found

    def ready(self, action: str = "") -> None:
        """The first film is held with a bookmark, in its middle if that matters, and nothing lies over the page."""
        rows = [line.playing for line in self.app.own_files.queue_lines]
        if self.page != "player" or rows[:1] != [True] or len(rows) < 2:
            self.app.open_places(self.films)
            self.until(
                "the film", lambda: self.playing() and self.player.property("title") == Path(self.films[0]).stem
            )
        while self.item("menu").isVisible() or self.item("toolEntry").isVisible() or self.covered:
            self.press(K.Key_Escape)
        self.until("held", self.is_held)
        if action in CONTROLS:
            self.player.seekToTime(MIDDLE_S)
            self.until(
                "its middle", lambda: self.state()[1] == MIDDLE_S and self.player.property("status") == "paused"
            )
        if not self.tools._state.bookmarks:
            self.tools.perform("bookmark")
            self.until("a bookmark", lambda: self.tools._state.bookmarks)
        self.asked.clear()

    def is_held(self) -> bool:
        """Another film that is on its way begins by playing: then it is held again."""
        held = bool(self.player.property("paused")) and self.player.property("status") == "paused"
        if not held:
            self.player.pause()
        return held

    @property
    def covered(self) -> bool:
        return bool(self.item("keysOverlay").isVisible())

    def state(self) -> tuple[object, ...]:
        """What the functions that are no tools change."""
        return (
            self.player.property("paused"),
            round(self.player.property("positionS"), 1),
            self.window.visibility() is QWindow.Visibility.FullScreen,
            self.item("leaveSmall").property("visible") or self.window.width() < 700,
            self.item("statisticsPanel").isVisible(),
            self.item("menu").isVisible(),
            self.covered,
            self.page,
        )

    def does(self, action: str, ask: Callable[[], None]) -> None:
        """Ask for a function; it does what it is for, and what can be put back is."""
        self.ready(action)
        before = self.state()
        ask()
        self.until(action, lambda: action in self.asked if action in TOOL_ACTIONS else self.state() != before)
        if action in ("full_screen", "picture_in_picture", "statistics"):
            self.press({"full_screen": K.Key_F, "picture_in_picture": K.Key_P, "statistics": K.Key_I}[action])
            self.until("as before", lambda: self.state() == before)

    def lines(self) -> list[str]:
        return [line.key for line in self.tools.options.records]

    # --- by keys

    def by_keys(self) -> None:
        for action in key_actions():
            if action.id in OF_PROGRAMMES:
                continue
            key = action.keys[5 if action.id == "tenth" else 0]
            pressed = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
            assert isinstance(pressed, QKeyCombination)
            self.does(action.id, lambda at=pressed: QTest.keyClick(self.window, at.key(), at.keyboardModifiers()))

    # --- by a remote, or by the mouse

    def walk(self, into: Callable[[str], None], to: Callable[[str], None], more: Callable[[str], None]) -> None:
        """``into`` presses a control, ``to`` chooses a line of the tools, ``more`` asks what else a line offers."""
        for action, control in CONTROLS.items():
            if control != "seekBar":
                self.does(action, lambda control=control: into(control))
        reached = set()
        for section in SECTIONS:
            self.ready()
            self.tools.choose(section)
            wanted = [line.key for line in self.tools.options.records if line.key in TOOL_ACTIONS and line.available]
            self.tools.back()
            for action in wanted:
                self.does(action, lambda section=section, action=action: (into("tools"), to(section), to(action)))
                reached.add(action)
        left_out = {"tone_mapping"} if self.tools.draws_in_memory else set()
        assert reached | left_out | {"keys"} >= {one.id for one in key_actions()} & TOOL_ACTIONS
        for section, level, choices in DEEPER:
            for choice in choices:
                self.ready()
                into("tools")
                to(section)
                to(level)
                assert self.tools._path[-1] == level
                if level in WITH_MORE:
                    more(self.lines()[-1 if choice in ("up", "remove") else 0])
                    level_of = "queue_file" if level == "queue_list" else "bookmark_line"
                else:
                    level_of = level
                self.until(
                    f"lines of {level}", lambda choice=choice, at=level: choice in self.lines() or at == "browse"
                )
                to(choice if choice in self.lines() else self.lines()[0])
                wanted_words = f"{level_of} {choice}"
                self.until(wanted_words, lambda words=wanted_words, at=level: at == "browse" or words in self.asked)

    def focus_on(self, control: str) -> None:
        """Along the controls by arrows."""
        for _ in range(20):
            if self.focus not in ("idle", "seekBar", "back"):
                break
            self.press(K.Key_Up if self.focus == "idle" else K.Key_Down)
        if control == "back":
            self.go(K.Key_Up, "back")
            return
        before = ""
        while self.focus != before:
            before = self.focus
            self.press(K.Key_Left)
        self.go(K.Key_Right, control)

    def by_remote(self) -> None:
        def into(control: str) -> None:
            self.focus_on(control)
            self.press(K.Key_Return)

        def down_to(key: str) -> None:
            self.until("its lines", lambda: key in self.lines())
            menu = self.item("menu")
            while self.lines()[menu.property("row")] != key:
                before = menu.property("row")
                self.press(K.Key_Down if before < self.lines().index(key) else K.Key_Up)
                assert menu.property("row") != before, key

        def to(key: str) -> None:
            down_to(key)
            self.press(K.Key_Return)

        def more(key: str) -> None:
            down_to(key)
            self.press(K.Key_Right)

        self.walk(into, to, more)
        self.does("start", lambda: (self.go(K.Key_Up, "seekBar"), self.press(K.Key_Left)))

    def by_mouse(self) -> None:
        def click(item: QQuickItem, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
            QTest.mouseMove(self.window, item.mapToScene(QPoint(3, 3)).toPoint())
            run_loop(30)
            middle = item.mapToScene(QPoint(round(item.width() / 2), round(item.height() / 2))).toPoint()
            QTest.mouseMove(self.window, middle)
            QTest.mouseClick(self.window, button, pos=middle)
            run_loop(30)

        def into(control: str) -> None:
            QTest.mouseMove(self.window, QPoint(200, 200))
            QTest.mouseMove(self.window, QPoint(220, 220))
            self.until("controls", lambda: self.item(control).isVisible())
            click(self.item(control))

        def line(key: str) -> QQuickItem:
            self.until("its lines", lambda: key in self.lines())
            row = self.lines().index(key)
            menu = self.item("menu")
            views = [one for one in menu.childItems() if one.property("cacheBuffer") is not None]
            delegates = views[0].property("contentItem").childItems()
            found = next(one for one in delegates if one.property("index") == row)
            for _ in range(60):
                y = found.mapToItem(views[0], QPoint(0, round(found.height() / 2))).y()
                if 0 < y < views[0].height():
                    break
                scroll(self.window, views[0], -1 if y > 0 else 1)
                while views[0].property("moving"):
                    run_loop(10)
            return found

        def more(key: str) -> None:
            click(line(key), Qt.MouseButton.RightButton)

        self.walk(into, lambda key: click(line(key)), more)
        self.ready()
        self.ready("start")
        QTest.mouseMove(self.window, QPoint(200, 200))
        bar = self.item("seekBar")
        at = bar.mapToScene(QPoint(2, round(bar.height() / 2))).toPoint()
        self.does("start", lambda: QTest.mouseClick(self.window, Qt.MouseButton.LeftButton, pos=at))


def scroll(window: QQuickWindow, view: QQuickItem, direction: int) -> None:
    """Turn the wheel over a list."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    at = view.mapToScene(QPointF(view.width() / 2, view.height() / 2))
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 120 * direction),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QGuiApplication.sendEvent(window, event)
    run_loop(40)


def main() -> int:
    """See the module."""
    profile, one, other, *ways = sys.argv[1:]
    films = [one, other]
    outcome: list[int] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        def run() -> None:
            try:
                watcher = Watcher(app, window, films)
                watcher.tools.screenshots = Path(profile) / "frames"
                for way in ways:
                    {"keys": watcher.by_keys, "remote": watcher.by_remote, "mouse": watcher.by_mouse}[way]()
                    print(f"all by {way}", flush=True)
                outcome.append(0)
            except Exception:  # noqa: BLE001 - the test shows it
                traceback.print_exc()
                outcome.append(1)
            QGuiApplication.quit()

        QTimer.singleShot(0, run)

    run_app(AppOptions(profile=Path(profile), key_store="file", files=tuple(films), on_window=begin))
    return outcome[0]


if __name__ == "__main__":
    sys.exit(main())
