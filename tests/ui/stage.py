"""The real window, its view models and a scripted client, with helpers to press keys and look."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from player.title.opening import PlaybackSource
from tests.kit.fake_client import FakeClient, FakeClipPlayer, FakePlayer, FakeSurface
from tests.kit.fake_downloads import FakeDownloads
from tests.ui.loop import run_loop
from ui.app.profile.data_use import DataUse, Network, NetworkKind
from ui.app.profile.home_cache import HomeCache
from ui.app.profile.last_used import Memory
from ui.app.selftest.focus import stops
from ui.app.system.volumes import Volume
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.application import ApplicationViewModel
from ui.app.viewmodels.data_use import DataUseViewModel
from ui.app.viewmodels.downloads import DownloadsViewModel
from ui.app.viewmodels.home import HomeViewModel
from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.settings import SettingsViewModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.up_next import UpNext
from ui.app.window.scene import load_window


class FakeMeter:
    """Has counted what a test says."""

    today = date(2026, 3, 20)

    def __init__(self) -> None:
        self.use = DataUse()
        self.network = Network()

    def read(self) -> DataUse:
        return self.use

    def fill(self) -> None:
        """Some weeks of a viewer."""
        for ago in range(40):
            day = self.today - timedelta(days=ago)
            self.use.add(day, NetworkKind.WIRELESS, (ago * 7919 % 23) * 100_000_000)
            self.use.add(day, NetworkKind.MOBILE, (ago % 5) * 40_000_000)
        self.network = Network(NetworkKind.WIRELESS)


ITEM_PATIENCE_S = 30.0


class Stage:
    def __init__(self, qtbot, folder: Path) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.client = FakeClient()
        self.downloads = FakeDownloads()
        self.clips = FakeClipPlayer()
        self.memory = Memory(None)
        self.meter = FakeMeter()
        self.disks = [Volume(Path("/media/films/Matinee"), "Films", 800_000_000_000)]
        self.app: ApplicationViewModel
        self.window = None

    def start(self, *, tv: bool = False, **start) -> None:
        """Build everything and wait until the window is active."""
        self.tasks = Tasks(self.client)
        self.output = VideoOutput(FakePlayer)
        self.surface = FakeSurface()
        self.output.set_surface(self.surface)
        self.clip_output = VideoOutput(lambda: self.clips)
        self.clip_output.set_surface(FakeSurface())
        posters = PosterCache(self.client, self.tasks, self.folder / "posters")
        home = HomeViewModel(self.client, self.tasks, posters, kept=HomeCache(self.folder))
        player = PlayerViewModel(self.client, self.tasks, self.output, up_next=UpNext(posters=posters))
        downloads = DownloadsViewModel(self.downloads, self.tasks, posters)
        self.app = ApplicationViewModel(
            self.client,
            self.tasks,
            home,
            player,
            settings=SettingsViewModel(
                self.client, self.tasks, data_use=DataUseViewModel(self.meter), disks=lambda: self.disks
            ),
            downloads=downloads,
            memory=self.memory,
            clip_output=self.clip_output,
            tv=tv,
        )
        self._keep = (posters, home, player, downloads)
        self.engine, self.window = load_window(self.app)
        self.app.start(**start)
        self.until(self.window.isActive)

    def close(self) -> None:
        if self.window is not None:
            self.app.close()
            self.tasks.close()
            self.clip_output.shutdown()
            self.output.shutdown()
            self.window.close()
            self.engine.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            del self.engine
        self.client.close()

    # --- acting

    def key(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self.window, key)
            self.wait(1)

    def keys_at_once(self, *keys: Qt.Key) -> None:
        """Press keys with no time between them, so that no timer of the app runs out meanwhile."""
        for key in keys:
            QTest.keyClick(self.window, key)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self.window, letter)

    def wait(self, milliseconds: int) -> None:
        """Run the event loop."""
        run_loop(milliseconds)

    def until(self, condition) -> None:
        """Run the event loop until the condition holds."""
        self.qtbot.waitUntil(condition)

    def sign_in(self) -> None:
        """Be at home as a viewer."""
        self.client.viewer = "Ada"
        self.start()
        self.until(lambda: self.page == "home")

    def play(self, state=None):
        """Be at the player; the session that plays."""
        opened = len(self.client.sessions)
        self.start(source=PlaybackSource(url="https://streams.test/film/master.m3u8"))
        self.until(lambda: len(self.client.sessions) > opened)
        session = self.client.sessions[-1]
        if state is not None:
            session.publish(state)
            self.until(lambda: self.app.player.property("status") == str(state.status))
        return session

    # --- looking

    @property
    def page(self) -> str:
        return str(self.app.property("page"))

    @property
    def focus(self) -> QQuickItem:
        """What has the focus; it must be there, visible and enabled at all times."""
        item = self.window.activeFocusItem()
        assert item is not None, "the focus is lost"
        assert item.isVisible(), f"the focus is on something hidden: {name_of(item)}"
        assert item.isEnabled(), f"the focus is on something disabled: {name_of(item)}"
        return item

    @property
    def focus_name(self) -> str:
        return name_of(self.focus)

    def item(self, name: str) -> QQuickItem:
        """The item of that name, waited for: a list that is read afresh makes its items again with the next frame."""
        found = self.find(name)
        end = time.monotonic() + ITEM_PATIENCE_S
        while found is None:
            assert time.monotonic() < end, f"no item {name}"
            self.wait(10)
            found = self.find(name)
        return found

    def find(self, name: str) -> QQuickItem | None:
        """Delegates have only a visual parent, which ``findChild`` does not follow."""
        waiting: list[QObject] = [self.window.contentItem()]
        while waiting:
            item = waiting.pop()
            if item.objectName() == name:
                return item
            waiting.extend(item.childItems())
        return None

    def shot(self, path: Path | None = None) -> QImage:
        self.wait(20)
        image = self.window.grabWindow()
        if path is not None:
            assert image.save(str(path))
        return image


def name_of(item: QQuickItem) -> str:
    """The nearest object name at or above the item."""
    current: QQuickItem | None = item
    while current is not None:
        if current.objectName():
            return current.objectName()
        current = current.parentItem()
    return ""


@contextmanager
def screen_reader() -> Iterator[None]:
    """One is listening meanwhile."""
    QAccessible.setActive(True)
    try:
        yield
    finally:
        QAccessible.setActive(False)


def check_names(stage: Stage, least: int) -> dict[str, str]:
    """What can have the focus has a role, and a name: the names by those of the items."""
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


def accessible_name(item: QQuickItem) -> str:
    """What a screen reader says; Qt keeps back the name of a password field, but not its description."""
    interface = QAccessible.queryAccessibleInterface(item)
    if interface is None:
        return ""
    return interface.text(QAccessible.Text.Name) or interface.text(QAccessible.Text.Description)
