"""The clip in a card: what plays there once the viewer has rested on a title for a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from PySide6.QtCore import QObject, Qt, QUrl, Signal, Slot

from player.service.model import Title
from ui.app.ports.playback import ClipPort
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.posters import PosterCache


class ClipsViewModel(QObject):
    """Plays one clip at a time, and each once. ``titleId`` is the title whose clip has frames to be seen; empty for
    none. The film itself is never played here: a title without a clip keeps its picture."""

    changed = Signal()
    _begun = Signal(int)  # from a thread of libmpv
    _ended = Signal(int)

    def __init__(
        self,
        output: VideoOutput | None,
        pictures: PosterCache,
        title_of: Callable[[str], Title | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._output = output
        self._pictures = pictures
        self._title_of = title_of
        self._wanted = self._title_id = ""
        self._player: ClipPort | None = None
        self._turn = 0  # tells one clip's events from those of the clip before
        self._begun.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._hide, Qt.ConnectionType.QueuedConnection)

    titleId = shown(str, "_title_id", changed)

    @Slot(str)
    def rest(self, title_id: str) -> None:
        """The viewer rests on this title; empty: on none any more."""
        if title_id == self._wanted:
            return
        self._wanted = title_id
        self._turn += 1
        self._hide(self._turn)
        if self._player is not None:
            self._player.stop()
        card = self._title_of(title_id) if title_id else None
        if self._output is None or card is None or not card.clip_url:
            return
        address = self._pictures.get(card.clip_url, partial(self._play, self._turn))
        if address:
            self._play(self._turn, address)

    def _play(self, turn: int, address: str) -> None:
        if turn == self._turn and self._output is not None:
            path = QUrl(address).toLocalFile()
            self._output.when_ready(lambda player: self._load(turn, path, cast("ClipPort", player)), _leave_it)

    def _load(self, turn: int, path: str, player: ClipPort) -> None:
        self._player = player
        if turn == self._turn:
            player.show(path, partial(self._begun.emit, turn), partial(self._ended.emit, turn))

    def _show(self, turn: int) -> None:
        if turn == self._turn:
            self._title_id = self._wanted
            self.changed.emit()

    def _hide(self, turn: int) -> None:
        if turn == self._turn and self._title_id:
            self._title_id = ""
            self.changed.emit()


def _leave_it(_failure: object) -> None:
    """Without libmpv the picture stays."""
