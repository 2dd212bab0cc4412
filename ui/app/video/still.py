"""A still picture that a view model holds, in QML: ``PictureView { picture: ... }``. Its implicit size is that of the
picture in pixels; it is drawn over the whole item."""

from __future__ import annotations

from PySide6.QtCore import Property, QRectF, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem


class PictureView(QQuickPaintedItem):
    """Draws nothing while there is no picture."""

    pictureChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._picture = QImage()

    def _get_picture(self) -> QImage:
        return self._picture

    def _set_picture(self, picture: QImage) -> None:
        self._picture = picture
        self.setImplicitSize(picture.width(), picture.height())
        self.update()
        self.pictureChanged.emit()

    picture = Property(QImage, _get_picture, _set_picture, notify=pictureChanged)

    def paint(self, painter: QPainter) -> None:
        if not self._picture.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(0, 0, self.width(), self.height()), self._picture)
