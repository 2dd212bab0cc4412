"""The client's connection, made visible to ASGI applications: faults need to close, hold and time it."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from backend_stub.asgi import Scope

_STATE_KEY = "matinee_connection"


class Connection:
    """One TCP connection. ``fresh`` is true until its first request was shaped."""

    def __init__(self) -> None:
        self.fresh = True
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()

    def opened(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def lost(self) -> None:
        self._closed.set()

    @property
    def gone(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closed.is_set() or self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Close after what was sent so far, without finishing the response."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self, timeout_s: float | None = None) -> bool:
        """Wait until the connection is closed, or so long; whether it is closed."""
        if self._closed.is_set():
            return True
        try:
            await asyncio.wait_for(self._closed.wait(), timeout_s)
        except TimeoutError:
            return False
        return True


def connection_of(scope: Scope) -> Connection | None:
    """The connection a request came over; None under a server that is not ours."""
    found = scope.get("state", {}).get(_STATE_KEY)
    return found if isinstance(found, Connection) else None


class ConnectionProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that hands the connection to the application and never logs requests, for their
    paths carry signatures."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.connection = Connection()
        super().__init__(config, server_state, {**app_state, _STATE_KEY: self.connection}, _loop)
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.connection.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.connection.lost()
