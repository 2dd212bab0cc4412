"""Icons for QML: ``image://icon/<name>/<colour>`` draws ``ui/app/assets/icons/<name>.svg`` in that colour."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtQuick import QQuickImageProvider
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).parent.parent / "assets" / "icons"
NAMES = frozenset(path.stem for path in FOLDER.glob("*.svg"))
_DEFAULT_SIZE = 24


class IconProvider(QQuickImageProvider):
    """The drawings say ``currentColor`` where the colour goes. An unknown name draws nothing."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, id: str, size: QSize, requestedSize: QSize, /) -> QImage:  # noqa: A002, ARG002, N802, N803
        name, _, colour = unquote(id).partition("/")
        side = QSize(_DEFAULT_SIZE, _DEFAULT_SIZE)
        if requestedSize.isValid() and not requestedSize.isEmpty():
            side = requestedSize
        image = QImage(side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        if name in NAMES:
            drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour or "#fff")
            painter = QPainter(image)
            QSvgRenderer(QByteArray(drawing.encode())).render(painter)
            painter.end()
        return image
