"""Connections that may lead nowhere any more are not used again.

When the network becomes another one, or the machine was asleep, a connection that looks open may be dead, and nothing
says so: what is sent over it is never answered. One of HTTP/2 is worse than others, because all requests go over it,
also those that are made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx

_MOST_IN_A_ROW = 256  # parts of an answer before other tasks have their turn: they may be a byte each
SILENT_S = 3.0
"""After so long without a byte a connection is given up together with the wait for it."""


class _Pool:
    """The connections made since the last renewal; ``users`` are exchanges that go over them."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport = transport
        self.users = 0


class RenewedTransport(httpx.AsyncBaseTransport):
    """A transport around those that ``make`` gives: another one after each :meth:`renew`, and after a wait of
    ``silent_s`` that was given up. The one before is closed when nothing goes over it any more."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], silent_s: float = SILENT_S) -> None:
        self._make = make
        self._silent_s = silent_s
        self._pool = _Pool(make())
        self._left: set[_Pool] = set()

    def renew(self) -> None:
        """What is asked from now on goes over new connections."""
        self._left.add(self._pool)
        self._pool = _Pool(self._make())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response to ``request``. Raises httpx.TransportError."""
        await self._tidy()
        pool = self._pool
        pool.users += 1
        since_s = asyncio.get_running_loop().time()
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException as error:
            self.release(pool, since_s if isinstance(error, asyncio.CancelledError) else None)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _TimedBody(response.stream, self, pool)
        return response

    def release(self, pool: _Pool, silent_since_s: float | None) -> None:
        """An exchange over ``pool`` has ended; ``silent_since_s`` is since when it had waited in vain."""
        pool.users -= 1
        now_s = asyncio.get_running_loop().time()
        if pool is self._pool and silent_since_s is not None and now_s - silent_since_s >= self._silent_s:
            self.renew()

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in (*self._left, self._pool):
            await pool.transport.aclose()
        self._left.clear()

    async def _tidy(self) -> None:
        for pool in [each for each in self._left if not each.users]:
            self._left.discard(pool)
            await pool.transport.aclose()


class _TimedBody(httpx.AsyncByteStream):
    """A body that knows since when it has waited for its next bytes."""

    def __init__(self, inner: httpx.AsyncByteStream, owner: RenewedTransport, pool: _Pool) -> None:
        self._inner = inner
        self._owner = owner
        self._pool: _Pool | None = pool
        self._waits_since_s: float | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        self._waits_since_s = clock()
        parts = 0
        async for chunk in self._inner:
            self._waits_since_s = None
            yield chunk
            parts += 1
            if parts % _MOST_IN_A_ROW == 0:
                await asyncio.sleep(0)
            self._waits_since_s = clock()
        self._waits_since_s = None

    async def aclose(self) -> None:
        """End the exchange."""
        pool, self._pool = self._pool, None
        try:
            await self._inner.aclose()
        finally:
            if pool is not None:
                self._owner.release(pool, self._waits_since_s)
