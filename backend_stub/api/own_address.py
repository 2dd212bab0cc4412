"""Addresses that the API hands out name the service, whatever name a client called it by."""

from __future__ import annotations

from urllib.parse import urlsplit

from backend_stub.api import PREFIX
from backend_stub.asgi import App, Receive, Scope, Send, header

_HERE = ("localhost", "127.0.0.1", "[::1]")


class OwnAddress:
    """ASGI middleware. Calls keep the name they came by where that is this machine's own, with this ``port``. Those
    of any other name are answered as if they had come to ``base_url``, with its scheme: a proxy may not say that its
    clients use TLS. The operator's pages hand out none."""

    def __init__(self, app: App, base_url: str, port: int) -> None:
        self._app = app
        self._base = urlsplit(base_url)
        self._known = {f"{host}:{port}" for host in _HERE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        of_the_api = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        if of_the_api and header(scope, b"host") not in self._known:
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [*others, (b"host", self._base.netloc.encode())]
            scope["scheme"] = self._base.scheme
        await self._app(scope, receive, send)
