"""The app's side of the desktop: one object that the composition root makes and closes."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtDBus import QDBusConnection

from player.reporting.state import PlaybackStatus
from ui.app.desktop.artwork import DesktopArtwork
from ui.app.desktop.mpris import Mpris
from ui.app.desktop.screen_saver import ScreenSaver
from ui.app.viewmodels.files import FilesViewModel
from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.posters import PosterCache

_MOVING = (PlaybackStatus.PLAYING, PlaybackStatus.BUFFERING, PlaybackStatus.SEEKING)


class DesktopSession(QObject):
    """Media keys, and a screen that stays lit while something plays. Without a bus it does nothing."""

    def __init__(
        self,
        player: PlayerViewModel,
        bus: QDBusConnection | None,
        posters: PosterCache,
        files: FilesViewModel | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player = player
        self.screen = ScreenSaver(available=bus is not None)
        self.mpris = Mpris(player, DesktopArtwork(player, posters, self), files, self)
        if bus is not None:
            self.mpris.publish(bus)
        player.stateChanged.connect(self._look)
        self._look()

    def close(self) -> None:
        """Give everything back."""
        self._player.stateChanged.disconnect(self._look)
        self.mpris.close()
        self.screen.close()

    def _look(self) -> None:
        moving = self._player.property("status") in _MOVING and not self._player.property("paused")
        self.screen.inhibit(wanted=moving)
