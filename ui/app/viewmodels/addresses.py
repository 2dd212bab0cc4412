"""What is given to the app by its address: links, streams, and files that the viewer chose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from player.reporting.state import PlaybackFailure
from ui.app.system import links
from ui.app.system.links import MatineeLink
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr


class AddressesViewModel(QObject):
    """``streamWanted(source)`` and ``titleWanted(title_id, play)`` say what is asked for. A title waits until
    ``may_watch``, and is followed by :meth:`follow_waiting` then. ``failed`` gets what is wrong with a file."""

    errorChanged = Signal()
    streamWanted = Signal(object)
    titleWanted = Signal(str, bool)

    def __init__(
        self,
        tasks: Tasks,
        may_watch: Callable[[], bool],
        failed: Callable[[PlaybackFailure], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._may_watch = may_watch
        self._failed = failed
        self._waiting: MatineeLink | None = None
        self._error = ""

    error = shown(str, "_error", errorChanged)

    @Slot(str, result=bool)
    def open(self, text: str) -> bool:
        """Follow a link, or play the manifest at an address; False with ``error`` set when it is neither."""
        link = links.parsed(text)
        self._error = (
            "" if link else tr("Please enter an address that begins with https://, a Matinee link or a file's path.")
        )
        self.errorChanged.emit()
        if link is not None:
            self._follow(link)
        return link is not None

    @Slot(str, result=bool)
    def openChosen(self, text: str) -> bool:
        """As :meth:`open`, for the viewer alone: it may be a file of this machine as well."""
        from player.title.opening import PlaybackSource  # loaded by the engine meanwhile

        path = links.chosen_file(text)
        if path is None:
            return self.open(text)
        self._tasks.run(asyncio.to_thread(PlaybackSource.of_file, path), self.streamWanted.emit, self._failed)
        return True

    @Slot(result=str)
    def clipboardText(self) -> str:
        """What would be pasted; of files the address of the first."""
        urls = QGuiApplication.clipboard().mimeData().urls()
        return urls[0].toString() if urls else QGuiApplication.clipboard().text()

    def follow_waiting(self) -> bool:
        """Somebody may watch now: follow the link that waits, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._follow(waiting)
        return waiting is not None

    def _follow(self, link: MatineeLink) -> None:
        if link.url:
            from player.title.opening import PlaybackSource

            self.streamWanted.emit(PlaybackSource(url=link.url))
        elif self._may_watch():
            self.titleWanted.emit(link.title_id, link.play)
        else:
            self._waiting = link
