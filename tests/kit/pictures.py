"""Posters for screenshots: landscapes painted by a formula, one for each address; as small pictures one for each ten
seconds."""

from __future__ import annotations

import random

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPolygonF

from player.thumbnails import Picture

WIDTH, HEIGHT = 480, 270
_HILLS = 4


def poster(address: str) -> bytes:
    """A PNG that depends on the address only."""
    chance = random.Random(address)
    hue = chance.random()
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    sky = QLinearGradient(0, 0, 0, HEIGHT)
    sky.setColorAt(0, QColor.fromHsvF(hue, 0.55, 0.35))
    sky.setColorAt(1, QColor.fromHsvF((hue + 0.12) % 1, 0.45, 0.95))
    painter.fillRect(image.rect(), sky)
    painter.setPen(QColor(0, 0, 0, 0))
    size = chance.uniform(30, 70)
    painter.setBrush(QColor(255, 244, 214, 220))
    painter.drawEllipse(QRectF(chance.uniform(60, WIDTH - 120), chance.uniform(20, 90), size, size))
    for hill in range(_HILLS):
        painter.setBrush(QColor.fromHsvF((hue + 0.55) % 1, 0.45, 0.5 - 0.11 * hill))
        painter.drawPolygon(QPolygonF(_ridge(chance, 0.42 + 0.14 * hill)))
    painter.end()
    buffer = QBuffer(data := QByteArray())
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def scene(time_s: float) -> Picture:
    """A small picture of a time, for its ten seconds."""
    number = int(time_s // 10)
    image = QImage.fromData(poster(f"scene {number}")).scaled(320, 180).convertToFormat(QImage.Format.Format_RGB888)
    return Picture(320, 180, bytes(image.constBits()), 10.0 * number, 10.0)


def _ridge(chance: random.Random, height: float) -> list[QPointF]:
    points = [QPointF(0, HEIGHT)]
    x = 0.0
    while x < WIDTH:
        points.append(QPointF(x, HEIGHT * (height + chance.uniform(-0.09, 0.09))))
        x += chance.uniform(30, 90)
    return [*points, QPointF(WIDTH, HEIGHT * height), QPointF(WIDTH, HEIGHT)]
