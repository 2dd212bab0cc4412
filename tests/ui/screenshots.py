"""A picture of every page and state in both sizes: ``python -m tests.ui.screenshots FOLDER [STATE...]``.

Works on a machine without a screen. What is seen is the real interface over a scripted client.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QGuiApplication

from tests.kit import fake_client, pictures
from tests.ui import states
from tests.ui.stage import Stage
from ui.ports import TitleCard
from ui.scene import after_application, choose_scene, register_types

NAMES = (
    "Harbour",
    "The Long Tide",
    "Northern Line",
    "Glass Gardens",
    "Small Hours",
    "A Map of Rivers",
    "Salt and Cedar",
    "The Lantern Year",
)
SYNOPSES = (
    "A pilot who has brought ships in for thirty years is asked to bring one out.",
    "Two sisters and one lighthouse, in the winter in which the ferry does not come.",
    "The last train of the night, and those who take it every night.",
    "Someone waters the plants in a house that has been empty since spring.",
)


class Waiter:
    """What the stage needs of pytest-qt."""

    def waitUntil(self, condition: Callable[[], object], timeout: int = 3000) -> None:
        end = time.monotonic() + timeout / 1000
        while not condition():
            assert time.monotonic() < end, "the state does not come"
            loop = QEventLoop()
            QTimer.singleShot(10, loop.quit)
            loop.exec()


def named_cards(count: int, begun: int = 0) -> list[TitleCard]:
    """The scripted titles, with names that look like titles."""
    return [
        replace(
            card,
            name=NAMES[n % len(NAMES)],
            synopsis=SYNOPSES[n % len(SYNOPSES)],
            duration_s=4800.0 + 317 * n,
            progress_s=1700.0 + 400 * n if n < begun else 0.0,
        )
        for n, card in enumerate(fake_client.cards(count, begun))
    ]


def picture(state: str, tv: bool, path: Path) -> None:
    """Build the state and keep what is seen."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Waiter(), Path(folder))
        stage.client.paint = pictures.poster
        try:
            states.STATES[state](stage, tv)
            stage.wait(700)  # pictures arrive, motions end
            stage.shot(path)
        finally:
            stage.close()


def main() -> int:
    """See the module."""
    folder, *wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={_screen(Path(place))}")
        os.environ["QSG_RENDER_LOOP"] = "basic"
        return _pictures(Path(folder), wanted or list(states.STATES))


def _screen(place: Path) -> Path:
    """A description of the screen that --tv fills."""
    described = place / "screen.json"
    described.write_text(json.dumps({"screens": [{"name": "tv", "x": 0, "y": 0, "width": 1920, "height": 1080}]}))
    return described


def _pictures(folder: Path, wanted: list[str]) -> int:
    application = QGuiApplication(["screenshots"])
    application.setQuitOnLastWindowClosed(False)
    after_application()
    register_types(choose_scene())
    states.cards = named_cards
    folder.mkdir(parents=True, exist_ok=True)
    for state in wanted:
        for tv in (False, True):
            name = f"{state.replace(', ', '-').replace(' ', '-')}-{'tv' if tv else 'desk'}.png"
            picture(state, tv, folder / name)
            print(name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
