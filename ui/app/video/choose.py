"""Which video item suits this machine: OpenGL where there is a GPU, software where there is none.

Without a GPU the OpenGL scene is drawn by llvmpipe, which costs three to five times the CPU of Qt's software scene.
So OpenGL is used only if a real GPU answers, or on request.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

OVERRIDE = "MATINEE_VIDEO"
_DRAWN_BY_CPU = ("llvmpipe", "softpipe", "swrast", "software", "gdi generic")
_PLATFORMS_WITHOUT_GL = ("offscreen", "minimal", "vnc", "linuxfb")


class VideoBackend(StrEnum):
    """How the scene and the video in it are drawn."""

    SOFTWARE = "software"
    OPENGL = "opengl"


def choose_backend(
    environ: Mapping[str, str], platform: str, gl_renderer: Callable[[], str | None]
) -> tuple[VideoBackend, str]:
    """The backend and the reason for it.

    ``platform`` is Qt's platform name. ``gl_renderer`` names the OpenGL renderer, None when there is none; it is
    called only when nothing else decides, for it opens a GL context. An unknown value of ``MATINEE_VIDEO`` is
    ignored.
    """
    wanted = environ.get(OVERRIDE, "").strip().lower()
    if wanted in tuple(VideoBackend):
        return VideoBackend(wanted), f"{OVERRIDE}={wanted}"
    if platform in _PLATFORMS_WITHOUT_GL:
        return VideoBackend.SOFTWARE, f"the {platform} platform has no OpenGL"
    renderer = gl_renderer()
    if renderer is None:
        return VideoBackend.SOFTWARE, "no OpenGL here"
    if any(name in renderer.lower() for name in _DRAWN_BY_CPU):
        return VideoBackend.SOFTWARE, f"OpenGL is drawn by the CPU ({renderer})"
    return VideoBackend.OPENGL, renderer


def probe_gl_renderer() -> str | None:
    """Name of the renderer behind OpenGL on this display, or None. Needs a QGuiApplication.

    A Linux machine without a DRM device has no GPU; asking it for a GL context would only load llvmpipe.
    """
    if sys.platform == "linux" and not any(Path("/dev/dri").glob("*")):
        return None
    from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return None
    gl_renderer = 0x1F01
    try:
        return str(context.functions().glGetString(gl_renderer) or "")
    finally:
        context.doneCurrent()
