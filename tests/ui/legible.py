"""Whether the text in a window can be read: its contrast with what is around it in a picture of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtQml import QJSValue, QQmlExpression, qmlContext
from PySide6.QtQuick import QQuickItem, QQuickWindow

AA, AA_LARGE = 4.5, 3.0  # WCAG 2.2, success criterion 1.4.3
_LARGE_PX, _LARGE_BOLD_PX, _BOLD = 24.0, 18.66, 600
_RING = 3  # pixels around a text
_LEAST_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, its contrast ratio and the least that the standard asks of it."""

    item: QQuickItem
    words: str
    ratio: float
    least: float

    @property
    def good(self) -> bool:
        return self.ratio >= self.least


def luminance(colour: QColor) -> float:
    """Relative luminance, 0 to 1."""
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def opaque(picture: QImage) -> QImage:
    """A picture of a window without its alpha: pixels of the video have none, and are seen all the same."""
    picture.reinterpretAsFormat(QImage.Format.Format_RGB32)
    return picture


def readings(window: QQuickWindow, picture: QImage, scale: float = 1.0) -> Iterator[Reading]:
    """Every text that is seen whole; ``scale`` is that of the theme, by which viewers sit further away."""
    root = window.contentItem()
    for text in texts(root):
        place = place_of(text)
        ring = place.toRect().adjusted(-_RING, -1, _RING, 1)
        if place.width() < _LEAST_WIDTH or not picture.rect().contains(ring) or _is_cut(text, place):
            continue
        if _topmost(root, place.center()) is not text:
            continue
        colour = QColor(text.property("color"))
        rows = range(ring.top(), ring.bottom(), 3)
        edge = [QPoint(x, y) for y in rows for x in (ring.left(), ring.right())]
        grounds = sorted(contrast(colour, picture.pixelColor(point)) for point in edge)
        yield Reading(text, str(text.property("text")), grounds[len(grounds) // 4], _least(text, scale))


def texts(root: QQuickItem) -> Iterator[QQuickItem]:
    """Texts in sight; what stands behind a dialog is disabled and not looked at."""
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if not item.isVisible() or item.opacity() < 0.95 or not item.isEnabled():
            continue
        if item.inherits("QQuickText") and item.property("text"):
            yield item
        waiting.extend(item.childItems())


def place_of(text: QQuickItem) -> QRectF:
    """Where the letters are in the window, as the text is aligned within its item."""
    width, height = float(text.property("contentWidth")), float(text.property("contentHeight"))
    across, down = _alignments(text)
    x = _shift(text.width() - width, across, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    y = _shift(text.height() - height, down, Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignBottom)
    return text.mapRectToScene(QRectF(x, y, width, height))


def _alignments(text: QQuickItem) -> tuple[int, int]:
    found = in_qml(text, "effectiveHorizontalAlignment * 4096 + verticalAlignment")
    return divmod(int(found), 4096) if isinstance(found, (int, float)) else (Qt.AlignmentFlag.AlignLeft.value, 0)


def in_qml(item: QQuickItem, expression: str) -> object:
    """The value of an expression of an item, None where it has no context: Python has no type for some values."""
    context = qmlContext(item)
    return None if context is None else QQmlExpression(context, item, expression).evaluate()[0]


def _shift(room: float, alignment: int, centre: Qt.AlignmentFlag, end: Qt.AlignmentFlag) -> float:
    if alignment == centre.value:
        return room / 2
    return room if alignment == end.value else 0.0


def _least(text: QQuickItem, scale: float) -> float:
    font = text.property("font")
    size = font.pixelSize() / scale
    large = size >= _LARGE_PX or (size >= _LARGE_BOLD_PX and int(font.weight()) >= _BOLD)
    return AA_LARGE if large else AA


def _is_cut(text: QQuickItem, place: QRectF) -> bool:
    """Whether an ancestor cuts it off."""
    ancestor = text.parentItem()
    while ancestor is not None:
        if ancestor.clip() and not ancestor.mapRectToScene(
            QRectF(0, 0, ancestor.width(), ancestor.height())
        ).contains(place):
            return True
        ancestor = ancestor.parentItem()
    return False


def _topmost(item: QQuickItem, point: QPointF) -> QQuickItem | None:
    """What is drawn last at a point of the window, of what hides what is under it."""
    if not item.isVisible() or item.opacity() < 0.5:
        return None
    inside = item.contains(item.mapFromScene(point))
    if item.clip() and not inside:
        return None
    children = enumerate(item.childItems())
    for _, child in sorted(children, key=lambda one: (one[1].z(), one[0]), reverse=True):
        found = _topmost(child, point)
        if found is not None:
            return found
    return item if inside and _is_solid(item) else None


def _is_solid(item: QQuickItem) -> bool:
    if item.inherits("QQuickText"):
        return bool(item.property("text"))
    if item.inherits("QQuickImage"):
        return True
    return (
        item.inherits("QQuickRectangle") and QColor(item.property("color")).alpha() > 128 and not _has_gradient(item)
    )


def _has_gradient(item: QQuickItem) -> bool:
    """A rectangle without one has a value of JavaScript that is null."""
    found = item.property("gradient")
    return not (found.isNull() or found.isUndefined()) if isinstance(found, QJSValue) else found is not None
