"""The app of a clean profile, walked and closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ui.app.composition import AppOptions, run_app
from ui.app.selftest.focus import FocusWalk, PageWalk

if TYPE_CHECKING:
    from PySide6.QtQuick import QQuickWindow

    from ui.app.viewmodels.application import ApplicationViewModel


def walk_app(profile: Path) -> list[PageWalk]:
    """Show the app without a service, walk its pages. Raises ComponentError without Qt or a display."""
    walks: list[FocusWalk] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        from PySide6.QtCore import QCoreApplication

        walks.append(FocusWalk(app, window, QCoreApplication.quit))

    run_app(AppOptions(profile=profile, key_store="file", on_window=begin))
    return walks[0].pages if walks else []
