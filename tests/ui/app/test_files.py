"""The viewer's own files in the app: opened, one after another, found again, and adjusted while they play."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from player.mpv.adjustments import Adjustments, changed, properties
from player.mpv.outputs import AudioDevice, audio_devices, device_or_default
from player.reporting.state import FileFacts, PlaybackFailure, PlaybackStatus, SourceForm
from player.resume.files import FileMemory, OpenedFile
from player.text.subtitle_files import SubtitleLine
from player.title.media_file import (
    MediaFileKind,
    address_identity,
    is_media_head,
    is_media_name,
    kind_of,
    may_be_media,
    media_of_folder,
)
from tests.kit.fake_client import cards, playing
from ui.app.system import links
from ui.app.viewmodels import browsing
from ui.app.viewmodels import files as files_module
from ui.app.viewmodels.browsing import FileBrowser
from ui.app.viewmodels.queue import PlayQueue, Repeat
from ui.app.viewmodels.tools import ToolsViewModel
from ui.cli.app import _files
from ui.cli.main import _is_app_call

K = Qt.Key
HEAD = b"\x1a\x45\xdf\xa3" + b"\x01" * 100


def films(folder: Path, *names: str) -> list[Path]:
    made = []
    for name in names:
        (folder / name).write_bytes(HEAD)
        made.append(folder / name)
    return made


def playing_names(stage) -> list[str]:
    return [session.source.shown_name for session in stage.client.sessions]


def test_a_film_of_unknown_length_has_a_bar_of_what_is_known(stage, tmp_path):
    facts = FileFacts("mpegts", 1 << 20)
    growing = playing(duration_s=None, position_s=30.0, buffered=((30.0, 40.0),), media=facts)
    stage.start(files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: bool(stage.client.sessions))
    session, player = stage.client.sessions[-1], stage.app.player
    session.publish(growing)
    stage.until(lambda: player.property("fraction") == 0.75)
    assert player.property("buffered") == [0.75, 1.0]
    assert player.property("positionText") == "0:30"
    assert player.property("durationText") == "0:40+"
    stage.key(K.Key_5)
    assert "length" in player.tools_menu.said
    assert not sought(session)
    stage.key(K.Key_0)
    stage.until(lambda: sought(session) == [0.0])
    session.publish(replace(growing, position_s=0.0, buffered=()))
    stage.until(lambda: player.property("fraction") == 0.0)
    player.seekTo(0.5)
    assert sought(session)[-1] == 20.0, "it stays known how far the film goes"
    player.tools_menu.goToTime("2:00:00")
    assert sought(session)[-1] == 7200.0
    session.publish(replace(growing, status=PlaybackStatus.SEEKING, position_s=7200.0, buffered=()))
    stage.until(lambda: player.property("status") == "seeking")
    assert player.property("durationText") == "0:40+", "nobody knows whether it goes so far"
    session.publish(replace(growing, position_s=7200.0, buffered=()))
    stage.until(lambda: player.property("positionS") == 7200.0)
    player.step(1)
    stage.until(lambda: sought(session)[-1] == 7210.0)


@pytest.mark.parametrize("name", ["browsePanel", "openStreamDialog"])
def test_a_film_that_another_program_opens_is_not_covered(stage, tmp_path, name):
    (film,) = films(tmp_path, "a.mkv")
    stage.client.service_name = ""
    stage.start()
    if name == "browsePanel":
        QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    else:
        stage.key(K.Key_Down, K.Key_Right, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.item(name).isVisible())
    stage.app.files.open([str(film)])
    stage.until(lambda: stage.page == "player")
    assert not stage.item(name).isVisible()


def sought(session) -> list[float]:
    return [order[1] for order in session.orders if order[0] == "seek"]


def test_the_way_back_through_the_tools_leads_to_the_line_that_one_came_by(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[-1].publish(playing(bookmarks=(1.0, 2.0)))
    stage.until(lambda: stage.page == "player")
    stage.key(K.Key_T)
    tools = stage.app.player.tools_menu
    for level, deeper in (("playback", "sleep"), ("subtitles", "browse"), ("queue", "queue_list")):
        at = [line.key for line in tools.options.records].index(level)
        stage.key(K.Key_Home, *[K.Key_Down] * at, K.Key_Return)
        row = [line.key for line in tools.options.records].index(deeper)
        stage.key(K.Key_Home, *[K.Key_Down] * row, K.Key_Return)
        if deeper == "queue_list":
            stage.key(K.Key_Down, K.Key_Menu)
            assert tools._path[-1] == "queue_file"
            stage.key(K.Key_Escape)
            assert stage.item("menu").property("row") == 1
        stage.key(K.Key_Escape)
        assert stage.item("menu").property("row") == row
        stage.key(K.Key_Escape)
        assert stage.item("menu").property("row") == at


def test_a_film_that_is_paused_while_it_loads_begins_paused(stage, tmp_path):
    """Before there is a playback: the engine is asked for one, and the disk is looked at."""
    held, real = threading.Event(), stage.client.open

    async def late(*wanted: object) -> object:
        while not held.is_set():
            await asyncio.sleep(0.01)
        return await real(*wanted)

    stage.client.open = late
    stage.start(files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: stage.page == "player" and stage.app.player.property("status") == "loading")
    stage.key(K.Key_Space)
    held.set()
    stage.until(lambda: bool(stage.client.sessions))
    stage.until(lambda: ("pause",) in stage.client.sessions[-1].orders)


def test_hdr_has_one_way_where_the_processor_draws(stage, tmp_path):
    """libmpv's drawing in memory cuts off what is bright, whichever way is chosen."""
    stage.start(files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[-1].publish(playing())
    tools = stage.app.player.tools_menu
    tools.draws_in_memory = True
    tools.open()
    tools.choose("picture")
    line = next(line for line in tools.options.records if line.key == "tone_mapping")
    assert not line.available
    assert line.detail == "needs a graphics card"
    tools.perform("tone_mapping")
    assert "one way" in tools.said
    assert not [order for order in stage.client.sessions[-1].orders if order[0] == "adjust"]


def test_a_folder_plays_as_people_count(stage, tmp_path):
    films(tmp_path, "Part 10.mkv", "Part 2.mkv", "Part 1.mkv", ".hidden.mkv", "notes.txt")
    stage.start(files=[str(tmp_path)])
    for name in ("Part 1", "Part 2", "Part 10"):
        stage.until(lambda name=name: playing_names(stage)[-1:] == [name])
        stage.client.sessions[-1].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page != "player")
    assert playing_names(stage) == ["Part 1", "Part 2", "Part 10"]


