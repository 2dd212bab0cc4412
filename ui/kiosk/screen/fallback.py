"""The plain screen: text on a dark ground, shown while the real screen is away. It uses neither QML nor OpenGL nor
libmpv, so that a crash in those does not affect it."""

from __future__ import annotations

import os

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QCursor, QFont, QGuiApplication, QImage, QPainter, QPaintEvent, QRasterWindow

from ui.app.system.display import check_display
from ui.app.system.interrupts import Interrupts
from ui.app.viewmodels.text import tr
from ui.kiosk.process import harden
from ui.kiosk.provisioning import Provisioning
from ui.kiosk.screen.beats import BeatLine
from ui.kiosk.watchdog import Beat

_GROUND, _INK, _SOFT = "#0b0e13", "#f3f5f8", "#a9b3c2"
_BEAT_MS = 1000


class PlainWindow(QRasterWindow):
    """A name and a sentence in the middle of the screen, turned as the screen hangs."""

    def __init__(self, name: str, degrees: int) -> None:
        super().__init__()
        self._name, self._degrees = name, degrees
        self.frames = 0
        self.setCursor(QCursor(Qt.CursorShape.BlankCursor))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw everything."""
        self.frames += 1
        self._paint(QPainter(self))

    def picture(self) -> QImage:
        """The same, to keep."""
        image = QImage(self.size(), QImage.Format.Format_RGB32)
        self._paint(QPainter(image))
        return image

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(0, 0, self.width(), self.height(), QColor(_GROUND))
        painter.translate(self.width() / 2, self.height() / 2)
        painter.rotate(self._degrees)
        size = max(12, min(self.width(), self.height()) // 18)
        box = QRectF(-4000, -2.5 * size, 8000, 2 * size)
        for text, colour, pixels, lower in (
            (self._name, _INK, size, 0.0),
            (tr("The picture will be back in a moment."), _SOFT, round(size * 0.6), 2.0 * size),
        ):
            font = QFont()
            font.setPixelSize(pixels)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(box.translated(0, lower), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


def run_fallback(provisioning: Provisioning) -> int:
    """Show it until the kiosk ends it. Raises ComponentError without a display."""
    check_display(os.environ)
    harden()
    application = QGuiApplication(["matinee"])
    application.setQuitOnLastWindowClosed(False)
    window = PlainWindow(provisioning.name, provisioning.orientation.degrees)
    window.showFullScreen()
    line = BeatLine(application.quit, window.picture)
    interrupts = Interrupts(application.quit)
    timer = QTimer(interval=_BEAT_MS)
    timer.timeout.connect(lambda: line.send(Beat(window.frames)))
    timer.start()
    code = application.exec()
    timer.stop()
    interrupts.close()
    line.close()
    return code
