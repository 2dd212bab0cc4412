"""The player, the video item and a playback, as the view models know them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # it brings the engine along, which must not hold up the first frame
    from player.mpv.adjustments import Adjustments
    from player.mpv.outputs import AudioDevice
    from player.text.subtitle_files import SubtitleLine
    from player.thumbnails import Picture


class MpvCore(Protocol):
    """An ``mpv.MPV`` as far as a video item needs it: the C handle a render context is made for."""

    @property
    def handle(self) -> ctypes.c_void_p: ...


class PlayerPort(Protocol):
    """The libmpv player the engine plays into and the video item draws from."""

    @property
    def handle(self) -> MpvCore: ...

    @property
    def is_lost(self) -> bool:
        """Whether it has been left behind, since it does not answer: another one is to take its place."""
        ...

    def terminate(self) -> None: ...


class ClipPort(PlayerPort, Protocol):
    """The libmpv player of the clips in cards. Every method returns at once."""

    def show(self, path: str, begun: Callable[[], None], ended: Callable[[], None]) -> None: ...

    def stop(self) -> None: ...


class SignalPort(Protocol):
    """A bound Qt signal."""

    def connect(self, slot: object, /) -> object: ...


class SurfacePort(Protocol):
    """A video item (:mod:`ui.app.video`). Its ``ready`` signal says that playing may begin."""

    @property
    def ready(self) -> SignalPort: ...

    def attach(self, player: MpvCore) -> None: ...

    def abandon(self) -> None:
        """Let go of a player that does not answer; its render context is never freed."""
        ...

    def shutdown(self) -> None: ...


class SessionPort(Protocol):
    """One playback. Every method returns at once and may be called from any thread."""

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def toggle(self) -> None: ...

    def seek(self, position_s: float) -> None: ...

    def go_live(self) -> None: ...

    def set_rung(self, index: int | None) -> None: ...

    def thumbnail(self, time_s: float) -> Future[Picture | None]:
        """The small picture of a time, for scrubbing; None where there is none or another was asked for since."""
        ...

    def select_audio(self, track_id: str) -> None: ...

    def select_text(self, track_id: str | None) -> None: ...

    def set_volume(self, volume: int) -> None: ...

    def set_muted(self, muted: bool) -> None: ...

    def set_subtitle_position(self, percent: float) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def add_subtitles(self, path: Path) -> None: ...

    def select_second_text(self, track_id: str | None) -> None: ...

    def subtitle_lines(self) -> Future[tuple[SubtitleLine, ...]]:
        """What is said in the subtitles that are shown."""
        ...

    def audio_devices(self) -> Future[tuple[AudioDevice, ...]]:
        """Where sound can go now."""
        ...

    def set_audio_device(self, name: str) -> None: ...

    def adjust(self, wanted: Adjustments) -> None: ...

    def exact_position(self) -> Future[float]:
        """Where playback is now, to the frame; a state is half a second old."""
        ...

    def set_loop(self, begin_s: float | None, end_s: float | None) -> None: ...

    def step_frame(self, direction: int) -> None: ...

    def keep_bookmarks(self, marks_s: Sequence[float]) -> None: ...

    def screenshot(self, path: Path) -> Future[bool]:
        """Write what is shown as a picture; False where that cannot be."""
        ...

    def stop(self) -> None: ...