ODD = {
    "lines": "new\nline",
    "tab": "tab\tbed",
    "spaces": " space ",
    "turned": "rtl\u202egpj",
    "no text": "not text\udcff",
    "signs": "100%25 #1?",
    "dash": "-dash",
}
"""Names that are no text, or that text does not carry whole."""


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_the_text_of_a_place_leads_back_to_it(name):
    path = Path("/films") / f"{name}.mkv"
    text = links.place_text(path)
    assert text.isprintable()
    assert links.chosen_file(text.encode().decode()) == path


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_a_file_plays_whatever_it_is_called(stage, tmp_path, name):
    """From the command line, from another start, from the list of a folder, and from what was opened last."""
    path = films(tmp_path, f"{name}.mkv")[0]
    sources = []
    stage.start(files=_files([str(path)]))
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source.media.path == path
    files = stage.app.files
    files.sourceWanted.connect(lambda source: sources.append(source.media.path))
    handed = "\t".join(_files([str(path)])).replace("\n", " ").encode().decode()
    stage.app.open_places(handed.split("\t"))
    stage.until(lambda: sources == [path])
    browser = FileBrowser(is_media_name)
    chosen = []
    browser.chosen.connect(chosen.append)
    browser.show(tmp_path)
    browser.choose(browser.lines[-1].key)
    files.open(chosen)
    stage.until(lambda: sources == [path] * 2)
    stage.client.files = [OpenedFile("id", str(path), "x", 90.0, 600.0, 1.0)]
    files.refresh()
    stage.until(lambda: bool(files.recent.records))
    files.playRecent("id")
    stage.until(lambda: sources == [path] * 3)
    shown = {stage.client.sessions[0].source.shown_name, browser.lines[-1].label, files.queue_lines[0].name}
    assert not [one for one in shown if not one.isprintable() or one != one.strip()]


def test_the_queue_by_keys(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mp3", "c.flac"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[-1].publish(playing())
    stage.key(K.Key_N)
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    QTest.keyClick(stage.window, K.Key_Less)
    stage.until(lambda: playing_names(stage) == ["a", "b", "a"])
    stage.key(K.Key_Q)
    assert stage.app.files.property("repeat") == "all"


def fail(stage) -> None:
    """What plays cannot be played."""
    stage.client.sessions[-1].publish(
        playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure("input.file", "There is no such file."))
    )


def test_a_file_of_the_queue_that_cannot_be_played_is_passed_over(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv", "c.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[-1].publish(playing())
    stage.key(K.Key_N)
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    fail(stage)
    stage.until(lambda: playing_names(stage) == ["a", "b", "c"])
    stage.until(lambda: "b.mkv" in stage.app.player.property("tools").property("said"))
    stage.client.sessions[-1].publish(playing())
    QTest.keyClick(stage.window, K.Key_Less)
    stage.until(lambda: playing_names(stage)[3:] == ["b"])
    fail(stage)
    stage.until(lambda: playing_names(stage)[3:] == ["b", "a"])


def test_a_queue_of_which_nothing_plays_comes_to_an_end(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.app.files.cycleRepeat()
    assert stage.app.files.property("repeat") == "all"
    fail(stage)
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    fail(stage)
    stage.until(lambda: stage.app.player.property("status") == "failed")
    stage.wait(50)
    assert playing_names(stage) == ["a", "b"], "the page says why"


def test_a_queue_whose_disk_has_gone_is_not_tried_to_its_end(monkeypatch, tmp_path, stage):
    monkeypatch.setattr(files_module, "_MOST_PASSED", 2)
    stage.start(files=list(map(str, films(tmp_path, *(f"{number}.mkv" for number in range(9))))))
    for count in (1, 2, 3):
        stage.until(lambda count=count: len(stage.client.sessions) == count)
        fail(stage)
    stage.until(lambda: stage.app.player.property("status") == "failed")
    stage.wait(50)
    assert len(stage.client.sessions) == 3


def test_several_files_are_dropped_and_pasted(stage, tmp_path):
    (film,) = films(tmp_path, "film.mkv")
    stage.client.service_name = ""
    stage.start()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(film))])
    QGuiApplication.clipboard().setMimeData(data)
    stage.item("openStreamButton").forceActiveFocus()
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: playing_names(stage) == ["film"])
    assert stage.client.sessions[0].source.media.path == film


def test_what_was_opened_last_is_found_without_a_service(stage, tmp_path):
    (film,) = films(tmp_path, "Harbour Lights.mkv")
    stage.client.service_name = ""
    stage.client.files = [OpenedFile("x", str(film), "Harbour Lights", 90.0, 600.0, 1.0)]
    stage.start()
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: "Harbour Lights" in [one.label for one in stage.app.files.browser.lines])
    assert stage.app.files.browser.lines[0].detail == "1:30 / 10:00"
    stage.key(K.Key_Return)
    stage.until(lambda: playing_names(stage) == ["Harbour Lights"])


def test_a_file_is_chosen_by_six_keys(stage, tmp_path):
    (tmp_path / "Films").mkdir()
    films(tmp_path / "Films", "b.mkv", "a.mkv")
    (tmp_path / "Films" / "text.txt").touch()
    stage.client.service_name = ""
    stage.start(tv=True)
    stage.app.files.browser.show(tmp_path)
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.focus_name == "browseMenu")
    assert [one.label for one in stage.app.files.browser.lines] == ["Up", "Films"]
    stage.key(K.Key_Down, K.Key_Return)
    assert [one.label for one in stage.app.files.browser.lines] == ["Up", "Play this folder", "a.mkv", "b.mkv"]
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.until(lambda: playing_names(stage) == ["b"])


def focused_line(stage) -> str:
    return str(stage.focus.property("label"))


def test_a_folder_that_is_read_again_leaves_the_focus_where_it_is(stage, tmp_path):
    """What was opened last arrives late, a file is added: the line stays, wherever it is now."""
    films(tmp_path, "a.mkv", "c.mkv", "d.mkv")
    stage.client.service_name = ""
    stage.start()
    browser = stage.app.files.browser
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.focus_name == "browseMenu")
    stage.key(K.Key_Down)
    place = focused_line(stage)
    assert place == browser.lines[1].label
    stage.client.files = [opened("h", tmp_path / "a.mkv")]
    stage.app.files.refresh()
    stage.until(lambda: [line.label for line in browser.lines[:1]] == ["a"])
    assert focused_line(stage) == place
    browser.show(tmp_path)
    assert focused_line(stage) == "Up", "another folder starts at its first line"
    stage.key(*[K.Key_Down] * 3)
    assert focused_line(stage) == "c.mkv"
    films(tmp_path, "b.mkv")
    browser.show(tmp_path)
    assert focused_line(stage) == "c.mkv"
    stage.key(K.Key_Down)
    assert focused_line(stage) == "d.mkv"


def test_a_folder_that_is_left_is_focused_in_the_one_above(stage, tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    stage.client.service_name = ""
    stage.start()
    stage.app.files.browser.show(tmp_path)
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.focus_name == "browseMenu")
    stage.key(K.Key_Down, K.Key_Down, K.Key_Return)
    assert focused_line(stage) == "Up"
    stage.key(K.Key_Escape)
    assert focused_line(stage) == "b"


