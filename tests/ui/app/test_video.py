"""The video items show what the real libmpv plays."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtQml import QQmlApplicationEngine

from player.base.errors import ComponentError, ErrorCode
from player.mpv.player import MpvPlayer, OutputOptions
from player.reporting.state import PlaybackFailure
from tests.kit.clip import BARS, write_bars
from tests.kit.fake_client import FakePlayer, FakeSurface
from tests.packaging.xvfb import VirtualScreen
from ui.app.video.clips import ClipPlayer
from ui.app.video.output import VideoOutput
from ui.app.video.render import SoftwareRenderContext

SCENE = b"""
import QtQuick
import Matinee.Video
Window {
    visible: true; width: 640; height: 360; color: "black"
    VideoSurface { objectName: "video"; anchors.fill: parent }
    Rectangle { width: 40; height: 40; color: "#ffff00" }
}
"""


@pytest.fixture(scope="module")
def bars(tmp_path_factory) -> Path:
    return write_bars(tmp_path_factory.mktemp("clip") / "bars.mp4")


@pytest.fixture
def scene(qapp, qtbot):
    engine = QQmlApplicationEngine()
    engine.loadData(SCENE)
    window = engine.rootObjects()[0]
    surface = next(item for item in window.contentItem().childItems() if item.objectName() == "video")
    player = MpvPlayer(OutputOptions(audio="null")).handle
    yield window, surface, player
    surface.shutdown()
    player.terminate()
    window.close()


def bars_of(window) -> list[tuple[int, int, int]]:
    image = window.grabWindow()
    y = image.height() // 2
    return [image.pixelColor(int(image.width() * (n + 0.5) / len(BARS)), y).getRgb()[:3] for n in range(len(BARS))]


def looks_like(shown, wanted) -> bool:
    return all(
        abs(a - b) < 20 for one, other in zip(shown, wanted, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_the_picture_shows_inside_the_software_scene(scene, qtbot, bars):
    window, surface, player = scene
    with qtbot.waitSignal(surface.ready):
        surface.attach(player)
    player.play(str(bars))
    qtbot.waitUntil(lambda: looks_like(bars_of(window), BARS))
    image = window.grabWindow()
    assert image.pixelColor(10, 10).getRgb()[:3] == (255, 255, 0), "other items lie above the video"


def test_frames_keep_coming_and_follow_the_size(scene, qtbot, bars):
    window, surface, player = scene
    surface.attach(player)
    player.play(str(bars))
    qtbot.waitUntil(lambda: surface.frames > 5)
    window.resize(800, 640)
    qtbot.waitUntil(
        lambda: (
            looks_like(bars_of(window), BARS) and window.grabWindow().pixelColor(400, 20).getRgb()[:3] == (0, 0, 0)
        )
    )


def test_a_paused_picture_is_drawn_anew_at_another_size(scene, qtbot, bars):
    window, surface, player = scene
    surface.attach(player)
    player.play(str(bars))
    qtbot.waitUntil(lambda: surface.frames > 2)
    player.pause = True
    qtbot.waitUntil(lambda: player.core_idle)
    before = surface.frames
    window.resize(500, 500)
    qtbot.waitUntil(lambda: surface.frames > before)
    qtbot.waitUntil(lambda: looks_like(bars_of(window), BARS))


def test_shutting_down_twice_is_harmless(scene, qtbot):
    _window, surface, player = scene
    surface.attach(player)
    surface.shutdown()
    surface.shutdown()


def test_a_clip_says_when_it_begins_and_when_it_ends_and_the_next_takes_its_place(qapp, qtbot, bars, tmp_path):
    player = ClipPlayer()
    context = SoftwareRenderContext(player.handle, lambda: None)
    said: list[str] = []
    player.show(str(bars), lambda: said.append("frames"), lambda: said.append("end"))
    qtbot.waitUntil(lambda: said == ["frames"])
    (tmp_path / "damaged.mp4").write_bytes(b"no film")
    player.show(str(tmp_path / "damaged.mp4"), lambda: said.append("damaged"), lambda: said.append("cannot"))
    qtbot.waitUntil(lambda: said == ["frames", "cannot"])
    player.show(str(bars), lambda: None, lambda: said.append("whole"))
    qtbot.waitUntil(lambda: said == ["frames", "cannot", "whole"])
    player.show(str(bars), lambda: None, lambda: said.append("stopped"))
    player.stop()
    context.free()
    player.terminate()
    assert said == ["frames", "cannot", "whole"]


# --- output


def test_playing_begins_once_the_surface_is_ready(qapp, qtbot):
    output, surface = VideoOutput(FakePlayer), FakeSurface()
    output.set_surface(surface)
    ready: list[object] = []
    output.when_ready(ready.append, pytest.fail)
    assert ready == [], "the player is still being made"
    qtbot.waitUntil(lambda: len(ready) == 1)
    output.when_ready(ready.append, pytest.fail)
    assert len(ready) == 2, "at once, with the same player"
    assert ready[0] is ready[1]
    output.shutdown()
    assert ready[0].terminated


def test_a_player_that_is_made_too_late_is_not_drawn_from(qapp, qtbot):
    """The window was closed before libmpv was loaded; what a thread said meanwhile comes after the end."""
    output, surface = VideoOutput(FakePlayer), FakeSurface()
    output.set_surface(surface)
    output.prepare()
    output.shutdown()
    QCoreApplication.processEvents()
    assert surface.attached is None


def test_libmpv_is_not_freed_while_it_is_drawn_from(qapp):
    player = MpvPlayer(OutputOptions(audio="null"))
    context = SoftwareRenderContext(player.handle, lambda: None)
    with pytest.raises(AssertionError, match="before its libmpv"):
        player.terminate()
    with pytest.raises(AssertionError, match="one render context at a time"):
        SoftwareRenderContext(player.handle, lambda: None)
    context.free()
    player.terminate()
    with pytest.raises(RuntimeError, match="has been terminated"):
        SoftwareRenderContext(player.handle, lambda: None)


def test_a_missing_libmpv_is_told_to_everyone_who_waits(qapp, qtbot):
    def missing():
        raise ComponentError(ErrorCode.COMPONENT_LIBMPV, "libmpv is not installed.")

    output, surface = VideoOutput(missing), FakeSurface()
    output.set_surface(surface)
    failures: list[PlaybackFailure] = []
    output.when_ready(pytest.fail, failures.append)
    qtbot.waitUntil(lambda: len(failures) == 1)
    output.when_ready(pytest.fail, failures.append)
    assert failures == [PlaybackFailure("component.libmpv", "libmpv is not installed.")] * 2
    output.shutdown()


# --- OpenGL

GL_PROGRAM = """
import locale, sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine
from player.mpv.player import MpvPlayer, OutputOptions
from ui.app.window import scene
from ui.app.video.choose import VideoBackend
scene.prepare_environment()
app = QGuiApplication(["test"])
scene.after_application()
backend = scene.choose_scene()
assert backend is VideoBackend.OPENGL, backend
scene.register_types(backend)
engine = QQmlApplicationEngine()
engine.loadData({scene!r})
window = engine.rootObjects()[0]
surface = scene.video_surface(window)
player = MpvPlayer(OutputOptions(audio="null")).handle
surface.ready.connect(lambda: player.play(sys.argv[1]))
surface.attach(player)
def look():
    if surface.frames < 5:
        QTimer.singleShot(100, look)
        return
    image = window.grabWindow()
    print([image.pixelColor(int(image.width() * x), image.height() // 2).getRgb()[:3] for x in (1/8, 3/8, 5/8, 7/8)])
    app.quit()
QTimer.singleShot(100, look)
app.exec()
surface.shutdown()
player.terminate()
del engine
print("clean")
"""


@pytest.fixture
def x_display():
    """An X server of our own."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    with VirtualScreen() as screen:
        yield screen.display


def test_the_opengl_item_shows_the_picture_and_ends_cleanly(x_display, bars):
    environment = dict(os.environ, DISPLAY=x_display, MATINEE_VIDEO="opengl", QT_QPA_PLATFORM="xcb")
    done = subprocess.run(
        [sys.executable, "-c", GL_PROGRAM.format(scene=SCENE), str(bars)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown, end = done.stdout.strip().splitlines()
    assert looks_like(ast.literal_eval(shown), BARS), shown
    assert end == "clean"


def test_another_player_takes_the_place_of_one_that_is_lost(qtbot):
    made, ready, left = [], [], []
    surface = FakeSurface()
    surface.abandon = lambda: left.append(surface.attached)

    def make() -> FakePlayer:
        made.append(FakePlayer())
        return made[-1]

    output = VideoOutput(make)
    output.set_surface(surface)
    output.when_ready(ready.append, pytest.fail)
    qtbot.waitUntil(lambda: ready == made[:1])
    made[0].is_lost = True
    output.when_ready(ready.append, pytest.fail)
    qtbot.waitUntil(lambda: len(made) == 2 and ready == made)
    assert left == [made[0]]
    assert surface.attached is made[1]
    made[1].is_lost = True
    output.shutdown()
    assert left == made
    assert not made[0].terminated
    assert not made[1].terminated
