"""The programmes of a channel in the player: their names, their marks, and going back to where one began."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from player.manifest.timeline_dates import TimelineDates
from player.reporting.state import LiveView, PlaybackState
from player.service.model import Channel, Programme
from player.title.opening import LIVE, PlaybackSource
from tests.kit.fake_client import cards, playing
from ui.app.viewmodels.programmes import PlacedProgramme, placed, programme_at

K = Qt.Key
EIGHT = 1_800_000_000.0
VIEW = LiveView(
    1000.0, 1988.0, edge_s=2000.0, latency_s=12.0, target_s=12.0, following=True,
    dates=TimelineDates(((0.0, EIGHT - 2000.0),)),
)  # fmt: skip
CHANNEL = Channel(
    cards(1)[0],
    (
        Programme("Old", EIGHT - 1800, EIGHT - 1200),
        Programme("Morning", EIGHT - 1200, EIGHT - 600),
        Programme("News", EIGHT - 600, EIGHT + 600),
        Programme("Film", EIGHT + 600, EIGHT + 6000),
    ),
    back_s=1000.0,
)


def test_programmes_are_placed_by_their_dates():
    assert placed(CHANNEL, VIEW) == [
        PlacedProgramme("Morning", 1000.0, 1400.0, whole=False),
        PlacedProgramme("News", 1400.0, 2600.0, whole=True),
    ]
    ahead = replace(CHANNEL, ahead_s=100.0)
    assert placed(ahead, VIEW)[1].start_s == 1300.0, "this machine's clock is wrong, the service's counts"
    assert placed(CHANNEL, replace(VIEW, dates=TimelineDates())) == []


def test_one_programme_is_on_at_a_time():
    found = placed(CHANNEL, VIEW)
    assert [getattr(programme_at(found, at_s), "title", "") for at_s in (999.0, 1000.0, 1399.9, 1400.0, 2600.0)] == [
        "", "Morning", "Morning", "News", "",
    ]  # fmt: skip


def live(position_s: float = 1988.0, **changes: object) -> PlaybackState:
    return playing(live=True, duration_s=None, position_s=position_s, live_view=replace(VIEW, **changes), chapters=())


@pytest.fixture(params=[LIVE, ""], ids=["from the guide", "from home"])
def session(request, stage):
    stage.client.on_air = [CHANNEL]
    stage.start(source=PlaybackSource(title_id=CHANNEL.title.id, name="One", variant=request.param))
    stage.until(lambda: bool(stage.client.sessions))
    made = stage.client.sessions[-1]
    made.publish(live())
    stage.until(lambda: stage.app.player.property("canStartOver"))
    return made


def test_the_programme_that_is_shown_can_be_started_over_by_arrows(stage, session):
    assert stage.app.player.property("title").endswith("News")
    assert len(stage.app.player.property("chapters")) == 1, "a mark on the bar where News began"
    stage.key(K.Key_Up)
    stage.key(*[K.Key_Right] * 3)
    assert stage.focus_name == "startOver"
    stage.key(K.Key_Return)
    stage.until(lambda: ("seek", 1400.0) in session.orders)


def test_the_key_starts_over_and_chapters_are_programmes(stage, session):
    stage.key(K.Key_O)
    stage.until(lambda: ("seek", 1400.0) in session.orders)
    session.publish(live(1400.0, following=False))
    stage.until(
        lambda: stage.app.player._intent.target_s is None
    )  # it has arrived, and the next key counts from there
    session.publish(live(1700.0, following=False))
    stage.until(lambda: stage.app.player.property("positionS") == 1700.0)
    session.orders.clear()
    stage.key(K.Key_PageDown)
    stage.until(lambda: ("seek", 1400.0) in session.orders)


def test_it_is_not_offered_where_the_start_is_not_there_any_more(stage, session):
    stage.key(K.Key_Up)
    stage.key(*[K.Key_Right] * 3)
    assert stage.focus_name == "startOver"
    session.publish(live(start_s=1500.0))
    stage.until(lambda: not stage.app.player.property("canStartOver"))
    stage.until(lambda: stage.focus_name != "startOver")
    session.orders.clear()
    stage.key(K.Key_O)
    assert session.orders == []
    session.publish(live(1200.0))
    stage.until(lambda: stage.app.player.property("title").endswith("Morning"))
    assert not stage.app.player.property("canStartOver"), "of this one, only a part is there"


def test_a_film_and_a_channel_that_is_not_in_the_guide_have_no_programmes(stage):
    stage.client.on_air = [CHANNEL]
    session = stage.play(live())
    assert not stage.app.player.property("canStartOver")
    stage.key(K.Key_O)
    assert session.orders == []


def test_what_failed_goes_on_where_it_was(stage, session):
    session.publish(live(1500.0, following=False))
    stage.until(lambda: not stage.app.player.property("atLive"))
    source, _start_s = stage.app.player.interrupted
    assert source.begin_at == EIGHT - 500.0
    session.publish(live())
    stage.until(lambda: stage.app.player.property("atLive"))
    assert stage.app.player.interrupted[0].begin_at is None
