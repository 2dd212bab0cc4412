"""Every function of the player by keys, by the mouse and by the six keys of a remote: each of the three ways leads to
the same deed."""

from __future__ import annotations

import re
from concurrent.futures import Future
from pathlib import Path

import pytest
from PySide6.QtCore import QKeyCombination, QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from player.manifest.chapters import Chapter
from player.reporting.state import FileFacts
from tests.kit.fake_client import playing
from tests.ui.functions import CONTROLS, DEEPER, OF_PROGRAMMES, SECTIONS
from ui.app.viewmodels import tools as tools_module
from ui.app.viewmodels.actions import key_actions
from ui.app.viewmodels.tools import TOOL_ACTIONS, ToolsViewModel

K = Qt.Key
GUIDE = Path(__file__).parents[3] / "docs/guide-viewer.md"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The deeds that were asked for, in place of what they do."""
    asked: list[str] = []

    def noted(action: str):
        def deed(_tools: ToolsViewModel) -> bool:
            asked.append(action)
            return True

        return deed

    monkeypatch.setattr(tools_module, "_DEEDS", {action: noted(action) for action in tools_module._DEEDS})
    return asked


def watch(stage, tmp_path) -> None:
    for name in ("a.mkv", "b.mkv"):
        (tmp_path / name).write_bytes(b"\x1a\x45\xdf\xa3" + b"\x01" * 100)
    stage.start(files=[str(tmp_path / "a.mkv"), str(tmp_path / "b.mkv")])
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[-1].publish(
        playing(chapters=(Chapter(0.0, "One"), Chapter(50.0, "Two")), media=FileFacts("mkv", 1))
    )
    stage.until(lambda: stage.page == "player")


def test_by_their_keys(stage, tmp_path, done):
    watch(stage, tmp_path)
    for action in key_actions():
        for key in action.keys if action.id in TOOL_ACTIONS else ():
            pressed = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
            assert isinstance(pressed, QKeyCombination)
            QTest.keyClick(stage.window, pressed.key(), pressed.keyboardModifiers())
            assert done[-1:] == [action.id], key
            done.clear()


def click(stage) -> None:
    """Click on the line that has the focus, once the list has come to it."""
    line, menu = stage.focus, stage.item("menu")
    middle = QPoint(round(line.width() / 2), round(line.height() / 2))
    stage.until(lambda: line.mapToItem(menu, middle).y() < menu.height() - 20)
    stage.wait(1)
    QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=line.mapToScene(middle).toPoint())


def test_by_a_remote_and_by_the_mouse(stage, tmp_path, done):
    watch(stage, tmp_path)
    tools = stage.app.player.property("tools")
    by_keys, by_mouse = set(), set()
    for at, section in enumerate(SECTIONS):
        stage.item("tools").forceActiveFocus()
        stage.key(K.Key_Return)
        stage.key(K.Key_Home, *[K.Key_Down] * at, K.Key_Return)
        lines = tools.options.records
        for row, line in enumerate(lines):
            if line.key in TOOL_ACTIONS:
                done.clear()
                stage.key(K.Key_Return)
                by_keys |= {line.key} & set(done)
                done.clear()
                click(stage)
                by_mouse |= {line.key} & set(done)
            if row < len(lines) - 1:
                stage.key(K.Key_Down)
        assert tools.options.records == lines, section
        stage.key(K.Key_Escape, K.Key_Escape)
    expected = {action.id for action in key_actions()} & TOOL_ACTIONS
    assert by_keys == expected
    assert by_mouse == expected


LEVELS = tools_module._LEVELS - set(SECTIONS) - {"queue_file", "bookmark_line", "found"}
"""What has no key of its own: lines that lead a level deeper."""


@pytest.mark.parametrize("by_mouse", [False, True], ids=["remote", "mouse"])
def test_what_has_no_key_is_reached(stage, tmp_path, by_mouse):
    watch(stage, tmp_path)
    devices: Future[tuple[()]] = Future()
    stage.client.sessions[-1].audio_devices = lambda: devices
    stage.client.sessions[-1].publish(playing(bookmarks=(1.0,), media=FileFacts("mkv", 1)))
    tools = stage.app.player.property("tools")
    stage.until(lambda: bool(tools._state.bookmarks))
    reached = set()
    for at in range(len(SECTIONS)):
        stage.item("tools").forceActiveFocus()
        stage.key(K.Key_Return)
        stage.key(K.Key_Home, *[K.Key_Down] * at, K.Key_Return)
        section = tools.property("heading")
        for row, line in enumerate(tools.options.records):
            if line.key not in LEVELS:
                continue
            stage.key(K.Key_Home, *[K.Key_Down] * row)
            if by_mouse:
                click(stage)
            else:
                stage.key(K.Key_Return)
            if tools._path[-1] == line.key:
                reached.add(line.key)
            while tools.property("heading") != section:
                stage.key(K.Key_Escape)
        stage.key(K.Key_Escape, K.Key_Escape)
    assert reached == LEVELS == {level for _, level, _ in DEEPER}


def test_the_others_have_a_control_on_the_page(stage, tmp_path):
    watch(stage, tmp_path)
    in_tools = TOOL_ACTIONS | {"help"}  # "keys" in the tools
    assert {action.id for action in key_actions()} - in_tools == set(CONTROLS) | OF_PROGRAMMES
    for name in set(CONTROLS.values()):
        assert stage.item(name).isVisible(), name


def guide_keys() -> set[str]:
    """The keys of the guide's table, as the table of keys writes them."""
    guide = GUIDE.read_text(encoding="utf-8")
    rows = guide[guide.index("| key | does |") :].split("\n\n")[0].splitlines()[2:]
    return {key.replace("Page ", "Pg") for row in rows for key in re.findall(r"`([^`]+)`", row)}


def test_each_key_is_in_the_guide(qapp):
    written = guide_keys()
    missing = [action.id for action in key_actions() if not written.intersection(action.keys)]
    assert not missing


def test_the_guide_names_no_key_that_there_is_not(qapp):
    known = {key for action in key_actions() for key in action.keys}
    assert not guide_keys() - known - {"Left", "Right", "Up", "Down", "Enter"}
