"""Icons for QML: ``image://icon/<name>/<colour>`` draws ``ui/app/assets/icons/<name>.svg`` in that colour."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtQuick import QQuickImageProvider
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).parent.parent / "assets" / "icons"
NAMES = frozenset(path.stem for path in FOLDER.glob("*.svg"))
_DEFAULT_SIZE = 24
_MOST = 500  # kept; each has a few kB


class IconProvider(QQuickImageProvider):
    """The drawings say ``currentColor`` where the colour goes. An unknown name draws nothing."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, id: str, size: QSize, requestedSize: QSize, /) -> QImage:  # noqa: A002, ARG002, N802, N803
        name, _, colour = unquote(id).partition("/")
        side = QSize(_DEFAULT_SIZE, _DEFAULT_SIZE)
        if requestedSize.isValid() and not requestedSize.isEmpty():
            side = requestedSize
        return _drawn(name, colour or "#fff", side.width(), side.height())


@lru_cache(_MOST)
def _drawn(name: str, colour: str, width: int, height: int) -> QImage:
    """A page asks for the same few again and again."""
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    if name in NAMES:
        drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
        painter = QPainter(image)
        QSvgRenderer(QByteArray(drawing.encode())).render(painter)
        painter.end()
    return image
