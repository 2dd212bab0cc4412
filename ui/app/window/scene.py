"""The Qt side of the application: application object, scene, QML types and the window."""

from __future__ import annotations

import locale
import logging
import os
from pathlib import Path
from typing import cast

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, QUrl, qInstallMessageHandler
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine, qmlRegisterType
from PySide6.QtQuick import QQuickItem, QQuickWindow, QSGRendererInterface

from player.base.errors import ComponentError, ErrorCode
from ui.app.images.icons import IconProvider
from ui.app.images.qr import QrProvider
from ui.app.ports.playback import SurfacePort
from ui.app.video.choose import VideoBackend, choose_backend, probe_gl_renderer
from ui.app.video.still import PictureView

FONTS = Path(__file__).parents[1] / "assets" / "fonts"
QML_FOLDER = Path(__file__).parents[1] / "qml"
_log = logging.getLogger(__name__)
_qt_log = logging.getLogger("qt")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def prepare_environment() -> None:
    """Must run before the application object exists.

    Qt's threaded render loop runs Python on the render thread and deadlocks on the interpreter lock.
    """
    os.environ["QSG_RENDER_LOOP"] = "basic"
    QGuiApplication.setApplicationName("matinee")
    QGuiApplication.setApplicationDisplayName("Matinee")
    QGuiApplication.setDesktopFileName("matinee")


def after_application() -> None:
    """Must run after the application object exists and before libmpv is loaded, which refuses other number formats
    than that of C. Qt sets the locale of the environment. From then on texts are written in Inter."""
    locale.setlocale(locale.LC_NUMERIC, "C")
    _use_own_typeface()


def log_qt_messages() -> None:
    """Qt's and QML's own messages go to the log, not to stderr."""

    def handler(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        place = f" ({context.file}:{context.line})" if context.file else ""
        _qt_log.log(_LEVELS.get(kind, logging.WARNING), "%s%s", message, place)

    qInstallMessageHandler(handler)


def drawing() -> tuple[VideoBackend, str]:
    """How the picture would be drawn here, and why; for a process that does nothing else."""
    application = QGuiApplication(["matinee"])
    return choose_backend(os.environ, application.platformName(), probe_gl_renderer)


def choose_scene() -> VideoBackend:
    """Decide how the scene is drawn; before the first window."""
    backend, reason = choose_backend(os.environ, QGuiApplication.platformName(), probe_gl_renderer)
    _log.info("video is drawn by %s: %s", backend, reason)
    api = QSGRendererInterface.GraphicsApi
    QQuickWindow.setGraphicsApi(api.OpenGL if backend is VideoBackend.OPENGL else api.Software)
    return backend


def _use_own_typeface() -> None:
    """Write in Inter, which is shipped; letters that it does not have come from the system's fonts."""
    families = [
        family
        for path in sorted(FONTS.glob("*.otf"))
        for family in QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    ]
    if families:
        font = QGuiApplication.font()
        font.setFamilies(["Inter", *font.families()])
        QGuiApplication.setFont(font)


def register_types(backend: VideoBackend) -> None:
    """Give QML its ``VideoSurface``, its ``ClipSurface`` and its ``PictureView``. Clips are small enough for the
    processor, and one of them can then be drawn beside the title."""
    from ui.app.video.software import SoftwareVideoSurface

    surface: type[QQuickItem]
    if backend is VideoBackend.OPENGL:
        from ui.app.video.opengl import OpenGLVideoSurface as surface  # noqa: N813
    else:
        surface = SoftwareVideoSurface
    # The stub wants bytes where the function takes a str.
    qmlRegisterType(surface, "Matinee.Video", 1, 0, "VideoSurface")  # type: ignore[call-overload]
    qmlRegisterType(SoftwareVideoSurface, "Matinee.Video", 1, 0, "ClipSurface")  # type: ignore[call-overload]
    qmlRegisterType(PictureView, "Matinee.Video", 1, 0, "PictureView")  # type: ignore[call-overload]


def load_window(app: QObject, file: str = "Main.qml") -> tuple[QQmlApplicationEngine, QQuickWindow]:
    """Show the window of ``file`` over its view model. ComponentError when the QML cannot be loaded."""
    engine = QQmlApplicationEngine()
    engine.addImportPath(str(QML_FOLDER))
    engine.addImageProvider("icon", IconProvider())
    engine.addImageProvider("qr", QrProvider())
    engine.setInitialProperties({"app": app})
    engine.load(QUrl.fromLocalFile(str(QML_FOLDER / file)))
    roots = engine.rootObjects()
    if not roots or not isinstance(roots[0], QQuickWindow):
        raise ComponentError(ErrorCode.COMPONENT_QT, "The interface of this installation is damaged or incomplete.")
    return engine, roots[0]


def video_surface(window: QQuickWindow, name: str = "video") -> SurfacePort:
    """The window's video item of this name: that of titles, or that of clips."""
    surface = window.findChild(QQuickItem, name)
    if surface is None:
        raise ComponentError(ErrorCode.COMPONENT_QT, "The interface of this installation is damaged or incomplete.")
    return cast("SurfacePort", surface)


def draws_in_memory() -> bool:
    """Whether the processor draws, since there is no OpenGL."""
    return QQuickWindow.graphicsApi() == QSGRendererInterface.GraphicsApi.Software
