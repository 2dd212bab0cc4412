"""The small picture above the seek bar: of the time that is looked at, and of no other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from player.thumbnails import Picture
from tests.kit.fake_client import playing
from tests.kit.pictures import scene
from ui.app.viewmodels.preview import image_of

K = Qt.Key


@pytest.fixture
def session(stage):
    return stage.play(playing(thumbnails=True))


def preview(stage):
    return stage.app.player.preview


def shows(stage, colour: int) -> bool:
    return preview(stage).property("present") and preview(stage).picture.pixelColor(0, 0).red() == colour


def plain(colour: int, start_s: float) -> Picture:
    return Picture(4, 2, bytes([colour]) * 24, start_s, 10.0)


def test_steps_show_the_picture_of_where_they_lead(stage, session):
    stage.key(K.Key_Right)
    stage.until(lambda: [time_s for time_s, _answer in session.previews] == [90.0])
    assert not stage.item("preview").isVisible(), "nothing has come"
    session.previews[0][1].set_result(plain(7, 90.0))
    stage.until(lambda: shows(stage, 7))
    stage.until(stage.item("preview").isVisible)
    stage.until(lambda: ("seek", 90.0) in session.orders)
    session.publish(playing(thumbnails=True, position_s=90.0))
    stage.until(lambda: not preview(stage).property("present"))
    assert not stage.item("preview").isVisible(), "playback has arrived"


def test_one_is_asked_for_at_a_time_and_a_stale_answer_is_dropped(stage, session):
    player = stage.app.player
    for fraction in (0.1, 0.2, 0.3, 0.5):
        player.hover(fraction)
    stage.until(lambda: len(session.previews) == 1)
    session.previews[0][1].set_result(plain(1, 60.0))
    stage.until(lambda: len(session.previews) == 2)
    assert [time_s for time_s, _answer in session.previews] == [60.0, 300.0], (
        "what was passed over is never asked for"
    )
    assert not preview(stage).property("present"), "the picture of 60 s is stale"
    session.previews[1][1].set_result(plain(2, 300.0))
    stage.until(lambda: shows(stage, 2))


def test_a_picture_stays_for_its_time_and_is_marked_as_old_outside(stage, session):
    player = stage.app.player
    player.hover(0.5)
    stage.until(lambda: len(session.previews) == 1)
    session.previews[0][1].set_result(plain(2, 300.0))
    stage.until(lambda: shows(stage, 2))
    player.hover(305 / 600)
    assert not preview(stage).property("waiting")
    player.hover(0.75)
    assert preview(stage).property("waiting")
    stage.until(lambda: len(session.previews) == 2)
    session.previews[1][1].set_result(None)
    stage.until(lambda: not preview(stage).property("present"))
    assert not preview(stage).property("waiting"), "there is none for that time"
    player.hover(0.75)
    assert len(session.previews) == 2


def test_without_an_answer_there_is_no_picture_and_the_next_one_is_asked_for(stage, session):
    stage.app.player.hover(0.5)
    stage.until(lambda: len(session.previews) == 1)
    session.previews[0][1].cancel()
    stage.until(lambda: not preview(stage).property("waiting"))
    stage.app.player.hover(0.6)
    stage.until(lambda: len(session.previews) == 2)


def test_the_pointer_beats_the_playback_and_leaving_ends_it(stage, session):
    session.scene = scene
    stage.key(K.Key_Up)
    bar = stage.item("seekBar")
    middle = bar.mapToScene(QPointF(bar.width() / 2, bar.height() / 2)).toPoint()
    QTest.mouseMove(stage.window, middle)
    stage.until(lambda: bool(session.previews) and preview(stage).property("present"))
    assert session.previews[-1][0] == pytest.approx(300.0, abs=1.0)
    assert not [order for order in session.orders if order[0] == "seek"], "nobody pressed"
    QTest.mouseMove(stage.window, QPoint(middle.x(), 300))
    stage.until(lambda: not preview(stage).property("present"))


def test_a_title_without_pictures_is_not_asked(stage):
    session = stage.play(playing())
    stage.app.player.hover(0.5)
    stage.key(K.Key_Right)
    stage.until(lambda: ("seek", 90.0) in session.orders)
    assert session.previews == []


def test_the_next_playback_forgets_what_was_asked_for(stage, session):
    stage.app.player.hover(0.5)
    stage.until(lambda: len(session.previews) == 1)
    stage.app.player.close()
    stage.until(session.previews[0][1].cancelled)
    assert not preview(stage).property("present")


def test_bytes_that_do_not_fill_the_picture_are_not_drawn():
    assert image_of(Picture(3, 2, bytes(17))).isNull()
    assert image_of(Picture(0, 2, b"")).isNull()
    assert image_of(Picture(3, 2, bytes(18))).size().toTuple() == (3, 2)
