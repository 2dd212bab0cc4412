"""What an installation is tried with."""

from __future__ import annotations

import socket
from itertools import pairwise
from pathlib import Path

import av
import httpx
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtQuick import QQuickItem

from tests.faults.viewer import FOCUS_DEAD_AFTER_PLAYBACK
from tests.ui.stage import Stage
from ui.app.selftest import focus
from ui.app.selftest.focus import FocusWalk, Graph
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
