"""Every function of the player of the viewer's own files, in the real app with real films: ``python -m
tests.ui.files_journey PROFILE FILM FILM [keys] [remote] [mouse]``. A key of its own for each, the six keys of a
remote, or the mouse alone. What was done is printed line by line; exit code 0 when all of it went well.
"""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QKeyCombination, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QWindow
from PySide6.QtQuick import QQuickItem, QQuickWindow
from PySide6.QtTest import QTest

from player.playback.session import Session
from player.reporting.state import PlaybackStatus
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
Effect = Callable[[object, object], bool]
"""Whether what was before and what is after is what the function is for."""


def other(before: object, after: object) -> bool:
    return after != before


def more(before: object, after: object) -> bool:
    return float(str(after)) > float(str(before))


def less(before: object, after: object) -> bool:
    return float(str(after)) < float(str(before))


def to(value: object) -> Effect:
    """From something else to this."""
    return lambda before, after: before != value and after == value


def near(at_s: float) -> Effect:
    return lambda _before, after: abs(float(str(after)) - at_s) < NEAR_S


def has_new(value: float) -> Effect:
    """One more, and it is this."""
    return lambda before, after: (
        isinstance(after, tuple) and isinstance(before, tuple) and {value} == {*after} - {*before}
    )


def turned_on_or_off(filter_name: str) -> Effect:
    return lambda before, after: (filter_name in str(after)) is not (filter_name in str(before))


def without_last(before: object, after: object) -> bool:
    return isinstance(before, list | tuple) and after == before[:-1] != before


def reversed_order(before: object, after: object) -> bool:
    return isinstance(before, list) and after == before[::-1]


