"""Types of the ASGI interface (version 3) that our own applications use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from backend_stub.problems import MEDIA_TYPE, ProblemError

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a request header (``name`` in lower case), or None."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


async def respond(
    send: Send, status: int, body: bytes = b"", headers: Headers = (), content_type: str = "application/json"
) -> None:
    """Send a whole response at once; no body and no type where the status has none (RFC 9110, section 6.4.1)."""
    bodiless = status in {204, 304}
    sent = list(headers)
    if not bodiless:
        sent += [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})


async def respond_problem(send: Send, problem: ProblemError, headers: Headers = ()) -> None:
    own = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await respond(send, problem.status, problem.body(), [*headers, *own], MEDIA_TYPE)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole request body. Raises :class:`ProblemError` 413 when it is longer than ``limit`` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            raise ProblemError(413, "too_large", "The body is too large.")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)
