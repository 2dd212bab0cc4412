"""A web server on this machine for the tests of an installation, whose network can be cut and mended."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any, Self

_POLL_S = 0.1


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base's own
        """Nothing is logged."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        super().__init__(address, partial(_Handler, directory=str(folder)))
        self._lock = threading.Lock()
        self._open: set[socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's own
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's own
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's own
        """A caller that has gone is no error."""

    def drop_all(self) -> None:
        """End every connection in mid-word."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)


class LocalSite:
    """Serves ``folder`` on a free port while the ``with`` block lasts. Not for several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.cut()

    def url(self, path: str) -> str:
        """The address of a file."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def cut(self) -> None:
        """Connections break, and no new one is taken."""
        if self._server is not None and self._thread is not None:
            self._server.drop_all()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def mend(self) -> None:
        """Be there again, on the same port."""
        if self._server is None:
            self._server = _Server(("127.0.0.1", self.port), self._folder)
            self.port = int(self._server.server_address[1])
            self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True)
            self._thread.start()
