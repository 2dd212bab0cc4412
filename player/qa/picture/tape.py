"""Keeps what a player's decoder is given, as an ordinary Matroska file that anybody can play.

The virtual file (:mod:`player.stream.layout`) is mostly empty: samples lie at fixed positions far from each other.
The tape leaves the emptiness and the Cues out, and keeps each cluster once, however often it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from drm_client.ebml import UNKNOWN_SIZE, EbmlError, read_element
from player.mpv.streams import ByteStream

MOST_BYTES = 4 << 30
_SEGMENT, _CUES, _VOID = 0x18538067, 0x1C53BB6B, 0xEC


class Tapes:
    """The tapes of one playback: libmpv opens another file where the media needs another setup."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths: list[Path] = []
        self._streams: list[TapedStream] = []

    def around(self, open_stream: Callable[[], ByteStream]) -> Callable[[], ByteStream]:
        """Return an opener whose streams are recorded."""

        def opened() -> ByteStream:
            inner = open_stream()
            path = self._folder / f"tape-{len(self.paths) + 1}.mkv"
            self.paths.append(path)
            self._streams.append(TapedStream(inner, path))
            return self._streams[-1]

        return opened

    def close(self) -> None:
        """Write what is left; nothing is recorded any more. Raises OSError where something could not be written."""
        for stream in self._streams:
            stream.finish()


class TapedStream:
    """A :class:`~player.mpv.streams.ByteStream` that writes what is read of it to ``path``."""

    def __init__(self, inner: ByteStream, path: Path) -> None:
        self._inner = inner
        self._file = path.open("wb")
        self._failure: OSError | None = None
        self._written = 0
        self._buffer = bytearray()
        self._position = 0  # of the first byte in the buffer, in the virtual file
        self._skip = 0  # bytes of an element that is left out, still to come
        self._kept: set[int] = set()  # positions of the clusters that are written

    @property
    def total(self) -> int | None:
        return self._inner.total

    def opened_on(self, thread: int) -> None:
        self._inner.opened_on(thread)

    def read(self, length: int) -> Sequence[memoryview]:
        parts = self._inner.read(length)
        for part in parts:
            self._take(part)
        return parts

    def seek(self, position: int) -> int:
        found = self._inner.seek(position)
        if found >= 0:
            self._buffer.clear()  # of an element that nobody reads to its end
            self._position, self._skip = found, 0
        return found

    def cancel(self) -> None:
        self._inner.cancel()

    def close(self) -> None:
        self._inner.close()
        with self._noting():
            self._file.close()

    def finish(self) -> None:
        """Write what is left to the file. Raises OSError where not all of it could be written (a full disk): a tape
        that lacks something would be judged as what was seen."""
        with self._noting():
            self._file.close()
        if self._failure is not None:
            raise self._failure

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # the player that reads goes on
            self._failure = self._failure or error

    def _take(self, part: memoryview) -> None:
        skipped = min(self._skip, len(part))
        self._skip -= skipped  # the buffer is empty meanwhile
        self._position += skipped
        self._buffer += part[skipped:]
        while self._element():
            pass

    def _element(self) -> bool:
        """Keep or leave out the next element; whether there was a whole one."""
        try:
            head = read_element(self._buffer, 0, len(self._buffer))
        except EbmlError:
            return False
        if head.id == _SEGMENT or head.size == UNKNOWN_SIZE:
            self._keep(head.body)
            return True
        whole = head.body + head.size
        if head.id in (_VOID, _CUES):
            there = min(whole, len(self._buffer))
            self._drop(there)
            self._skip = whole - there
            return self._skip == 0
        if len(self._buffer) < whole:
            return False
        self._keep(whole)
        return True

    def _keep(self, length: int) -> None:
        if not self._file.closed and self._position not in self._kept and self._written + length <= MOST_BYTES:
            self._kept.add(self._position)
            with self._noting():
                self._file.write(self._buffer[:length])
            self._written += length
        self._drop(length)

    def _drop(self, length: int) -> None:
        del self._buffer[:length]
        self._position += length
