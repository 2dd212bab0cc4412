"""A bound on the rate of all downloads together, so that they leave the link to others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from player.base.clock import Clock
from player.net.model import Body, Request, Transport
from player.net.shaping import Link, LinkTrace, PacedBody


class CappedTransport:
    """Another transport whose bodies together do not exceed ``limit_bps`` (bit/s)."""

    def __init__(self, inner: Transport, clock: Clock, limit_bps: float) -> None:
        self._inner = inner
        self._link = Link(LinkTrace.constant(limit_bps), clock)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's response, its body no faster than the limit."""
        async with self._inner.open(request) as body:
            yield PacedBody(body, self._link)

    async def close(self) -> None:
        await self._inner.close()


def capped(limit_bps: float | None) -> tuple[Callable[[Transport, Clock], Transport], ...]:
    """What to wrap around the network for this limit; nothing for none."""
    if limit_bps is None:
        return ()
    return (lambda transport, clock: CappedTransport(transport, clock, limit_bps),)