def test_a_long_folder_is_crossed_by_pages_and_by_letters(stage, tmp_path):
    for number in range(400):
        (tmp_path / f"clip {number}.mkv").touch()
    (tmp_path / "Meadow.mkv").touch()
    stage.client.service_name = ""
    stage.start()
    stage.app.files.browser.show(tmp_path)
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.focus_name == "browseMenu")
    stage.key(K.Key_PageDown)
    assert focused_line(stage).startswith("clip ")
    stage.key(K.Key_PageUp)
    assert focused_line(stage) == "Up"
    stage.key(K.Key_End)
    assert focused_line(stage) == "Meadow.mkv"
    stage.key(K.Key_Home)
    assert focused_line(stage) == "Up"
    stage.keys_at_once(K.Key_M, K.Key_E)
    assert focused_line(stage) == "Meadow.mkv"
    stage.keys_at_once(K.Key_Z)
    assert focused_line(stage) == "Meadow.mkv", "nothing is called so"


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_a_menu_longer_than_its_room_shows_where_it_is(stage, tmp_path, tv):
    films(tmp_path, *(f"{number}.mkv" for number in range(40)))
    (tmp_path / "few").mkdir()
    stage.client.service_name = ""
    stage.start(tv=tv)
    stage.app.files.browser.show(tmp_path / "few")
    QTest.keyClick(stage.window, K.Key_O, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.focus_name == "browseMenu")
    menu = stage.item("browseMenu")
    mark = next(item for item in menu.childItems() if item.objectName() == "menuScrollMark")
    assert not mark.isVisible(), "one line"
    stage.key(K.Key_Return)
    stage.until(mark.isVisible)
    above = mark.y()
    assert mark.height() < menu.height() / 2
    stage.key(K.Key_End)
    stage.until(lambda: mark.y() > above + mark.height())
    assert mark.y() + mark.height() <= menu.height()
    stage.key(K.Key_Home)
    stage.until(lambda: mark.y() == pytest.approx(above, abs=1.0))


def test_what_a_folder_has_beyond_the_list_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(browsing, "_MOST", 2)
    films(tmp_path, "a.mkv", "b.mkv", "c.mkv", "d.mkv")
    browser = FileBrowser(is_media_name)
    browser.show(tmp_path)
    assert [line.label for line in browser.lines] == ["Up", "a.mkv", "b.mkv", "2 more are not listed"]


@pytest.mark.parametrize("what", ["time", "line"])
def test_what_is_typed_in_one_file_is_not_meant_for_the_next(stage, tmp_path, what):
    """The end of a file closes "Go to a time" and "Find a line": the next one plays behind no question."""
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[-1].publish(playing())
    stage.until(lambda: stage.app.player.property("status") == "playing")
    stage.app.player.property("tools").textWanted.emit(what)
    stage.until(lambda: stage.item("toolEntry").isVisible())
    stage.type("2:05")
    stage.client.sessions[-1].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    stage.until(lambda: not stage.item("toolEntry").isVisible())
    assert stage.focus_name == "idle"


def test_the_right_button_opens_the_tools(stage):
    session = stage.play(playing())
    session.orders.clear()
    QTest.mouseClick(stage.window, Qt.MouseButton.RightButton, pos=QPoint(300, 200))
    stage.until(lambda: stage.focus_name == "menu")
    assert stage.app.player.property("tools").property("heading") == "Tools"
    QTest.mouseClick(stage.window, Qt.MouseButton.RightButton, pos=QPoint(300, 200))
    stage.until(lambda: stage.focus_name != "menu")
    assert session.orders == []


@pytest.mark.parametrize(
    ("key", "modifiers", "order"),
    [
        (K.Key_X, Qt.KeyboardModifier.NoModifier, ("adjust", Adjustments(subtitle_delay_s=0.1))),
        (K.Key_Plus, Qt.KeyboardModifier.ControlModifier, ("adjust", Adjustments(audio_delay_s=0.1))),
        (K.Key_N, Qt.KeyboardModifier.ShiftModifier, ("adjust", Adjustments(night=True))),
        (K.Key_C, Qt.KeyboardModifier.NoModifier, ("adjust", Adjustments(crop="fill"))),
        (K.Key_R, Qt.KeyboardModifier.ControlModifier, ("adjust", Adjustments(rotation=90))),
        (K.Key_Period, Qt.KeyboardModifier.NoModifier, ("step_frame", 1)),
        (K.Key_Comma, Qt.KeyboardModifier.NoModifier, ("step_frame", -1)),
        (K.Key_BracketRight, Qt.KeyboardModifier.NoModifier, ("set_speed", 1.1)),
        (K.Key_L, Qt.KeyboardModifier.ShiftModifier, ("set_loop", 80.0, None)),
        (K.Key_B, Qt.KeyboardModifier.ControlModifier, ("keep_bookmarks", [80.0])),
        (K.Key_V, Qt.KeyboardModifier.NoModifier, ("select_text", "t1")),
        (K.Key_B, Qt.KeyboardModifier.NoModifier, ("select_audio", "a2")),
    ],
)
def test_a_key_adjusts(stage, key, modifiers, order):
    session = stage.play(playing())
    QTest.keyClick(stage.window, key, modifiers)
    stage.until(lambda: order in session.orders)


@pytest.mark.parametrize("name", ["audio", "subtitles"])
@pytest.mark.parametrize(("way", "back", "most_s"), [("later", "earlier", 60.0), ("earlier", "later", -60.0)])
def test_no_delay_is_said_that_libmpv_is_not_given(stage, name, way, back, most_s):
    session = stage.play(playing())
    tools, field = stage.app.player.property("tools"), f"{name.removesuffix('s')}_delay_s"
    for _ in range(620):
        tools.perform(f"{name}_{way}")
    assert session.orders[-1] == ("adjust", Adjustments(**{field: most_s}))
    assert str(abs(int(most_s))) in tools._said
    tools.perform(f"{name}_{back}")
    assert session.orders[-1] == ("adjust", Adjustments(**{field: most_s - most_s / 600}))


def test_all_tools_are_reached_by_six_keys_and_by_mouse(stage):
    """Every line of every level: reached by arrows, and Back leads out of each."""
    session = stage.play(playing(bookmarks=(1.0,)))
    tools = stage.app.player.property("tools")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "menu"
    for level in range(4):
        stage.key(K.Key_Home, *[K.Key_Down] * level, K.Key_Return)
        heading = tools.property("heading")
        assert heading != "Tools"
        for _ in range(len(tools.options.records)):
            stage.key(K.Key_Down)
        assert stage.focus_name == "menu"
        stage.key(K.Key_Escape)
        assert tools.property("heading") == "Tools"
    stage.key(K.Key_Escape)
    assert stage.focus_name == "tools"
    stage.key(K.Key_Return, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Return, K.Key_Return)
    stage.until(lambda: ("adjust", Adjustments(audio_delay_s=0.2)) in session.orders)
    assert stage.focus_name == "menu", "a value can be changed again and again"


