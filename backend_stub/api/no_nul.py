"""No address may have a NUL in it: PostgreSQL has none in text, and no name of ours has one."""

from __future__ import annotations

from backend_stub.asgi import App, Receive, Scope, Send, respond_problem
from backend_stub.problems import ProblemError


class NoNul:
    """Refuses addresses with a NUL, in the path or the query, with 422 ``invalid_request``."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await respond_problem(send, ProblemError(422, "invalid_request", "The address has a NUL in it."))
            return
        await self._app(scope, receive, send)
