"""Files of a local manifest, and ``data:`` addresses: bytes that need no network."""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from player.base.apart import ApartWorker
from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.failures import failure
from player.net.model import Body, Request

_T = TypeVar("_T")
_BLOCK = 256 * 1024
_MAX_DATA_URL = 1024 * 1024


class LocalTransport:
    """Serves ``file:`` addresses inside ``folder`` and nowhere else; links that lead out of it are refused.

    The folder may be a share that hangs: nothing of it is touched on the loop, and nobody waits for a call that does
    not end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The file that ``request`` names. Raises NetError (``net.forbidden_url``) outside the folder."""
        file = _ApartFile()
        try:
            try:
                size = await file.open(lambda: self._path(request.url))
            except OSError:
                yield MemoryBody(request.url, 404, b"", None)
            else:
                yield _FileBody(request.url, file, size, request.byte_range)
        finally:
            file.leave()

    async def close(self) -> None:
        """Nothing is kept open."""

    @cached_property
    def _root(self) -> Path:
        return self._folder.resolve()

    def _path(self, url: str) -> Path:
        try:
            parts = urlsplit(url)
            path = Path(url2pathname(parts.path)).resolve()
            local = parts.scheme == "file" and parts.hostname in (None, "localhost")
        except ValueError:
            local, path = False, Path()
        if not local or not path.is_relative_to(self._root):
            raise failure(
                ErrorCode.NET_FORBIDDEN_URL,
                "A manifest on this machine may use files of its own folder only.",
                url,
                recoverable=False,
            )
        return path


class _ApartFile:
    """A file whose calls are made in order on a thread of its own."""

    def __init__(self) -> None:
        self._worker = ApartWorker("local-file")
        self._file: FileIO | None = None

    async def open(self, where: Callable[[], Path]) -> int:
        """Open it; how many bytes it has. Raises OSError, and what ``where`` raises."""
        return await self._run(self._open, where)

    async def read(self, start: int, count: int) -> bytes:
        """At most ``count`` bytes from ``start``; none at its end. Raises OSError."""
        return await self._run(self._read, start, count)

    def leave(self) -> None:
        """Close it after the call that goes on, for which nobody waits."""
        self._worker.submit(self._close)
        self._worker.shutdown(wait=False)

    async def _run(self, call: Callable[..., _T], *values: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, call, *values)

    def _open(self, where: Callable[[], Path]) -> int:
        path = where()
        if not path.is_file():  # a pipe or a device could block for ever
            raise FileNotFoundError(path)
        self._file = FileIO(path)
        return os.fstat(self._file.fileno()).st_size

    def _read(self, start: int, count: int) -> bytes:
        if self._file is None:
            raise OSError(errno.EBADF, "It has not been opened.")
        self._file.seek(start)
        return self._file.read(count) or b""

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()


class DataTransport:
    """Serves ``data:`` addresses (RFC 2397) of at most 1 MiB."""

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The bytes in the address itself. Raises NetError when they make no sense."""
        yield MemoryBody(request.url, 200, data_of(request.url), request.byte_range)

    async def close(self) -> None:
        """Nothing is kept open."""


def data_of(url: str) -> bytes:
    """The bytes of a ``data:`` address. Raises NetError (``net.forbidden_url``, ``net.too_large``)."""
    if len(url) > _MAX_DATA_URL:
        raise _bad_data(ErrorCode.NET_TOO_LARGE, "An address with data in it is too long.", url)
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not comma:
        raise _bad_data(ErrorCode.NET_FORBIDDEN_URL, "An address with data in it is not well formed.", url)
    content = unquote_to_bytes(data)
    if not head.endswith(";base64"):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise _bad_data(ErrorCode.NET_FORBIDDEN_URL, "An address with data in it is not well formed.", url) from error


class MemoryBody:
    """A body that is in memory already; a range of it is answered as HTTP would."""

    http_version = ""
    new_connection = False
    connection = None

    def __init__(self, url: str, status: int, content: bytes, byte_range: ByteRange | None) -> None:
        size = len(content)
        self.url = url
        self.status, self.headers = _answer(status, size, byte_range)
        start, stop = _bounds(size, byte_range) if self.status == 206 else (0, size)
        self._content = content[start:stop] if self.status != 416 else b""
        self.total: int | None = len(self._content)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """All of it in one piece."""
        if self._content:
            yield self._content


class _FileBody:
    """The body of an open file."""

    http_version = ""
    new_connection = False
    connection = None

    def __init__(self, url: str, file: _ApartFile, size: int, byte_range: ByteRange | None) -> None:
        self.url = url
        self.status, self.headers = _answer(200, size, byte_range)
        self._start, stop = (0, 0) if self.status == 416 else _bounds(size, byte_range)
        self.total: int | None = stop - self._start
        self._file = file

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The file (or the part asked for) in blocks of 256 KiB."""
        place, left = self._start, self.total or 0
        while left:
            try:
                block = await self._file.read(place, min(left, _BLOCK))
            except OSError as error:
                raise failure(ErrorCode.NET_CUT, "A file on this machine could not be read.", self.url) from error
            if not block:
                return
            place, left = place + len(block), left - len(block)
            yield block


def _answer(status: int, size: int, byte_range: ByteRange | None) -> tuple[int, Mapping[str, str]]:
    """Status and headers as an HTTP server would give them for a resource of ``size`` bytes."""
    if status != 200 or byte_range is None:
        return status, {"content-length": str(size)}
    start, stop = _bounds(size, byte_range)
    if start >= stop:
        return 416, {"content-range": f"bytes */{size}"}
    return 206, {"content-length": str(stop - start), "content-range": f"bytes {start}-{stop - 1}/{size}"}


def _bounds(size: int, byte_range: ByteRange | None) -> tuple[int, int]:
    if byte_range is None:
        return 0, size
    stop = size if byte_range.end is None else min(byte_range.end, size)
    return byte_range.start, stop


def _bad_data(code: ErrorCode, sentence: str, url: str) -> NetError:
    return failure(code, sentence, url, recoverable=False)
