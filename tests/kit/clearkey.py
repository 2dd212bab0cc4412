"""A plain W3C ClearKey licence server: knows its keys, asks for no account, and takes its time when told to."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class ClearKeyServer:
    """Answers ``POST /`` on a free port of 127.0.0.1 with the JWK set of ``keys`` ((key id, key) pairs in hex by
    label), ``delay_s`` later."""

    def __init__(self, keys: Mapping[str, tuple[str, str]], *, delay_s: float = 0.0) -> None:
        self.keys = {bytes.fromhex(kid): bytes.fromhex(key) for kid, key in keys.values()}
        self.delay_s = delay_s
        self.asked = 0
        self._http = _Server(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/"

    def answer(self, body: bytes) -> bytes:
        """The JWK set for a licence request (W3C EME, section 9.1.3)."""
        self.asked += 1
        time.sleep(self.delay_s)
        wanted = [_unbase64(kid) for kid in json.loads(body)["kids"]]
        keys = [
            {"kty": "oct", "kid": _base64(kid), "k": _base64(self.keys[kid])} for kid in wanted if kid in self.keys
        ]
        return json.dumps({"keys": keys, "type": "temporary"}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, licences: ClearKeyServer) -> None:
        self.licences = licences
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_arguments: object) -> None:
        return

    def do_POST(self) -> None:
        answer = self.server.licences.answer(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
