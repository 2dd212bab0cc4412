"""An HTTP server on loopback that says exactly what a test tells it to, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

Answer = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request on a connection, and the way to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    writer: asyncio.StreamWriter = field(repr=False)

    async def send(self, data: bytes) -> None:
        """Raw bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A well-formed response; underscores in header names stand for hyphens."""
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def file(self, content: bytes) -> None:
        """``content``, or the range of it that was asked for."""
        wanted = self.headers.get("range")
        if wanted is None:
            await self.reply(200, content)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), int(last) + 1 if last else len(content)
        part = content[start:stop]
        if not part:
            await self.reply(416, content_range=f"bytes */{len(content)}")
            return
        await self.reply(206, part, content_range=f"bytes {start}-{start + len(part) - 1}/{len(content)}")

    def cut(self) -> None:
        """Close the connection at once."""
        self.writer.transport.abort()


class RawServer:
    """Answers each path with the answer put into ``answers``; others get 404. Use it as a context manager."""

    def __init__(self, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> None:
        self._host = host
        self.answers: dict[str, Answer] = {}
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    def url(self, path: str) -> str:
        """The address of ``path``."""
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}{path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            while True:
                exchange = await _read(reader, writer, number)
                self.exchanges.append(exchange)
                answer = self.answers.get(exchange.path)
                await (exchange.reply(404) if answer is None else answer(exchange))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._tasks.discard(task)
            if not writer.is_closing():  # a transport that has been closed may be gone
                writer.transport.abort()  # a polite TLS shutdown would wait for the client


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Exchange(method, path, headers, body, connection, writer)
