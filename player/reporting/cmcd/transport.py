"""Client data on every request of a tool that plays nothing: a transport around another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from player.net.model import Body, Request, Transport
from player.reporting.cmcd.request import CmcdSettings, PlayerMoment, RequestMarker


class MarkingTransport:
    """A :class:`player.net.model.Transport` that marks what goes over ``inner`` with session, number and kind."""

    def __init__(self, inner: Transport, settings: CmcdSettings) -> None:
        self._inner = inner
        self._mark = RequestMarker(settings, "", PlayerMoment)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's answer. Raises NetError as that does."""
        async with self._inner.open(self._mark(request)) as body:
            yield body

    async def close(self) -> None:
        await self._inner.close()
