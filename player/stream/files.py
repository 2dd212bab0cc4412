"""The virtual files of a playback: one, and another one wherever the media needs a setup that libmpv has to load.

Called on libmpv's threads; the owner brings what is decided here to the engine's loop.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

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


class FileOwner(Protocol):
    """The streaming whose media the files hold; called on libmpv's threads."""

    @property
    def timeline(self) -> Timeline: ...

    @property
    def audio_chosen(self) -> int:
        """Number of the audio track that is written, among the viewer's choices."""
        ...

    def file_follows(self, following: Following | None) -> None:
        """The file read last ends, and this one goes on there. None takes back what was told of files that libmpv
        does not play yet, because it has jumped elsewhere."""
        ...

    def file_sought(self, segment: int) -> None: ...

    def aimed_at(self) -> int:
        """The slot that a seek of libmpv's leads to in a live title."""
        ...

    def read_failed(self, error: MatineeError | DrmError) -> None: ...

    def segment_damaged(self, segment: int, error: MediaError | DrmError) -> bool:
        """Whether a damaged segment will be fetched again or left out."""
        ...


class Files:
    """See the module."""

    def __init__(self, header: HeaderBuilder, emitter: Emitter, waiting: Waiting, owner: FileOwner) -> None:
        self._header = header
        self._emitter = emitter
        self._waiting = waiting
        self._owner = owner
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
        if self._first is None:
            raise RuntimeError("the first file has no header yet")
        return self._first.open()

    def anew(self, start_s: float) -> Following:
        """The file that was opened last, to be loaded again at its own position."""
        if self._opener is None:
            raise RuntimeError("no file has been opened yet")
        with self._lock:
            self._again = True  # that it is closed first does not end the playback
        return Following(start_s, jumped=True, open=self._opener)

    def _following(self, header: bytes, slot: Slot, *, jumped: bool) -> Following:
        writer = OneSetup(self._emitter, self._header.setup)
        return Following(slot.start_s, jumped, functools.partial(self._opened, header, slot.number, writer))

    def _opened(self, header: bytes, slot: int, writer: OneSetup) -> VirtualStream:
        with self._lock:
            stream = VirtualStream(header, slot, self._owner.timeline, writer, self._waiting, self)
            self._open.append(stream)
            self._opener = functools.partial(self._opened, header, slot, writer)
            self._changing = self._again = False
        return stream

    @property
    def at_end(self) -> bool:
        """Whether everything up to the end of the title has been read."""
        return any(stream.at_end for stream in tuple(self._open))

    # --- what libmpv does with the file (StreamListener)

    def aimed_at(self) -> int:
        return self._owner.aimed_at()

    def failed(self, error: MatineeError | DrmError) -> None:
        self._owner.read_failed(error)

    def damaged(self, segment: int, error: MediaError | DrmError) -> bool:
        return self._owner.segment_damaged(segment, error)

    def changed(self, change: AnotherSetup, jumped: bool) -> None:
        with self._lock:
            header = self._header.again(self._owner.timeline, change.found, self._owner.audio_chosen)
            following = self._following(header, change.slot, jumped=jumped)
            self._changing = True
        self._owner.file_follows(following)

    def sought(self, stream: VirtualStream, segment: int) -> None:
        with self._lock:
            if self._again:
                return  # this one is about to be closed
            ahead = self._changing or self._open[-1:] != [stream]  # where it ends next is not known any more
            self._changing = False
        if ahead:
            self._owner.file_follows(None)
        self._owner.file_sought(segment)

    def closed(self, stream: VirtualStream) -> None:
        """Once libmpv has closed the only file there is no reader any more that could be let wait."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)
            if not self._open and not self._changing and not self._again:
                self._waiting.end()
        self._waiting.wake()
