"""Looking for a file of this computer by keys, mouse or remote: a folder at a time, as lines of a menu."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal, Slot

from player.base.apart import begin_apart
from ui.app.system.links import chosen_file, place_text
from ui.app.viewmodels.binding import part, shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.text import tr

_UP, _ALL = "..", "*"
_MOST = 20_000
_PATIENCE_S = 1.0  # the window stands meanwhile
_PLACES = (
    QStandardPaths.StandardLocation.MoviesLocation,
    QStandardPaths.StandardLocation.MusicLocation,
    QStandardPaths.StandardLocation.DownloadLocation,
    QStandardPaths.StandardLocation.HomeLocation,
)
_MOUNTS = ("/media", "/mnt", "/run/media", "/Volumes")


class FileBrowser(QObject):
    """``chosen(place)`` follows for a file, and for a whole folder where these may be chosen; ``place`` is a text for
    :func:`ui.app.system.links.chosen_file`. ``wanted`` says which names are shown.
    ``entered(row)`` follows for another folder, with the line to start at. The same folder read again is ``changed``
    alone: its lines keep the focus."""

    changed = Signal()
    entered = Signal(int)
    chosen = Signal(str)
    _listed = Signal(object)

    def __init__(
        self,
        wanted: Callable[[str], bool],
        parent: QObject | None = None,
        *,
        folders: bool = False,
        heading: str = "",
    ) -> None:
        super().__init__(parent)
        self._recent: Sequence[Option] = ()
        self._wanted = wanted
        self._folders = folders
        self._first = heading
        self._folder: Path | None = None
        self.left = ""  # the line of the folder that was shown before
        self._heading = heading
        self._options = OptionModel(self)
        self._reading: Future[list[Option]] | None = None  # of the folder that is shown
        self._listed.connect(self._show_late, Qt.ConnectionType.QueuedConnection)

    options = part("_options")
    heading = shown(str, "_heading", changed)

    @property
    def lines(self) -> list[Option]:
        """What is shown."""
        return self._options.records

    @Slot()
    def start(self) -> None:
        """Show the folder that was shown last, else the places where films lie."""
        self.show(self._folder)

    def set_recent(self, lines: Sequence[Option]) -> None:
        """What stands before the places to begin at: the keys are files."""
        self._recent = lines
        if self._folder is None:
            self.show(None)

    def show(self, folder: Path | None) -> None:
        """Show what is in a folder; None for the places to begin at."""
        before, self._folder = self._folder, folder
        self._heading = self._first if folder is None else str(folder)
        self.left = "" if before is None or before == folder else place_text(before)
        self._reading = None
        self._options.replace([*self._recent, *_places()] if folder is None else self._read(folder))
        self.changed.emit()
        if folder != before:
            self._enter()

    def _read(self, folder: Path) -> list[Option]:
        """The lines of a folder; where its disk does not answer soon they come later."""
        reading = self._reading = begin_apart(self._lines, folder)
        try:
            return reading.result(_PATIENCE_S)
        except TimeoutError:
            reading.add_done_callback(self._listed.emit)
            return [Option(_UP, tr("Up")), Option("", tr("Looking…"), available=False)]

    def _show_late(self, reading: Future[list[Option]]) -> None:
        if reading is self._reading:
            self._options.replace(reading.result())
            self.changed.emit()
            self._enter()

    def _enter(self) -> None:
        self.entered.emit(next((row for row, line in enumerate(self.lines) if line.key == self.left), 0))

    @Slot(str, result=bool)
    def choose(self, key: str) -> bool:
        """Go into a folder, or choose a file; whether the menu stays."""
        folder = self._folder
        if key == _UP:
            self.show(None if folder is None or folder.parent == folder else folder.parent)
        elif key == _ALL:
            self.chosen.emit("" if folder is None else place_text(folder))
            return False
        elif (path := chosen_file(key)) is not None and _is_folder(path):
            self.show(path)
        else:
            self.chosen.emit(key)
            return False
        return True

    @Slot(result=bool)
    def back(self) -> bool:
        """Leave the folder for the one above; False at the places to begin at."""
        if self._folder is None:
            return False
        at_place = str(self._folder) in {option.key for option in _places()}
        self.show(None if at_place or self._folder.parent == self._folder else self._folder.parent)
        return True

    def _lines(self, folder: Path) -> list[Option]:
        from player.base.file_names import readable
        from player.title.media_file import natural_key

        up = Option(_UP, tr("Up"))
        try:
            with os.scandir(folder) as listed:
                entries = [(one.name, one.path, one.is_dir()) for one in listed if not one.name.startswith(".")]
        except OSError as error:
            return [up, Option("", tr("This folder cannot be read."), error.strerror or "", available=False)]
        files = [one for one in entries if not one[2] and self._wanted(one[0])]
        lines = [
            Option(place_text(path), readable(name), tr("folder") if is_dir else "")
            for name, path, is_dir in sorted(
                [one for one in entries if one[2]] + files, key=lambda one: (not one[2], natural_key(one[0]))
            )
        ]
        whole = [Option(_ALL, tr("Play this folder"))] if self._folders and files else []
        rest = len(lines) - _MOST
        more = [Option("", tr("{count} more are not listed").format(count=rest), available=False)] if rest > 0 else []
        return [up, *whole, *lines[:_MOST], *more]


def _is_folder(path: Path) -> bool:
    """Also False where its disk does not answer."""
    try:
        return begin_apart(path.is_dir).result(_PATIENCE_S)
    except TimeoutError:
        return False


def _places() -> list[Option]:
    found: dict[str, Option] = {}
    for kind in _PLACES:
        place = QStandardPaths.writableLocation(kind)
        if place and Path(place).is_dir():
            found.setdefault(place, Option(place, QStandardPaths.displayName(kind), place))
    for mount in _MOUNTS:
        if Path(mount).is_dir():
            found.setdefault(mount, Option(mount, mount))
    return list(found.values())
