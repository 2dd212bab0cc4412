"""QR codes for QML: ``image://qr/<text>``, dark on light with the quiet zone that readers need."""

from __future__ import annotations

from urllib.parse import unquote

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtQuick import QQuickImageProvider

_DARK, _LIGHT = QColor("#0b0e13"), QColor("#ffffff")
_QUIET_MODULES = 2
_LONGEST = 500


class QrProvider(QQuickImageProvider):
    """An image of one pixel per module, or as large as asked for; nothing for a text that is too long."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, id: str, size: QSize, requestedSize: QSize, /) -> QImage:  # noqa: A002, ARG002, N802, N803
        text = unquote(id)
        if not 0 < len(text) <= _LONGEST:
            return QImage()
        image = drawn(text)
        if requestedSize.isValid() and not requestedSize.isEmpty():
            fast = Qt.TransformationMode.FastTransformation
            return image.scaled(requestedSize, Qt.AspectRatioMode.KeepAspectRatio, fast)
        return image


def drawn(text: str) -> QImage:
    """The QR code of a text, one pixel per module."""
    import segno  # a screen without a code need not load it

    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=_QUIET_MODULES)]
    image = QImage(len(rows), len(rows), QImage.Format.Format_RGB32)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            image.setPixelColor(x, y, _DARK if module else _LIGHT)
    return image
