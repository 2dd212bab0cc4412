"""What a viewer sets of the player (pause, volume, speed, place, quality), kept until there is a file for it."""

from __future__ import annotations

from collections.abc import Callable

from player.mpv.control import MpvControl


class Controls:
    """One for each playback. ``call_soon`` calls a function on the engine's loop from any thread."""

    def __init__(self, call_soon: Callable[..., None], *, paused: bool, rung: int | None) -> None:
        self._call_soon = call_soon
        self._control: MpvControl | None = None
        self._early: dict[str, object] = {"pause": paused}
        self._closed = False
        self._touched: set[str] = set()
        self.paused = paused
        """Whether the viewer wants it paused; an end of libmpv's own is none."""
        self.rung = rung
        """The quality that the viewer has fixed; None for Auto."""
        self.early_seek_s: float | None = None
        """Where to jump to as soon as libmpv has a file."""

    def set(self, name: str, value: object) -> None:
        """Set a property of libmpv's, from any thread."""
        self._call_soon(self._set_now, name, value)

    def pause(self, *, paused: bool) -> None:
        """Pause or go on, from any thread."""
        self.paused = paused
        self.set("pause", paused)

    def restore_pause(self) -> None:
        """Pause or go on as the viewer wants it: at an end libmpv pauses by itself."""
        self.set("pause", self.paused)

    def attach(self, control: MpvControl) -> None:
        """There is a file: set what has been wished for, and from now on everything at once. On the loop."""
        self._control = control
        for name, value in self._early.items():
            self._set_now(name, value)

    def reset(self, name: str, value: object) -> None:
        """Put a property back that was set in this playback. On the loop."""
        if name in self._touched:
            self._set_now(name, value)

    def close(self) -> None:
        """Nothing is set any more."""
        self._closed = True

    def _set_now(self, name: str, value: object) -> None:
        self._touched.add(name)
        if self._control is None:
            self._early[name] = value
        elif not self._closed:
            self._control.post(self._control.player.set, name, value)
