"""The window comes back where it was, and only where it can be reached."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QWindow

from ui.app.window.geometry import WindowMemory, WindowPlace, is_reachable

SCREENS = [QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)]


@pytest.mark.parametrize(
    ("place", "reachable"),
    [
        (WindowPlace(100, 100, 1280, 720), True),
        (WindowPlace(2500, 50, 1280, 720), True),
        (WindowPlace(-1250, 100, 1280, 720), False),
        (WindowPlace(3300, 100, 1280, 720), False),
        (WindowPlace(100, 1200, 1280, 720), False),
        (WindowPlace(100, -700, 1280, 720), False),
    ],
)
def test_a_window_must_be_within_reach(place, reachable):
    assert is_reachable(place, SCREENS) is reachable


@pytest.fixture
def window(qapp):
    made = QWindow()
    made.resize(900, 600)
    yield made
    made.close()
    made.deleteLater()


def test_a_window_comes_back_where_it_was(window, qapp, qtbot, tmp_path):
    memory = WindowMemory(tmp_path)
    memory.restore(window)
    window.show()
    window.setGeometry(60, 70, 640, 400)
    qtbot.waitUntil(lambda: window.geometry() == QRect(60, 70, 640, 400))
    memory.keep(window)
    again = QWindow()
    again.resize(900, 600)
    WindowMemory(tmp_path).restore(again)
    assert again.geometry() == QRect(60, 70, 640, 400)
    again.deleteLater()


def test_a_maximised_window_keeps_its_size_for_later(window, qtbot, tmp_path):
    memory = WindowMemory(tmp_path)
    memory.restore(window)
    window.setGeometry(60, 70, 640, 400)
    window.show()
    qtbot.waitUntil(window.isExposed)
    window.showMaximized()
    qtbot.waitUntil(lambda: window.width() > 640)
    memory.keep(window)
    again = QWindow()
    WindowMemory(tmp_path).restore(again)
    assert again.windowStates() & again.windowStates().WindowMaximized
    again.close()
    again.deleteLater()


@pytest.mark.parametrize("text", ["nonsense", '{"x": 1}', '{"x": 1e9, "y": 0, "width": 5, "height": 5}', "{}"])
def test_a_damaged_place_is_no_place(text, window, tmp_path):
    (tmp_path / "window.json").write_text(text, encoding="utf-8")
    WindowMemory(tmp_path).restore(window)
    assert (window.width(), window.height()) == (900, 600)
    assert (tmp_path / "window.damaged.json").is_file()
