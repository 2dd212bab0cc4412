"""libmpv for short clips: without audio, one at a time, and never in the way of the Qt thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from player.mpv.file_options import file_options
from player.mpv.player import MpvPlayer, OutputOptions
from ui.app.ports.playback import ClipPort, MpvCore

_OPTIONS: Mapping[str, object] = {"aid": "no", "sid": "no", "keep_open": "no", "vd_lavc_threads": 1}


class ClipPlayer:
    """A second libmpv beside that of the titles."""

    def __init__(self) -> None:
        self._player = MpvPlayer(OutputOptions(audio="null", extra=_OPTIONS))
        self._worker = self._player.worker()

    @property
    def handle(self) -> MpvCore:
        return self._player.handle  # type: ignore[no-any-return]  # python-mpv is untyped

    @property
    def is_lost(self) -> bool:
        return self._player.is_lost

    def show(self, path: str, begun: Callable[[], None], ended: Callable[[], None]) -> None:
        """Play a file from its start. ``begun`` is called with its first frame, ``ended`` at its end or where it
        cannot be played; on another thread."""
        self._worker.submit(self._load, path, begun, ended)

    def stop(self) -> None:
        """Play nothing."""
        self._worker.submit(self._stop)

    def terminate(self) -> None:
        """Free libmpv."""
        self._worker.shutdown(cancel_futures=True)
        self._player.terminate()

    def _load(self, path: str, begun: Callable[[], None], ended: Callable[[], None]) -> None:
        self._player.listen(None, partial(_heard, {"playback-restart": begun, "end-file": ended}))
        self._player.load(path, None, file_options(matroska=False, fonts=False))

    def _stop(self) -> None:
        self._player.listen(None, None)
        self._player.command("stop")


def make_clip_player() -> ClipPort:
    """libmpv for the clips of cards."""
    return ClipPlayer()


def _heard(listeners: Mapping[str, Callable[[], None]], name: str, _event: Mapping[str, Any]) -> None:
    listener = listeners.get(name)
    if listener is not None:
        listener()
