#!/usr/bin/env python3
"""Draws the icon in the sizes that desktops ask for: ``render_icons.py SVG FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SIZES = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)


def render(svg: Path, folder: Path) -> None:
    """Write ``SIZExSIZE/apps/matinee.png`` for each size below ``folder``, and the drawing itself as ``scalable``."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication([])
    drawing = QSvgRenderer(str(svg))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing.render(painter)
        painter.end()
        target = folder / f"{size}x{size}" / "apps"
        target.mkdir(parents=True, exist_ok=True)
        if not image.save(str(target / "matinee.png")):
            raise OSError(f"{target} cannot be written")
    scalable = folder / "scalable" / "apps"
    scalable.mkdir(parents=True, exist_ok=True)
    (scalable / "matinee.svg").write_bytes(svg.read_bytes())
    application.quit()


if __name__ == "__main__":
    render(Path(sys.argv[1]), Path(sys.argv[2]))
