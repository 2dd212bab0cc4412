"""HTTP/1.1 with servers of all kinds: what the tests of the transport as a whole do not reach."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from player.base.errors import NetError
from player.net.http import HttpTransport
from player.net.model import Request, RequestKind
from player.net.stale_connections import RenewedTransport
from tests.kit.rawserver import Exchange, RawServer

CONTENT = bytes(range(256)) * 2000


def pool(connections: int) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(max_keepalive_connections=connections, keepalive_expiry=30.0)
    return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as server:
        server.answers["/a"] = lambda exchange: exchange.file(CONTENT)
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[RenewedTransport]:
    transport = RenewedTransport(lambda: pool(2))
    yield transport
    await transport.aclose()


async def get(
    transport: RenewedTransport, url: str, method: str = "GET", content: bytes | None = None
) -> httpx.Response:
    """The whole response."""
    response = await transport.handle_async_request(httpx.Request(method, url, content=content))
    await response.aread()
    return response


async def test_chunks_come_as_what_they_hold(server: RawServer, transport: RenewedTransport) -> None:
    async def chunked(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for part in (b"abc", b"defgh"):
            await exchange.send(b"%x\r\n%b\r\n" % (len(part), part))
            await asyncio.sleep(0)
        await exchange.send(b"0\r\nX-After: 1\r\n\r\n")

    server.answers["/c"] = chunked
    for _ in range(2):
        assert (await get(transport, server.url("/c"))).content == b"abcdefgh"
    assert server.connections == 1


async def test_what_comes_before_the_answer_is_passed_over(server: RawServer, transport: RenewedTransport) -> None:
    async def early(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        await exchange.reply(200, b"answer")

    server.answers["/e"] = early
    assert (await get(transport, server.url("/e"))).content == b"answer"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
    ids=["another protocol", "a head without end", "two lengths"],
)
async def test_heads_that_are_refused(server: RawServer, transport: RenewedTransport, head: bytes) -> None:
    server.answers["/h"] = lambda exchange: exchange.send(head)
    with pytest.raises(httpx.RemoteProtocolError):
        await get(transport, server.url("/h"))
    assert (await get(transport, server.url("/a"))).content == CONTENT


async def test_a_body_without_a_length_ends_with_its_connection(
    server: RawServer, transport: RenewedTransport
) -> None:
    async def until_the_end(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)
        exchange.writer.close()

    server.answers["/o"] = until_the_end
    for _ in range(2):
        assert (await get(transport, server.url("/o"))).content == CONTENT
    assert server.connections == 2


async def test_a_connection_that_ends_as_it_is_used_again_is_made_anew(server: RawServer) -> None:
    transport = HttpTransport()

    async def ask(method: str = "GET", body: bytes | None = None) -> bytes:
        request = Request(RequestKind.API, server.url("/k"), method=method, body=body)
        async with transport.open(request) as answer:
            return b"".join([chunk async for chunk in answer.chunks()])

    ended: list[str] = []

    async def end_the_second_time(exchange: Exchange) -> None:
        if exchange.connection in answered:
            ended.append(exchange.method)
            exchange.cut()
            return
        answered.add(exchange.connection)
        await exchange.reply(200, b"answer")

    answered: set[int] = set()
    server.answers["/k"] = end_the_second_time
    for _ in range(3):
        assert await ask() == b"answer"
    assert ended == ["GET", "GET"]
    with pytest.raises(NetError):  # it may have been carried out
        await ask("POST", b"order")
    assert ended == ["GET", "GET", "POST"]
    await transport.close()


async def test_what_nobody_asked_for_ends_a_kept_connection(server: RawServer, transport: RenewedTransport) -> None:
    async def talkative(exchange: Exchange) -> None:
        await exchange.reply(200, b"answer")
        await asyncio.sleep(0.01)
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong")
        told.set()

    told = asyncio.Event()
    server.answers["/t"] = talkative
    assert (await get(transport, server.url("/t"))).content == b"answer"
    await told.wait()
    await asyncio.sleep(0.01)
    assert (await get(transport, server.url("/a"))).content == CONTENT
    assert server.connections == 2


async def test_so_many_connections_are_kept_and_no_more(server: RawServer, transport: RenewedTransport) -> None:
    for _ in range(2):
        await asyncio.gather(*(get(transport, server.url("/a")) for _ in range(4)))
    assert server.connections == 6


async def test_a_server_is_held_back_while_nobody_reads(server: RawServer, transport: RenewedTransport) -> None:
    size, sent = 64 * 1024 * 1024, 0

    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while sent < size:
            await exchange.send(bytes(65536))
            sent += 65536

    server.answers["/l"] = endless
    response = await transport.handle_async_request(httpx.Request("GET", server.url("/l")))
    before = -1
    while sent != before:
        before = sent
        await asyncio.sleep(0.05)
    assert sent < size // 2
    received = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        received += len(chunk)
    assert received == size


async def test_the_next_address_is_tried_beside_one_that_does_not_answer(
    server: RawServer, transport: RenewedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.2", server.port))  # its queue of one is filled, so that further attempts hang
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port))
            for address in ("127.0.0.2", "127.0.0.1")
        ]

        async def lookup(*_: object, **__: object) -> list[object]:
            return list(found)

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        assert (await get(transport, server.url("/a"))).content == CONTENT


async def test_a_request_that_cannot_be_sent_is_told_as_such(server: RawServer, transport: RenewedTransport) -> None:
    request = httpx.Request("GET", server.url("/a"), headers=[(b"X", b"a\r\nb")])
    with pytest.raises(httpx.LocalProtocolError):
        await transport.handle_async_request(request)
    assert (await get(transport, server.url("/a"))).content == CONTENT


async def test_a_server_that_ends_while_it_is_held_back_loses_nothing(
    server: RawServer, transport: RenewedTransport
) -> None:
    async def large(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT * 20)
        exchange.writer.close()

    server.answers["/l"] = large
    response = await transport.handle_async_request(httpx.Request("GET", server.url("/l")))
    await asyncio.sleep(0.05)
    assert await response.aread() == CONTENT * 20


async def test_an_answer_of_very_many_parts_leaves_others_their_turn(
    server: RawServer, transport: RenewedTransport
) -> None:
    parts, turns = 20_000, 0

    async def in_crumbs(exchange: Exchange) -> None:
        await exchange.send(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * parts + b"0\r\n\r\n"
        )

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    server.answers["/p"] = in_crumbs
    response = await transport.handle_async_request(httpx.Request("GET", server.url("/p")))
    await asyncio.sleep(0.05)  # all of it is there
    other = asyncio.create_task(take_turns())
    assert await response.aread() == b"x" * parts
    other.cancel()
    assert turns > 50


async def test_the_name_that_is_looked_up_is_the_one_in_the_host_header(
    transport: RenewedTransport, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | bytes] = []

    async def lookup(host: str | bytes, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    await get(transport, f"http://faß.example:{server.port}/a")
    assert asked == [b"xn--fa-hia.example"]  # of 2008; asyncio would ask for "fass", which is another's
    assert server.exchanges[0].headers["host"] == f"xn--fa-hia.example:{server.port}"


async def test_after_a_wait_in_vain_no_kept_connection_is_used(server: RawServer) -> None:
    async def silent(exchange: Exchange) -> None:
        await asyncio.sleep(60.0)

    server.answers["/s"] = silent
    transport = RenewedTransport(lambda: pool(4), silent_s=0.05)
    await asyncio.gather(*(get(transport, server.url("/a")) for _ in range(3)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(get(transport, server.url("/s")), 0.3)
    assert (await get(transport, server.url("/a"))).content == CONTENT
    assert server.connections == 4
    await transport.aclose()
