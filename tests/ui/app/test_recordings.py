"""Recordings in the guide and on the player: asked for, shown, played and deleted, by keys and by mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from player.base.errors import ErrorCode, NetError, ServiceError
from player.service.model import Channel, Programme, Recording
from player.title.opening import LIVE, PlaybackSource
from tests.kit.fake_client import cards
from tests.ui.app.test_programmes import CHANNEL, live
from ui.app.viewmodels.recordings import state_words

K = Qt.Key
NOW = 1_800_000_000.0


@pytest.fixture
def guide(stage):
    """A channel with a programme that is on, one to come, and one that may not be recorded."""
    programmes = (
        Programme("News", NOW - 300, NOW + 300, recordable=True),
        Programme("Film", NOW + 300, NOW + 900, recordable=True),
        Programme("Match", NOW + 900, NOW + 1500),
    )
    stage.client.on_air = [Channel(cards(1)[0], programmes, ahead_s=100.0)]
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    stage.app.channels._now = lambda: NOW
    stage.app.showChannels()
    stage.until(lambda: stage.focus_name == "channel_0_0")
    return stage


def recorded(stage, number: int) -> str:
    """What the guide says of a programme."""
    return str(stage.app.channels.lines.records[0].programmes[number]["recorded"])


@pytest.mark.parametrize("key", [K.Key_R, K.Key_MediaRecord, K.Key_Menu], ids=["R", "remote", "menu"])
def test_what_is_on_is_recorded_by_a_key_and_no_more_by_another(guide, key):
    guide.key(key)
    guide.until(lambda: recorded(guide, 0) == "Will be recorded")
    assert guide.client.recorded[0].starts_at == NOW - 400.0, "by the service's clock"
    guide.key(key)
    guide.until(lambda: not guide.client.recorded and not recorded(guide, 0))


def test_enter_records_what_is_to_come(guide):
    guide.key(K.Key_Right, K.Key_Return)
    guide.until(lambda: recorded(guide, 1) == "Will be recorded")
    assert not guide.client.sessions
    guide.key(K.Key_Right, K.Key_R)
    assert guide.item("channelsPage").property("hint") == "This programme may not be recorded"
    assert len(guide.client.recorded) == 1


def test_the_right_button_records(guide):
    card = guide.item("channel_0_1")
    middle = card.mapToScene(QPointF(card.width() / 2, card.height() / 2)).toPoint()
    QTest.mouseClick(guide.window, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, middle)
    guide.until(lambda: recorded(guide, 1) == "Will be recorded")


def test_the_row_plays_what_is_recorded_and_deletes(guide):
    made = replace(cards(2)[1], id="rec-a", title="Film", duration_s=600.0)
    guide.client.recorded = [
        Recording(made, "title-0", "One", NOW - 9000, NOW - 8400, "recorded"),
        Recording(replace(made, id="rec-b"), "title-0", "One", NOW + 300, NOW + 900, "planned"),
    ]
    guide.app.channels.refresh()
    guide.until(lambda: guide.app.channels.recordings.titles.property("count") == 2)
    guide.key(K.Key_Down)
    guide.until(lambda: guide.focus_name == "recording_0")
    guide.key(K.Key_Right, K.Key_Return)
    assert not guide.client.sessions, "it is not there yet"
    guide.key(K.Key_Left, K.Key_Return)
    guide.until(lambda: bool(guide.client.sessions))
    assert (guide.client.sessions[0].source.title_id, guide.client.sessions[0].source.variant) == ("rec-a", "")
    guide.key(K.Key_Escape)
    guide.until(lambda: guide.page == "channels")
    guide.app.channels.recordings.remove("rec-a")
    guide.until(lambda: guide.app.channels.recordings.titles.property("count") == 1)


def test_a_recording_is_deleted_after_a_question(guide):
    guide.client.recorded = [Recording(replace(cards(1)[0], id="rec-a"), "title-0", "One", NOW, NOW + 600, "failed")]
    guide.app.channels.refresh()
    guide.until(lambda: guide.find("recording_0") is not None)
    guide.key(K.Key_Down)
    guide.until(lambda: guide.focus_name == "recording_0")
    guide.key(K.Key_Menu)
    guide.until(lambda: bool(guide.item("recordingDialog").property("visible")))
    guide.key(K.Key_Escape)
    guide.until(lambda: not guide.item("recordingDialog").property("visible"))
    assert len(guide.client.recorded) == 1
    guide.key(K.Key_Down)
    guide.until(lambda: guide.focus_name == "recording_0")
    guide.key(K.Key_Menu, K.Key_Right, K.Key_Return)
    guide.until(lambda: not guide.client.recorded)
    guide.until(lambda: guide.focus_name == "channel_0_0")


def test_a_recording_that_cannot_be_deleted_leaves_the_keys_alive(guide, monkeypatch):
    async def refuse(_title_id: str) -> None:
        raise NetError(ErrorCode.NET_REFUSED, "tv.test refuses.")

    monkeypatch.setattr(guide.client, "remove_recording", refuse)
    guide.client.recorded = [Recording(replace(cards(1)[0], id="rec-a"), "title-0", "One", NOW, NOW + 600, "failed")]
    guide.app.channels.refresh()
    guide.until(lambda: guide.find("recording_0") is not None)
    guide.key(K.Key_Down)
    guide.until(lambda: guide.focus_name == "recording_0")
    guide.key(K.Key_Menu, K.Key_Right, K.Key_Return)
    guide.until(lambda: bool(guide.app.channels.recordings.property("notice")))
    assert guide.focus is not None


def test_what_the_service_refuses_is_said(guide, monkeypatch):
    said = "The recordings take all the space that your account has."

    async def refuse(*_words: object) -> None:
        raise ServiceError(ErrorCode.SERVICE_NOT_ENTITLED, said, problem="recording_limit")

    monkeypatch.setattr(guide.client, "record", refuse)
    guide.key(K.Key_R)
    guide.until(lambda: guide.app.channels.recordings.property("notice") == said)


def test_a_service_without_recordings_has_a_guide(stage, monkeypatch):
    async def missing() -> None:
        raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "no such call")

    monkeypatch.setattr(stage.client, "recordings", missing)
    stage.client.on_air = [CHANNEL]
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home")
    stage.app.showChannels()
    stage.until(lambda: stage.app.channels.property("state") == "ready")


@pytest.mark.parametrize("way", ["key", "remote", "button"])
def test_the_programme_that_plays_is_recorded(stage, way):
    programmes = tuple(replace(one, recordable=True) for one in CHANNEL.programmes)
    stage.client.on_air = [replace(CHANNEL, programmes=programmes)]
    stage.start(source=PlaybackSource(title_id=CHANNEL.title.id, name="One", variant=LIVE))
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[-1].publish(live())
    stage.until(lambda: stage.app.player.property("canRecord"))
    if way == "key":
        QTest.keyClick(stage.window, K.Key_R, Qt.KeyboardModifier.AltModifier)
    elif way == "remote":
        stage.key(K.Key_MediaRecord)
    else:
        stage.key(K.Key_Up, *[K.Key_Right] * 4)
        assert stage.focus_name == "record"
        stage.key(K.Key_Return)
    stage.until(lambda: stage.app.player.property("recorded") == "Will be recorded")
    assert stage.client.recorded[0].starts_at == CHANNEL.programmes[2].starts_at


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("planned", "", "Will be recorded"),
        ("recording", "disk_full", "Recording"),
        ("recorded", "", "Recorded"),
        ("recorded", "incomplete", "Recorded in part"),
        ("failed", "disk_full", "Not recorded: the service had no space"),
        ("failed", "off_air", "Not recorded: nothing was broadcast"),
        ("failed", "forbidden", "Not recorded: it is not allowed any more"),
        ("failed", "of a later service", "Not recorded"),
    ],
)
def test_states_have_words(qapp, state, reason, words):
    assert state_words(Recording(cards(1)[0], "c", "C", 0.0, 1.0, state, reason)) == words
