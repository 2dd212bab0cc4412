"""The app with a film of a share that stops answering, in a process of its own.

``python -m tests.kit.hanging_app PROFILE FILM OTHER FLAG`` plays FILM, creates FLAG, waits until it is removed, and
goes to the end of FILM. Once a read hangs, it plays OTHER, browses FILM's folder, opens FILM, OTHER, FILM, closes.
Each step that is done is a line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.kit.hanging_share import something_waits

_LOOK_MS = 50


def main(profile: Path, film: Path, other: Path, flag: Path) -> None:
    """See the module."""
    from PySide6.QtCore import QTimer
    from PySide6.QtQuick import QQuickWindow

    from ui.app.composition import AppOptions, run_app
    from ui.app.viewmodels.application import ApplicationViewModel
    from ui.cli.main import leave

    logging.basicConfig(level=logging.INFO)

    def steps(app: ApplicationViewModel, window: QQuickWindow) -> Iterator[bool]:
        """What is done in turn; each value says whether to go on."""
        player = app.property("player")

        def plays(path: Path) -> bool:
            moves = player.property("positionS") > 0 and player.property("status") == "playing"
            return moves and player.property("title") == path.stem

        while not plays(film):
            yield False
        print("plays", flush=True)
        flag.touch()
        while flag.exists():
            yield False
        player.seekToTime(55.0)
        while not something_waits():
            yield False
        app.open_places([str(other)])
        while not plays(other):
            yield False
        print("other", flush=True)
        app.own_files.property("browser").show(film.parent)
        print("folder", flush=True)
        app.open_places([str(film)])
        while film.stem not in app.own_files.property("notice"):
            yield False
        print("told", flush=True)
        app.open_places([str(other)])
        while not plays(other):
            yield False
        print("again", flush=True)
        app.open_places([str(film)])
        yield False
        print("closed", flush=True)
        window.close()
        while True:
            yield False

    def watch(app: ApplicationViewModel, window: QQuickWindow) -> None:
        turn = steps(app, window)
        timer = QTimer(window, interval=_LOOK_MS)
        timer.timeout.connect(lambda: next(turn))
        timer.start()

    code = run_app(AppOptions(profile=profile, key_store="file", files=(str(film),), on_window=watch))
    print("saved", flush=True)
    leave(code)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
