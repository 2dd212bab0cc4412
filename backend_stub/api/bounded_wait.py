"""No call waits long for a database that says nothing."""

from __future__ import annotations

from backend_stub.asgi import App, Receive, Scope, Send
from backend_stub.db import patience


class BoundedWait:
    """Gives each call its seconds to wait for the database; after these it is 503 ``database_unavailable``."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with patience.waiting(patience.CALL_S):
            await self._app(scope, receive, send)
