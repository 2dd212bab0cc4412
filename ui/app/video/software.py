"""The video item without OpenGL: mpv draws into memory on a worker thread, Qt paints the image into its scene."""

from __future__ import annotations

import ctypes
import threading

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

from ui.app.ports.playback import MpvCore
from ui.app.video.render import SoftwareRenderContext, keep_for_ever

_SMALLEST = 2  # pixels; mpv refuses empty targets


class _Canvas:
    """An image together with the address of its pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.image = QImage(width, height, QImage.Format.Format_RGB32)
        self.image.fill(0)
        self.width, self.height = width, height
        self.stride = self.image.bytesPerLine()
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.image.bits()))


class _Swap:
    """Three canvases between the thread that draws and the thread that paints: neither ever waits for the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._canvases: list[_Canvas] = []
        self._front: _Canvas | None = None
        self._painting: _Canvas | None = None

    def back(self, width: int, height: int) -> _Canvas:
        """A canvas of this size that is neither shown nor being painted."""
        with self._lock:
            busy = [canvas for canvas in (self._front, self._painting) if canvas is not None]
            same = [c for c in self._canvases if (c.width, c.height) == (width, height)]
            free = next((c for c in same if c not in busy), None)
            if free is None:
                free = _Canvas(width, height)
                same.append(free)
            self._canvases = same
            return free

    def show(self, canvas: _Canvas) -> None:
        with self._lock:
            self._front = canvas

    def begin_paint(self) -> QImage | None:
        with self._lock:
            self._painting = self._front
            return None if self._painting is None else self._painting.image

    def end_paint(self) -> None:
        with self._lock:
            self._painting = None

    def clear(self) -> None:
        with self._lock:
            self._front = None
            self._canvases = []


class SoftwareVideoSurface(QQuickPaintedItem):
    """QML ``VideoSurface``. :meth:`attach` it to an ``mpv.MPV`` made with ``vo=libmpv``; ``ready`` follows
    at once."""

    ready = Signal()
    _frame_arrived = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.setOpaquePainting(True)
        self.setFillColor(Qt.GlobalColor.black)
        self.frames = 0
        self._swap = _Swap()
        self._target = (0, 0)
        self._awake = threading.Event()
        self._stopping = False
        self._resized = False
        self._update_pending = False
        self._context: SoftwareRenderContext | None = None
        self._thread: threading.Thread | None = None
        self._frame_arrived.connect(self._on_frame, Qt.ConnectionType.QueuedConnection)
        self.widthChanged.connect(self._on_resize)
        self.heightChanged.connect(self._on_resize)

    def attach(self, player: MpvCore) -> None:
        """Start drawing what this ``mpv.MPV`` plays. ComponentError when libmpv cannot."""
        assert not self._stopping, "what has been shut down draws no more"
        self._context = SoftwareRenderContext(player, self._awake.set)
        self._thread = threading.Thread(target=self._draw, args=(self._context,), name="video-draw", daemon=True)
        self._thread.start()
        self.ready.emit()

    def shutdown(self) -> None:
        """Stop drawing and free the render context; must come before the ``mpv.MPV`` is terminated."""
        self._stop_drawing()
        if self._context is not None:
            self._context.free()
            self._context = None

    def abandon(self) -> None:
        """Stop drawing, and leave the render context with a libmpv that does not answer; another one may follow."""
        self._stop_drawing()
        if self._context is not None:
            keep_for_ever(self._context)
            self._context = None
        self._stopping = False

    def _stop_drawing(self) -> None:
        self._stopping = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._swap.clear()

    def _on_resize(self) -> None:
        application = QGuiApplication.instance()
        scale = application.devicePixelRatio() if isinstance(application, QGuiApplication) else 1.0
        self._target = (int(self.width() * scale), int(self.height() * scale))
        self._resized = True
        self._awake.set()

    def _draw(self, context: SoftwareRenderContext) -> None:
        while True:
            self._awake.wait()
            self._awake.clear()
            if self._stopping:
                return
            wanted = context.has_new_frame() or self._resized
            width, height = self._target
            if not wanted or width < _SMALLEST or height < _SMALLEST:
                continue
            self._resized = False
            canvas = self._swap.back(width, height)
            context.render(canvas.address, width, height, canvas.stride)
            self._swap.show(canvas)
            self.frames += 1
            if not self._update_pending:
                self._update_pending = True
                self._frame_arrived.emit()

    def _on_frame(self) -> None:
        self._update_pending = False
        self.update()

    def paint(self, painter: QPainter) -> None:
        image = self._swap.begin_paint()
        if image is not None:
            painter.drawImage(QRectF(0, 0, self.width(), self.height()), image)
        self._swap.end_paint()
