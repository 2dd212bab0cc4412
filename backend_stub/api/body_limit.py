"""A bound on request bodies, whether they announce their length or not."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from backend_stub.asgi import App, Message, Receive, Scope, Send, header, respond_problem
from backend_stub.problems import ProblemError

_TITLE = "The body is too large."


class BodyLimit:
    """Refuses bodies of more than ``limit`` bytes with 413 ``too_large``; those of paths that begin with ``streamed``
    are read piece by piece and bounded by who reads them."""

    def __init__(self, app: App, limit: int, streamed: str) -> None:
        self._app = app
        self._limit = limit
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._streamed):
            await self._app(scope, receive, send)
            return
        announced = header(scope, b"content-length") if scope["type"] == "http" else None
        if announced is not None and announced.isdigit() and int(announced) > self._limit:
            await respond_problem(send, ProblemError(413, "too_large", _TITLE, {"Connection": "close"}))
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, _TITLE)
            return message

        await self._app(scope, counted, send)
