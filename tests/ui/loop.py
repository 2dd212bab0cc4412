"""Letting Qt's event loop run for a while."""

from __future__ import annotations

from PySide6.QtCore import QEventLoop, QTimer


def run_loop(milliseconds: int) -> None:
    """``QTest.qWait`` would hold the interpreter lock and starve every other thread."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
