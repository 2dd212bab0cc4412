"""A picture of every page and state in both sizes: ``python -m tests.ui.screenshots FOLDER [STATE...]``.

Works on a machine without a screen, and on a virtual one with ``QT_QPA_PLATFORM=xcb``. What is seen is the real
interface over a scripted client; the guide's pictures are of the real one (:mod:`tests.ui.demo_pictures`).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtQml import QQmlComponent
from PySide6.QtQuick import QQuickItem

from player.service.model import Title
from tests.kit import fake_client, pictures
from tests.ui import states
from tests.ui.loop import run_loop
from tests.ui.player_states import WINDOWED_STATES
from tests.ui.stage import Stage
from ui.app.window.scene import after_application, choose_scene, register_types

PICTURED = states.STATES | WINDOWED_STATES

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

    def waitUntil(self, condition: Callable[[], object], timeout: int = 15_000) -> None:
        end = time.monotonic() + timeout / 1000
        while not condition():
            assert time.monotonic() < end, "the state does not come"
            self._give_keys()
            run_loop(10)

    def _give_keys(self) -> None:
        """A virtual screen has no window manager, which would make the window active."""
        if QGuiApplication.focusWindow() is None:
            for window in QGuiApplication.topLevelWindows():
                window.requestActivate()


def named_cards(count: int, begun: int = 0) -> list[Title]:
    """The scripted titles, with names that look like titles."""
    return [
        replace(
            card,
            title=NAMES[n % len(NAMES)],
            synopsis=SYNOPSES[n % len(SYNOPSES)],
            duration_s=4800.0 + 317 * n,
            progress=replace(card.progress, position_s=1700.0 + 400 * n if n < begun else 0.0),
        )
        for n, card in enumerate(fake_client.cards(count, begun))
    ]


def picture(state: str, tv: bool) -> QImage:
    """What is seen in a state."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Waiter(), Path(folder))
        stage.client.paint = pictures.poster
        try:
            PICTURED[state](stage, tv)
            if stage.page == "player":
                _project(stage, Path(folder))
            if stage.page == "downloads":
                stage.downloads.pace = 1_000_000
                stage.wait(2500)  # some looks, for the speed
            stage.wait(700)  # pictures arrive, motions end
            return stage.shot()
        finally:
            stage.close()


def _project(stage: Stage, folder: Path) -> None:
    """Something to see behind the player page, where no libmpv draws."""
    (folder / "film.png").write_bytes(pictures.poster("film"))
    component = QQmlComponent(stage.engine)
    component.setData(b"import QtQuick; Image { anchors.fill: parent; smooth: true }", QUrl())
    image = component.create()
    assert isinstance(image, QQuickItem)
    image.setProperty("source", QUrl.fromLocalFile(str(folder / "film.png")))
    image.setParent(stage.window)
    image.setParentItem(stage.item("video"))


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", metavar="STATE")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={_screen(Path(place))}")
        os.environ["QSG_RENDER_LOOP"] = "basic"
        application = QGuiApplication(["screenshots"])
        application.setQuitOnLastWindowClosed(False)
        after_application()
        register_types(choose_scene())
        gc.disable()  # Qt objects in cycles go on the Qt thread only, and pictures are few
        states.cards = named_cards
        fake_client.playing = partial(fake_client.playing, title=NAMES[1])
        args.folder.mkdir(parents=True, exist_ok=True)
        for state in args.states or PICTURED:
            for tv in (False,) if state in WINDOWED_STATES else (False, True):
                path = args.folder / f"{state.replace(', ', '-').replace(' ', '-')}-{'tv' if tv else 'desk'}.png"
                assert picture(state, tv).save(str(path), "PNG", 0), f"{path} cannot be written"  # 0: small
                print(path.name, flush=True)
    return 0


def _screen(place: Path) -> Path:
    """A description of the screen that --tv fills."""
    described = place / "screen.json"
    described.write_text(json.dumps({"screens": [{"name": "tv", "x": 0, "y": 0, "width": 1920, "height": 1080}]}))
    return described


if __name__ == "__main__":
    sys.exit(main())
