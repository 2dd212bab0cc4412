"""A plain static file server for tests: ranges, keep-alive, a request log, and a shaped link when asked for.

The shape is the project's rule for links: one round trip for each new connection, one for each request, then the
bytes of all responses together paced at the given rate.
"""

from __future__ import annotations

import mimetypes
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

_BLOCK = 16_384
_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".ts": "video/mp2t",
    ".vtt": "text/vtt",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was answered: ``at_s`` is seconds since the server started, ``sent`` counts body bytes."""

    at_s: float
    method: str
    path: str
    range: str | None
    status: int
    sent: int
    connection: int


class FileServer:
    """Serves ``folder`` on a free port of 127.0.0.1 while the ``with`` block lasts.

    ``latency_ms`` is the round trip, ``mbps`` the rate of the whole link in Mbit/s (None: as fast as it goes).
    """

    def __init__(self, folder: Path, *, latency_ms: float = 0.0, mbps: float | None = None) -> None:
        self._folder = folder.resolve()
        self._latency_s = latency_ms / 1000
        self._bytes_per_s = mbps * 1e6 / 8 if mbps else None
        self._lock = threading.Lock()
        self._link_free_at = 0.0
        self._connections = 0
        self._log: list[Request] = []
        self._started = time.monotonic()
        self._http = _Server(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()
        self._thread.join()

    @property
    def folder(self) -> Path:
        """What is served."""
        return self._folder

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def base(self) -> str:
        """The folder's URL, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The URL of a file relative to the folder."""
        return f"{self.base}/{path.lstrip('/')}"

    @property
    def requests(self) -> list[Request]:
        """The requests answered so far, in the order in which they ended. Whoever has an answer finds it here."""
        with self._lock:
            return list(self._log)

    @property
    def idle(self) -> bool:
        """Whether nobody is connected: what was asked has been answered, or its asker has gone."""
        return not self._http.connections

    def new_connection(self) -> int:
        time.sleep(self._latency_s)
        with self._lock:
            self._connections += 1
            return self._connections

    def round_trip(self) -> None:
        time.sleep(self._latency_s)

    def find(self, url_path: str) -> Path | None:
        """The file behind a request path; None when there is none below the folder."""
        path = (self._folder / unquote(urlsplit(url_path).path).lstrip("/")).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def read(self, path: Path, _url_path: str) -> bytes:
        """What is answered with a file that :meth:`find` has found."""
        return path.read_bytes()

    def paced(self, body: bytes) -> Iterator[memoryview]:
        """The body in the pieces the link lets through."""
        view = memoryview(body)
        if self._bytes_per_s is None:
            yield view
            return
        for offset in range(0, len(view), _BLOCK):
            block = view[offset : offset + _BLOCK]
            with self._lock:
                done_at = max(time.monotonic(), self._link_free_at) + len(block) / self._bytes_per_s
                self._link_free_at = done_at
            time.sleep(max(0.0, done_at - time.monotonic()))
            yield block

    def record(self, handler: _Handler, status: int, sent: int) -> Request:
        """Note an answer whose last byte is about to leave, or that was cut off."""
        request = Request(
            time.monotonic() - self._started,
            handler.command,
            handler.path,
            handler.headers.get("Range"),
            status,
            sent,
            handler.connection_number,
        )
        with self._lock:
            self._log.append(request)
        return request

    def correct(self, request: Request, sent: int) -> None:
        """The asker went away before the end of an answer that is noted."""
        with self._lock:
            self._log[self._log.index(request)] = replace(request, sent=sent)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, files: FileServer) -> None:
        self.files = files
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def opened(self, connection: socket.socket) -> None:
        self.connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        self.connections.discard(connection)

    def close_connections(self) -> None:
        """Hang up on everybody, so that no thread waits for a next request."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)
        self.connection_number = self.server.files.new_connection()

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        return

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        files = self.server.files
        files.round_trip()
        path = files.find(self.path)
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, b"not found\n", {"Content-Type": "text/plain"}, with_body)
            return
        body = files.read(path, self.path)
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        wanted = _byte_range(self.headers.get("Range"), len(body))
        if wanted is None:
            self._send(HTTPStatus.OK, body, headers, with_body)
        elif wanted.start >= wanted.stop:
            headers["Content-Range"] = f"bytes */{len(body)}"
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", headers, with_body)
        else:
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(body)}"
            self._send(HTTPStatus.PARTIAL_CONTENT, body[wanted.start : wanted.stop], headers, with_body)

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        files, body = self.server.files, body if with_body else b""
        sent, noted = 0, None
        try:
            for block in files.paced(body):
                if sent + len(block) == len(body):
                    noted = files.record(self, int(status), len(body))
                self.wfile.write(block)
                self.wfile.flush()
                sent += len(block)
        except ConnectionError:
            self.close_connection = True
        if noted is None:
            files.record(self, int(status), sent)
        elif sent < len(body):
            files.correct(noted, sent)


def _byte_range(header: str | None, size: int) -> range | None:
    """The bytes a ``Range`` header asks for (RFC 9110 section 14); None without a single well-formed range."""
    if header is None or not header.startswith("bytes=") or "," in header:
        return None
    first, dash, last = header.removeprefix("bytes=").partition("-")
    if not dash or not (first + last).isdigit():
        return None
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(size, int(last) + 1) if last else size)


def main() -> None:
    """Serve a folder until killed: ``python -m tests.kit.fileserver FOLDER [LATENCY_MS [MBPS]]``; prints the
    address."""
    folder, latency_ms, mbps = (*sys.argv[1:], "0", "0")[:3]
    with FileServer(Path(folder), latency_ms=float(latency_ms), mbps=float(mbps) or None) as server:
        print(server.base, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