def test_go_to_a_time(stage):
    session = stage.play(playing())
    QTest.keyClick(stage.window, K.Key_T, Qt.KeyboardModifier.ControlModifier)
    stage.type("2:05")
    stage.key(K.Key_Return)
    stage.until(lambda: ("seek", 125.0) in session.orders)
    assert not stage.app.player.property("tools").goToTime("soon")


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("2:05", 125.0),
        (" 1:02:03 ", 600.0),
        ("999999", 600.0),
        ("7,5", 7.5),
        ("\u0662:\u0660\u0665", 125.0),
        ("soon", None),
        ("-5", None),
        ("1:2:3:4", None),
        ("", None),
        ("1e9", None),
        ("0x10", None),
        ("9" * 400, None),
    ],
)
@pytest.mark.parametrize("start_s", [0.0, 1000.0])
def test_a_time_is_one_of_the_film(stage, text, sought, start_s):
    """Beyond the end is the end; what is no time says how times are written."""
    session = stage.play(playing(start_s=start_s, position_s=start_s + 1.0, duration_s=start_s + 600.0))
    stage.app.player.property("tools").goToTime(text)
    sent = [order for order in session.orders if order[0] == "seek"]
    assert sent == ([] if sought is None else [("seek", start_s + sought)])
    if sought is None:
        assert stage.app.player.property("tools").property("said") == "Write a time such as 1:02:03."


def test_times_are_said_since_the_start_of_the_film(stage):
    stage.play(playing(start_s=1000.0, position_s=1065.0, duration_s=1600.0))
    QTest.keyClick(stage.window, K.Key_B, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.app.player.property("tools").property("said") == "Bookmark at 1:05")


def test_a_subtitle_file_is_dropped_onto_the_picture(stage, tmp_path):
    session = stage.play(playing())
    (tmp_path / "words.srt").touch()
    assert stage.app.player.addSubtitles([QUrl.fromLocalFile(str(tmp_path / "words.srt")).toString()])
    assert ("add_subtitles", tmp_path / "words.srt") in session.orders
    assert not stage.app.player.addSubtitles([str(tmp_path / "film.mkv")])


def drop(stage, *places: Path | str) -> None:
    data = QMimeData()
    data.setUrls([QUrl(place) if isinstance(place, str) else QUrl.fromLocalFile(str(place)) for place in places])
    at, copy = QPoint(300, 300), Qt.DropAction.CopyAction
    held, free = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QCoreApplication.sendEvent(stage.window, QDragEnterEvent(at, copy, data, held, free))
    QCoreApplication.sendEvent(stage.window, QDropEvent(QPointF(at), copy, data, held, free))


def test_several_files_are_dropped(stage, tmp_path):
    """Subtitles alone are those of what plays."""
    session = stage.play(playing())
    words = films(tmp_path, "en.srt", "de.ass")
    drop(stage, *words)
    stage.until(lambda: [order for order in session.orders if order[0] == "add_subtitles"] != [])
    assert [order[1] for order in session.orders if order[0] == "add_subtitles"] == words


def test_subtitles_that_are_dropped_with_films_are_no_films(stage, tmp_path):
    stage.play(playing())
    drop(stage, *films(tmp_path, "b.mkv", "b.srt", "a 10%25 #1.mkv"))
    stage.until(lambda: playing_names(stage)[1:] == ["b"])
    assert [line.name for line in stage.app.files.queue_lines] == ["b.mkv", "a 10%25 #1.mkv"]


def test_subtitles_of_another_name_that_are_dropped_with_one_film_are_shown_with_it(stage, tmp_path):
    stage.play(playing())
    words, film, later = films(tmp_path, "words.srt", "a.mkv", "b.mkv")
    drop(stage, words, film)
    stage.until(lambda: playing_names(stage)[1:] == ["a"])
    assert stage.client.sessions[-1].source.subtitles == (words.resolve(),)
    drop(stage, later)
    stage.until(lambda: playing_names(stage)[2:] == ["b"])
    assert stage.client.sessions[-1].source.subtitles == ()


def test_several_addresses_are_dropped(stage, tmp_path):
    """They are a queue, beside files as well."""
    stage.play(playing())
    (film,) = films(tmp_path, "b.mkv")
    live, there = "https://media.test/live/a.m3u8?key=secret", "https://media.test/A%23film.mp4?key=secret"
    drop(stage, live, film, there, "https://media.test/")
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert stage.client.sessions[1].source.url == live
    assert [line.name for line in stage.app.files.queue_lines] == ["a.m3u8", "b.mkv", "A#film.mp4", "media.test"]
    stage.app.files.playRow(2)
    stage.until(lambda: len(stage.client.sessions) == 3)
    assert stage.client.sessions[2].source.media.url == there


@pytest.mark.parametrize(
    ("dropped", "sentence"),
    [
        (["ftp://media.test/a.mkv", "mailto:a@media.test"], "Matinee plays files, folders, and addresses that begin"),
        (["empty", "empty"], "There is no film and no music in this folder."),
        (["gone", "gone"], "gone: No such file or directory."),
    ],
    ids=["strange", "empty", "gone"],
)
def test_what_cannot_be_opened_is_told_on_every_page(stage, tmp_path, dropped, sentence):
    stage.start()
    (tmp_path / "empty").mkdir()
    drop(stage, *(place if ":" in place else tmp_path / place for place in dropped))
    stage.until(lambda: stage.item("filesNotice").property("text").startswith(sentence))
    assert stage.item("filesNotice").isVisible()
    drop(stage, *films(tmp_path, "a.mkv", "b.mkv"))
    stage.until(lambda: bool(stage.client.sessions))
    assert not stage.item("filesNotice").isVisible()


def test_what_of_a_queue_cannot_be_opened_is_passed_over(stage, tmp_path):
    stage.start(files=[str(tmp_path / "gone"), *map(str, films(tmp_path, "b.mkv"))])
    stage.until(lambda: playing_names(stage) == ["b"])


@pytest.mark.parametrize("words", [["gone.mkv"], ["b.mkv", "gone.mkv"]], ids=" ".join)
def test_a_file_that_is_not_there_is_told_in_the_window(stage, tmp_path, monkeypatch, words):
    films(tmp_path, "b.mkv")
    monkeypatch.chdir(tmp_path)
    gone = (tmp_path / words[-1]).resolve()
    assert _is_app_call(words)
    assert _files(words) == tuple(str((tmp_path / word).resolve()) for word in words)
    stage.start(files=_files(words))
    stage.until(lambda: bool(stage.client.sessions))
    stage.app.files.step(1)
    stage.until(lambda: stage.client.sessions[-1].source.media.path == gone)


def test_several_files_are_pasted(stage, tmp_path):
    stage.client.service_name = ""
    stage.start()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in films(tmp_path, "b.mkv", "a.mkv")])
    QGuiApplication.clipboard().setMimeData(data)
    stage.item("openStreamButton").forceActiveFocus()
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: playing_names(stage) == ["b"])
    assert [line.name for line in stage.app.files.queue_lines] == ["b.mkv", "a.mkv"]


def test_the_sleep_timer_pauses(stage):
    session = stage.play(playing())
    tools = stage.app.player.property("tools")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Return)
    stage.key(*[K.Key_Down] * (len(tools.options.records) - 1), K.Key_Return)
    assert tools.property("heading") == "Sleep timer"
    stage.key(K.Key_Down, K.Key_Return)
    assert tools.property("said") == "Pauses in 15 minutes"
    assert not [order for order in session.orders if order[0] == "pause"]
    tools.sleepOver.emit()
    assert session.orders[-1] == ("pause",)


