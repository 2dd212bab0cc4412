"""An item on its way to the disk: sealed, or stamped, while it arrives, so that little of it is ever in memory."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from downloads.model import Stored
from downloads.reading import drop_foreign
from drm_client.sealing import FingerprintStream, SealingStream

BUFFER_BYTES = 1 << 20
"""So much of an item gathers in memory before it is written: few large steps cost less than many small."""

_NO_LINK, _BINARY = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_BINARY", 0)


class DiskFile(Protocol):
    """A new file. ``sync`` returns when its bytes are on the disk."""

    def write(self, data: bytes | memoryview) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class SystemFile:
    """The machine's own. Methods raise OSError. What a link in its place leads to is never written to: the link goes,
    and so does a pipe. A folder that is a link is refused."""

    def __init__(self, path: Path) -> None:
        if path.parent.is_symlink():
            raise OSError(errno.ELOOP, "a link is in the place of a folder", str(path.parent))
        drop_foreign(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINK | _BINARY, 0o666)
        self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data``."""
        view = memoryview(data)
        while view:  # the system may take a part of it, as where the disk becomes full
            view = view[self._file.write(view) :]

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class HashCode:
    """Of downloads of the first format."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)

    def finish(self) -> bytes:
        return self._hash.digest()


class ItemWriter:
    """Takes an item's bytes in their order (a :class:`player.transfer.model.Sink`). ``open_`` makes its file at the
    first byte; ``guard`` runs what touches the disk and gives its errors their names.

    Belongs to one thread at a time.
    """

    def __init__(
        self,
        open_: Callable[[], DiskFile],
        how: SealingStream | FingerprintStream | HashCode,
        guard: Callable[[Callable[[], None]], None],
    ) -> None:
        self._open = open_
        self._how = how
        self._guard = guard
        self._file: DiskFile | None = None
        self._gathered: bytearray | None = None
        self._filled = 0
        self._received = 0
        self._length = 0

    @property
    def received(self) -> int:
        """Bytes taken."""
        return self._received

    def begin(self, total: int | None) -> None:
        """Nothing is reserved: what a server announces need not come."""

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes. Raises DownloadError where the disk refuses."""
        self._received += len(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._gather(rest) :]
            if self._filled == BUFFER_BYTES:
                self._do(self._pass_on)

    def finish(self) -> Stored:
        """Write the rest; everything is on the disk when this returns, so it is for a thread. Raises
        DownloadError."""
        digest = b""

        def close() -> None:
            nonlocal digest
            self._pass_on()
            digest = self._how.finish()
            file = self._opened()
            if isinstance(self._how, SealingStream):
                file.write(digest)
                self._length += len(digest)
            file.sync()
            file.close()

        self._do(close)
        return Stored(self._length, digest.hex(), self._received)

    def discard(self) -> None:
        """Give it up. The part of it that is on the disk counts for nothing, and is written over by the next try."""
        self._gathered = None
        self._filled = 0
        if self._file is not None:
            self._file.close()

    def _do(self, work: Callable[[], None]) -> None:
        try:
            self._guard(work)
        except BaseException:
            self.discard()
            raise

    def _gather(self, data: memoryview) -> int:
        """Put the next bytes behind what waits, sealed on their way there; how many there was room for."""
        if self._gathered is None:
            self._gathered = bytearray(BUFFER_BYTES)
        end = min(self._filled + len(data), BUFFER_BYTES)
        part = data[: end - self._filled]
        with memoryview(self._gathered) as room:
            if isinstance(self._how, SealingStream):
                self._how.update_into(part, room[self._filled : end])
            else:
                self._how.update(part)
                room[self._filled : end] = part
        self._filled = end
        return len(part)

    def _pass_on(self) -> None:
        file = self._opened()
        if self._gathered is not None:
            with memoryview(self._gathered) as gathered:
                file.write(gathered[: self._filled])
        self._length += self._filled
        self._filled = 0

    def _opened(self) -> DiskFile:
        if self._file is None:
            self._file = self._open()
            if isinstance(self._how, SealingStream):
                self._file.write(self._how.head)
                self._length += len(self._how.head)
        return self._file
