"""Files of a local manifest, and ``data:`` addresses: bytes that need no network."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.failures import failure
from player.net.model import Body, Request

_BLOCK = 256 * 1024
_MAX_DATA_URL = 1024 * 1024


class LocalTransport:
    """Serves ``file:`` addresses inside ``folder`` and nowhere else; links that lead out of it are refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The file that ``request`` names. Raises NetError (``net.forbidden_url``) outside the folder."""
        path = self._path(request.url)
        try:
            file = await asyncio.to_thread(_open_file, path)
        except OSError:
            yield MemoryBody(request.url, 404, b"", None)
            return
        try:
            size = path.stat().st_size
            yield _FileBody(request.url, file, size, request.byte_range)
        finally:
            file.close()

    async def close(self) -> None:
        """Nothing is kept open."""

    def _path(self, url: str) -> Path:
        try:
            parts = urlsplit(url)
            path = Path(url2pathname(parts.path)).resolve()
            local = parts.scheme == "file" and parts.hostname in (None, "localhost")
        except ValueError:
            local, path = False, Path()
        if not local or not path.is_relative_to(self._folder):
            raise failure(
                ErrorCode.NET_FORBIDDEN_URL,
                "A manifest on this machine may use files of its own folder only.",
                url,
                recoverable=False,
            )
        return path


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
    """The body of an open file, read in a thread so that a slow disk never blocks the loop."""

    http_version = ""
    new_connection = False
    connection = None

    def __init__(self, url: str, file: BinaryIO, size: int, byte_range: ByteRange | None) -> None:
        self.url = url
        self.status, self.headers = _answer(200, size, byte_range)
        self._start, stop = (0, 0) if self.status == 416 else _bounds(size, byte_range)
        self.total: int | None = stop - self._start
        self._file = file

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The file (or the part asked for) in blocks of 256 KiB."""
        self._file.seek(self._start)
        left = self.total or 0
        while left:
            try:
                block = await asyncio.to_thread(self._file.read, min(left, _BLOCK))
            except OSError as error:
                raise failure(ErrorCode.NET_CUT, "A file on this machine could not be read.", self.url) from error
            if not block:
                return
            left -= len(block)
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


def _open_file(path: Path) -> BinaryIO:
    """Opens ordinary files only: a pipe or a device could block for ever."""
    if not path.is_file():
        raise FileNotFoundError(path)
    return path.open("rb")


def _bad_data(code: ErrorCode, sentence: str, url: str) -> NetError:
    return failure(code, sentence, url, recoverable=False)
