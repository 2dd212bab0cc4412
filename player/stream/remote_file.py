"""A file of a web server as a seekable stream for libmpv, loaded in blocks through the network gate.

libmpv never opens a connection: its demuxer reads here, on its own thread, and waits for the block that it needs. The
blocks behind it are fetched ahead.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from random import Random

from player.base.clock import Clock
from player.base.errors import ErrorCode, MatineeError, MediaError
from player.manifest.model import ByteRange
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.net.ranges import strong_etag
from player.transfer.retry import retry

_log = logging.getLogger(__name__)

BLOCK_BYTES = 512 * 1024
_AHEAD = 6  # blocks
_KEPT = 64  # blocks, 32 MiB
_MOST_WHOLE = 64 << 20  # a server without ranges may send a file of this size at once
_FIRST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Marks:
    """What a server says of a file beside its size; empty where it says nothing."""

    etag: str
    changed: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Marks:
        return cls(strong_etag(headers), headers.get("last-modified", ""))

    def are_others(self, later: Marks) -> bool:
        """Whether those of a later answer are of another file. The machines of one server may tag a file differently;
        then they agree on when it was changed."""
        same_tag = not self.etag or not later.etag or self.etag == later.etag
        return not same_tag and (not self.changed or self.changed != later.changed)


class RemoteFile:
    """One file at ``url``. Make it with :meth:`open`; the engine's loop loads. ``on_error`` hears on the loop of a
    block that is not available; reading ends there."""

    def __init__(
        self,
        url: str,
        gate: Gate,
        clock: Clock,
        size: int,
        marks: Marks,
        whole: bytes | None,
        on_error: Callable[[MatineeError], None],
        seed: int = 0,
    ) -> None:
        self.size = size
        self._marks = marks
        self._url = url
        self._gate = gate
        self._clock = clock
        self._whole = whole
        self._on_error = on_error
        self._rng = Random(seed)
        self._loop = asyncio.get_running_loop()
        self._blocks: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._closed = False

    @classmethod
    async def open(
        cls, url: str, gate: Gate, clock: Clock, on_error: Callable[[MatineeError], None], seed: int = 0
    ) -> tuple[RemoteFile, bytes]:
        """The file, and how it begins. Raises NetError, and MediaError for one that cannot be read in parts."""
        head, size, marks, in_parts = await retry(
            RequestKind.SEGMENT, lambda: _first(url, gate), clock, Random(seed), under_way=False
        )
        whole = None
        if not in_parts:
            if size is not None and size > _MOST_WHOLE:
                raise _not_in_parts()
            request = Request(RequestKind.SEGMENT, url, max_bytes=_MOST_WHOLE)
            whole = (await gate.fetch(request)).body
            head, size = whole[:_FIRST_BYTES], len(whole)
        if size is None:
            raise _not_in_parts()
        return cls(url, gate, clock, size, marks, whole, on_error, seed), head

    def stream(self) -> RemoteStream:
        """A new reader at the start, on libmpv's thread."""
        return RemoteStream(self)

    def close(self) -> None:
        """Stop loading; readers get nothing more. On the loop."""
        self._closed = True
        for block in self._blocks.values():
            block.cancel()
        self._blocks.clear()

    @property
    def buffered(self) -> int:
        """Bytes in memory."""
        return sum(len(block.result()) for block in list(self._blocks.values()) if _is_there(block))

    def block(self, number: int) -> Future[bytes]:
        """The block with this number, which may still be on its way. Any thread."""
        found: Future[bytes] = Future()
        self._loop.call_soon_threadsafe(self._want, number, found)
        return found

    def _want(self, number: int, found: Future[bytes]) -> None:
        if self._closed:
            found.cancel()
            return
        last = max(0, (self.size - 1) // BLOCK_BYTES)
        for each in range(number, min(last, number + _AHEAD) + 1):
            self._load(each)
        self._blocks.move_to_end(number)
        self._blocks[number].add_done_callback(lambda done: _pass_on(done, found))
        self._forget(number)

    def _load(self, number: int) -> None:
        known = self._blocks.get(number)
        if known is not None and not (known.done() and (known.cancelled() or known.exception() is not None)):
            return
        loading: Future[bytes] = Future()
        self._blocks[number] = loading
        if self._whole is not None:
            loading.set_result(self._whole[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES])
            return
        task = self._loop.create_task(self._fetch(number))
        loading.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(task.cancel) if done.cancelled() else None
        )
        task.add_done_callback(lambda done: _settle(done, loading))

    async def _fetch(self, number: int) -> bytes:
        start = number * BLOCK_BYTES
        wanted = ByteRange(start, min(BLOCK_BYTES, self.size - start))
        try:
            return await retry(
                RequestKind.SEGMENT,
                lambda: self._part(wanted),
                self._clock,
                self._rng,
                under_way=True,
            )
        except MatineeError as error:
            self._on_error(error)
            raise

    async def _part(self, wanted: ByteRange) -> bytes:
        """A part of the file that was opened. Raises MediaError where the server has another one in its place."""
        async with self._gate.open(Request(RequestKind.SEGMENT, self._url, byte_range=wanted)) as body:
            content = await body.read()
            if body.status != 206:
                raise _not_in_parts()
            if body.resource_size not in (None, self.size) or self._marks.are_others(Marks.of(body.headers)):
                raise MediaError(ErrorCode.MEDIA_DAMAGED, "The server has replaced this file while it played.")
            return content

    def _forget(self, reading: int) -> None:
        """Let go of what is far from where libmpv reads."""
        for number in list(self._blocks):
            far = not reading <= number <= reading + _AHEAD
            if far and not self._blocks[number].done():
                self._blocks.pop(number).cancel()
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)[1].cancel()


