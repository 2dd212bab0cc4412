"""What a playback needs of whatever shows it: libmpv, or a stand-in that shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

from player.mpv.streams import ByteStream

Ranges = tuple[tuple[float, float], ...]
"""Stretches of time, as (start, end) in seconds."""


@dataclass(frozen=True, slots=True)
class PlayerSample:
    """How things stand with a player. ``position_s`` is None where nothing is shown; ``cached`` is what it can seek
    in without reading; ``dropped`` counts the frames dropped so far, by the decoder and by the display. ``held_s``
    are the seconds that it has read and not decoded yet. ``unread`` are the bytes that no
    decoder has taken in, and ``reader_s`` is how far the decoders are at the most (None where that is not known).

    ``picture`` is another value for each picture shown, ``every_s`` the usual seconds between two pictures (0 where
    that is not known). ``complaints`` counts those of the decoders about what they were given, since
    the last ``load``.
    """

    position_s: float | None
    cached: Ranges
    dropped: int
    picture: Hashable
    every_s: float
    held_s: float = 0.0
    complaints: int = 0
    unread: int = 0
    reader_s: float | None = None


class MediaPlayer(Protocol):
    """Implemented by :class:`player.mpv.player.MpvPlayer`, which says what each of these does."""

    tells_position: bool
    """Whether ``time-pos`` comes to the listener by itself, or is to be read."""

    def worker(self) -> Executor:
        """A fresh executor on which the calls below are made, one after another."""
        ...

    def listen(
        self,
        on_property: Callable[[str, Any], None] | None,
        on_event: Callable[[str, Mapping[str, Any]], None] | None,
    ) -> None: ...

    def latest(self, name: str, default: Any = None) -> Any: ...  # noqa: ANN401

    def read(self, name: str, default: Any = None) -> Any: ...  # noqa: ANN401

    def decoders(self) -> frozenset[str]: ...

    def cached_ranges(self) -> Ranges: ...

    def measure(self) -> PlayerSample: ...

    def offer(self, open_stream: Callable[[], ByteStream]) -> str: ...

    def withdraw(self, url: str) -> None: ...

    def stop(self) -> None: ...

    def leave_behind(self) -> None: ...

    def load(self, url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None: ...

    def command(self, *words: str) -> bool: ...

    def seek(self, position_s: float, *, exact: bool = True) -> bool: ...
    def seek_afresh(self, position_s: float) -> bool: ...

    def set(self, name: str, value: Any) -> None: ...  # noqa: ANN401
