"""Makes and destroys what is native, in random order: ``python -m tests.soak.stress KIND CYCLES [SEED]``.

``scene``: a QML engine, its window and video item, a player that shows decoded pictures; resized, hidden, and taken
apart while libmpv's threads run. ``surface``: the video item alone, on one player. ``session``: an engine of ours
with a playback of a title from a local server, ended at any moment. In between there are collections, and exceptions
where Python is called from Qt or libmpv. The last line printed says how many cycles there were.

With ``MATINEE_VIDEO=opengl`` on an X display the item draws with OpenGL, else into memory.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine

from player.mpv.player import MpvPlayer, OutputOptions
from tests.kit.clip import write_bars
from ui.app.video.output import VideoOutput
from ui.app.window import scene

SCENE = b"""
import QtQuick
import Matinee.Video
Window {
    visible: true; width: 320; height: 180; color: "black"
    VideoSurface { objectName: "video"; anchors.fill: parent }
    Rectangle { width: 40; height: 40; color: "#ffff00" }
}
"""
PATIENCE_S = 60.0


class NuisanceError(Exception):
    """Raised on purpose."""


def quietly(kind: type[BaseException], value: BaseException, trace: object) -> None:
    """What Qt's slots raise is printed by PySide: not what is raised on purpose."""
    if not issubclass(kind, NuisanceError):
        sys.__excepthook__(kind, value, trace)  # type: ignore[arg-type]
        os._exit(3)


def pump(condition: Callable[[], object], limit_s: float = PATIENCE_S) -> None:
    """Let Qt work until it is so."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it does not happen")
        QCoreApplication.processEvents()
        time.sleep(0.001)


def made_window() -> tuple[QQmlApplicationEngine, Any, Any]:
    engine = QQmlApplicationEngine()
    engine.loadData(SCENE)
    window = engine.rootObjects()[0]
    return engine, window, scene.video_surface(window)


def delete(engine: QQmlApplicationEngine) -> None:
    """Now, with its window and all that is in it."""
    engine.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
    QCoreApplication.processEvents()


def disturb(rng: random.Random, window: Any, handle: Any) -> None:
    """Something that happens to a window, or a mistake in somebody's callback."""
    match rng.randrange(7):
        case 0:
            window.resize(rng.randint(1, 700), rng.randint(1, 500))
        case 1:
            window.setVisible(not window.isVisible())
        case 2:
            gc.collect()
        case 3:
            QTimer.singleShot(0, raise_nuisance)
        case 4:
            handle.observe_property("time-pos", lambda *_: raise_nuisance())
        case 5:
            with contextlib.suppress(SystemError, ValueError):
                handle.command("seek", f"{rng.uniform(0, 2):.3f}", "absolute+exact")
        case _:
            window.grabWindow()
    QCoreApplication.processEvents()


def raise_nuisance() -> None:
    raise NuisanceError


def scene_cycle(rng: random.Random, clip: str) -> None:
    """As the app does it: an output with its player on a thread, a window, both taken apart in the app's order."""
    engine, window, surface = made_window()
    output = VideoOutput(lambda: MpvPlayer(OutputOptions(audio="null")))
    output.set_surface(surface)
    ready: list[Any] = []
    output.when_ready(ready.append, lambda failure: sys.exit(str(failure)))
    if rng.random() < 0.9:  # else it is left before it is ready
        pump(lambda: ready)
        handle = ready[0].handle
        handle.play(clip)
        if rng.random() < 0.8:
            window.setVisible(True)
            pump(lambda: surface.frames > rng.randrange(3))
        for _ in range(rng.randrange(5)):
            disturb(rng, window, handle)
    if rng.random() < 0.5:
        window.close()
    output.shutdown()
    for _ in range(rng.randrange(3)):  # the scene may be drawn again
        window.setVisible(True)
        surface.update()
        QCoreApplication.processEvents()
    delete(engine)


def surface_cycles(rng: random.Random, clip: str, cycles: int) -> Iterator[None]:
    """Only the item and its render context come and go, while the player plays."""
    player = MpvPlayer(OutputOptions(audio="null", extra={"loop_file": "inf"}))
    player.handle.play(clip)
    engine = QQmlApplicationEngine()
    for _ in range(cycles):
        engine.loadData(SCENE)
        window = engine.rootObjects()[-1]
        surface: Any = scene.video_surface(window)
        surface.attach(player.handle)
        for _ in range(rng.randrange(4)):
            QCoreApplication.processEvents()
        if rng.random() < 0.05:
            gc.collect()
        surface.shutdown()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
        yield
    player.terminate()


def session_cycles(rng: random.Random, cycles: int) -> Iterator[None]:
    """Whole playbacks of ours, ended at any moment, on players that last for one or for several."""
    from player.title.opening import PlaybackSource
    from tests.kit import media
    from tests.kit.fileserver import FileServer
    from tests.kit.playback import engine

    title = media.ffmpeg_dash()
    with tempfile.TemporaryDirectory() as folder, FileServer(title.folder) as server:
        left = cycles
        while left:
            with engine(Path(folder)) as made:
                player = MpvPlayer(OutputOptions(video="null", audio="null"))
                for _ in range(min(left, rng.randint(1, 3))):
                    session = made.open(PlaybackSource(url=server.url(title.dash or "")), player, lambda _state: None)
                    time.sleep(rng.uniform(0.0, 0.3))
                    session.seek(rng.uniform(0.0, 20.0))
                    if rng.random() < 0.3:
                        gc.collect()
                    time.sleep(rng.uniform(0.0, 0.1))
                    session.stop()
                    assert made.wait(session, PATIENCE_S)
                    left -= 1
                    yield
                if rng.random() < 0.5:
                    player.terminate()
                    player = None
            if player is not None:
                player.terminate()


def main() -> int:
    """See the module."""
    kind, cycles, seed = sys.argv[1], int(sys.argv[2]), int((*sys.argv[3:], "1")[0])
    rng = random.Random(seed)
    sys.excepthook = quietly
    warnings.filterwarnings("ignore", "Unhandled exception on python-mpv event loop")
    scene.prepare_environment()
    application = QGuiApplication(["stress"])
    application.setQuitOnLastWindowClosed(False)
    scene.after_application()
    scene.register_types(scene.choose_scene())
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        clip = str(write_bars(Path(folder) / "bars.mp4"))
        match kind:
            case "scene":
                steps: Iterator[None] = (scene_cycle(rng, clip) for _ in range(cycles))
            case "surface":
                steps = surface_cycles(rng, clip, cycles)
            case _:
                steps = session_cycles(rng, cycles)
        begun = time.monotonic()
        for _ in steps:
            done += 1
    threads = [
        thread.name for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()
    ]
    print(f"{done} cycles of {kind}, {time.monotonic() - begun:.0f} s, threads left: {threads}", flush=True)
    return 0 if not threads else 1


if __name__ == "__main__":
    sys.exit(main())
