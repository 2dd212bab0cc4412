"""What an installation is tried with."""

from __future__ import annotations

import socket
from itertools import pairwise
from pathlib import Path

import av
import httpx
import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtQuick import QQuickItem

from player.reporting.state import PlaybackStatus
from tests.faults.viewer import FOCUS_DEAD_AFTER_PLAYBACK
from tests.kit import pictures
from tests.kit.fake_client import cards, playing
from tests.ui.stage import Stage
from ui.app.selftest import focus
from ui.app.selftest.focus import FocusWalk, Graph, PageWalk, identity
from ui.kiosk.selftest.clip import FPS, MASTER, make
from ui.kiosk.selftest.run import Recovery, SelfTestVerdict
from ui.kiosk.selftest.site import LocalSite
from ui.kiosk.selftest.troubles import Kind, StagedTrouble, troubles


def test_the_clip_has_a_picture_and_a_tone(tmp_path: Path) -> None:
    make(tmp_path, 4)
    assert "#EXT-X-STREAM-INF" in (tmp_path / MASTER).read_text()
    with av.open(str(tmp_path / "media.m3u8")) as media:
        frames = [frame.to_ndarray().mean() for frame in media.decode(video=0)]
    assert len(frames) == 4 * FPS
    with av.open(str(tmp_path / "media.m3u8")) as media:
        samples = sum(frame.samples for frame in media.decode(audio=0))
    assert samples >= 4 * 48_000 - 2048


def test_a_site_is_cut_and_mended_at_the_same_port(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("there")
    with LocalSite(tmp_path) as site, httpx.Client(trust_env=False) as client:
        port = site.port
        assert client.get(site.url("a.txt")).text == "there"
        site.cut()
        with pytest.raises(httpx.TransportError):
            client.get(site.url("a.txt"))
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        site.mend()
        assert site.port == port
        assert client.get(site.url("a.txt")).text == "there"


@pytest.mark.parametrize("can_fill", [False, True])
def test_troubles_come_in_turn_with_time_between_them(*, can_fill: bool) -> None:
    found = troubles(3, 7200, can_fill=can_fill)
    kinds = len(Kind) - (not can_fill)
    assert len(found) > 30
    for begin in range(0, len(found) - kinds, kinds):
        assert len({trouble.kind for trouble in found[begin : begin + kinds]}) == kinds
    gaps = [later.at_s - first.at_s - first.lasts_s for first, later in pairwise(found)]
    assert min(gaps) >= 75
    assert found[-1].at_s < 7200
    assert troubles(3, 7200, can_fill=can_fill) == found
    assert troubles(4, 7200, can_fill=can_fill) != found


def test_a_verdict_is_good_only_when_everything_is() -> None:
    late = Recovery(StagedTrouble(10, Kind.KILL), 15.5)
    well = Recovery(StagedTrouble(10, Kind.KILL), 5.0)
    assert SelfTestVerdict(2, [well], [100, 120]).good
    assert not SelfTestVerdict(2, [well, late], [100, 120]).good
    assert not SelfTestVerdict(2, [well], [100, 160]).good
    assert not SelfTestVerdict(2, [well], [100, 120], unasked=1).good


def test_a_graph_is_walked_to_its_end() -> None:
    ways = {1: {"Key_Right": 2}, 2: {"Key_Left": 1, "Key_Down": 3}, 3: {"Key_Up": 2}}
    graph, here = Graph(), 1
    for _ in range(60):
        graph.stand_at(here)
        arrow = graph.next_arrow()
        if arrow is None:
            break
        here = ways[here].get(arrow.name, here)
    else:
        pytest.fail("the walk does not end")
    assert graph.nodes == {1, 2, 3}


class Ended(QObject):
    now = Signal()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "_STEP_MS", 0)
    monkeypatch.setattr(focus, "_SETTLE_MS", 30)
    monkeypatch.setattr(focus, "_DWELL_MS", 200)


def test_an_item_at_the_address_of_one_that_went_away_is_another_stop(stage: Stage) -> None:
    item = QQuickItem()
    item.setObjectName("keysTab")
    before = identity(item)
    item.setObjectName("keyLine_mute")  # what a new item at the same address looks like
    assert identity(item) != before


def test_the_apps_pages_are_walked(stage: Stage, quick: None) -> None:
    stage.client.service_name = ""
    stage.start()
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 0.01)
    ended = Ended()
    walk = FocusWalk(stage.app, stage.window, ended.now.emit)
    with stage.qtbot.waitSignal(ended.now):
        pass
    assert [page.name for page in walk.pages] == ["first page", "settings", "downloads", "player"]
    assert [page.wrong for page in walk.pages] == [[], [], [], []]
    assert all(page.keys for page in walk.pages)
    assert all(page.stops for page in walk.pages[:-1])  # the controls of the player may be away


class Audience(QObject):
    """Publishes that a session plays as soon as there is one, and that it is over after a jump to its end."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.window)
        self._stage, self._seen = stage, 0
        self._timer = QTimer(self, interval=10)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        sessions = self._stage.client.sessions
        if len(sessions) > self._seen:
            self._seen = len(sessions)
            if sessions[-1].source.title_id:
                sessions[-1].publish(playing())
        elif sessions and any(order[0] == "seek" for order in sessions[-1].orders):
            sessions[-1].orders.clear()
            sessions[-1].publish(playing(status=PlaybackStatus.ENDED))


def viewers_walk(stage: Stage) -> list[PageWalk]:
    stage.client.titles = list(cards(8))
    stage.client.paint = pictures.poster
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home" and bool(stage.app.home.titles.records))
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 0.01)
    audience = Audience(stage)
    ended = Ended()
    walk = FocusWalk(stage.app, stage.window, ended.now.emit)
    with stage.qtbot.waitSignal(ended.now):
        pass
    audience.deleteLater()
    return walk.pages


def test_the_pages_of_a_service_are_walked_and_left_in_each_way(stage: Stage, quick: None) -> None:
    pages = viewers_walk(stage)
    assert {page.name: page.wrong for page in pages if page.wrong} == {}
    assert {"search", "live", "my list", "all titles", "history", "account", "title"} < {page.name for page in pages}
    assert pages[-1].name == "a title that plays"
    assert len(stage.client.sessions) >= 3, "left by two keys and by its end"


def test_keys_that_are_dead_after_a_playback_are_found_at_a_service_too(
    stage: Stage, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    FOCUS_DEAD_AFTER_PLAYBACK(monkeypatch)
    assert any("after a while" in wrong for wrong in viewers_walk(stage)[-1].wrong)


def test_what_cannot_be_reached_is_named(stage: Stage, quick: None) -> None:
    stage.client.service_name = ""
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    hidden = QQuickItem(stage.window.contentItem())
    hidden.setObjectName("behindTheScenes")
    hidden.setActiveFocusOnTab(True)
    ended = Ended()
    walk = FocusWalk(stage.app, stage.window, ended.now.emit)
    with stage.qtbot.waitSignal(ended.now):
        pass
    assert "arrows do not reach behindTheScenes" in walk.pages[0].wrong


def test_a_timer_that_outlives_its_page_is_found(stage: Stage, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault that made every key dead some seconds after a playback."""
    FOCUS_DEAD_AFTER_PLAYBACK(monkeypatch)
    stage.client.service_name = ""
    stage.start()
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 0.01)
    ended = Ended()
    walk = FocusWalk(stage.app, stage.window, ended.now.emit)
    with stage.qtbot.waitSignal(ended.now):
        pass
    assert walk.pages[-1].name == "player"
    assert walk.pages[-1].wrong
