"""The virtual files of a playback: one, and another one wherever the media needs a setup that libmpv has to load.

Called on libmpv's threads; what is decided here is told on the engine's loop by ``tell``.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from drm_client.errors import DrmError
from player.base.errors import MatineeError, MediaError
from player.stream.emitter import Emitter, OneSetup
from player.stream.header import HeaderBuilder
from player.stream.setup import AnotherSetup
from player.stream.timeline import Slot, Timeline
from player.stream.virtual import VirtualStream
from player.stream.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Following:
    """A file that goes on at ``start_s`` where the one before must end; ``jumped``: a jump of libmpv's led there."""

    start_s: float
    jumped: bool
    open: Callable[[], VirtualStream]


class Files:
    """See the module. ``tell(following)`` says that the file read last ends and which one goes on there; None takes
    back what was told of files that libmpv does not play yet, because it has jumped elsewhere."""

    def __init__(
        self,
        header: HeaderBuilder,
        emitter: Emitter,
        waiting: Waiting,
        timeline: Callable[[], Timeline],
        audio: Callable[[], int],
        tell: Callable[[Following | None], None],
        on_seek: Callable[[int], None],
        aimed_at: Callable[[], int],
        on_failure: Callable[[MatineeError | DrmError], None],
        on_damage: Callable[[int, MediaError | DrmError], bool],
    ) -> None:
        self._header = header
        self._emitter = emitter
        self._waiting = waiting
        self._timeline = timeline
        self._audio = audio
        self._tell = tell
        self._on_seek = on_seek
        self._aimed_at = aimed_at
        self._on_failure = on_failure
        self._on_damage = on_damage
        self._lock = threading.Lock()
        self._first: Following | None = None
        self._open: list[VirtualStream] = []
        self._opener: Callable[[], VirtualStream] | None = None  # of the file that was opened last
        self._changing = False
        self._again = False

    def begin(self, header: bytes, slot: Slot) -> None:
        """The first file is to have this header, and to begin with this slot."""
        self._first = self._following(header, slot, jumped=True)

    def open(self) -> VirtualStream:
        """The first file, for libmpv to read; to be called after :meth:`begin`."""
        assert self._first is not None
        return self._first.open()

    def anew(self, start_s: float) -> Following:
        """The file that was opened last, to be loaded once more in its own place."""
        assert self._opener is not None
        with self._lock:
            self._again = True  # that it is closed first does not end the playback
        return Following(start_s, jumped=True, open=self._opener)

    def _following(self, header: bytes, slot: Slot, *, jumped: bool) -> Following:
        writer = OneSetup(self._emitter, self._header.setup)
        return Following(slot.start_s, jumped, functools.partial(self._opened, header, slot.number, writer))

    def _opened(self, header: bytes, slot: int, writer: OneSetup) -> VirtualStream:
        with self._lock:
            stream = VirtualStream(
                header,
                slot,
                self._timeline(),
                writer,
                self._waiting,
                on_seek=lambda segment: self._sought(stream, segment),
                aimed_at=self._aimed_at,
                on_failure=self._on_failure,
                on_damage=self._on_damage,
                on_change=self._changed,
                on_close=self._closed,
            )
            self._open.append(stream)
            self._opener = functools.partial(self._opened, header, slot, writer)
            self._changing = self._again = False
        return stream

    @property
    def at_end(self) -> bool:
        """Whether everything up to the end of the title has been read."""
        return any(stream.at_end for stream in tuple(self._open))

    def _changed(self, change: AnotherSetup, jumped: bool) -> None:
        with self._lock:
            header = self._header.again(self._timeline(), change.found, self._audio())
            following = self._following(header, change.slot, jumped=jumped)
            self._changing = True
        self._tell(following)

    def _sought(self, stream: VirtualStream, segment: int) -> None:
        with self._lock:
            if self._again:
                return  # this one is about to be closed
            ahead = self._changing or self._open[-1:] != [stream]  # where it ends next is not known any more
            self._changing = False
        if ahead:
            self._tell(None)
        self._on_seek(segment)

    def _closed(self, stream: VirtualStream) -> None:
        """Once libmpv has closed the only file there is no reader any more that could be let wait."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)
            if not self._open and not self._changing and not self._again:
                self._waiting.end()
        self._waiting.wake()
