"""Brings the one libmpv player and the one video item together, without holding the Qt thread up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from player.base.errors import ANY_ERROR, ComponentError, ErrorCode
from player.reporting.state import PlaybackFailure
from ui.app.ports.playback import PlayerPort, SurfacePort

Ready = Callable[[PlayerPort], None]
Failed = Callable[[PlaybackFailure], None]


def make_player() -> PlayerPort:
    """libmpv, with this machine's sound."""
    from player.mpv.player import MpvPlayer, OutputOptions
    from ui.app.system.audio import audio_outputs

    return MpvPlayer(OutputOptions(audio=audio_outputs()))


class VideoOutput(QObject):
    """Makes the player on a thread of its own at its first use, as loading libmpv takes a while. It then attaches the
    player to the video item. Playback may start once the item is ``ready``."""

    _made = Signal(object)

    def __init__(self, make_player: Callable[[], PlayerPort], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_player = make_player
        self._surface: SurfacePort | None = None
        self._player: PlayerPort | None = None
        self._failure: PlaybackFailure | None = None
        self._thread: threading.Thread | None = None
        self._ready = False
        self._waiting: list[tuple[Ready, Failed]] = []
        self._made.connect(self._attach, Qt.ConnectionType.QueuedConnection)

    def set_surface(self, surface: SurfacePort) -> None:
        """The video item of the window; once, before :meth:`prepare`."""
        self._surface = surface
        surface.ready.connect(self._on_ready)

    def prepare(self) -> None:
        """Begin to make the player; harmless when it is there already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._make, name="video-output")
            self._thread.start()

    def when_ready(self, ready: Ready, failed: Failed) -> None:
        """Call ``ready`` with the player as soon as playing may begin, or ``failed`` with the reason why it never
        will; on the Qt thread, possibly at once."""
        self._replace_lost()
        self.prepare()
        if self._failure is not None:
            failed(self._failure)
        elif self._ready and self._player is not None:
            ready(self._player)
        else:
            self._waiting.append((ready, failed))

    def shutdown(self) -> None:
        """After the event loop has ended: free the render context, then the player."""
        self._waiting.clear()
        if self._thread is not None:
            self._thread.join()
        self._replace_lost()
        if self._surface is not None:
            self._surface.shutdown()
        if self._player is not None:
            self._player.terminate()
            self._player = None
        self._surface = None

    def _replace_lost(self) -> None:
        """Let go of a player that does not answer: :meth:`prepare` makes another one."""
        if self._player is not None and self._player.is_lost:
            self._player, self._thread, self._ready = None, None, False
            if self._surface is not None:
                self._surface.abandon()

    def _make(self) -> None:
        try:
            self._player = self._make_player()
        except ANY_ERROR as error:
            self._failure = PlaybackFailure(str(error.code), error.sentence)
        except OSError as error:  # python-mpv raises it when there is no libmpv
            missing = ComponentError(ErrorCode.COMPONENT_LIBMPV, f"libmpv is missing on this machine ({error}).")
            self._failure = PlaybackFailure(str(missing.code), missing.sentence)
        self._made.emit(self._player)

    def _attach(self, player: PlayerPort | None) -> None:
        """The news that it is made may come after the shutdown, when it has gone."""
        if player is not None and self._surface is not None:
            try:
                self._surface.attach(player.handle)
                return
            except ComponentError as error:
                self._failure = PlaybackFailure(str(error.code), error.sentence)
        waiting, self._waiting = self._waiting, []
        for _, failed in waiting:
            if self._failure is not None:
                failed(self._failure)

    def _on_ready(self) -> None:
        self._ready = True
        waiting, self._waiting = self._waiting, []
        for ready, _ in waiting:
            if self._player is not None:
                ready(self._player)
