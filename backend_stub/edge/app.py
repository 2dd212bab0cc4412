"""The edge as one ASGI application."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from backend_stub.asgi import Receive, Scope, Send, header, respond, respond_problem
from backend_stub.clock import Clock
from backend_stub.connection import connection_of
from backend_stub.edge.files import Conditions, Reply, begin, locate
from backend_stub.live.files import live_file
from backend_stub.problems import ProblemError
from backend_stub.signing import UrlSigner, split_signed_path
from backend_stub.titles import LIVE

_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Accept-Ranges, Content-Length, Content-Range, Date, ETag"),
)
_PREFLIGHT = (
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
)


class EdgeApp:
    """Serves ``/s/<token>/<title id>/<variant>/...`` out of ``media_dir``, channels over it, and ``/health``."""

    def __init__(self, name: str, media_dir: Path, signer: UrlSigner, clock: Clock) -> None:
        self._name = name
        self._media_dir = media_dir
        self._signer = signer
        self._clock = clock

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, send)
        except ProblemError as problem:
            await respond_problem(send, problem, (*_CORS, (b"cache-control", b"no-store")))

    async def _answer(self, scope: Scope, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await respond(send, 204, headers=_PREFLIGHT)
            return
        if method not in {"GET", "HEAD"}:
            raise ProblemError(
                405, "method_not_allowed", "Only GET, HEAD and OPTIONS work here.", {"Allow": "GET, HEAD, OPTIONS"}
            )
        if scope["path"] == "/health":
            await respond(send, 200, json.dumps({"status": "ok", "edge": self._name}).encode(), _CORS)
            return
        token, path = split_signed_path(scope["path"])
        grant = self._signer.verify(token, self._clock.now()) if token is not None else None
        if grant is None:
            raise ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
        channel_file = path.removeprefix(f"/{grant.title_id}/{LIVE}/")
        if channel_file != path:
            await self._send_live(grant.title_id, channel_file, send)
            return
        file = locate(self._media_dir, path, grant.title_id)
        reply = await asyncio.to_thread(begin, file, _conditions(scope), head=method == "HEAD")
        try:
            await self._send(reply, scope, send)
        finally:
            reply.close()

    async def _send_live(self, title_id: str, name: str, send: Send) -> None:
        body, kind = await asyncio.to_thread(live_file, self._media_dir, title_id, name, self._clock.now())
        headers = [*_CORS, (b"x-edge", self._name.encode()), (b"cache-control", b"public, max-age=1")]
        await respond(send, 200, body, headers, kind)  # the server leaves the body out of an answer to HEAD

    async def _send(self, reply: Reply, scope: Scope, send: Send) -> None:
        connection = connection_of(scope)
        headers = [*reply.headers, *_CORS, (b"x-edge", self._name.encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        piece = reply.first
        while reply.descriptor is not None and reply.left > 0:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if connection is not None and connection.gone:
                return
            piece = await asyncio.to_thread(reply.read_on)
        await send({"type": "http.response.body", "body": piece, "more_body": False})


def _conditions(scope: Scope) -> Conditions:
    return Conditions(
        byte_range=header(scope, b"range"),
        if_none_match=header(scope, b"if-none-match"),
        if_modified_since=header(scope, b"if-modified-since"),
        if_range=header(scope, b"if-range"),
    )