NEAR_S = 0.005
FRAME_S = 0.04
EFFECTS: dict[str, tuple[str, Effect]] = {
    "play_pause": ("pause", to(False)),
    "back": ("time-pos", near(MIDDLE_S - 10.0)),
    "forward": ("time-pos", near(MIDDLE_S + 10.0)),
    "start": ("time-pos", lambda _before, after: float(str(after)) < 1.0),
    "tenth": ("time-pos", lambda _before, after: round(float(str(after)), 1) == 60.0),
    "frame_back": ("time-pos", near(MIDDLE_S - FRAME_S)),
    "frame_forward": ("time-pos", near(MIDDLE_S + FRAME_S)),
    "chapter_previous": ("time-pos", near(3.0)),
    "chapter_next": ("time-pos", near(3.0)),
    "slower": ("speed", less),
    "faster": ("speed", more),
    "normal_speed": ("speed", to(1.0)),
    "loop": ("ab-loop-a", to(MIDDLE_S)),
    "bookmark": ("bookmarks", has_new(77.0)),
    "go_to_time": ("asks for", to("time")),
    "find_line": ("asks for", to("line")),
    "keys": ("keys", to(True)),
    "help": ("keys", to(True)),
    "next_subtitles": ("sid", other),
    "subtitles_earlier": ("sub-delay", less),
    "subtitles_later": ("sub-delay", more),
    "subtitles_larger": ("sub-scale", more),
    "subtitles_smaller": ("sub-scale", less),
    "subtitles_higher": ("sub-pos", less),
    "subtitles_lower": ("sub-pos", more),
    "subtitle_style": ("sub-ass-override", other),
    "louder": ("volume", more),
    "quieter": ("volume", less),
    "mute": ("mute", other),
    "next_audio": ("aid", other),
    "audio_earlier": ("audio-delay", less),
    "audio_later": ("audio-delay", more),
    "night": ("af", turned_on_or_off("acompressor")),
    "normalise": ("af", turned_on_or_off("dynaudnorm")),
    "downmix": ("af", turned_on_or_off("stereo")),
    "screenshot": ("frames", more),
    "zoom_in": ("video-zoom", more),
    "zoom_out": ("video-zoom", less),
    "zoom_reset": ("video-zoom", to(0.0)),
    "crop": ("panscan", to(1.0)),
    "aspect": ("video-aspect-override", other),
    "rotate": ("vf", lambda _before, after: "transpose" in str(after)),
    "deinterlace": ("deinterlace", other),
    "tone_mapping": ("tone-mapping", other),
    "queue_next": ("plays", to("two")),
    "queue_previous": ("plays", to("one")),
    "shuffle": ("shuffled", other),
    "repeat": ("repeat", other),
    "full_screen": ("full screen", to(True)),
    "picture_in_picture": ("small", to(True)),
    "statistics": ("statistics", to(True)),
    "tools": ("menu", to(True)),
    "leave": ("page", lambda before, after: before == "player" and after != "player"),
}
"""What each function changes: a property of libmpv, or what the page shows."""
FIRST = {
    "zoom_out": "zoom_in",
    "zoom_reset": "zoom_in",
    "normal_speed": "faster",
    "subtitles_lower": "subtitles_higher",
}
"""Where a tool would find nothing to change, what is done before it."""
STARTS_S = {"bookmark": 77.0, "chapter_next": 2.2, "bookmarks": 90.0}
"""Where a function begins that would change nothing in the middle: a chapter starts with each of the first four
seconds."""
CHOSEN: dict[str, tuple[str, Effect]] = {
    "sleep 15": ("minutes left", to(15)),
    "bookmark_line play": ("is at a bookmark", to(True)),
    "bookmark_line remove": ("bookmarks", without_last),
    "devices auto": ("audio-device", lambda _before, after: after == "auto"),
    "second off": ("secondary-sid", to(False)),
    "queue_file down": ("queue", reversed_order),
    "queue_file up": ("queue", reversed_order),
    "queue_file play": ("plays", to("two")),
    "queue_file remove": ("queue", without_last),
    "browse ..": ("folder", other),
}
"""As ``EFFECTS``, for what is chosen on a level of its own."""
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
        if action == "queue_previous":
            self.app.own_files.playRow(1)
            self.until("the second film", lambda: self.shown("plays") == "two")
            self.until("held", self.is_held)
        if EFFECTS.get(action, ("",))[0] in ("time-pos", "ab-loop-a", "pause") or action in STARTS_S:
            start_s = STARTS_S.get(action, MIDDLE_S)
            self.player.seekToTime(start_s)
            self.until("its middle", lambda: self.is_held() and self.is_at(start_s))
        if not self.tools._state.bookmarks:
            self.tools.perform("bookmark")
            self.until("a bookmark", lambda: self.tools._state.bookmarks)
        self.asked.clear()

    def is_held(self) -> bool:
        """Another film that is on its way begins by playing: then it is held again."""
        session = self.tools._session
        held = session is not None and session.state.status is PlaybackStatus.PAUSED  # type: ignore[attr-defined]
        if not held:
            self.player.pause()
        return held and self.player.property("status") == "paused"

    def is_at(self, at_s: float) -> bool:
        """Whether libmpv is there, and the page has heard of it: a step goes on from where the page is."""
        return all(near(at_s)(None, at) for at in (self.shown("time-pos"), self.player._state.position_s))

    @property
    def covered(self) -> bool:
        return bool(self.item("keysOverlay").isVisible())

    def shown(self, name: str) -> object:
        """What the page shows, else a property of libmpv."""
        files, tools, window = self.app.own_files, self.tools, self.window
        rows = [(line.name, line.playing) for line in files.queue_lines]
        of_page: dict[str, Callable[[], object]] = {
            "page": lambda: self.page,
            "full screen": lambda: window.visibility() is QWindow.Visibility.FullScreen,
            "small": lambda: bool(self.item("leaveSmall").property("visible") or window.width() < 700),
            "statistics": lambda: self.item("statisticsPanel").isVisible(),
            "menu": lambda: self.item("menu").isVisible(),
            "keys": lambda: self.covered,
            "asks for": lambda: self.item("toolEntry").property("what") if self.item("toolEntry").isVisible() else "",
            "bookmarks": lambda: tools._state.bookmarks,
            "frames": lambda: len([*tools.screenshots.glob("*.png")]),
            "shuffled": lambda: files.property("shuffled"),
            "repeat": lambda: files.property("repeat"),
            "queue": lambda: [row[0] for row in rows],
            "plays": lambda: self.player.property("title"),
            "minutes left": lambda: round(tools._sleep.remainingTime() / 60_000),
            "folder": lambda: tools.property("heading"),
            "is at a bookmark": lambda: near(tools._state.bookmarks[-1])(None, self.shown("time-pos")),
        }
        if name in of_page:
            return of_page[name]()
        session = tools._session
        value = session._parts.player.read(name) if isinstance(session, Session) else None
        return math.nan if value is None and name == "time-pos" else value

    def does(self, action: str, ask: Callable[[], None]) -> None:
        """Ask for a function; it does what it is for, and what can be put back is."""
        self.ready(action)
        name, is_done = EFFECTS[action]
        if action in FIRST:
            unchanged = self.shown(name)
            self.tools.perform(FIRST[action])
            self.until(f"before {action}", lambda: self.shown(name) != unchanged)
            self.asked.clear()
        before = self.shown(name)
        ask()
        self.until(action, lambda: action in self.asked or action not in TOOL_ACTIONS)
        self.until(f"{name} after {action}, of {before}", lambda: is_done(before, self.shown(name)))
        if action in ("full_screen", "picture_in_picture", "statistics"):
            self.press({"full_screen": K.Key_F, "picture_in_picture": K.Key_P, "statistics": K.Key_I}[action])
            self.until("as before", lambda: self.shown(name) is False)

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
                self.ready(level)
                if level == "second":
                    self.tools._session.select_second_text(self.tools._state.text_tracks[1].id)  # type: ignore[union-attr]
                    self.until("second subtitles", lambda: self.shown("secondary-sid"))
                into("tools")
                to(section)
                to(level)
                assert self.tools._path[-1] == level
                if level in WITH_MORE:
                    more(self.lines()[0 if choice == "down" else -1])
                    level_of = "queue_file" if level == "queue_list" else "bookmark_line"
                else:
                    level_of = level
                self.until(
                    f"lines of {level}", lambda choice=choice, at=level: choice in self.lines() or at == "browse"
                )
                name, is_done = CHOSEN[f"{level_of} {choice}"]
                before = self.shown(name)
                to(choice if choice in self.lines() else self.lines()[0])
                self.until(
                    f"{name} after {level_of} {choice}, of {before}",
                    lambda name=name, is_done=is_done, before=before: is_done(before, self.shown(name)),
                )

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
        self.does("start", lambda: (self.go(K.Key_Up, "seekBar"), self.press(*[K.Key_Left] * 6)))

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
