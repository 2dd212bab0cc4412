"""The screen stays lit while something plays, and only then (``org.freedesktop.ScreenSaver``)."""

from __future__ import annotations

import logging

from PySide6.QtDBus import QDBusConnection, QDBusMessage

_NAME, _PATH = "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"
_CONNECTION = "matinee-screen"
_log = logging.getLogger(__name__)


class ScreenSaver:
    """Asks the desktop, without waiting for it. The request goes over a connection of its own and ends with it: a
    desktop drops what a program asked for when that program goes."""

    def __init__(self, *, available: bool) -> None:
        self._available = available
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the desktop has been asked."""
        return self._held

    def inhibit(self, *, wanted: bool) -> None:
        """Keep the screen lit from now on, or no longer."""
        if not self._available or wanted == self._held:
            return
        self._held = wanted
        if not wanted:
            QDBusConnection.disconnectFromBus(_CONNECTION)
            return
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, _CONNECTION)
        ask = QDBusMessage.createMethodCall(_NAME, _PATH, _NAME, "Inhibit")
        ask.setArguments(["matinee", "video is playing"])
        if not bus.send(ask):
            _log.info("this desktop does not keep the screen lit for us")

    def close(self) -> None:
        """Let the screen go dark again."""
        self.inhibit(wanted=False)
