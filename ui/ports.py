"""What the user interface needs from the rest of the client, as shapes: tests put scripted ones in their place.

The real ones are ``player.engine.Engine``, ``player.session.Session``, ``player.service.ServiceClient`` and
``player.mpv.player.MpvPlayer``; ``ui.app`` binds them.
"""

from __future__ import annotations

import ctypes
from typing import Protocol


class MpvCore(Protocol):
    """An ``mpv.MPV`` as far as a video item needs it: the C handle a render context is made for."""

    @property
    def handle(self) -> ctypes.c_void_p: ...


class PlayerPort(Protocol):
    """The libmpv player the engine plays into and the video item draws from."""

    @property
    def handle(self) -> MpvCore: ...

    def terminate(self) -> None: ...


class SurfacePort(Protocol):
    """A video item (:mod:`ui.video`)."""

    def attach(self, player: MpvCore) -> None: ...

    def shutdown(self) -> None: ...


class SessionPort(Protocol):
    """One playback. Every method returns at once and may be called from any thread."""

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def toggle(self) -> None: ...

    def seek(self, position_s: float) -> None: ...

    def seek_by(self, delta_s: float) -> None: ...

    def set_rung(self, index: int | None) -> None: ...

    def select_audio(self, id: str) -> None: ...  # noqa: A002 - the engine's own name

    def select_text(self, id: str | None) -> None: ...  # noqa: A002

    def set_volume(self, volume: int) -> None: ...

    def set_muted(self, muted: bool) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def stop(self) -> None: ...