def test_the_sleep_timer_that_runs_out_between_two_files_pauses_the_next(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv", "c.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[0].publish(playing())
    stage.until(lambda: stage.app.player.property("status") == "playing")
    stage.app.player.ended.connect(stage.app.player.property("tools").sleepOver)
    stage.client.sessions[0].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    stage.until(lambda: stage.client.sessions[1].subtitles_at != [])
    assert ("pause",) in stage.client.sessions[1].orders
    stage.client.sessions[1].publish(playing())
    stage.key(K.Key_N)
    stage.until(lambda: playing_names(stage) == ["a", "b", "c"])
    stage.until(lambda: stage.client.sessions[2].subtitles_at != [])
    assert ("pause",) not in stage.client.sessions[2].orders, "once"


def test_lines_that_are_found_too_late_are_not_shown_over_the_next_film(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    asked: Future[tuple[SubtitleLine, ...]] = Future()
    stage.client.sessions[0].subtitle_lines = lambda: asked
    tools = stage.app.player.property("tools")
    stage.until(lambda: stage.client.sessions[0].subtitles_at != [])
    tools.find("harbour")
    stage.client.sessions[0].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    stage.until(lambda: stage.client.sessions[1].subtitles_at != [])
    asked.set_result((SubtitleLine(1.0, 2.0, "The harbour"),))
    stage.wait(50)
    assert stage.focus_name == "idle"


def found_by(stage, session, lines, query: str, **state) -> ToolsViewModel:
    """The tools once a line was looked for."""
    answer: Future[tuple[SubtitleLine, ...]] = Future()
    answer.set_result(tuple(lines))
    session.subtitle_lines = lambda: answer
    session.publish(playing(**state))
    tools = stage.app.player.property("tools")
    stage.until(lambda: stage.app.player.property("positionS") == state["position_s"])
    tools.find(query)
    stage.until(lambda: tools.property("heading") == "Found")
    return tools


def test_the_line_that_is_nearest_is_the_chosen_one(stage):
    session = stage.play(playing())
    lines = [SubtitleLine(10.0 * number, 10.0 * number + 2.0, f"Line {number}") for number in range(1000)]
    tools = found_by(stage, session, lines, "line", position_s=5003.0, duration_s=10000.0)
    assert [one.label for one in tools.options.records if one.chosen] == ["Line 500"]
    stage.until(lambda: stage.focus_name == "menu")
    stage.key(K.Key_Return)
    stage.until(lambda: ("seek", 5000.0) in session.orders)


def test_a_line_is_gone_to_where_it_is_shown(stage):
    """Delayed as the subtitles are."""
    session = stage.play(playing(position_s=50.0))
    for _ in range(20):
        stage.key(K.Key_X)
    tools = found_by(stage, session, [SubtitleLine(60.0, 62.0, "Now")], "now", position_s=50.0)
    assert tools.options.records[0].detail == "1:02"
    stage.until(lambda: stage.focus_name == "menu")
    stage.key(K.Key_Return)
    stage.until(lambda: ("seek", 62.0) in session.orders)


@pytest.mark.parametrize(
    "title", ["海" * 200, "../" * 60, "", "a\nb\0c", ".."], ids=["long", "up", "none", "signs", "dots"]
)
def test_a_frame_is_saved_whatever_the_film_is_called(stage, tmp_path, title):
    session = stage.play(playing(title=title))
    tools = stage.app.player.property("tools")
    tools.screenshots = tmp_path
    saved: list[Path] = []

    def screenshot(path: Path) -> Future[bool]:
        saved.append(path)
        answer: Future[bool] = Future()
        answer.set_result(True)
        return answer

    session.screenshot = screenshot
    stage.key(K.Key_S)
    stage.until(lambda: saved != [])
    assert saved[0].parent == tmp_path
    assert len(f".{saved[0].stem}.part.png".encode()) <= 255, "as long as file systems take it"
    assert saved[0].name.isprintable()


def test_frames_of_one_second_are_files_of_their_own(stage, tmp_path, monkeypatch):
    monkeypatch.setattr("ui.app.viewmodels.tools.time.strftime", lambda _form: "now")
    session = stage.play(playing(position_s=42.04))
    stage.app.player.property("tools").screenshots = tmp_path
    saved: list[Path] = []

    def screenshot(path: Path) -> Future[bool]:
        saved.append(path)
        return Future()

    session.screenshot = screenshot
    stage.key(K.Key_S)
    session.publish(playing(position_s=42.08))
    stage.until(lambda: stage.app.player.property("positionS") == 42.08)
    stage.key(K.Key_S)
    stage.until(lambda: len(saved) == 2)
    assert saved[0] != saved[1]


def test_the_player_is_there_before_the_film_is(stage, tmp_path, monkeypatch):
    """Nobody who opens a file looks at the page of the sign-in meanwhile."""
    (film,) = films(tmp_path, "Harbour Lights.mkv")
    monkeypatch.setattr(files_module, "_found", lambda _places: may_go_on.wait(30) and found)
    may_go_on, found = threading.Event(), files_module._OpenedPlaces([str(film)])
    stage.start(files=[str(film)])
    assert stage.page == "player"
    assert stage.app.player.property("title") == "Harbour Lights"
    assert stage.app.player.property("busy")
    may_go_on.set()
    stage.until(lambda: playing_names(stage) == ["Harbour Lights"])


def test_what_is_left_before_it_was_opened_does_not_play(stage, tmp_path, monkeypatch):
    monkeypatch.setattr(files_module, "_found", lambda _places: may_go_on.wait(30) and found)
    may_go_on, found = threading.Event(), files_module._OpenedPlaces(list(map(str, films(tmp_path, "a.mkv"))))
    stage.start(files=[str(tmp_path)])
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.page == "signIn")
    may_go_on.set()
    stage.wait(50)
    assert stage.page == "signIn"
    assert not stage.client.sessions


def test_where_nothing_can_be_opened_the_first_page_says_why(stage, tmp_path):
    stage.start(files=[str(tmp_path)])
    stage.until(lambda: stage.page == "signIn")
    assert "no film" in stage.app.files.property("notice")


def test_what_is_opened_after_a_night_plays(stage, tmp_path):
    """The sleep timer ran out once the player was left."""
    stage.start(files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[0].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page == "signIn")
    stage.app.player.property("tools").sleepOver.emit()
    stage.app.open_places([str(tmp_path / "a.mkv")])
    stage.until(lambda: playing_names(stage) == ["a", "a"])
    stage.until(lambda: stage.client.sessions[1].subtitles_at != [])
    assert ("pause",) not in stage.client.sessions[1].orders


def test_a_menu_that_is_open_counts_for_the_next_file(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[0].publish(playing(bookmarks=(5.0,)))
    tools = stage.app.player.property("tools")
    stage.until(lambda: stage.app.player.property("status") == "playing")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Return)
    stage.key(*[K.Key_Down] * (len(tools.options.records) - 1), K.Key_Return)
    assert tools.property("heading") == "Sleep timer"
    stage.client.sessions[0].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    stage.until(lambda: stage.client.sessions[1].subtitles_at != [])
    stage.key(K.Key_Down, K.Key_Return)
    assert tools.property("said") == "Pauses in 15 minutes"


def test_the_bookmarks_of_one_file_are_not_shown_over_the_next(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[0].publish(playing(bookmarks=(5.0,)))
    stage.until(lambda: stage.app.player.property("status") == "playing")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Return, K.Key_Down, K.Key_Down, K.Key_Return)
    assert stage.item("menu").property("heading") == "Bookmarks"
    stage.client.sessions[0].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: playing_names(stage) == ["a", "b"])
    stage.until(lambda: stage.item("menu").property("heading") == "Playback")
    assert stage.focus_name == "menu"


