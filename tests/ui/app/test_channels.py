"""The page of the channels: what is on, and that it plays live."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from player.title.opening import LIVE
from tests.kit.fake_client import FakeClient, cards, channels
from tests.ui.states import STATES
from ui.app.viewmodels.channels import ChannelsViewModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks

K = Qt.Key
NOW = 1_800_000_000.0


@pytest.fixture
def client(qapp):
    made = FakeClient()
    yield made
    made.close()


def test_lines_go_on_by_the_clock_and_are_asked_for_when_a_programme_ends(client, tmp_path, qtbot):
    tasks, now = Tasks(client), [NOW]
    client.on_air = channels(cards(2), NOW)
    view = ChannelsViewModel(client, tasks, PosterCache(client, tasks, tmp_path), now=lambda: now[0])
    view.set_visible(visible=True)
    lines = view.property("lines")
    qtbot.waitUntil(lambda: lines.property("count") == 2)
    first, after, *_later = lines.records[0].programmes
    assert (lines.records[0].title_id, first["on"], first["progress"], first["left"]) == (
        "title-0",
        True,
        0.5,
        "5 min left",
    )
    assert (after["on"], after["name"]) == (False, "Title 0, part 2")
    assert after["from"] == pytest.approx(first["to"]), "one ends where the next begins"
    assert first["from"] <= view.property("nowAt") < first["to"]
    assert len(view.property("hours")) == 4
    now[0] += 150
    view.look()
    assert lines.records[0].programmes[0]["progress"] == 0.75
    now[0] += 200  # into what comes next
    view.look()
    assert lines.records[0].programmes[0]["name"] == "Title 0, part 2"
    assert lines.records[0].programmes[0]["progress"] == pytest.approx(50 / 600)
    qtbot.waitUntil(lambda: not view._question.waiting)
    client.on_air = client.on_air[:1]
    now[0] += 2400
    view.look()
    qtbot.waitUntil(lambda: lines.property("count") == 1)
    view.clear()
    assert (lines.property("count"), view.property("state")) == (0, "loading")
    view.set_visible(visible=False)
    tasks.close()


def test_a_channel_plays_live_and_back_leads_to_its_line(stage):
    STATES["live"](stage, False)
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source.variant == LIVE
    assert stage.client.sessions[0].source.title_id == "title-1"
    stage.key(K.Key_Escape)
    assert stage.page == "channels"
    stage.until(lambda: stage.focus_name == "channel_1_0")
    stage.key(K.Key_Escape)
    assert stage.page == "home"


def test_whatever_the_hour_the_focus_begins_at_what_is_on(stage):
    stage.client.on_air = channels(cards(2), 1_800_000_230.0)  # late in the span of an empty guide
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    stage.app.channels._now = lambda: 1_800_000_230.0
    stage.app.showChannels()
    stage.until(lambda: stage.focus_name == "channel_0_0")


def test_the_guide_is_walked_by_keys_and_the_cursor_keeps_its_time(stage):
    STATES["live"](stage, False)
    stage.key(K.Key_Right)
    assert stage.focus_name == "channel_0_1"
    assert stage.item("guideName").property("text") == "Title 0, part 2"
    stage.key(K.Key_Down)
    assert stage.focus_name == "channel_1_1", "what is on at the same time on the next channel"
    stage.key(K.Key_Return)
    assert not stage.client.sessions, "what begins later does not play yet"
    stage.key(K.Key_Left, K.Key_Up)
    assert stage.focus_name == "channel_0_0"
    stage.key(K.Key_Up)
    assert stage.focus_name == "leaveChannels"
    stage.key(K.Key_Down)
    assert stage.focus_name == "channel_0_0"


def test_the_focus_stays_with_its_programme_when_the_one_before_it_ends(stage):
    STATES["live"](stage, False)
    stage.key(K.Key_Right)
    view, present = stage.app.channels, stage.app.channels._now()
    view._now = lambda: present + 320.0
    view.look()
    stage.until(lambda: stage.focus_name == "channel_0_0")
    assert stage.item("guideName").property("text") == "Title 0, part 2"
    stage.key(K.Key_Down)
    assert stage.focus_name == "channel_1_0"
