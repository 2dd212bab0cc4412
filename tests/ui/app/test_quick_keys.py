"""Keys that are pressed again before the playback has answered the first one: each counts."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from player.manifest.chapters import Chapter
from player.reporting.state import TrackChoice
from tests.kit.fake_client import playing

K = Qt.Key
NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
CHAPTERS = tuple(Chapter(at_s, f"Chapter {at_s:g}") for at_s in (0.0, 60.0, 120.0, 180.0, 240.0))
TEXTS = tuple(TrackChoice(f"t{n}", f"Language {n}", "") for n in (1, 2, 3))


def pressed(stage, session, *keys: Qt.Key, of: str, modifiers: Qt.KeyboardModifier = NONE) -> list[object]:
    """Press the keys, of which the playback shows nothing yet; what it was asked to do."""
    session.orders.clear()
    for key in keys:
        QTest.keyClick(stage.window, key, modifiers)
    return [order[1] for order in session.orders if order[0] == of]


def test_each_press_changes_the_speed(stage):
    session = stage.play(playing())
    assert pressed(stage, session, *[K.Key_BracketRight] * 3, of="set_speed") == [1.1, 1.25, 1.5]
    session.publish(playing(speed=1.1))  # the first has arrived
    stage.wait(20)
    assert pressed(stage, session, K.Key_BracketRight, of="set_speed") == [1.75]
    session.publish(playing(speed=1.75))
    stage.until(lambda: stage.app.player.property("speed") == 1.75)
    stage.app.player.chooseSpeed("1")  # in the menu
    assert pressed(stage, session, K.Key_BracketRight, of="set_speed") == [1.1]


def test_the_tools_show_the_speed_that_was_chosen(stage):
    stage.play(playing())
    tools = stage.app.player.property("tools")
    tools.choose("playback")
    tools.choose("faster")
    assert next(line.detail for line in tools.options.records if line.key == "slower") == "1.1×"


def test_each_press_goes_a_chapter_on(stage):
    session = stage.play(playing(position_s=70.0, chapters=CHAPTERS))
    keys = [K.Key_PageUp, K.Key_PageUp, K.Key_PageUp, K.Key_PageDown]
    assert pressed(stage, session, *keys, of="seek") == [120.0, 180.0, 240.0, 180.0]


def test_a_chapter_is_counted_from_where_a_jump_leads(stage):
    session = stage.play(playing(position_s=10.0, chapters=CHAPTERS))
    stage.app.player.seekToTime(130.0)
    assert pressed(stage, session, K.Key_PageUp, of="seek") == [180.0]


def test_each_press_chooses_the_next_subtitles(stage):
    session = stage.play(playing(text_tracks=TEXTS))
    assert pressed(stage, session, *[K.Key_V] * 5, of="select_text") == ["t1", "t2", "t3", None, "t1"]
    session.publish(playing(text_tracks=(replace(TEXTS[0], selected=True), *TEXTS[1:])))
    stage.until(lambda: stage.app.player.textTracks.records[1].chosen)
    stage.app.player.chooseText("t2")  # in the menu
    assert pressed(stage, session, K.Key_V, of="select_text") == ["t3"]


def test_subtitles_that_cannot_be_shown_do_not_hold_up_the_next(stage):
    """They are never shown as chosen."""
    session = stage.play(playing(text_tracks=TEXTS))
    assert pressed(stage, session, K.Key_V, of="select_text") == ["t1"]
    session.publish(playing(text_tracks=TEXTS, notice="a.srt: This file has no readable subtitles."))
    stage.wait(20)
    assert pressed(stage, session, K.Key_V, of="select_text") == ["t2"]


def test_each_press_chooses_the_next_audio(stage):
    tracks = tuple(TrackChoice(f"a{n}", f"Language {n}", "", selected=n == 1) for n in (1, 2, 3))
    session = stage.play(playing(audio_tracks=tracks))
    assert pressed(stage, session, *[K.Key_B] * 4, of="select_audio") == ["a2", "a3", "a1", "a2"]
    stage.app.player.chooseAudio("a1")
    assert pressed(stage, session, K.Key_B, of="select_audio") == ["a2"]


def test_each_press_sets_a_bookmark(stage):
    session = stage.play(playing(bookmarks=(5.0,)))
    for exact_s, marks_s in ((80.0, [5.0, 80.0]), (90.0, [5.0, 80.0, 90.0])):
        session.exact_s = exact_s
        QTest.keyClick(stage.window, K.Key_B, CONTROL)
        stage.until(lambda marks_s=marks_s: ("keep_bookmarks", marks_s) in session.orders)


def test_a_second_press_sets_the_end_of_a_part(stage):
    """Both answers may still be on their way."""
    session = stage.play(playing(position_s=80.0))
    answers: list[Future[float]] = []
    session.exact_position = lambda: answers.append(Future()) or answers[-1]
    for _ in range(2):
        QTest.keyClick(stage.window, K.Key_L, Qt.KeyboardModifier.ShiftModifier)
    for answer, at_s in zip(answers, (80.0, 80.5), strict=True):
        stage.wait(20)
        answer.set_result(at_s)
    stage.until(lambda: ("set_loop", 80.0, 80.5) in session.orders)


@pytest.mark.parametrize("key", [K.Key_Period, K.Key_Comma], ids=["forward", "back"])
def test_a_frame_is_counted_from_where_steps_lead(stage, key):
    """Steps are sent together, once they pause; a frame after them is one of the place that they lead to."""
    session = stage.play(playing(position_s=80.0))
    session.orders.clear()
    QTest.keyClick(stage.window, K.Key_L)
    QTest.keyClick(stage.window, key)
    assert [order[0] for order in session.orders] == ["seek", "step_frame"]
