"""The video item on a GPU: mpv draws with OpenGL into a framebuffer object of Qt's scene."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext
from PySide6.QtOpenGL import QOpenGLFramebufferObject
from PySide6.QtQuick import QQuickFramebufferObject, QQuickItem

from player.mpv import drawing
from ui.app.ports.playback import MpvCore
from ui.app.video.render import keep_for_ever


def _address_of(_context: object, name: bytes) -> int:
    current = QOpenGLContext.currentContext()
    return int(current.getProcAddress(name)) if current else 0


class _Renderer(QQuickFramebufferObject.Renderer):
    """Lives on the thread that renders, which is the main thread with ``QSG_RENDER_LOOP=basic``."""

    def __init__(self, surface: OpenGLVideoSurface) -> None:
        super().__init__()
        self._surface = surface

    def createFramebufferObject(self, size: QSize) -> QOpenGLFramebufferObject:
        self._surface.create_context()
        # A framebuffer object made in Python would be freed under Qt's hands.
        return super().createFramebufferObject(size)

    def render(self) -> None:
        self._surface.draw(self.framebufferObject())


class OpenGLVideoSurface(QQuickFramebufferObject):
    """QML ``VideoSurface``. ``ready`` is emitted once the scene has a GL context and mpv a render context in it;
    playing before that would open a window of mpv's own or show nothing."""

    ready = Signal()
    _frame_arrived = Signal()
    _bound = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.frames = 0
        self._mpv: MpvCore | None = None
        self._context: Any = None
        self._gl: QOpenGLContext | None = None
        self._renderer: _Renderer | None = None
        self._frame_arrived.connect(self.update, Qt.ConnectionType.QueuedConnection)
        self._bound.connect(self.ready, Qt.ConnectionType.QueuedConnection)

    def attach(self, player: MpvCore) -> None:
        """Draw what this ``mpv.MPV`` plays as soon as the scene has a GL context."""
        self._mpv = player
        self.update()

    def createRenderer(self) -> QQuickFramebufferObject.Renderer:
        self._renderer = _Renderer(self)
        return self._renderer

    def create_context(self) -> None:
        """Called by the renderer with the GL context current."""
        if self._context is not None or self._mpv is None:
            return
        import mpv

        drawing.begins(self._mpv.handle)
        self._gl = QOpenGLContext.currentContext()
        get_address = mpv.MpvGlGetProcAddressFn(_address_of)
        keep_for_ever(get_address)
        self._context = mpv.MpvRenderContext(
            self._mpv, "opengl", opengl_init_params={"get_proc_address": get_address}
        )
        self._context.update_cb = self._frame_arrived.emit
        keep_for_ever(self._context._update_fn_wrapper)  # noqa: SLF001 - the only way to keep the C callback alive
        self._bound.emit()

    def draw(self, target: QOpenGLFramebufferObject) -> None:
        """Called by the renderer with the GL context current."""
        self.create_context()
        if self._context is None:
            return
        self._context.render(
            flip_y=False,
            block_for_target_time=False,
            opengl_fbo={"w": target.width(), "h": target.height(), "fbo": target.handle()},
        )
        self.frames += 1

    def abandon(self) -> None:
        """Leave the render context with a libmpv that does not answer; another one may follow."""
        context, self._context, self._mpv = self._context, None, None
        if context is not None:
            context.update_cb = None
            keep_for_ever((context, context._update_fn_wrapper))  # noqa: SLF001

    def shutdown(self) -> None:
        """Free the render context with its GL context current; after the event loop has ended and before the
        ``mpv.MPV`` is terminated."""
        context, self._context = self._context, None
        player, self._mpv = self._mpv, None  # the scene may be drawn again
        if context is None or self._gl is None or player is None:
            return
        surface = QOffscreenSurface()
        surface.setFormat(self._gl.format())
        surface.create()
        self._gl.makeCurrent(surface)
        context.update_cb = None
        keep_for_ever(context._update_fn_wrapper)  # noqa: SLF001
        context.free()
        drawing.ends(player.handle)
        self._gl.doneCurrent()
