"""Everything that can have the focus has a name and a role for screen readers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from player.base.errors import ErrorCode, NetError
from player.reporting.state import PlaybackFailure, PlaybackStatus
from tests.kit.fake_client import cards, playing
from tests.ui.stage import accessible_name, name_of
from tests.ui.states import STATES
from ui.app.selftest.focus import stops

K = Qt.Key


@pytest.fixture(autouse=True)
def _screen_reader(qapp):
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def check_names(stage, least: int) -> dict[str, str]:
    names = {}
    for item in stops(stage.window):
        interface = QAccessible.queryAccessibleInterface(item)
        assert interface is not None, name_of(item)
        assert interface.role() not in (QAccessible.Role.NoRole, QAccessible.Role.Client), name_of(item)
        name = accessible_name(item)
        assert name, f"{name_of(item)} has no accessible name"
        names[name_of(item)] = name
    assert len(names) >= least, names
    return names


@pytest.mark.parametrize("state", STATES)
def test_everything_in_every_state_has_a_name_and_a_role(stage, state):
    STATES[state](stage, False)
    stage.wait(20)
    check_names(stage, 1)


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
