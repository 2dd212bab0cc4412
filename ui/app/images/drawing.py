"""Drawings as pictures, without a window."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SCALE = 2  # pixels for each unit of a drawing: sharp in print as well


def png_of(svg: str) -> bytes:
    """An SVG document as a PNG. Raises ValueError for one that cannot be drawn."""
    program = QGuiApplication.instance() or QGuiApplication(["matinee", "-platform", "offscreen"])
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    if not renderer.isValid():
        raise ValueError("this drawing cannot be shown")
    image = QImage(renderer.defaultSize() * SCALE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    del program
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know no devices
    return bytes(buffer.data().data())
