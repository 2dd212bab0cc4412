"""Leaves out what the program never loads: half of Qt, headers, type stubs, the tests of others."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

QT_MODULES = ("QtCore", "QtDBus", "QtGui", "QtNetwork", "QtOpenGL", "QtQml", "QtQuick", "QtSvg")
QT_PLUGINS = (
    "egldeviceintegrations",
    "generic",
    "iconengines",
    "imageformats",
    "platforminputcontexts",
    "platforms",
    "tls",
    "wayland-decoration-client",
    "wayland-graphics-integration-client",
    "wayland-shell-integration",
    "xcbglintegrations",
)
# Each brings libraries that nothing else needs: PDF, a keyboard on the screen, a web of remote desktops.
PLUGINS_LEFT_OUT = ("libqpdf.so", "libqtvirtualkeyboardplugin.so", "libqvnc.so", "libqvkkhrdisplay.so")
QML_MODULES = ("QtQml", "QtQuick")
QML_SUBMODULES_LEFT_OUT = (
    "Controls",
    "Dialogs",
    "Effects",
    "Layouts",
    "LocalStorage",
    "Particles",
    "Pdf",
    "Scene2D",
    "Scene3D",
    "Shapes",
    "Templates",
    "Timeline",
    "VectorImage",
    "VirtualKeyboard",
    "tooling",
    "XmlListModel",
)
_NOT_RUN = ("*.pyi", "*.pyx", "*.pxd", "*.h", "*.a", "*.qmltypes")


def prune(folder: Path) -> None:
    """Prune unpacked packages in place."""
    qt = folder / "PySide6"
    if qt.is_dir():
        _prune_qt(qt)
    for name in ("numpy", "lxml", "av", "sqlalchemy"):
        for inner in ("tests", "include", "includes", "testing/tests", "f2py", "isoschematron"):
            if inner != "isoschematron" or name == "lxml":
                shutil.rmtree(folder / name / inner, ignore_errors=True)
    for pattern in _NOT_RUN:
        for path in folder.rglob(pattern):
            path.unlink()
    shutil.rmtree(folder / "bin", ignore_errors=True)  # commands of others, with this machine's Python in them
    for path in folder.glob("*.dist-info"):
        for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            (path / name).unlink(missing_ok=True)


def _prune_qt(pyside: Path) -> None:
    for path in pyside.iterdir():
        if path.is_dir():
            if path.name not in ("Qt", "support"):
                shutil.rmtree(path)
        elif not _is_kept(path.name):
            path.unlink()
    qt = pyside / "Qt"
    for path in qt.iterdir():
        if path.name not in ("lib", "plugins", "qml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _keep_only(qt / "plugins", QT_PLUGINS)
    _keep_only(qt / "qml", QML_MODULES)
    for name in PLUGINS_LEFT_OUT:
        for path in (qt / "plugins").rglob(name):
            path.unlink()
    for name in QML_SUBMODULES_LEFT_OUT:
        for module in QML_MODULES:
            shutil.rmtree(qt / "qml" / module / name, ignore_errors=True)
    _prune_libraries(pyside)


def _is_kept(name: str) -> bool:
    stem = name.split(".")[0]
    return name.endswith(".py") or stem in QT_MODULES or stem in ("libpyside6", "libpyside6qml")


def _keep_only(folder: Path, names: Iterable[str]) -> None:
    for path in folder.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _prune_libraries(pyside: Path) -> None:
    """Of Qt's libraries those stay that something kept is linked with, or loads by itself (XCB, ICU)."""
    library = pyside / "Qt" / "lib"
    users = [
        *pyside.glob("*.so*"),
        *(pyside / "Qt" / "plugins").rglob("*.so"),
        *(pyside / "Qt" / "qml").rglob("*.so"),
    ]
    needed: set[str] = set()
    for user in users:
        linked = subprocess.run(["ldd", str(user)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        for line in linked.stdout.decode("utf-8", "replace").splitlines():
            name, _, found = line.partition("=>")
            # A plugin reaches the folder by ../../lib.
            if found and Path(found.split("(")[0].strip()).resolve().parent == library.resolve():
                needed.add(name.strip())
    for path in library.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in needed:
            path.unlink()
