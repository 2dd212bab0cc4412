"""What is given to the app by its address: links, streams, and files that the viewer chose."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from ui.app.system import links
from ui.app.system.links import MatineeLink
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.text import tr


class AddressesViewModel(QObject):
    """``streamWanted(source)``, ``titleWanted(title_id, play)`` and ``filesWanted(places)`` say what is asked for. A
    title waits until ``may_watch``, and is followed by :meth:`follow_waiting` then."""

    errorChanged = Signal()
    streamWanted = Signal(object)
    titleWanted = Signal(str, bool)
    filesWanted = Signal(list)

    def __init__(
        self,
        may_watch: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._may_watch = may_watch
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
        if links.chosen_file(text) is None:
            return self.open(text)
        self.filesWanted.emit([text])
        return True

    @Slot(result=list)
    def clipboardTexts(self) -> list[str]:
        """What would be pasted; of files their addresses."""
        urls = QGuiApplication.clipboard().mimeData().urls()
        return [url.toString() for url in urls] or [QGuiApplication.clipboard().text()]

    def follow_waiting(self) -> bool:
        """Somebody may watch now: follow the link that waits, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._follow(waiting)
        return waiting is not None

    def _follow(self, link: MatineeLink) -> None:
        if link.url:
            from player.title.opening import PlaybackSource

            self.streamWanted.emit(PlaybackSource.of_address(link.url))
        elif self._may_watch():
            self.titleWanted.emit(link.title_id, link.play)
        else:
            self._waiting = link