def test_hdr_is_shown_as_in_the_settings_again(stage):
    session = stage.play(playing())
    stage.app.player.property("tools").usual_tone = lambda: "mobius"
    for _ in range(5):
        QTest.keyClick(stage.window, K.Key_H, Qt.KeyboardModifier.ShiftModifier)
    wanted = [order[1].tone_mapping for order in session.orders if order[0] == "adjust"]
    assert wanted == ["bt.2390", "hable", "mobius", "clip", "mobius"]
    assert stage.app.player.property("tools").property("said") == "HDR on this screen: as in the settings"


def test_a_part_is_repeated_from_where_its_end_was_set(stage):
    """The position is asked for, since what is known of it is half a second old. libmpv does not repeat a part whose
    end has passed, so playback goes to its start."""
    session = stage.play(playing(position_s=80.0))
    for exact_s, order in ((80.4, ("set_loop", 80.4, None)), (85.3, ("set_loop", 80.4, 85.3))):
        session.exact_s = exact_s
        QTest.keyClick(stage.window, K.Key_L, Qt.KeyboardModifier.ShiftModifier)
        stage.until(lambda order=order: order in session.orders)
    assert session.orders[-1] == ("seek", 80.4)


def test_music_without_a_cover_is_shown_by_its_name(stage):
    """Not by the last picture of the film before it."""
    music = FileFacts("flac", 1000, audio="flac", artist="Nobody & Sons", album="Tones")
    session = stage.play(playing(title="A tone", form=SourceForm("", pictures=False, sound=True), media=music))
    panel = stage.item("soundPanel")
    assert panel.isVisible()
    words = [item.property("text") for item in texts_in(panel)]
    assert {"A tone", "Nobody & Sons  ·  Tones"} <= set(words)
    session.publish(
        playing(form=SourceForm("", pictures=False, sound=True), media=replace(music, video="mjpeg"))  # a cover
    )
    stage.until(lambda: not panel.isVisible())
    assert stage.focus_name == "idle"


def texts_in(item):
    found = [item] if item.property("text") and item.isVisible() else []
    return found + [text for child in item.childItems() for text in texts_in(child)]


def test_a_bookmark_is_set_where_it_is_asked_for(stage):
    """The state that is shown is older."""
    session = stage.play(playing(position_s=80.0))
    session.exact_s = 81.94
    QTest.keyClick(stage.window, K.Key_B, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: ("keep_bookmarks", [81.9]) in session.orders)


def test_a_remote_writes_a_time_by_digits(stage, tmp_path):
    """Its keys have no letters, and go with the film that they were asked for."""
    stage.start(tv=True, files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: bool(stage.client.sessions))
    session = stage.client.sessions[-1]
    session.publish(playing())
    stage.until(lambda: stage.page == "player")
    stage.key(K.Key_T, K.Key_Return, K.Key_Return)
    stage.until(lambda: stage.item("toolEntry").isVisible())
    stage.key(K.Key_Return)
    keyboard = stage.item("keyboardPanel")
    down, right, press = K.Key_Down, K.Key_Right, K.Key_Return
    stage.key(press, down, down, down, press, K.Key_Up, right, press)
    assert keyboard.property("typed") == "1:8"
    failure = PlaybackFailure("net.cut", "The connection has broken.")
    session.publish(playing(status=PlaybackStatus.FAILED, failure=failure))
    stage.until(lambda: stage.focus_name == "retryPlayback")
    stage.until(lambda: stage.window.findChild(QQuickItem, "keyboardPanel") is None)


def test_a_long_sentence_stays_until_it_is_read(stage):
    stage.play(playing())
    tools = stage.app.player.tools_menu
    tools.tell("Louder")
    short = tools._said_timer.interval()
    tools.tell("This frame cannot be saved: the title is protected, or the disk is full or must not be written to.")
    assert tools._said_timer.interval() > 2 * short


def line_of_menu(stage, row: int) -> QQuickItem:
    lines = next(one for one in stage.item("menu").childItems() if one.property("cacheBuffer") is not None)
    return next(one for one in lines.property("contentItem").childItems() if one.property("index") == row)


def middle(item: QQuickItem) -> QPoint:
    return item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()


def test_a_level_that_a_click_leads_to_begins_at_its_first_line(stage):
    stage.play(playing())
    stage.key(K.Key_T)
    menu, tools = stage.item("menu"), stage.app.player.tools_menu
    QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=middle(line_of_menu(stage, 1)))
    stage.until(lambda: tools._path == ["picture"])
    stage.until(lambda: line_of_menu(stage, 0).hasActiveFocus())
    assert menu.property("row") == 0


