"""A media file of a web server, read in blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from player.base.clock import SystemClock
from player.base.errors import MatineeError, MediaError, NetError
from player.net.gate import Gate
from player.net.routing import RoutingTransport
from player.stream.remote_file import BLOCK_BYTES, RemoteFile
from tests.kit.rawserver import Exchange, RawServer

SIZE = 3 * BLOCK_BYTES


class Site:
    """A server with one file, which may be replaced."""

    def __init__(self, server: RawServer) -> None:
        self.content, self.etag = b"a" * SIZE, '"one"'
        self.changed: dict[str, str] = {}
        self.errors: list[MatineeError] = []
        self._server = server
        self._gate = Gate(RoutingTransport(), SystemClock())
        server.answers["/film.mkv"] = self._answer

    async def open(self) -> RemoteFile:
        remote, head = await RemoteFile.open(
            self._server.url("/film.mkv"), self._gate, SystemClock(), self.errors.append
        )
        assert head == self.content[: len(head)]
        return remote

    async def _answer(self, exchange: Exchange) -> None:
        first, last = exchange.headers["range"].removeprefix("bytes=").split("-")
        part = self.content[int(first) : int(last) + 1]
        span = f"bytes {first}-{int(first) + len(part) - 1}/{len(self.content)}"
        await exchange.reply(206, part, **{"content-range": span, "etag": self.etag, **self.changed})

    async def close(self) -> None:
        await self._gate.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with RawServer() as server:
        made = Site(server)
        yield made
        await made.close()


async def test_two_machines_may_tag_one_file_differently(site: Site) -> None:
    site.changed = {"last-modified": "Mon, 23 Nov 2026 10:00:00 GMT"}
    remote = await site.open()
    site.etag = '"two"'
    assert await asyncio.wrap_future(remote.block(0)) == site.content[:BLOCK_BYTES]
    remote.close()


async def test_it_is_read_in_blocks(site: Site) -> None:
    remote = await site.open()
    blocks = [await asyncio.wrap_future(remote.block(number)) for number in range(3)]
    assert b"".join(blocks) == site.content
    remote.close()


@pytest.mark.parametrize(("size", "etag"), [(SIZE, '"two"'), (SIZE + 1, '"one"')], ids=["tag", "size"])
async def test_another_file_in_its_place_is_not_mixed_with_it(site: Site, size: int, etag: str) -> None:
    remote = await site.open()
    site.content, site.etag = b"b" * size, etag
    with pytest.raises(MediaError, match="has replaced this file"):
        await asyncio.wrap_future(remote.block(0))
    assert site.errors
    assert {error.sentence for error in site.errors} == {"The server has replaced this file while it played."}
    remote.close()


async def test_an_answer_without_an_end_is_given_up() -> None:
    """It has no length and is no part of a file: so much is loaded as a server may send at once."""
    sent = 0

    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            await exchange.send(bytes(1 << 18))
            sent += 1 << 18

    async with RawServer() as server:
        server.answers["/film.mkv"] = endless
        gate = Gate(RoutingTransport(), SystemClock())
        with pytest.raises(NetError) as raised:
            await RemoteFile.open(server.url("/film.mkv"), gate, SystemClock(), lambda _error: None)
        assert raised.value.code == "net.too_large"
        await gate.close()
    assert sent < 80 << 20


async def test_a_length_that_is_a_lie_is_an_error_of_one_sentence(site: Site) -> None:
    """The server tells another end than the file has."""
    remote = await site.open()
    remote.size = SIZE * 4
    with pytest.raises(MatineeError):
        await asyncio.wrap_future(remote.block(10))
    assert site.errors
    remote.close()
