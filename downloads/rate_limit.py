"""A bound on the rate of all downloads together, so that they leave the link to others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from player.base.clock import Clock
from player.net.model import Body, Request, Transport
from player.net.shaping import PacedBody


class RateLimit:
    """Holds bytes up, in the order of asking. ``limit_bps`` (bit/s, None for no limit) is asked for each piece, so
    another limit counts at once."""

    def __init__(self, clock: Clock, limit_bps: Callable[[], float | None]) -> None:
        self._clock = clock
        self._limit_bps = limit_bps
        self._free_at = 0.0

    async def send(self, size: int) -> None:
        """Wait until ``size`` bytes may have come."""
        limit_bps, now_s = self._limit_bps(), self._clock.monotonic()
        if limit_bps is None:
            self._free_at = now_s
            return
        self._free_at = max(now_s, self._free_at) + 8 * size / limit_bps
        await self._clock.sleep(self._free_at - now_s)


class CappedTransport:
    """Another transport whose bodies together do not exceed ``limit_bps`` (bit/s)."""

    def __init__(self, inner: Transport, clock: Clock, limit_bps: Callable[[], float | None]) -> None:
        self._inner = inner
        self._limit = RateLimit(clock, limit_bps)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's response, its body no faster than the limit."""
        async with self._inner.open(request) as body:
            yield PacedBody(body, self._limit)

    async def close(self) -> None:
        await self._inner.close()


def capped(limit_bps: float | None) -> tuple[Callable[[Transport, Clock], Transport], ...]:
    """What to wrap around the network for this limit; nothing for none."""
    if limit_bps is None:
        return ()
    return (lambda transport, clock: CappedTransport(transport, clock, lambda: limit_bps),)
