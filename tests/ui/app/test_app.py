"""The whole app as a process of its own: real engine, real libmpv, offscreen window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.kit.children import ends_with_us
from tests.kit.fileserver import FileServer
from tests.kit.media import ffmpeg_hls_ts
from tests.kit.waiting import PATIENCE_S, until
from ui.app.system.single_instance import SingleInstance

PROGRAM = """
import sys
from pathlib import Path
import ui.app.window.scene as scene
from PySide6.QtCore import QTimer
from player.title.opening import PlaybackSource
from ui.app.composition import AppOptions, run_app
load = scene.load_window
def load_and_watch(app):
    engine, window = load(app)
    surface = scene.video_surface(window)
    player = app.property("player")
    def look():
        if player.property("status") == "playing" and surface.frames > 10:
            colours = {window.grabWindow().pixelColor(x, 300).name() for x in range(0, 1280, 40)}
            print("playing", len(colours), flush=True)
        elif player.property("failure"):
            print("failed", player.property("failureCode"), flush=True)
        else:
            QTimer.singleShot(50, look)
    QTimer.singleShot(50, look)
    return engine, window
scene.load_window = load_and_watch
source = PlaybackSource(url=sys.argv[2]) if len(sys.argv) > 2 else None
sys.exit(run_app(AppOptions(profile=Path(sys.argv[1]), key_store="file", source=source)))
"""


@pytest.fixture
def app(tmp_path):
    """Starts the app; ended and checked at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ends_with_us(sys.executable, "-X", "faulthandler", "-c", PROGRAM, tmp_path, *arguments, by="KILL"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, QT_QPA_PLATFORM="offscreen") | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.realtime
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stream_plays_in_the_window_and_a_signal_ends_the_app(app, number):
    media = ffmpeg_hls_ts()
    with FileServer(media.folder) as server:
        process = app(server.url(media.hls))
        assert process.stdout.readline().split()[0] == "playing"
        process.send_signal(number)
        _out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "Fatal Python error" not in errors


def test_what_cannot_be_played_shows_on_the_player_page(app):
    process = app("http://127.0.0.1:9/nothing.m3u8")
    assert process.stdout.readline().split() == ["failed", "net.refused"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130


def test_a_second_start_hands_its_address_to_the_first(app, tmp_path):
    first = app()
    socket = Path(tempfile.gettempdir()) / SingleInstance(tmp_path)._name
    until(socket.exists)
    second = app("http://127.0.0.1:9/nothing.m3u8")
    assert second.wait(timeout=PATIENCE_S) == 0
    assert first.stdout.readline().split() == ["failed", "net.refused"], "the first plays it"
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 130


def test_no_display_is_one_sentence(app):
    environment = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    process = app(**environment)
    _out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "ComponentError: There is no display here" in errors


def test_a_service_that_was_chosen_is_left_for_another(tmp_path):
    """Each choice opens the window again; what the command line named is played once."""
    program = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from ui.app.composition import AppOptions, run_app
visits = []
def visit(app, window):
    sign_in = app.signIn
    visits.append((sign_in.property("serviceName"), sign_in.property("leavable"), app.property("page") == "player"))
    steps = [lambda: sign_in.serviceChosen.emit("http://127.0.0.1:9"), sign_in.leaveService, QGuiApplication.quit]
    QTimer.singleShot(0, window, steps[len(visits) - 1])
options = AppOptions(profile=Path(sys.argv[1]), key_store="file", files=("nowhere.mp4",), on_window=visit)
code = run_app(options)
print(visits)
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[('', False, True), ('127.0.0.1:9', True, False), ('', False, False)]"


def test_the_first_frame_does_not_wait_for_the_engine(tmp_path):
    """Neither the engine nor libmpv is loaded before the window is shown."""
    program = """
import sys
sys.path_importer_cache.clear()
from PySide6.QtGui import QGuiApplication
from pathlib import Path
import ui.app.window.scene as scene
from ui.app.composition import AppOptions, run_app
load = scene.load_window
def check(app):
    made = load(app)
    print(sorted({"httpx", "mpv", "lxml", "player.engine", "cryptography", "av"} & set(sys.modules)))
    QGuiApplication.quit()
    from PySide6.QtCore import QTimer
    QTimer.singleShot(0, QGuiApplication.quit)
    return made
scene.load_window = check
sys.exit(run_app(AppOptions(profile=Path(sys.argv[1]), key_store="file")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
