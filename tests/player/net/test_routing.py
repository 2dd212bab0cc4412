"""What a transport is wrapped in on its way to the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from player.base.errors import ErrorCode, NetError
from player.net.model import Body, Request, RequestKind, Transport
from player.net.routing import RoutingTransport


class SlowToClose:
    """A transport whose exchanges take a moment to end."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self.go_on = asyncio.Event()
        self.closed = 0

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        yield request  # type: ignore[misc]  # nobody reads it
        self.closing.set()
        await self.go_on.wait()
        self.closed += 1

    async def close(self) -> None:
        """There is nothing to close."""


async def test_the_end_of_an_exchange_is_not_cut_short_by_a_cancellation() -> None:
    """Else the connection of each such exchange would be lost to the pool."""
    slow = SlowToClose()
    inner: Transport = slow
    routing = RoutingTransport(others={"kept": inner})

    async def exchange() -> None:
        async with routing.open(Request(RequestKind.SEGMENT, "kept://a/b")):
            pass

    task = asyncio.ensure_future(exchange())
    await slow.closing.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(slow.go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.closed == 1


async def test_files_lie_in_the_folder_of_what_plays_only(tmp_path: Path) -> None:
    (tmp_path / "a.mpd").write_bytes(b"<MPD/>")
    request = Request(RequestKind.MANIFEST, (tmp_path / "a.mpd").as_uri())
    routes = RoutingTransport()
    routes.serve(tmp_path)
    async with routes.open(request) as body:
        assert body.status == 200
    for folder in (None, tmp_path / "elsewhere"):
        routes.serve(folder)
        with pytest.raises(NetError) as caught:
            async with routes.open(request):
                pass
        assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL
