"""The poster of what plays, for the desktop's player controls."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.posters import PosterCache


class DesktopArtwork(QObject):
    """``address`` is the ``file:`` address of a picture on disk, empty while there is none: other programs are not
    told the service's addresses, which may be signed. ``changed`` follows when it has come."""

    changed = Signal()

    def __init__(self, player: PlayerViewModel, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.address = ""
        self._player, self._posters = player, posters
        self._url = ""
        player.stateChanged.connect(self._look)

    def _look(self) -> None:
        url = self._player.poster_url
        if url != self._url:
            self._url = url
            self.address = _file(self._posters.get(url, partial(self._arrived, url)))

    def _arrived(self, url: str, address: str) -> None:
        if url == self._url:
            self.address = _file(address)
            self.changed.emit()


def _file(address: str) -> str:
    """The address of a file, for other programs; a picture that is held in memory stays here."""
    return address if address.startswith("file:") else ""
