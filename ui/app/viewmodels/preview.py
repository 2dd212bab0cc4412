"""The small picture above the seek bar: what is to be seen at the time the viewer looks at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtGui import QImage

from player.reporting.state import PlaybackFailure
from ui.app.ports.playback import SessionPort
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.tasks import ClientTask, Tasks

if TYPE_CHECKING:
    from player.thumbnails import Picture

_CHANNELS = 3


class PreviewViewModel(QObject):
    """Requests one thumbnail at a time. An answer for another time than the current one is dropped. Until the next
    one arrives, the old thumbnail stays and ``waiting`` is true."""

    changed = Signal()

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._session: SessionPort | None = None
        self._time_s: float | None = None
        self._task: ClientTask[Picture | None] | None = None
        self._asked_s = 0.0
        self._image, self._start_s, self._end_s = QImage(), 0.0, 0.0
        self._waiting = False

    picture = shown(QImage, "_image", changed)
    waiting = shown(bool, "_waiting", changed)

    @Property(bool, notify=changed)
    def present(self) -> bool:
        """Whether there is a picture to show."""
        return not self._image.isNull()

    def look(self, session: SessionPort | None, time_s: float | None) -> None:
        """Show what ``session`` has at this time, in seconds; None for either: nothing."""
        if session is None or time_s is None:
            session = time_s = None
        if session is not self._session:
            self._forget()
            self._session = session
        if time_s == self._time_s:
            return
        self._time_s = time_s
        self._waiting = time_s is not None and not self._covers(time_s)
        if self._waiting and self._task is None:
            self._ask()
        self.changed.emit()

    def _ask(self) -> None:
        if self._session is not None and self._time_s is not None:
            self._asked_s = self._time_s
            self._task = self._tasks.run(_picture(self._session, self._time_s), self._answered, self._failed)

    def _answered(self, picture: Picture | None) -> None:
        self._task = None
        if not self._waiting or self._time_s is None:
            return  # the viewer went back to what is shown
        fits = picture is not None and _within(self._time_s, picture.start_s, picture.start_s + picture.duration_s)
        if self._time_s != self._asked_s and not fits:
            self._ask()
            return
        self._show(picture)

    def _failed(self, _failure: PlaybackFailure) -> None:
        self._answered(None)

    def _show(self, picture: Picture | None) -> None:
        self._waiting = False
        self._image = QImage() if picture is None else image_of(picture)
        if picture is not None:
            self._start_s, self._end_s = picture.start_s, picture.start_s + picture.duration_s
        self.changed.emit()

    def _covers(self, time_s: float) -> bool:
        return not self._image.isNull() and _within(time_s, self._start_s, self._end_s)

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._image, self._time_s, self._waiting = QImage(), None, False
        self.changed.emit()


def image_of(picture: Picture) -> QImage:
    """The picture for Qt, with pixels of its own; a null one where its size does not fit its bytes."""
    line = _CHANNELS * picture.width
    if picture.width <= 0 or len(picture.rgb) != line * picture.height:
        return QImage()
    return QImage(picture.rgb, picture.width, picture.height, line, QImage.Format.Format_RGB888).copy()


async def _picture(session: SessionPort, time_s: float) -> Picture | None:
    try:
        return await asyncio.wrap_future(session.thumbnail(time_s))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return None  # the playback has ended meanwhile


def _within(time_s: float, start_s: float, end_s: float) -> bool:
    return start_s <= time_s < end_s
