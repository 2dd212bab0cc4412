"""The bytes of one segment while they arrive: written by the engine's loop, read by libmpv's demuxer thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from player.stream.waiting import Waiting


class Superseded(Exception):  # noqa: N818  (not an error: another copy takes its place)
    """The segment is being fetched again, at another rung or from another place."""


class SegmentBuffer:
    """A growing byte buffer with one writer and readers on another thread.

    Readers see nothing before :meth:`release` or :meth:`complete`: an unreleased segment can still be thrown away and
    fetched at another rung, a released one is being decoded and cannot. ``transform`` takes each chunk on its way in
    and None at the end (whole-segment decryption). ``arrived`` hears of the bytes that came.
    """

    def __init__(
        self,
        waiting: Waiting,
        transform: Callable[[bytes | None], bytes] | None = None,
        arrived: Callable[[int], None] | None = None,
    ) -> None:
        self._waiting = waiting
        self._transform = transform
        self._arrived = arrived
        self._bytes = bytearray()
        self._received = 0
        self._total: int | None = None
        self._complete = False
        self._released = False
        self._failure: Exception | None = None
        self._cut: int | None = None  # where the second section begins

    # --- the writer's side (a Sink of player.transfer.loader)

    @property
    def received(self) -> int:
        """Bytes taken from the network so far."""
        return self._received

    @property
    def total(self) -> int | None:
        return self._total

    def begin(self, total: int | None) -> None:
        """The length of the body as the server gave it, in bytes."""
        self._total = total

    def write(self, chunk: bytes) -> None:
        self._received += len(chunk)
        self._bytes += self._transform(chunk) if self._transform else chunk
        if self._released:
            self._waiting.wake()
        if self._arrived is not None:
            self._arrived(len(chunk))

    def go_over(self) -> None:
        """What is written from now on is the second section: it is to be read by itself."""
        self._cut = len(self._bytes)
        self._waiting.wake()

    def complete(self) -> None:
        """All bytes are there."""
        if self._transform:
            self._bytes += self._transform(None)
        self._complete = True
        self._waiting.wake()

    def digest(self) -> str:
        """SHA-256 of the bytes that are there, in hexadecimal."""
        return hashlib.sha256(self._bytes).hexdigest()

    def release(self) -> None:
        """Readers may begin before the last byte."""
        if not self._released:
            self._released = True
            self._waiting.wake()

    def fail(self, failure: Exception) -> None:
        """No more bytes will come; readers that need more get ``failure``."""
        self._failure = failure
        self._waiting.wake()

    # --- the reader's side (a ByteSource of player.media)

    @property
    def failure(self) -> Exception | None:
        """Why no more bytes will come, if so."""
        return self._failure

    @property
    def is_complete(self) -> bool:
        return self._complete

    @property
    def is_released(self) -> bool:
        """Readers may have seen bytes: the segment can only be kept."""
        return self._released

    @property
    def is_readable(self) -> bool:
        """Whether what has arrived may be read: it will not be replaced any more."""
        return self._released or self._complete

    def __len__(self) -> int:
        return len(self._bytes)

    def wait(self, length: int) -> int:
        """Block until ``length`` bytes are there or no more will come; the number of bytes there now.

        Raises :class:`player.media.model.Interrupted`, or the error the loading ended with.
        """
        self._waiting.until(lambda: self._ready(length))
        if self._failure is not None and (not self.is_readable or len(self._bytes) < length):
            raise self._failure
        return len(self._bytes)

    def _ready(self, length: int) -> bool:
        if self._complete or self._failure is not None:
            return True
        return self._released and len(self._bytes) >= length

    def section(self, number: int) -> Section:
        """The bytes before (0) or behind (1) the place where it went over; all of them are the first one's where it
        never does."""
        return Section(self, number)

    def wait_in(self, section: int, length: int) -> int:
        """As :meth:`wait`, for the bytes of one section."""
        self._waiting.until(lambda: self._ready_in(section, length))
        start, stop, ended = self.bounds(section)
        if self._failure is not None and not ended and (not self.is_readable or stop - start < length):
            raise self._failure
        return stop - start

    def _ready_in(self, section: int, length: int) -> bool:
        start, stop, ended = self.bounds(section)
        if self._complete or self._failure is not None:
            return True
        return self._released and (ended or stop - start >= length)

    def bounds(self, section: int) -> tuple[int, int, bool]:
        """Where a section begins and ends by now, and whether no more of it will come."""
        if section == 0:
            return 0, len(self._bytes) if self._cut is None else self._cut, self._cut is not None
        return len(self._bytes) if self._cut is None else self._cut, len(self._bytes), False

    def view(self, start: int, stop: int) -> bytearray:
        """A copy of bytes that have arrived; the caller may change it."""
        return self._bytes[start:stop]


class Section:
    """A part of a buffer as a :class:`player.media.model.ByteSource`; see :meth:`SegmentBuffer.section`."""

    def __init__(self, buffer: SegmentBuffer, number: int) -> None:
        self._buffer = buffer
        self._number = number

    def wait(self, length: int) -> int:
        return self._buffer.wait_in(self._number, length)

    def view(self, start: int, stop: int) -> bytearray:
        begin = self._buffer.bounds(self._number)[0]
        return self._buffer.view(begin + start, begin + stop)
