"""The page of the channels: what is on, and that it plays live."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from player.service.model import Channel, Programme
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
    said = stage.item("guideFacts")
    assert "Begins later" in said.property("text")
    stage.until(lambda: said.property("opacity") == 1)
    stage.key(K.Key_Return)
    stage.until(lambda: said.property("opacity") < 1)  # the second press is answered, too
    stage.key(K.Key_Left, K.Key_Up)
    assert stage.focus_name == "channel_0_0"
    stage.key(K.Key_Up)
    assert stage.focus_name == "leaveChannels"
    stage.key(K.Key_Down)
    assert stage.focus_name == "channel_0_0"


def test_a_click_on_a_programme_of_another_channel_is_about_that_programme(guide):
    item = guide.item("channel_1_2")
    name = item.property("programme")["name"]
    place = item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()
    QTest.mouseClick(guide.window, Qt.MouseButton.LeftButton, pos=place)
    guide.until(lambda: "Begins later" in guide.item("guideFacts").property("text"))
    assert (guide.focus_name, guide.item("guideName").property("text")) == ("channel_1_2", name)


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


def test_a_guide_that_is_left_while_its_programmes_change_gives_the_focus_away(stage):
    STATES["live"](stage, False)
    view, present = stage.app.channels, stage.app.channels._now()
    view._now = lambda: present + 320.0
    view.look()  # the lines look for their programme once this turn is over
    stage.app.back()
    stage.wait(50)
    assert (stage.page, bool(stage.focus_name)) == ("home", True)


def test_a_page_that_is_not_shown_gets_no_focus(stage):
    STATES["live"](stage, False)
    stage.key(K.Key_Escape)
    before = stage.focus_name
    stage.item("channelsPage").forceActiveFocus()
    stage.wait(50)
    assert (stage.page, stage.focus_name) == ("home", before)


def with_a_past(now_s: float) -> list[Channel]:
    """Programmes of ten minutes; the third one is on for five by now. One can go back 22 minutes."""
    return [
        Channel(
            card,
            tuple(Programme(f"Part {n}", now_s + 600 * n - 2100, now_s + 600 * n - 1500) for n in range(1, 12)),
            back_s=1320.0,
            ahead_s=100.0,
        )
        for card in cards(2)
    ]


@pytest.fixture
def guide(stage):
    """A guide with a past, the focus on what is on."""
    stage.client.on_air = with_a_past(NOW)
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    stage.app.channels._now = lambda: NOW
    stage.app.showChannels()
    stage.until(lambda: stage.focus_name.startswith("channel_0"))
    assert stage.item("guideName").property("text") == "Part 3"
    return stage


def walked(stage, key: Qt.Key, times: int = 1) -> str:
    """Which programme has the focus then."""
    for _ in range(times):
        before = stage.item("guideName").property("text")
        stage.key(key)
        stage.until(lambda before=before: stage.item("guideName").property("text") != before)
    return str(stage.item("guideName").property("text"))


def test_left_leads_back_to_what_was_on_and_right_to_what_comes(guide):
    assert walked(guide, K.Key_Left, 2) == "Part 1"
    assert guide.app.channels.property("nowAt") > 1 or guide.app.channels._back > 0, "the guide has moved"
    guide.key(K.Key_Left)
    assert guide.item("guideName").property("text") == "Part 1", "one cannot go back further"
    assert walked(guide, K.Key_Right, 3) == "Part 4"
    guide.key(K.Key_Return)
    assert not guide.client.sessions, "what begins later does not play yet"
    assert walked(guide, K.Key_Left, 2) == "Part 2"
    guide.key(K.Key_Down)
    assert guide.focus_name.startswith("channel_1")
    assert guide.item("guideName").property("text") == "Part 2", "what was on at the same time on the next channel"
    guide.key(K.Key_Escape)
    guide.until(lambda: guide.page == "home")
    guide.app.showChannels()
    guide.until(lambda: guide.page == "channels")
    guide.until(lambda: guide.item("guideName").property("text") == "Part 3")


@pytest.mark.parametrize(("back", "starts_at"), [(1, NOW - 900), (2, NOW - 1500)])
def test_what_was_on_plays_from_its_start(guide, back, starts_at):
    walked(guide, K.Key_Left, back)
    guide.key(K.Key_Return)
    guide.until(lambda: bool(guide.client.sessions))
    source = guide.client.sessions[0].source
    assert (source.variant, source.title_id) == (LIVE, "title-0")
    assert source.begin_at == starts_at - 100.0, "by the clock of the service"


def test_the_guide_says_whether_all_of_it_is_there(client, tmp_path, qtbot):
    tasks = Tasks(client)
    client.on_air = with_a_past(NOW)
    view = ChannelsViewModel(client, tasks, PosterCache(client, tasks, tmp_path), now=lambda: NOW)
    view.set_visible(visible=True)
    lines = view.property("lines")
    qtbot.waitUntil(lambda: lines.property("count") == 2)
    assert view.reveal("title-0", NOW - 300, -1) == NOW - 900
    assert view.reveal("title-0", NOW - 900, -1) == NOW - 1500
    assert view.reveal("title-0", NOW - 1500, -1) == -1
    assert view.reveal("none", NOW, -1) == view.reveal("title-0", NOW + 1.5, 1) == -1
    shown = {one["name"]: (one["over"], one["on"], one["left"]) for one in lines.records[0].programmes}
    assert shown["Part 1"] == (True, False, "Enter plays what is left of it")
    assert shown["Part 2"] == (True, False, "Enter plays it from its start")
    assert shown["Part 3"][:2] == (False, True)
    view.set_visible(visible=False)
    tasks.close()


def test_from_what_was_on_one_comes_back_to_it_and_from_live_to_what_is_on_then(guide):
    walked(guide, K.Key_Left, 2)
    guide.key(K.Key_Return)
    guide.until(lambda: len(guide.client.sessions) == 1)
    guide.app.channels._now = lambda: NOW + 100
    guide.key(K.Key_Escape)
    guide.until(lambda: guide.page == "channels" and guide.focus_name.startswith("channel_0"))
    assert guide.item("guideName").property("text") == "Part 1"
    assert walked(guide, K.Key_Right, 2) == "Part 3"
    guide.key(K.Key_Return)
    guide.until(lambda: len(guide.client.sessions) == 2)
    guide.app.channels._now = lambda: NOW + 500
    guide.key(K.Key_Escape)
    guide.until(lambda: guide.page == "channels" and guide.focus_name.startswith("channel_0"))
    guide.until(lambda: guide.item("guideName").property("text") == "Part 4")


def test_a_guide_of_seconds_is_walked_to_its_ends_and_no_further(stage):
    """As many programmes as there is no room for, of a service that errs or means harm."""
    many = tuple(Programme(f"Part {n}", NOW + n - 300.5, NOW + n - 299.5) for n in range(1, 600))
    long = Programme("Long", NOW - 7200, NOW + 7200)
    first, second, third = cards(3)
    stage.client.on_air = [Channel(first, many, back_s=1e9), Channel(second, (long,)), Channel(third, (long,))]
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    stage.app.channels._now = lambda: NOW
    stage.app.showChannels()
    stage.until(lambda: stage.focus_name.startswith("channel_0"))
    for key in (K.Key_Left, K.Key_Right):
        stage.key(*[key] * 30)
        assert stage.focus_name.startswith("channel_0"), "the focus is on a card that is there"


def test_the_focus_does_not_stay_on_what_has_left_the_guide(stage):
    """Of the programme that was on a piece of 30 s is left, in a guide of an hour."""
    then = 1_800_000_000.0 - 270
    stage.client.on_air = with_a_past(then)
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    view = stage.app.channels
    view._now = lambda: then
    stage.app.showChannels()
    stage.until(lambda: stage.page == "channels" and stage.item("guideName").property("text") == "Part 3")
    view._now = lambda: then + 400
    view.look()
    stage.until(lambda: stage.item("guideName").property("text") == "Part 4")
    stage.wait(20)
    assert stage.focus.width() > 48
    stage.key(K.Key_Left)
    stage.until(lambda: stage.item("guideName").property("text") == "Part 3")
    stage.wait(20)
    assert stage.focus.width() > 48


def test_channels_that_go_off_air_leave_the_guide_without_a_trace(stage):
    STATES["live"](stage, False)
    stage.until(lambda: stage.focus_name.startswith("channel_0"))
    stage.client.on_air = []
    stage.app.channels.refresh()
    stage.until(lambda: stage.focus_name == "retryChannels")
    stage.client.on_air = channels(cards(3), NOW)
    stage.app.channels.refresh()
    stage.until(lambda: stage.focus_name.startswith("channel_0"))
    stage.app.channels.clear()  # what a QML file complains of fails the test
    stage.wait(20)


def test_who_tries_again_in_vain_sees_that_it_was_tried(stage):
    STATES["live"](stage, False)
    stage.until(lambda: stage.focus_name.startswith("channel_0"))
    stage.client.on_air = []
    stage.app.channels.refresh()
    stage.until(lambda: stage.focus_name == "retryChannels")
    told = stage.item("channelsTrouble")
    assert told.property("shown") == 1
    stage.key(K.Key_Return)
    stage.until(lambda: told.property("shown") < 1)
    stage.until(lambda: told.property("shown") == 1)
