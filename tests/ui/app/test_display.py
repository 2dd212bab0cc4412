"""A missing display is said before Qt would end the process."""

from __future__ import annotations

import pytest

from player.base.errors import ComponentError, ErrorCode
from ui.app.system.display import check_display, display_lines


def test_no_display_at_all():
    with pytest.raises(ComponentError) as caught:
        check_display({})
    assert caught.value.code is ErrorCode.COMPONENT_DISPLAY
    assert "--headless" in caught.value.sentence


@pytest.mark.parametrize("display", [":4711", "unix:4711.0", "nonsense", ":x"])
def test_a_display_that_does_not_answer(display):
    with pytest.raises(ComponentError) as caught:
        check_display({"DISPLAY": display})
    assert display in caught.value.sentence


def test_a_wayland_socket_that_is_not_there_does_not_count(tmp_path):
    with pytest.raises(ComponentError):
        check_display({"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)})


def test_offscreen_needs_no_display():
    check_display({"QT_QPA_PLATFORM": "offscreen"})


def test_the_finest_screen_counts_in_its_own_pixels(qapp, monkeypatch):
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QGuiApplication

    class Screen:
        def __init__(self, lines: int, ratio: float) -> None:
            self._lines, self._ratio = lines, ratio

        def size(self) -> QSize:
            return QSize(1600, self._lines)

        def devicePixelRatio(self) -> float:
            return self._ratio

    assert QGuiApplication.instance() is qapp
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [Screen(900, 1.0), Screen(720, 1.5)])
    assert display_lines() == 1080
    monkeypatch.setattr(QGuiApplication, "screens", list)
    assert display_lines() is None
