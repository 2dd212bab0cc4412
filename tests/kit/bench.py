"""A CDN of one folder that notes how it was spoken to: version of HTTP, headers, from where. Over TLS it speaks
HTTP/2 where the client offers that."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import h2.config
import h2.connection
import h2.events
import trustme

Headers = dict[str, str]
_TYPES = {".mpd": "application/dash+xml", ".m3u8": "application/vnd.apple.mpegurl"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: ``target`` as it stood in the request line, ``version`` 1.1 or 2, ``peer`` the client's side."""

    version: str
    target: str
    headers: Headers
    peer: str


class BenchServer:
    """Runs on a thread of its own while the ``with`` block lasts. ``extra`` are headers of every answer,
    ``authority`` signs its certificate (for cdn.test and other.test); without one it speaks plainly."""

    def __init__(self, folder: Path, authority: trustme.CA | None = None, extra: Headers | None = None) -> None:
        self.heard: list[Heard] = []
        self.port = 0
        self._folder = folder
        self._extra = extra or {}
        self._tls: ssl.SSLContext | None = None
        if authority is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("cdn.test", "other.test").configure_cert(self._tls)
            self._tls.set_alpn_protocols(["h2", "http/1.1"])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(30)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def url(self, path: str) -> str:
        """An address on the host cdn.test."""
        return f"http{'s' if self._tls else ''}://cdn.test:{self.port}/{path}"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)

    async def _leave(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        chosen = writer.get_extra_info("ssl_object")
        is_2 = chosen is not None and chosen.selected_alpn_protocol() == "h2"
        with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await (_Http2(self, writer).talk(reader) if is_2 else self._talk(reader, writer))
        self._tasks.discard(task)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            status, more, body = self.answer("1.1", lines[0].split(" ")[1], headers, writer)
            head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)
            await writer.drain()

    def answer(
        self, version: str, target: str, headers: Headers, writer: asyncio.StreamWriter
    ) -> tuple[int, Headers, bytes]:
        """Note the request; status, headers and body of the answer."""
        self.heard.append(Heard(version, target, headers, writer.get_extra_info("peername")[0]))
        path = (self._folder / unquote(urlsplit(target).path).lstrip("/")).resolve()
        found = path.is_file() and path.is_relative_to(self._folder.resolve())
        body = path.read_bytes() if found else b""
        kind = _TYPES.get(path.suffix, "video/mp4")
        return 200 if found else 404, {"content-type": kind, "content-length": str(len(body)), **self._extra}, body


class _Http2:
    """One connection."""

    def __init__(self, server: BenchServer, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._writer = writer
        self._left: dict[int, bytes] = {}
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))

    async def talk(self, reader: asyncio.StreamReader) -> None:
        connection = self._connection
        connection.initiate_connection()
        self._writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self._answer(event)
                elif isinstance(event, h2.events.StreamReset):
                    self._left.pop(event.stream_id, None)
            for stream in list(self._left):
                self._push(stream)
            self._writer.write(connection.data_to_send())
            await self._writer.drain()

    def _answer(self, event: h2.events.RequestReceived) -> None:
        headers = {bytes(name).decode(): bytes(value).decode() for name, value in event.headers or ()}
        headers["host"] = headers[":authority"]
        status, more, body = self._server.answer("2", headers[":path"], headers, self._writer)
        assert event.stream_id is not None
        self._connection.send_headers(event.stream_id, [(":status", str(status)), *more.items()])
        self._left[event.stream_id] = body

    def _push(self, stream: int) -> None:
        """As much of a body as the windows allow."""
        connection = self._connection
        while self._left[stream]:
            room = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if room <= 0:
                return
            part, self._left[stream] = self._left[stream][:room], self._left[stream][room:]
            connection.send_data(stream, part)
        del self._left[stream]
        connection.end_stream(stream)
