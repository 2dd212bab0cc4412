"""A manifest of the internet leads to no server of this machine or its network. 127.0.0.2 stands for the internet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.net import http, local_network
from player.net.gate import Gate
from player.net.http import HttpTransport
from player.net.local_network import is_local
from player.net.model import Request, RequestKind
from player.net.web_options import WebOptions, resolve_of
from player.stream.remote_file import RemoteFile, first_bytes
from tests.kit.rawserver import RawServer

OUTSIDE = "127.0.0.2"


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("172.16.0.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("64:ff9b::a00:1", True),
        ("64:ff9b:1::a00:1", True),
        ("::10.0.0.1", True),
        ("2002:a00:1::1", True),
        ("fec0::1", True),
        ("127.1", True),
        ("0x7f.1", True),
        ("012.0.0.1", True),
        ("167772161", True),
        ("93.184.216.34", False),
        ("1572395042", False),
        ("64:ff9b::5db8:d822", False),
        ("2002:5db8:d822::1", False),
        ("2606:4700::1111", False),
        ("example.org", False),
    ],
)
def test_what_is_local(address: str, local: bool) -> None:
    assert is_local(address) is local


class World:
    """A server whose address is 127.0.0.1 and, as that of the internet, 127.0.0.2; names as ``names`` says."""

    def __init__(self, server: RawServer, web: WebOptions | None = None) -> None:
        self.server = server
        self.transport = HttpTransport(connect_s=1.0, web=web)
        self.gate = Gate(self.transport, SystemClock())
        self.names: dict[str, str] = {}

    def url(self, host: str, path: str = "/a") -> str:
        return f"http://{host}:{self.server.port}{path}"

    async def get(self, url: str, gate: Gate | None = None) -> bytes:
        return (await (gate or self.gate).fetch(Request(RequestKind.MANIFEST, url))).body

    async def refused(self, url: str, gate: Gate | None = None) -> None:
        before = len(self.server.exchanges)
        with pytest.raises(NetError, match="may not lead there") as caught:
            await self.get(url, gate)
        assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL
        assert not caught.value.recoverable
        assert len(self.server.exchanges) == before  # nothing was asked


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    def local(address: str) -> bool:
        return address.startswith("127.") and address != OUTSIDE

    monkeypatch.setattr(local_network, "is_local", local)
    monkeypatch.setattr(http, "is_local", local)
    async with RawServer("0.0.0.0") as server:
        server.answers["/a"] = lambda exchange: exchange.reply(200, b"yes")
        world = World(server)
        lookup = asyncio.get_running_loop().getaddrinfo

        async def named(host: object, *rest: object, **more: object) -> object:
            text = host.decode() if isinstance(host, bytes) else str(host)
            return await lookup(world.names.get(text, text), *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", named)
        yield world
        await world.gate.close()


async def test_a_manifest_of_the_internet_leads_to_no_local_server(world: World) -> None:
    outside = world.gate.led_by(world.url(OUTSIDE))
    assert await world.get(world.url(OUTSIDE), outside) == b"yes"
    await world.refused(world.url("127.0.0.1"), outside)
    await world.refused(world.url("localhost"), outside)
    assert await world.get(world.url(OUTSIDE), outside) == b"yes"
    assert await world.get(world.url("127.0.0.1")) == b"yes"  # for others it is what it was


async def test_a_local_manifest_leads_anywhere(world: World) -> None:
    inside = world.gate.led_by(world.url("127.0.0.1"))
    assert await world.get(world.url("127.0.0.1"), inside) == b"yes"
    assert await world.get(world.url("127.0.0.3"), inside) == b"yes"
    assert await world.get(world.url(OUTSIDE), inside) == b"yes"


async def test_a_name_is_taken_by_where_it_leads(world: World) -> None:
    world.names |= {"film.test": OUTSIDE, "cdn.test": "127.0.0.1"}
    outside = world.gate.led_by(world.url("film.test"))
    assert await world.get(world.url("film.test"), outside) == b"yes"
    await world.refused(world.url("cdn.test"), outside)
    assert await world.get(world.url("cdn.test")) == b"yes"  # by hand, and that connection stays open
    await world.refused(world.url("cdn.test"), outside)


async def test_a_name_that_leads_elsewhere_later_gives_no_way_in(world: World) -> None:
    """DNS rebinding: the manifest's own name, first of the internet."""
    world.names["film.test"] = OUTSIDE
    outside = world.gate.led_by(world.url("film.test"))
    world.server.answers["/last"] = lambda exchange: exchange.reply(200, b"yes", connection="close")
    assert await world.get(world.url("film.test", "/last"), outside) == b"yes"
    world.names["film.test"] = "127.0.0.1"
    await world.refused(world.url("film.test"), outside)


