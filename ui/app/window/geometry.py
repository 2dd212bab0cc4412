"""Where the window was, remembered in ``window.json`` of the profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QWindow

from ui.app.profile.storage import JsonFile

_LARGEST = 20_000
_LEAST_SEEN = 80  # pixels of the title bar that must be on a screen


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """Position and size in Qt's pixels, of the window when it is not maximised."""

    x: int
    y: int
    width: int
    height: int
    maximised: bool = False

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.width, self.height)
        if any(type(number) is not int or abs(number) > _LARGEST for number in numbers):
            raise ValueError("no place of a window")
        if min(self.width, self.height) < 1 or not isinstance(self.maximised, bool):
            raise ValueError("no size of a window")


def is_reachable(place: WindowPlace, screens: list[QRect]) -> bool:
    """Whether enough of the window's upper edge lies on a screen to take hold of it."""
    bar = QRect(place.x, place.y, place.width, _LEAST_SEEN)
    seen = [screen.intersected(bar) for screen in screens]
    return any(part.width() >= _LEAST_SEEN and part.height() > 0 for part in seen)


class WindowMemory:
    """Puts a window where it was in the run before, and remembers where it is when the run ends."""

    def __init__(self, folder: Path) -> None:
        self._file: JsonFile[WindowPlace] = JsonFile(folder / "window.json", _from_members, asdict)
        self._normal: WindowPlace | None = None

    def restore(self, window: QWindow) -> None:
        """Place the window, unless the screen it was on has gone."""
        self._normal, _aside = self._file.load()
        for change in (
            window.visibleChanged,
            window.xChanged,
            window.yChanged,
            window.widthChanged,
            window.heightChanged,
        ):
            change.connect(lambda _value: self._note(window))
        place = self._normal
        if place is None:
            return
        least = window.minimumSize()
        window.resize(max(place.width, least.width()), max(place.height, least.height()))
        if is_reachable(place, [screen.availableGeometry() for screen in QGuiApplication.screens()]):
            window.setPosition(place.x, place.y)
        if place.maximised:
            window.showMaximized()

    def keep(self, window: QWindow) -> None:
        """Remember the place; at the end of the run."""
        self._note(window)
        if self._normal is not None:
            maximised = bool(window.windowStates() & Qt.WindowState.WindowMaximized)
            members = asdict(self._normal) | {"maximised": maximised}
            self._file.save(WindowPlace(**members))

    def _note(self, window: QWindow) -> None:
        if window.windowStates() == Qt.WindowState.WindowNoState and window.isVisible():
            self._normal = WindowPlace(window.x(), window.y(), window.width(), window.height())


def _from_members(members: Mapping[str, Any]) -> WindowPlace:
    known = {field.name for field in fields(WindowPlace)}
    return WindowPlace(**{name: value for name, value in members.items() if name in known})
