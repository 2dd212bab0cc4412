"""The screen's side of the line to the kiosk: beats out, commands in, and the end when the kiosk is gone."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSize, QSocketNotifier, Qt
from PySide6.QtGui import QImage

from ui.kiosk.process import MAX_LINE, read_wish, write_beat
from ui.kiosk.watchdog import Beat

_MOST_PIXELS, _QUALITY = 1280, 75
_log = logging.getLogger(__name__)


class BeatLine(QObject):
    """Beats on what was stdout; from here on whatever else prints goes to stderr. Both are called on the Qt thread:
    ``gone`` when stdin ends, which is when the kiosk does, ``draw`` for what is drawn now when the kiosk wants a
    picture of it."""

    def __init__(self, gone: Callable[[], object], draw: Callable[[], QImage], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = os.dup(1)
        os.dup2(2, 1)
        os.set_blocking(self._line, False)
        self._gone = gone
        self._draw = draw
        self._heard_so_far = b""
        self._notifier = QSocketNotifier(0, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)

    def send(self, beat: Beat) -> None:
        """Tell how it is. A kiosk that does not read now misses this one."""
        with contextlib.suppress(OSError):
            os.write(self._line, write_beat(beat))

    def close(self) -> None:
        self._notifier.setEnabled(False)
        os.close(self._line)

    def _heard(self) -> None:
        said = os.read(0, MAX_LINE)
        if not said:
            self._notifier.setEnabled(False)
            self._gone()
            return
        *lines, rest = (self._heard_so_far + said).split(b"\n")
        self._heard_so_far = rest[:MAX_LINE]
        for line in lines:
            path = read_wish(line)
            if path is not None:
                write_picture(self._draw(), path)


def write_picture(image: QImage, path: Path) -> None:
    """A JPEG of at most 1280 by 1280 that is there whole or not at all; an empty file where nothing can be drawn."""
    part = path.with_name(f"part-{path.name}")
    if max(image.width(), image.height()) > _MOST_PIXELS:
        bounds = QSize(_MOST_PIXELS, _MOST_PIXELS)
        fit, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(bounds, fit, smooth)
    try:
        if image.isNull() or not image.save(str(part), quality=_QUALITY):
            part.write_bytes(b"")
        part.replace(path)
    except OSError as error:
        _log.warning("the picture cannot be written: %s", error.strerror)
