"""The app from its start to its end, in a process of its own.

``python -m tests.kit.app_start PROFILE WAY BEGUN [URL]``: BEGUN is the time since 1970 (s) at which the process was
started; WAY is how the viewer leaves. The line that is printed has two numbers of milliseconds: to the first frame of
the window, and to the first video frame of URL (0: that did not come before the viewer left).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LEAVE_MS = 30


class Way(StrEnum):
    """How the viewer leaves."""

    AT_ONCE = "at_once"  # before anything is shown
    FIRST_FRAME = "first_frame"  # closes the window as soon as it is there
    PLAYING = "playing"  # closes the window while the picture moves
    BACK = "back"  # leaves the player first
    SIGNAL = "signal"  # the session ends


@dataclass(frozen=True, slots=True)
class Visit:
    """What one start and exit came to. Milliseconds since the process was started; 0: that did not come."""

    code: int
    first_frame_ms: float
    playing_ms: float
    errors: str


def visit(profile: Path, way: Way, url: str = "", timeout_s: float = 120.0) -> Visit:
    """Start the app, leave it, and wait for its end."""
    done = subprocess.run(
        [
            *(sys.executable, "-X", "faulthandler", "-m", "tests.kit.app_start"),
            *(str(profile), way, str(time.time()), *([url] if url else [])),
        ],
        cwd=ROOT,
        env=dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen")),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    told = done.stdout.split() or ["0", "0"]
    return Visit(done.returncode, float(told[0]), float(told[1]), done.stderr)


def main(profile: Path, way: Way, begun_s: float, url: str) -> int:
    """See the module."""
    from PySide6.QtCore import QObject, QTimer
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtQuick import QQuickWindow

    from player.title.opening import PlaybackSource
    from ui.app.composition import AppOptions, run_app

    seen = {"first_frame": 0.0, "playing": 0.0}

    def leave(window: QQuickWindow) -> None:
        if way is Way.SIGNAL:
            signal.raise_signal(signal.SIGTERM)
        else:
            window.close()

    def watch(app: QObject, window: QQuickWindow) -> None:
        if way is Way.AT_ONCE:
            QTimer.singleShot(0, QGuiApplication.quit)
        player = app.property("player")

        def first_frame() -> None:
            window.frameSwapped.disconnect(first_frame)
            seen["first_frame"] = 1000 * (time.time() - begun_s)
            if way is Way.FIRST_FRAME or not url:
                QTimer.singleShot(0, lambda: leave(window))

        def playing() -> None:
            if player.property("status") == "playing" and not seen["playing"]:
                seen["playing"] = 1000 * (time.time() - begun_s)
                if way is Way.BACK:
                    app.back()  # type: ignore[attr-defined]
                if way in (Way.PLAYING, Way.BACK, Way.SIGNAL):
                    QTimer.singleShot(_LEAVE_MS, lambda: leave(window))

        window.frameSwapped.connect(first_frame)
        player.stateChanged.connect(playing)

    source = PlaybackSource(url=url) if url else None
    code = run_app(AppOptions(profile=profile, key_store="file", source=source, on_window=watch))
    print(f"{seen['first_frame']:.0f} {seen['playing']:.0f}", flush=True)
    return code


if __name__ == "__main__":
    _profile, _way, _begun, *_url = sys.argv[1:]
    sys.exit(main(Path(_profile), Way(_way), float(_begun), "".join(_url)))
