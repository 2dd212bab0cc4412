"""The virtual Matroska file that libmpv reads: one stream object for each time libmpv opens it.

See :mod:`player.stream.layout` for the positions. Everything here runs on libmpv's demuxer thread, except ``cancel``.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ANY_ERROR, MatineeError, MediaError, unexpected
from player.media.matroska import void
from player.media.model import Interrupted
from player.stream.emitter import Piece
from player.stream.layout import CUE_LEAD, locate, segment_position
from player.stream.setup import AnotherSetup
from player.stream.timeline import Slot, Timeline
from player.stream.waiting import Waiting

_log = logging.getLogger(__name__)


class SlotWriter(Protocol):
    """See :class:`player.stream.emitter.OneSetup`."""

    def pieces(self, slot: Slot) -> Iterator[Piece]: ...


class StreamListener(Protocol):
    """Is told what libmpv does with a stream; on libmpv's threads."""

    def sought(self, stream: VirtualStream, segment: int) -> None:
        """libmpv seeks to ``segment``: told before any byte of it is asked for."""
        ...

    def aimed_at(self) -> int:
        """The segment that a seek is for; asked in a live title only."""
        ...

    def failed(self, error: MatineeError | DrmError) -> None:
        """This error ends the playback."""
        ...

    def damaged(self, segment: int, error: MediaError | DrmError) -> bool:
        """Whether a damaged segment will be fetched again or left out."""
        ...

    def changed(self, change: AnotherSetup, jumped: bool) -> None:
        """The file has to end because another one must go on; ``jumped``: a seek led there."""
        ...

    def closed(self, stream: VirtualStream) -> None:
        """libmpv needs this stream no more."""
        ...


class _Emission:
    """A running emission of one segment: the next piece, and where the one before ended."""

    def __init__(self, segment: int, pieces: Iterator[Piece]) -> None:
        self.segment = segment
        self.pieces = pieces
        self.end = 0  # offset up to which pieces have been handed out
        self.next: Piece | None = None

    def advance(self) -> Piece | None:
        """The next piece without taking it; None after the last."""
        if self.next is None:
            self.next = next(self.pieces, None)
        return self.next

    def take(self, piece: Piece) -> None:
        """Go on behind ``piece``, the next one."""
        self.next = None
        self.end = piece.offset + piece.length


