"""What the user interface needs from the rest of the client, as shapes: tests put scripted ones in their place.

The real ones are ``player.engine.Engine``, ``player.session.Session``, ``player.service.ServiceClient`` and
``player.mpv.player.MpvPlayer``; :mod:`ui.app` binds them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from player.state import PlaybackState

if TYPE_CHECKING:  # it brings the engine along, which must not hold up the first frame
    from player.opening import Source

T = TypeVar("T")


class MpvCore(Protocol):
    """An ``mpv.MPV`` as far as a video item needs it: the C handle a render context is made for."""

    @property
    def handle(self) -> ctypes.c_void_p: ...


class PlayerPort(Protocol):
    """The libmpv player the engine plays into and the video item draws from."""

    @property
    def handle(self) -> MpvCore: ...

    def terminate(self) -> None: ...


class SignalPort(Protocol):
    """A bound Qt signal."""

    def connect(self, slot: object, /) -> object: ...


class SurfacePort(Protocol):
    """A video item (:mod:`ui.video`). Its ``ready`` signal says that playing may begin."""

    @property
    def ready(self) -> SignalPort: ...

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

    def select_audio(self, track_id: str) -> None: ...

    def select_text(self, track_id: str | None) -> None: ...

    def set_volume(self, volume: int) -> None: ...

    def set_muted(self, muted: bool) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TitleCard:
    """A title as the home page shows it. ``progress_s`` is how far the viewer got, 0 when not begun."""

    id: str
    name: str
    synopsis: str = ""
    year: int | None = None
    duration_s: float = 0.0
    height: int | None = None  # of the best rung
    heights: tuple[int, ...] = ()  # of all rungs
    variants: tuple[str, ...] = ()  # out of encrypted and clear
    published_at: float = 0.0  # seconds since 1970
    poster_url: str = ""
    progress_s: float = 0.0
    watched_at: float = 0.0


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Some titles, and the cursor to ask for more with (None: that was all)."""

    titles: Sequence[TitleCard]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PartReport:
    """A part of the installation: whether it is there, and what helps where it is not."""

    name: str
    present: bool
    detail: str
    remedy: str = ""


class ClientPort(Protocol):
    """The engine and the service behind it. The coroutines raise ``MatineeError`` and must be run by :meth:`submit`,
    which is safe on any thread."""

    @property
    def service_name(self) -> str:
        """Host of the service for people to read; empty when there is none."""
        ...

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]: ...

    async def restore(self) -> str | None:
        """Name of the viewer still signed in from an earlier run, or None."""
        ...

    async def sign_in(self, email: str, password: str) -> str:
        """Name of the viewer."""
        ...

    async def sign_out(self) -> None: ...

    async def catalog(self, cursor: str | None) -> CatalogPage: ...

    async def title(self, title_id: str) -> TitleCard:
        """One title. An unknown one raises ServiceError ``service.not_found``."""
        ...

    async def examine(self) -> Sequence[PartReport]:
        """The parts of this installation."""
        ...

    async def image(self, url: str) -> bytes:
        """The bytes of a poster, fetched through the network gate."""
        ...

    async def open(
        self,
        source: Source,
        player: PlayerPort,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None = None,
    ) -> SessionPort:
        """Begin a playback, once an earlier one in the same player is over; ``on_state`` is called on any thread.

        ``start_s`` is where to begin, None where the viewer stopped.
        """
        ...

    def close(self) -> None: ...
