"""``dbus-run-session -- python -m tests.ui.on_a_bus``: the app's player on a bus with a stand-in for the desktop.

Prints what the desktop saw as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtDBus import (
    QDBusAbstractAdaptor,
    QDBusConnection,
    QDBusMessage,
    QDBusObjectPath,
    QDBusVariant,
)
from PySide6.QtGui import QGuiApplication

from player.reporting.state import NextEpisode, PlaybackStatus, TitleFacts
from tests.kit.fake_client import playing
from tests.ui.screenshots import Waiter
from tests.ui.stage import Stage
from ui.app.desktop.bus import session_bus
from ui.app.desktop.mpris import PATH, PLAYER, interface
from ui.app.desktop.session import DesktopSession
from ui.app.window.scene import after_application, choose_scene, register_types

NAME = "org.mpris.MediaPlayer2.matinee"


@interface("org.freedesktop.ScreenSaver")
class Screen(QDBusAbstractAdaptor):
    """The desktop's side."""

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self.asked: list[list[str]] = []

    @Slot(str, str, result=int)
    def Inhibit(self, program: str, reason: str) -> int:
        self.asked.append([program, reason])
        return 1


class Desktop:
    """Another program on the same bus, over a connection of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "desktop")
        self.owner = QObject()
        self.screen = Screen(self.owner)
        self.bus.registerObject(
            "/org/freedesktop/ScreenSaver", self.owner, QDBusConnection.RegisterOption.ExportAdaptors
        )
        assert self.bus.registerService("org.freedesktop.ScreenSaver")

    def call(self, interface: str, method: str, *arguments: object) -> Any:
        message = QDBusMessage.createMethodCall(NAME, PATH, interface, method)
        message.setArguments(list(arguments))
        pending = self.bus.asyncCall(message)
        until(self.stage, pending.isFinished)
        answer = pending.reply()
        assert answer.type() is QDBusMessage.MessageType.ReplyMessage, answer.errorMessage()
        return answer.arguments()

    def property(self, name: str) -> Any:
        (value,) = self.call("org.freedesktop.DBus.Properties", "Get", PLAYER, name)
        return value.variant() if isinstance(value, QDBusVariant) else value


def run(stage: Stage) -> dict[str, Any]:
    stage.client.picture = b"a poster"
    session = stage.play(playing())
    bus = session_bus()
    assert bus is not None
    desktop = Desktop(stage)
    app_side = DesktopSession(stage.app.player, bus, stage.app.home.posters)
    opened: list[str] = []
    jumps: list[int] = []
    app_side.mpris._controls.Seeked.connect(jumps.append)
    app_side.mpris.openWanted.connect(opened.append)
    following = NextEpisode("mill-1-3", "Episode 1.3", (1, 3))
    facts = TitleFacts(next_episode=following, poster_url="http://posters.test/mill.jpg?signature=s")
    session.publish(playing(duration_s=7200.0, facts=facts))  # so long that its numbers need 64 bits
    until(stage, lambda: bool(desktop.screen.asked))
    until(stage, lambda: "mpris:artUrl" in app_side.mpris.metadata())
    held = [app_side.screen.held]
    properties = {
        name: desktop.property(name)
        for name in ("PlaybackStatus", "Position", "Volume", "CanSeek", "CanGoNext", "Rate")
    }
    metadata = _printed(stage, "Metadata")
    session.orders.clear()
    desktop.call(PLAYER, "PlayPause")
    desktop.call(PLAYER, "SetPosition", QDBusObjectPath("/org/matinee/track"), 3_000_000_000)
    desktop.call(PLAYER, "Pause")
    desktop.call(PLAYER, "OpenUri", "https://streams.test/a.mpd")
    stage.app.player.setVolume(30)
    session.publish(playing(paused=True, status=PlaybackStatus.PAUSED, facts=facts))
    until(stage, lambda: not app_side.screen.held)
    held.append(app_side.screen.held)
    told = app_side.mpris._told["PlaybackStatus"]
    orders = list(session.orders)
    desktop.call(PLAYER, "Next")
    until(stage, lambda: len(stage.client.sessions) == 2)
    app_side.close()
    return {
        "properties": properties,
        "metadata": metadata,
        "orders": orders,
        "jumps": jumps,
        "next": stage.client.sessions[-1].source.title_id,
        "told": told,
        "inhibited": desktop.screen.asked,
        "held": held,
        "opened": opened,
    }


def _printed(stage: Stage, name: str) -> str:
    """A property as ``dbus-send`` prints it: PySide cannot read a map that came from the bus."""
    get = ["org.freedesktop.DBus.Properties.Get", f"string:{PLAYER}", f"string:{name}"]
    with subprocess.Popen(
        ["dbus-send", "--session", "--print-reply", f"--dest={NAME}", PATH, *get], stdout=subprocess.PIPE, text=True
    ) as asked:
        until(stage, lambda: asked.poll() is not None)
        return asked.communicate()[0]


def until(stage: Stage, condition: Callable[[], object]) -> None:
    stage.until(condition)


def main() -> int:
    """See the module."""
    application = QGuiApplication(["bus"])
    application.setQuitOnLastWindowClosed(False)
    after_application()
    register_types(choose_scene())
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Waiter(), Path(folder))
        try:
            print(json.dumps(run(stage)), flush=True)
        finally:
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