def test_the_wheel_over_a_menu_is_not_for_the_volume(stage):
    session = stage.play(playing())
    stage.key(K.Key_T)
    stage.until(lambda: stage.item("menu").isVisible())
    at = QPointF(middle(line_of_menu(stage, 1)))
    for turn in (-120, 120) * 3:
        event = QWheelEvent(
            at,
            stage.window.mapToGlobal(at),
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QGuiApplication.sendEvent(stage.window, event)
        stage.wait(1)
    assert not [order for order in session.orders if order[0] == "set_volume"]


def test_a_remote_makes_the_sound_twice_as_loud(stage):
    """On a television there is no slider, and where there is one its keys end at the usual volume."""
    session = stage.play(playing())
    tools = stage.app.player.property("tools")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.key(*[K.Key_Return] * 25)
    assert ("set_volume", 200) in session.orders
    assert tools.options.records[0].detail == "200 %"
    assert tools.property("said") == "Volume 200 %"
    stage.key(K.Key_Down, K.Key_Down, K.Key_Return)
    assert tools.property("said") == "Sound off"


# --- the pure parts


def test_a_queue_is_never_lost():
    """Whatever is done to it: each file once, and what plays stays what it is."""
    rng = random.Random(1)
    for _ in range(300):
        queue = PlayQueue.of([f"f{n}" for n in range(rng.randrange(1, 7))], repeat=rng.choice(list(Repeat)))
        for _ in range(12):
            before = queue.current
            deed = rng.randrange(4)
            if deed == 0:
                queue = queue.moved(rng.randrange(-1, 8), rng.randrange(-1, 8))
            elif deed == 1:
                queue = queue.shuffle(rng, on=rng.random() < 0.5)
            elif deed == 2 and len(queue.places) > 1:
                queue = queue.removed(rng.randrange(len(queue.places)))
            else:
                queue = queue.added([f"n{rng.random()}"])
            assert queue.current == before
            assert sorted(queue.order) == list(range(len(queue.places)))
            queue = queue.step(rng.choice((-1, 1))) or queue


def test_only_what_was_changed_is_set():
    assert changed(Adjustments(), Adjustments()) == {}
    assert changed(Adjustments(), Adjustments(rotation=90)) == {"vf": "lavfi=[transpose=clock]"}
    wild = Adjustments(audio_delay_s=1e9, zoom=9999, subtitle_size=-5, aspect="9:1;quit", crop="x", rotation=7)
    bounded = properties(wild)
    assert bounded["audio-delay"] == 60.0
    assert bounded["video-aspect-override"] == "-1"
    assert bounded["vf"] == ""


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (HEAD, MediaFileKind.MATROSKA),
        (b"\0\0\0\x20ftypisom", MediaFileKind.OTHER),
        (b"#EXTM3U\n", MediaFileKind.LIST),
        (b"/films/x/film.mkv\n", MediaFileKind.LIST),
        (b"https://tv.test/x\n", MediaFileKind.LIST),
        (b"ffconcat version 1.0\n", MediaFileKind.LIST),
        (b"", MediaFileKind.EMPTY),
        (b"ID3\x04\0", MediaFileKind.OTHER),
    ],
)
def test_a_file_is_told_by_its_begin(head, kind):
    assert kind_of(head) is kind


@pytest.mark.parametrize(
    ("url", "unsure"),
    [
        ("https://tv.test/download?id=3", True),
        ("https://tv.test/get.php", True),
        ("https://tv.test/film.mp4", False),
        ("https://tv.test/live/index.m3u8?x", False),
        ("https://tv.test/a.ism/Manifest", False),
        ("data:,x", False),
        ("https://[", False),
    ],
)
def test_only_an_address_that_tells_nothing_is_looked_into(url, unsure):
    assert may_be_media(url) is unsure


@pytest.mark.parametrize(
    ("head", "film"),
    [
        (HEAD, True),
        (b"\0\0\0\x20ftypisom" + bytes(99), True),
        (b"G" + bytes(187) + b"G" + bytes(9), True),
        (b"#EXTM3U\n" + b"#EXT-X-VERSION:3\n" * 9, False),
        (b"<html>" + b"x" * 99, False),
        ("<?xml version='1.0'?><MPD/>".encode("utf-16") * 9, False),
        (b"", False),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), False),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(99), False),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(99), True),
        (b"PK\x03\x04" + bytes(99), False),
    ],
)
def test_what_a_manifest_cannot_be_is_a_film(head, film):
    assert is_media_head(head) is film


def test_addresses_without_a_name_are_told_apart():
    one, other = (address_identity(f"https://tv.test/get?id={n}") for n in (1, 2))
    assert one != other
    assert address_identity("https://tv.test/f.mp4?a") == address_identity("https://tv.test/f.mp4?b")


def test_files_are_remembered_by_what_they_are(tmp_path):
    memory = FileMemory(tmp_path / "files.json")
    memory.keep("a", place="/x/film.mkv", name="film", opened_at=1.0)
    memory.keep("a", position_s=50.0, duration_s=100.0)
    memory.keep("b", place="/x/other.mkv", name="other", opened_at=2.0, position_s=99.0, duration_s=100.0)
    again = FileMemory(tmp_path / "files.json")
    assert [file.name for file in again.last()] == ["other", "film"]
    assert [file.resume_s for file in again.last()] == [0.0, 50.0], "one that was seen begins at its start"
    assert (tmp_path / "files.json").stat().st_mode & 0o777 == 0o600
    for text in ("{}", "[]", '{"version": 1, "files": [{"identity": 3}]}', '{"version": 1, "files": 3}', "\0"):
        (tmp_path / "files.json").write_text(text)
        assert FileMemory(tmp_path / "files.json").last() == ()
    memory.close()
    again.close()


def test_a_folder_has_only_what_plays(tmp_path):
    films(tmp_path, "2.mkv", "10.mkv", "1.mp3")
    (tmp_path / "cover.jpg").touch()
    (tmp_path / "x.mkv").mkdir()
    assert [path.name for path in media_of_folder(tmp_path, 100)] == ["1.mp3", "2.mkv", "10.mkv"]


# --- what was opened last, the queue by hand, the device, the facts


def opened(identity: str, place: Path, at_s: float = 90.0) -> OpenedFile:
    return OpenedFile(identity, str(place), place.stem, at_s, 600.0, 1.0)


def test_a_film_of_unknown_length_is_listed_without_one():
    assert files_module._place_words(OpenedFile("x", "/film.mkv", "Film", 9008.0, 0.0, 1.0)) == "2:30:08"
    assert files_module._place_words(OpenedFile("x", "/film.mkv", "Film", 90.0, 600.0, 1.0)) == "1:30 / 10:00"


def test_a_folder_of_many_files_is_a_queue_of_all(tmp_path):
    for number in range(5100):
        (tmp_path / f"{number}.mp3").touch()
    assert len(files_module._found([str(tmp_path)]).places) == 5100


def test_the_row_of_files_goes_on_and_is_cleared_without_a_service(stage, tmp_path):
    first, second = films(tmp_path, "Harbour.mkv", "Mill.mkv")
    stage.client.service_name = ""
    stage.client.files = [opened("h", first), opened("m", second)]
    stage.start()
    stage.until(lambda: stage.app.files.recent.count == 2)
    stage.key(K.Key_Down, K.Key_Down)
    assert stage.focus_name == "file_0"
    stage.key(K.Key_Menu)
    stage.until(lambda: stage.app.files.property("chosenName") == "Harbour")
    stage.wait(350)  # the key has been let go
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: [one.title_id for one in stage.app.files.recent.records] == ["m"])
    assert [file.identity for file in stage.client.files] == ["m"]
    stage.app.files.playRecent("m")
    stage.until(lambda: playing_names(stage) == ["Mill"])
    stage.app.files.offerChoices("m")
    stage.app.files.choose("clear")
    stage.until(lambda: stage.app.files.recent.count == 0)


def test_the_row_of_files_is_on_home_and_not_for_a_child(stage, tmp_path):
    (film,) = films(tmp_path, "Harbour.mkv")
    stage.client.files = [opened("h", film)]
    stage.client.titles = cards(2)
    stage.sign_in()
    row = stage.item("row_files")
    stage.until(row.isVisible)
    row.forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: playing_names(stage) == ["Harbour"])
    stage.item("homePage").setProperty("calm", True)
    stage.app.back()
    stage.until(lambda: stage.page == "home")
    assert not row.isVisible()


def queue_names(stage) -> list[str]:
    return [line.name for line in stage.app.files.queue_lines]


