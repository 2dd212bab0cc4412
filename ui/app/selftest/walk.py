"""The app of a clean profile, walked and closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ui.app.composition import AppOptions, run_app
from ui.app.selftest.focus import FocusWalk, PageWalk

if TYPE_CHECKING:
    from PySide6.QtQuick import QQuickWindow

    from ui.app.viewmodels.application import ApplicationViewModel


def walk_app(profile: Path, service_url: str | None = None, email: str = "", password: str = "") -> list[PageWalk]:
    """Show the app without a service, or signed in at one, and walk its pages. Raises ComponentError without Qt or a
    display."""
    walks: list[FocusWalk] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        from PySide6.QtCore import QCoreApplication

        walks.append(FocusWalk(app, window, QCoreApplication.quit))

    options = AppOptions(
        profile=profile,
        service_url=service_url,
        email=email,
        password=password,
        key_store="file",
        on_window=begin,
    )
    run_app(options)
    return walks[0].pages if walks else []
