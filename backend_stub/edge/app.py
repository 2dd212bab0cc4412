"""The edge as one ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from backend_stub.asgi import Receive, Scope, Send, respond, respond_problem
from backend_stub.clock import Clock
from backend_stub.connection import connection_of
from backend_stub.edge.answer import conditions_of
from backend_stub.edge.gate import TokenGate
from backend_stub.edge.source import FileSource, SourceReply, SourceRequest
from backend_stub.problems import ProblemError
from backend_stub.signing import UrlSigner, split_signed_path
from backend_stub.titles import LIVE

_CORS = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Accept-Ranges, Age, Content-Length, Content-Range, Date, ETag, Via, X-Cache",
    ),
)
_PREFLIGHT = (
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
)


class EdgeApp:
    """Serves ``/s/<token>/<title id>/<variant>/...`` out of ``source``, and ``/health``. ``ask_for_keys`` is
    called for an address that none of the signer's keys signed: there may be a new one."""

    def __init__(
        self,
        name: str,
        source: FileSource,
        signer: UrlSigner,
        gate: TokenGate,
        clock: Clock,
        ask_for_keys: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._gate = gate
        self._signer = signer
        self._clock = clock
        self._ask_for_keys = ask_for_keys

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, send)
        except ProblemError as problem:
            await respond_problem(send, problem, (*_CORS, (b"cache-control", b"no-store")))

    async def close(self) -> None:
        """Give up what the source holds open; called in the loop that it was used in."""
        await self._source.close()
        await self._gate.close()

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
            document = {"status": "ok", "edge": self._name, **self._source.health()}
            await respond(send, 200, json.dumps(document).encode(), _CORS)
            return
        reply = await self._source.reply(await self._request(scope, head=method == "HEAD"))
        await self._send(reply, scope, send)

    async def _request(self, scope: Scope, *, head: bool) -> SourceRequest:
        token, path = split_signed_path(scope["path"])
        if token is not None and self._ask_for_keys is not None and not self._signer.knows(token):
            await self._ask_for_keys()
        grant = self._signer.verify(token, self._clock.now()) if token is not None else None
        if token is None or grant is None:
            raise ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
        if not grant.covers(path):
            raise ProblemError(403, "bad_signature", "The address is not signed for this file.")
        if not grant.good_from((scope.get("client") or ("",))[0]):
            raise ProblemError(403, "bad_signature", "The address was given in another network.")
        if grant.network:  # those who are asked now see this edge's
            token = self._signer.sign(replace(grant, network=""))
        if not await self._gate.stands(grant, token):
            raise ProblemError(403, "bad_signature", "What this address was given for is over.")
        return SourceRequest(token, grant.title_id, path, conditions_of(scope), head, _directives(scope, path))

    async def _send(self, reply: SourceReply, scope: Scope, send: Send) -> None:
        connection = connection_of(scope)
        headers = [*reply.headers, *_CORS, (b"x-edge", self._name.encode())]
        left = reply.length
        async with aclosing(reply.pieces) as pieces:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            if left == 0:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            async for piece in pieces:
                if left is not None:
                    left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left is None or left > 0})
                if (left is None or left > 0) and connection is not None and connection.gone:
                    return
        if left is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif left > 0 and connection is not None:
            connection.close()  # the source ended early: the client must not take what it has for the whole
            await connection.wait_closed()


def _directives(scope: Scope, path: str) -> str:
    """The delivery directives for a live playlist (RFC 8216bis, section 6.2.5), in one order for caches."""
    if f"/{LIVE}/" not in path or not path.endswith(".m3u8"):
        return ""
    asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
    return urlencode(sorted((name, value) for name, value in asked if name.startswith("_HLS_")))
