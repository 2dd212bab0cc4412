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
    first = lines.records[0]
    assert (first.title_id, first.progress) == ("title-0", 0.5)
    assert first.now.endswith("Title 0")
    assert first.after.startswith("Next at ")
    now[0] += 150
    view.look()
    assert lines.records[0].progress == 0.75
    now[0] += 200  # into what comes next, and nothing is known after that
    view.look()
    assert (lines.records[0].progress, lines.records[0].after) == (pytest.approx(50 / 600), "")
    client.on_air = client.on_air[:1]
    now[0] += 600
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
    stage.until(lambda: stage.focus_name == "channel_1")
    stage.key(K.Key_Escape)
    assert stage.page == "home"
