"""The kiosk's window over a scripted client: what it plays, what it shows, and that there is no way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest

from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackState, PlaybackStatus, RungChoice
from player.title.opening import PlaybackSource
from tests.kit.fake_client import FakeClient, FakePlayer, FakeSurface
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.tasks import Tasks
from ui.app.window.scene import load_window
from ui.kiosk.kept_titles import streamed
from ui.kiosk.operator import code_record
from ui.kiosk.provisioning import PlaylistEntry, Provisioning
from ui.kiosk.screen import page as screens
from ui.kiosk.screen.fallback import PlainWindow
from ui.kiosk.screen.page import KioskScreen
from ui.kiosk.screen.view_model import KioskViewModel
from ui.kiosk.screen.window import _ScreenParts
from ui.kiosk.watchdog import Beat

PLAYING = PlaybackState(PlaybackStatus.PLAYING, rungs=(RungChoice(0, "360p", 360, 500_000),), position_s=1.0)
ENTRIES = (
    PlaylistEntry("Welcome", url="https://a.test/1"),
    PlaylistEntry("News", url="https://a.test/2", max_height=720),
)


class CountingSurface(FakeSurface):
    frames = 0


class Kiosk:
    def __init__(self, qtbot, code: str) -> None:
        self.qtbot = qtbot
        self.client = FakeClient()
        self.tasks = Tasks(self.client)
        self.output = VideoOutput(FakePlayer)
        self.surface = CountingSurface()
        self.output.set_surface(self.surface)
        self.provisioning = Provisioning("foyer", ENTRIES, volume=40)
        self.view = KioskViewModel("foyer", 90, code, clock=lambda: 0.0)
        self.beats: list[Beat] = []
        self.chosen: list[PlaylistEntry] = []
        self.sound_is_dead = False
        self.screen = KioskScreen(
            self.provisioning,
            0,
            self.client,
            self.tasks,
            self.output,
            self.view,
            self,
            self.beats.append,
        )
        self.engine, self.window = load_window(self.view, "Kiosk.qml")
        qtbot.waitUntil(self.window.isActive)

    def choose(self, entry: PlaylistEntry) -> None:
        self.chosen.append(entry)

    async def source(self, entry: PlaylistEntry) -> PlaybackSource:
        return streamed(entry)

    def start(self):
        self.screen.start(self.surface)
        return self.session(1)

    def session(self, number: int):
        self.qtbot.waitUntil(lambda: len(self.client.sessions) >= number)
        return self.client.sessions[number - 1]

    def publish(self, session, state: PlaybackState) -> None:
        session.publish(state)
        self.qtbot.waitUntil(lambda: self.beats[-1].status == str(state.status))

    def child(self, name: str):
        return self.window.findChild(object, name)

    def close(self) -> None:
        self.screen.close()
        self.tasks.close()
        self.output.shutdown()
        self.window.hide()
        self.engine.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        del self.engine
        self.client.close()


@pytest.fixture
def kiosk(qapp, qtbot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kiosk]:
    monkeypatch.setattr(screens, "_LOOK_MS", 20)
    made = Kiosk(qtbot, code_record("4711"))
    yield made
    made.close()


def test_entries_play_in_turn(kiosk: Kiosk) -> None:
    first = kiosk.start()
    assert kiosk.client.sessions[-1].source.url == "https://a.test/1"
    kiosk.publish(first, PLAYING)
    first.publish(replace(PLAYING, status=PlaybackStatus.ENDED))
    second = kiosk.session(2)
    assert kiosk.client.sessions[-1].source.url == "https://a.test/2"
    assert kiosk.chosen == list(ENTRIES)
    kiosk.publish(second, PLAYING)
    kiosk.qtbot.waitUntil(lambda: (kiosk.beats[-1].entry, kiosk.beats[-1].name) == (1, "News"))


def test_beats_tell_whether_the_picture_moves(kiosk: Kiosk) -> None:
    session = kiosk.start()
    assert kiosk.beats[0].wanted
    assert not kiosk.beats[0].due
    kiosk.publish(session, PLAYING)
    kiosk.surface.frames = 25
    kiosk.qtbot.waitUntil(lambda: kiosk.beats[-1].frames == 25)
    assert kiosk.beats[-1].due
    assert kiosk.view.property("place") == "picture"
    kiosk.publish(session, replace(PLAYING, status=PlaybackStatus.LOADING))
    assert not kiosk.beats[-1].due
    assert kiosk.view.property("place") == "waiting"


def test_what_fails_gives_way_to_the_next(kiosk: Kiosk) -> None:
    session = kiosk.start()
    session.publish(PlaybackState(PlaybackStatus.FAILED))
    kiosk.session(2)
    assert kiosk.client.sessions[-1].source.url == "https://a.test/2"


@pytest.mark.parametrize("key", [Qt.Key.Key_Q, Qt.Key.Key_F4, Qt.Key.Key_Space, Qt.Key.Key_F11])
def test_no_key_leads_out(kiosk: Kiosk, key: Qt.Key) -> None:
    kiosk.start()
    QTest.keyClick(kiosk.window, key, Qt.KeyboardModifier.AltModifier)
    kiosk.window.close()
    assert kiosk.window.isVisible()
    assert kiosk.view.property("stage") == "none"


def test_the_operator_gets_in_by_the_code_alone(kiosk: Kiosk) -> None:
    left: list[bool] = []
    kiosk.view.leaveWanted.connect(lambda: left.append(True))
    kiosk.start()
    kiosk.view.leave()
    QTest.keyClick(kiosk.window, Qt.Key.Key_Escape)
    assert kiosk.view.property("stage") == "code"
    for keys, stage in (("1234", "code"), ("4711", "panel")):
        for key in keys:
            QTest.keyClick(kiosk.window, key)
        QTest.keyClick(kiosk.window, Qt.Key.Key_Return)
        assert kiosk.view.property("stage") == stage
    assert left == []
    kiosk.qtbot.waitUntil(lambda: any("Welcome" in fact for fact in kiosk.view.property("facts")))
    QTest.keyClick(kiosk.window, Qt.Key.Key_Right)
    QTest.keyClick(kiosk.window, Qt.Key.Key_Right)
    QTest.keyClick(kiosk.window, Qt.Key.Key_Return)
    assert left == [True]
    QTest.keyClick(kiosk.window, Qt.Key.Key_Escape)
    assert kiosk.view.property("stage") == "none"


def test_without_a_code_there_is_nothing_to_type(qapp, qtbot) -> None:
    view = KioskViewModel("foyer", 0, "")
    view.ask()
    view.typed("1")
    view.enter()
    assert view.property("stage") == "none"


def test_the_code_pad_goes_away_by_itself(qapp, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.kiosk.screen.view_model._IDLE_MS", 20)
    view = KioskViewModel("foyer", 0, code_record("4711"))
    view.ask()
    assert view.property("stage") == "code"
    qtbot.waitUntil(lambda: view.property("stage") == "none")


def test_a_portrait_screen_turns_everything(kiosk: Kiosk) -> None:
    video = kiosk.child("video")
    assert video.width() == kiosk.window.height()
    assert video.height() == kiosk.window.width()


def test_the_plain_picture_needs_no_qml(qapp, qtbot, tmp_path: Path) -> None:
    from ui.kiosk.screen.fallback import PlainWindow

    window = PlainWindow("foyer", 90)
    window.resize(320, 180)
    window.show()
    qtbot.waitUntil(lambda: window.frames > 0)
    window.close()


def test_what_is_drawn_can_be_kept(kiosk: Kiosk) -> None:
    assert not kiosk.window.grabWindow().isNull()
    plain = PlainWindow("foyer", 90)
    plain.resize(640, 360)
    colours = {plain.picture().pixelColor(x, 180).name() for x in range(640)}
    assert "#0b0e13" in colours
    assert len(colours) > 1  # the words


def test_a_title_plays_from_its_begin_and_a_channel_live(tmp_path: Path) -> None:
    opened: list[PlaybackSettings] = []

    class Engine:
        def open(self, source: PlaybackSource, player: object, on_state: object, settings: PlaybackSettings) -> None:
            opened.append(settings)

    parts = _ScreenParts(Provisioning("foyer", ENTRIES), tmp_path)
    parts.choose(ENTRIES[0])
    parts.open_playback(Engine(), streamed(ENTRIES[0]), object(), print, 0.0)
    assert (opened[0].start_s, opened[0].live_start_s) == (0.0, None)
    assert PlaybackSettings(start_s=30.0).live_start_s == 30.0