class VirtualStream:
    """A seekable byte stream (see :class:`player.mpv.streams.ByteStream`).

    ``header`` is the file up to the first segment.
    """

    def __init__(
        self,
        header: bytes,
        first_segment: int,
        timeline: Timeline,
        emitter: SlotWriter,
        waiting: Waiting,
        listener: StreamListener,
    ) -> None:
        lead = void(len(header), segment_position(first_segment))
        self._header = memoryview(header + lead)
        self._timeline = timeline
        self._emitter = emitter
        self._waiting = waiting
        self._listener = listener
        self._opener: int | None = None  # the thread, until media is asked for
        self._closed = False
        self._gone_over = False  # to another file; until libmpv jumps
        self._jumped = True  # nothing has been read since libmpv began, or jumped
        self._position = 0
        self._led_to = first_segment  # by the last seek
        self._queue: list[memoryview] = [self._header]
        self._cursor: _Emission | None = None
        self._at_end = False

    @property
    def at_end(self) -> bool:
        """Whether everything up to the end of the title has been read since the last seek."""
        return self._at_end

    @property
    def total(self) -> int | None:
        """Not known: the file is made while it is read."""
        return None

    def opened_on(self, thread: int) -> None:
        self._opener = thread

    def read(self, length: int) -> Sequence[memoryview]:
        """At most ``length`` bytes; nothing at the end of the file, when interrupted, and after a failure."""
        if self._closed or self._gone_over or self._waiting.ended:
            return ()
        if self._is_look_ahead():
            return ()
        if not self._queue:
            try:
                self._queue = [memoryview(part) for part in self._undamaged_bytes() if len(part)]
            except Interrupted:
                self._cursor = None
                return ()
            except AnotherSetup as change:
                self._cursor = None
                self._go_over(change)
                return ()
            except ANY_ERROR as error:
                self._cursor = None
                self._listener.failed(error)
                return ()
            except Exception:  # noqa: BLE001  (a playback that fails is better than one that hangs)
                _log.exception("making the stream failed")
                self._cursor = None
                self._listener.failed(unexpected())
                return ()
        return self._from_queue(length)

    def _is_look_ahead(self) -> bool:
        """Whether libmpv, which is still opening the file, asks for media.

        It looks for the first picture of H.264, which its decoder is then shown twice: some old encoders are known by
        what stands beside it. All that is needed is in the header. So the file seems to end there, and libmpv gets
        its decoders ready while the media is on its way. It reads for good on another thread.
        """
        if self._opener is None or locate(self._position) is None:
            return False
        opener, self._opener = self._opener, None
        return threading.get_native_id() == opener

    def _go_over(self, change: AnotherSetup) -> None:
        """The file ends here. Where a jump led here it must not: libmpv would show the last picture that it can find.
        It waits for the file that is loaded in place of this one."""
        self._gone_over = True
        self._listener.changed(change, self._jumped)
        if self._jumped:
            with contextlib.suppress(Interrupted):
                self._waiting.until(lambda: self._closed)

    def _undamaged_bytes(self) -> Sequence[bytes | bytearray | memoryview]:
        """The next bytes; a segment that turns out damaged is requested again and read on at the same place."""
        while True:
            try:
                return self._next_bytes()
            except (MediaError, DrmError) as error:
                if isinstance(error, DrmError) and error.code is not DrmErrorCode.DECRYPT_FAILED:
                    raise
                spot = locate(self._position)
                self._cursor = None
                if spot is None or not self._listener.damaged(spot.segment, error):
                    raise

    def seek(self, position: int) -> int:
        if position == self._position:
            return position
        spot = locate(position)
        if spot is None and position > len(self._header):
            return -1
        self._at_end = False
        self._position = position
        self._queue = []
        if spot is None:
            self._waiting.next_generation()
            self._queue = [self._header[position:]] if position < len(self._header) else []
        elif spot.cue:  # every seek of libmpv's own begins at a Cue; the others only pass over a Void
            self._waiting.next_generation()
            self._cursor = None
            self._jumped = True
            self._gone_over = False
            self._led_to = self._listener.aimed_at() if self._timeline.live else spot.segment
            self._listener.sought(self, self._led_to)
        return position

    def cancel(self) -> None:
        self._closed = True
        self._listener.closed(self)

    def close(self) -> None:
        self.cancel()
        self._cursor = None
        self._queue = []

    def _next_bytes(self) -> Sequence[bytes | bytearray | memoryview]:
        spot = locate(self._position)
        if spot is None:
            return ()
        if spot.cue:
            return (void(self._position, segment_position(self._led_to)),)
        if spot.offset >= CUE_LEAD:  # nothing stands in the second half of a segment's space
            return (void(self._position, segment_position(spot.segment + 1)),)
        if spot.segment >= len(self._timeline):
            self._waiting.until(lambda: spot.segment < len(self._timeline) or not self._timeline.growing)
        if spot.segment >= len(self._timeline):
            self._at_end = True
            return ()
        cursor = self._at(spot.segment, spot.offset)
        piece = cursor.advance()
        self._jumped = False
        if piece is not None and piece.offset <= spot.offset:
            cursor.take(piece)
            return _without(piece.data, spot.offset - piece.offset)
        target = (
            segment_position(spot.segment + 1) if piece is None else segment_position(spot.segment) + piece.offset
        )
        return (void(self._position, target),)

    def _at(self, segment: int, offset: int) -> _Emission:
        """The running emission if it stands at or before ``offset``, else a new one brought there."""
        cursor = self._cursor
        if cursor is None or cursor.segment != segment or cursor.end > offset:
            cursor = self._cursor = _Emission(segment, self._emitter.pieces(self._timeline[segment]))
        while (piece := cursor.advance()) is not None and piece.offset + piece.length <= offset:
            cursor.take(piece)
        return cursor

    def _from_queue(self, length: int) -> Sequence[memoryview]:
        taken: list[memoryview] = []
        for index, part in enumerate(self._queue):
            if len(part) > length:
                if length:
                    taken.append(part[:length])
                self._queue[index] = part[length:]
                del self._queue[:index]
                break
            taken.append(part)
            length -= len(part)
        else:
            self._queue = []
        self._position += sum(len(part) for part in taken)
        return taken


def _without(parts: Sequence[bytes | bytearray | memoryview], skip: int) -> list[memoryview]:
    """The parts from the ``skip``-th byte on."""
    rest = []
    for part in parts:
        view = memoryview(part)
        if skip >= len(view):
            skip -= len(view)
            continue
        rest.append(view[skip:])
        skip = 0
    return rest
