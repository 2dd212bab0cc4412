"""What a playback needs of whatever shows it: libmpv, or a stand-in that shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from typing import Any, Protocol

from player.mpv.streams import ByteStream


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

    def cached_ranges(self) -> tuple[tuple[float, float], ...]: ...

    def picture(self) -> tuple[Hashable, float]: ...

    def measure(self) -> tuple[tuple[tuple[float, float], ...], int]: ...

    def offer(self, open_stream: Callable[[], ByteStream]) -> str: ...

    def withdraw(self, url: str) -> None: ...

    def load(self, url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None: ...

    def command(self, *words: str) -> bool: ...

    def seek(self, position_s: float, *, exact: bool = True) -> bool: ...

    def set(self, name: str, value: Any) -> None: ...  # noqa: ANN401
