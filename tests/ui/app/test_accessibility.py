"""What has the focus has a name and a role for screen readers; test_focus_graph asks this in every state."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from player.base.errors import ErrorCode, NetError
from player.reporting.state import PlaybackFailure, PlaybackStatus
from tests.kit.fake_client import cards, playing
from tests.ui.stage import accessible_name, check_names, screen_reader

K = Qt.Key


@pytest.fixture(autouse=True)
def _screen_reader(qapp):
    with screen_reader():
        yield


def test_sign_in(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    names = check_names(stage, 4)
    assert names["email"] == "Email address"
    assert names["password"] == "Password"
    assert names["signInButton"] == "Sign in"


def test_home(stage):
    stage.client.titles = cards(8, begun=2)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    names = check_names(stage, 8)
    assert names["playFeatured"] == "Resume Title 1"
    assert names["title_0"] == "Title 0"
    assert names["signOut"] == "Sign out Ada"


def test_home_offline(stage):
    stage.sign_in()
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.app.property("home").refresh()
    stage.until(lambda: stage.focus_name == "retry")
    assert check_names(stage, 3)["retry"] == "Try again"


def test_player(stage):
    stage.play(playing())
    names = check_names(stage, 13)
    assert names["playPause"] == "Pause"
    assert names["seekBar"] == "Position"
    slider = QAccessible.queryAccessibleInterface(stage.item("seekBar"))
    assert slider.role() == QAccessible.Role.Slider
    assert slider.text(QAccessible.Text.Description) == "1:20 of 10:00"
    assert accessible_name(stage.item("rung")) == "Quality 1080p"


def test_menu(stage):
    stage.play(playing())
    stage.item("subtitles").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "menu")
    line = QAccessible.queryAccessibleInterface(stage.focus)
    assert line.role() == QAccessible.Role.MenuItem
    assert line.text(QAccessible.Text.Name) == "Off"
    assert line.state().checked
    assert line.state().focused


def test_player_trouble(stage):
    session = stage.play(playing())
    session.publish(
        playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure("media.damaged", "The video is damaged."))
    )
    stage.until(lambda: stage.focus_name == "retryPlayback")
    assert set(check_names(stage, 2)) == {"retryPlayback", "leavePlayer"}