def open_queue(stage, tmp_path) -> None:
    stage.start(files=list(map(str, films(tmp_path, "a.mkv", "b.mkv", "c.mkv"))))
    stage.until(lambda: playing_names(stage) == ["a"])
    stage.client.sessions[-1].publish(playing())
    stage.until(lambda: stage.page == "player")
    stage.key(K.Key_T)
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.key(*[K.Key_Down] * 4, K.Key_Return)
    assert stage.app.player.property("tools").property("heading") == "Files of the queue"


def test_the_queue_is_put_in_order_by_six_keys_and_by_shift(stage, tmp_path):
    open_queue(stage, tmp_path)
    stage.key(K.Key_Down, K.Key_Down, K.Key_Right)
    stage.key(K.Key_Down, K.Key_Return)
    assert queue_names(stage) == ["a.mkv", "c.mkv", "b.mkv"]
    stage.key(K.Key_Down, K.Key_Down, K.Key_Return)
    assert queue_names(stage) == ["a.mkv", "b.mkv"]
    stage.key(K.Key_Down)
    QTest.keyClick(stage.window, K.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert queue_names(stage) == ["b.mkv", "a.mkv"]
    assert playing_names(stage) == ["a"], "what plays goes on"


def test_the_notice_of_a_subtitle_file_that_cannot_be_read_is_shown_and_goes(stage, tmp_path):
    stage.start(files=list(map(str, films(tmp_path, "a.mkv"))))
    stage.until(lambda: bool(stage.client.sessions))
    session = stage.client.sessions[-1]
    session.publish(playing())
    stage.until(lambda: stage.page == "player")
    assert not stage.item("notice").isVisible()
    sentence = "a.de.srt: This file has no readable subtitles."
    session.publish(playing(notice=sentence))
    stage.until(lambda: stage.item("notice").isVisible())
    assert stage.item("notice").property("text") == sentence
    session.publish(playing())
    stage.until(lambda: not stage.item("notice").isVisible())


def test_what_is_chosen_in_the_queue_plays_and_what_is_taken_out_is_gone(stage, tmp_path):
    open_queue(stage, tmp_path)
    tools = stage.app.player.tools_menu
    shown = [line.label for line in tools.options.records]
    assert shown == queue_names(stage) == ["a.mkv", "b.mkv", "c.mkv"]
    stage.key(K.Key_Down, K.Key_Right)
    stage.key(*[K.Key_Down] * [line.key for line in tools.options.records].index("remove"), K.Key_Return)
    assert queue_names(stage) == ["a.mkv", "c.mkv"]
    assert [line.label for line in tools.options.records] == ["a.mkv", "c.mkv"]
    stage.key(K.Key_Home, K.Key_Down, K.Key_Return)
    stage.until(lambda: playing_names(stage) == ["a", "c"])


def test_the_queue_is_put_in_order_by_the_mouse(stage, tmp_path):
    open_queue(stage, tmp_path)
    menu = stage.item("menu")
    line = stage.window.activeFocusItem()
    at = line.mapToItem(stage.window.contentItem(), line.width() - 20, line.height() / 2).toPoint()
    button = Qt.MouseButton.LeftButton
    QTest.mousePress(stage.window, button, pos=at)
    for step in range(1, 6):
        QTest.mouseMove(stage.window, QPoint(at.x(), round(at.y() + step * 2 * line.height() / 5)))
    QTest.mouseRelease(stage.window, button, pos=QPoint(at.x(), round(at.y() + 2 * line.height())))
    stage.until(lambda: queue_names(stage) == ["b.mkv", "c.mkv", "a.mkv"])
    assert menu.isVisible()
    QTest.mouseClick(stage.window, Qt.MouseButton.RightButton, pos=QPoint(at.x() - 100, at.y()))
    stage.until(lambda: stage.app.player.property("tools").property("heading") == "File of the queue")


def open_bookmarks(stage, *marks: float):
    session = stage.play(playing(bookmarks=marks))
    tools = stage.app.player.property("tools")
    stage.item("tools").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Return)
    at = [line.key for line in tools.options.records].index("bookmarks")
    stage.key(*[K.Key_Down] * at, K.Key_Return)
    assert tools.property("heading") == "Bookmarks"
    return session, tools


def test_a_bookmark_is_removed_by_six_keys(stage):
    session, tools = open_bookmarks(stage, 60.0, 125.0)
    stage.key(K.Key_Down, K.Key_Right)
    assert tools.property("heading") == "Bookmark at 2:05"
    stage.key(K.Key_Down, K.Key_Return)
    assert ("keep_bookmarks", [60.0]) in session.orders
    assert [line.label for line in tools.options.records] == ["1:00"]
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: ("seek", 60.0) in session.orders)


def test_a_bookmark_is_removed_by_the_mouse(stage):
    session, tools = open_bookmarks(stage, 60.0)
    line = stage.focus
    at = line.mapToScene(QPoint(round(line.width()) - 20, round(line.height() / 2))).toPoint()
    QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=at)
    stage.until(lambda: tools.property("heading") == "Bookmark at 1:00")
    stage.key(K.Key_Down)
    remove = stage.focus.mapToScene(QPoint(60, 15)).toPoint()
    QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=remove)
    stage.until(lambda: ("keep_bookmarks", []) in session.orders)
    assert tools.property("heading") == "Playback", "there are no bookmarks any more"


def test_sound_goes_to_another_device_and_that_is_kept(stage):
    session = stage.play(playing())
    answer: Future[tuple[AudioDevice, ...]] = Future()
    session.audio_devices = lambda: answer
    tools = stage.app.player.property("tools")
    kept: list[str] = []
    tools.deviceChosen.connect(kept.append)
    tools.open()
    assert tools.choose("sound")
    assert tools.choose("devices")
    answer.set_result(audio_devices([{"name": "alsa/hdmi", "description": "Television"}, {"name": "auto"}, {}]))
    stage.until(lambda: [one.label for one in tools.options.records] == ["System default", "Television"])
    assert tools.options.records[0].chosen
    tools.choose("alsa/hdmi")
    assert ("set_audio_device", "alsa/hdmi") in session.orders
    assert kept == ["alsa/hdmi"]
    assert tools.options.records[1].chosen
    assert device_or_default("alsa/gone", answer.result()) == "auto"


def test_the_statistics_tell_what_libmpv_knows_of_a_file(stage):
    facts = FileFacts("mov,mp4", 1_200_000_000, "hevc", 3840, 2160, 23.976, "eac3", "vaapi", "p010", "pq", 6, 48000)
    stage.play(playing(media=facts, dropped_frames=3))
    lines = {fact.name: fact.value for fact in stage.app.player.property("statistics").facts.records}
    assert lines["Video"] == "hevc, 3840×2160, 23.98 frames/s"
    assert lines["Pixels"] == "p010, HDR (PQ)"
    assert lines["Decoder"] == "vaapi"
    assert lines["Audio"] == "eac3, 6 channels, 48.0 kHz"
    assert lines["Dropped frames"] == "3"
    assert lines["File"].startswith("mp4, 1.2 GB")
    assert "CDN" not in lines
