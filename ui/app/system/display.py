"""Whether a window can be shown at all (Qt ends the process when it cannot, so it is asked first), and how fine."""

from __future__ import annotations

import ctypes
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from player.base.errors import ComponentError, ErrorCode

_X11_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 - where X servers listen, by convention
_XCB_NEEDS = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libxkbcommon-x11.so.0")
_ANSWER_S = 2.0


def check_display(environ: Mapping[str, str]) -> None:
    """Raises ComponentError with the reason why no window can be shown. Only Linux can be without a display."""
    if sys.platform != "linux" or environ.get("QT_QPA_PLATFORM", "").split(":")[0] not in ("", "xcb", "wayland"):
        return
    if _wayland_answers(environ):
        return
    display = environ.get("DISPLAY", "")
    if not display:
        raise ComponentError(
            ErrorCode.COMPONENT_DISPLAY,
            "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set). "
            "Use “matinee play --headless” to play without a window.",
        )
    if not _x_server_answers(display):
        raise ComponentError(ErrorCode.COMPONENT_DISPLAY, f"The display {display} does not answer.", display=display)
    missing = [name for name in _XCB_NEEDS if not _can_load(name)]
    if missing:
        raise ComponentError(
            ErrorCode.COMPONENT_QT,
            f"To show a window on X11, Qt needs {', '.join(missing)}; “matinee doctor” says how to get it.",
            libraries=" ".join(missing),
        )


def display_lines() -> int | None:
    """Lines of the finest screen, in pixels of its own; None before Qt has begun, and where there is no screen."""
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        return None
    lines = [screen.size().height() * screen.devicePixelRatio() for screen in QGuiApplication.screens()]
    return round(max(lines)) if lines else None


def _wayland_answers(environ: Mapping[str, str]) -> bool:
    name = environ.get("WAYLAND_DISPLAY", "")
    path = Path(environ.get("XDG_RUNTIME_DIR", "/")) / name  # an absolute name stays as it is
    return bool(name) and _connects(socket.AF_UNIX, str(path))


def _x_server_answers(display: str) -> bool:
    """``:1``, ``:1.0``, ``unix:1`` are sockets of this machine; ``host:1`` is TCP port 6001."""
    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not number.isdigit():
        return False
    if host in ("", "unix"):
        path = str(_X11_SOCKETS / f"X{number}")
        return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, "\0" + path)
    return _connects(socket.AF_INET, (host, 6000 + int(number)))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_S)
        try:
            connection.connect(address)
        except OSError:
            return False
        return True


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