class RemoteStream:
    """See :class:`player.mpv.streams.ByteStream`."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._position = 0
        self._waiting: Future[bytes] | None = None
        self._cancelled = False

    @property
    def total(self) -> int | None:
        """Bytes."""
        return self._file.size

    def opened_on(self, thread: int) -> None:
        """It reads the same on each."""

    def read(self, length: int) -> Sequence[memoryview]:
        """Wait for what is at the position. Raises OSError where it is not available."""
        if self._cancelled or self._position >= self._file.size:
            return ()
        number, offset = divmod(self._position, BLOCK_BYTES)
        self._waiting = self._file.block(number)
        try:
            block = self._waiting.result()
        except CancelledError:
            return ()
        except MatineeError as error:
            raise OSError(str(error.code)) from error
        piece = memoryview(block)[offset : offset + length]
        self._position += len(piece)
        return (piece,)

    def seek(self, position: int) -> int:
        """Any position of the file is available."""
        if not 0 <= position <= self._file.size:
            return -1
        self._position = position
        return position

    def cancel(self) -> None:
        """End a read that waits; on any thread."""
        self._cancelled = True
        if self._waiting is not None:
            self._waiting.cancel()

    def close(self) -> None:
        """libmpv reads no more."""
        self.cancel()


async def first_bytes(url: str, gate: Gate, most: int = 4096) -> bytes:
    """How what is at an address begins. Raises NetError."""
    async with gate.open(Request(RequestKind.SEGMENT, url, byte_range=ByteRange(0, most))) as body:
        if body.status == 206:
            return await body.read()
        found = b""
        async for chunk in body.chunks():
            found += chunk
            if len(found) >= most:
                break
        return found[:most]


async def _first(url: str, gate: Gate) -> tuple[bytes, int | None, Marks, bool]:
    """The first bytes, the size of the file, its marks, and whether the server sends parts of it."""
    request = Request(RequestKind.SEGMENT, url, byte_range=ByteRange(0, _FIRST_BYTES))
    async with gate.open(request) as body:
        head = await body.read()
        return head, body.resource_size, Marks.of(body.headers), body.status == 206


def _not_in_parts() -> MediaError:
    return MediaError(
        ErrorCode.MEDIA_UNSUPPORTED, "This server sends the file only as a whole, and it is too large for that."
    )


def _is_there(block: Future[bytes]) -> bool:
    return block.done() and not block.cancelled() and block.exception() is None


def _pass_on(done: Future[bytes], found: Future[bytes]) -> None:
    """Copy the end of a block that is shared to one who waits for it."""
    if not found.set_running_or_notify_cancel():
        return
    if done.cancelled():
        found.set_exception(CancelledError())
    elif (error := done.exception()) is not None:
        found.set_exception(error)
    else:
        found.set_result(done.result())


def _settle(task: asyncio.Task[bytes], loading: Future[bytes]) -> None:
    if loading.cancelled():
        return
    if task.cancelled():
        loading.cancel()
    elif (error := task.exception()) is not None:
        loading.set_exception(error)
    else:
        loading.set_result(task.result())