async def test_a_redirect_of_the_internet_leads_to_no_local_server(world: World) -> None:
    target = world.url("127.0.0.1")
    world.server.answers["/away"] = lambda exchange: exchange.reply(302, location=target)
    with pytest.raises(NetError, match="may not lead there"):
        await world.get(world.url(OUTSIDE, "/away"))
    assert await world.get(world.url("127.0.0.3", "/away")) == b"yes"


async def test_a_film_of_the_internet_is_read_from_no_local_server(world: World) -> None:
    """Neither its first bytes nor a part later, once its server has shown a film."""
    target = world.url("127.0.0.1")
    world.server.answers["/film.mkv"] = lambda exchange: exchange.reply(302, location=target)
    before = len(world.server.exchanges)
    for read in (first_bytes(world.url(OUTSIDE, "/film.mkv"), world.gate), opened(world)):
        with pytest.raises(NetError, match="may not lead there"):
            await read
    assert {exchange.path for exchange in world.server.exchanges[before:]} == {"/film.mkv"}


async def opened(world: World) -> object:
    return await RemoteFile.open(world.url(OUTSIDE, "/film.mkv"), world.gate, SystemClock(), lambda _error: None)


async def test_an_international_name_is_one_in_both_spellings(world: World) -> None:
    world.server.answers["/away"] = lambda exchange: exchange.reply(302, location=world.url("127.0.0.1"))
    world.names |= {"bücher.test": OUTSIDE, "xn--bcher-kva.test": OUTSIDE}
    for host in ("bücher.test", "xn--bcher-kva.test"):
        with pytest.raises(NetError, match="may not lead there"):
            await world.get(world.url(host, "/away"))


async def test_where_the_manifest_came_from_is_looked_up_where_it_was_loaded_earlier(world: World) -> None:
    world.names |= {"film.test": OUTSIDE, "intranet.test": "127.0.0.3"}
    await world.refused(world.url("127.0.0.1"), world.gate.led_by(world.url("film.test")))
    assert await world.get(world.url("127.0.0.1"), world.gate.led_by(world.url("intranet.test"))) == b"yes"


async def test_a_host_that_is_named_by_hand_may_be_asked(world: World) -> None:
    world.names["film.test"] = OUTSIDE
    by_hand = (resolve_of("edge.test:127.0.0.1"), resolve_of("127.0.0.1:127.0.0.1"))
    for web in (*(WebOptions(resolve=(each,)) for each in by_hand), WebOptions(hosts=("film.test", "127.0.0.1"))):
        named = World(world.server, web)
        outside = named.gate.led_by(world.url("film.test"))
        assert await named.get(world.url("film.test"), outside) == b"yes"
        host = web.resolve[0][0] if web.resolve else "127.0.0.1"
        assert await named.get(world.url(host), outside) == b"yes"
        await named.gate.close()


async def test_the_connection_is_closed_before_anything_is_sent(world: World) -> None:
    outside = world.gate.led_by(world.url(OUTSIDE))
    await world.get(world.url(OUTSIDE), outside)
    heard = asyncio.Queue[bytes]()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard.put(await reader.read())
        writer.close()

    world.names["cdn.test"] = "127.0.0.1"
    listener = await asyncio.start_server(listen, "127.0.0.1", 0, family=socket.AF_INET)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(NetError, match="may not lead there"):
        await world.get(f"http://cdn.test:{port}/", outside)
    assert await heard.get() == b""
    listener.close()
    await listener.wait_closed()
