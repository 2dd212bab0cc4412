"""Which video item is taken where."""

from __future__ import annotations

import pytest

from ui.app.video.choose import VideoBackend, choose_backend


def never() -> str | None:
    raise AssertionError("the GL probe is not needed here")


@pytest.mark.parametrize("wanted", ["software", "opengl", " OpenGL "])
def test_the_override_wins(wanted):
    backend, reason = choose_backend({"MATINEE_VIDEO": wanted}, "offscreen", never)
    assert backend == wanted.strip().lower()
    assert "MATINEE_VIDEO" in reason


def test_offscreen_is_software_without_a_probe():
    assert choose_backend({}, "offscreen", never)[0] is VideoBackend.SOFTWARE


@pytest.mark.parametrize(
    ("renderer", "backend"),
    [
        (None, VideoBackend.SOFTWARE),
        ("llvmpipe (LLVM 15.0.6, 256 bits)", VideoBackend.SOFTWARE),
        ("Mesa Intel(R) UHD Graphics 620", VideoBackend.OPENGL),
    ],
)
def test_a_gpu_decides(renderer, backend):
    assert choose_backend({}, "xcb", lambda: renderer)[0] is backend


def test_an_unknown_override_is_ignored():
    assert choose_backend({"MATINEE_VIDEO": "vulkan"}, "wayland", lambda: None)[0] is VideoBackend.SOFTWARE
