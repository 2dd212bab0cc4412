"""The time by NTP, of a real server. 127.0.0.2 stands for the internet where it matters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.manifest.timing import sntp_time
from player.net import http, local_network, ntp
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.net.routing import RoutingTransport
from player.net.web_options import WebOptions
from tests.kit.rawserver import RawServer
from tests.kit.time_server import TimeServer

OUTSIDE = "127.0.0.2"
AHEAD_S = 500.0


@pytest.fixture
async def server() -> AsyncIterator[TimeServer]:
    async with TimeServer(AHEAD_S) as server:
        yield server


async def ask(
    server: TimeServer,
    host: str = "127.0.0.1",
    *,
    web: WebOptions | None = None,
    wait_s: float = 20.0,
    kind: RequestKind = RequestKind.TIME,
    initiator: str = "",
) -> bytes:
    gate = Gate(RoutingTransport(web=web), SystemClock())
    try:
        url = f"ntp://{host}:{server.port}"
        request = Request(kind, url, first_byte_s=wait_s, deadline_s=60.0, initiator=initiator)
        return (await gate.fetch(request)).body
    finally:
        await gate.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_server_tells_its_time(server: TimeServer, host: str) -> None:
    before_s = time.time()
    told_s = sntp_time(await ask(server, host))
    assert told_s is not None
    assert before_s - 1e-3 <= told_s - AHEAD_S <= time.time() + 1e-3


async def test_a_request_says_nothing_of_this_machine(server: TimeServer) -> None:
    """Its time is random (RFC 9109 3)."""
    await ask(server)
    await ask(server)
    one, two = server.asked
    assert len(one) == 48
    assert one[:40] == two[:40] == b"\x23" + bytes(39)
    assert one[40:] != two[40:]


async def test_an_answer_to_somebody_else_is_not_believed(server: TimeServer) -> None:
    server.forged = True
    told_s = sntp_time(await ask(server))
    assert told_s is not None
    assert abs(told_s - AHEAD_S - time.time()) < 1800


@pytest.mark.parametrize(
    ("first", "stratum"),
    [(0x24, 0), (0x24, 16), (0xE4, 2), (0x23, 2)],
    ids=["kiss of death", "unsynchronized", "clock not set", "no server"],
)
async def test_a_server_without_a_good_clock_is_not_believed(server: TimeServer, first: int, stratum: int) -> None:
    server.first, server.stratum = first, stratum
    assert sntp_time(await ask(server)) is None


async def test_a_silent_server_is_waited_for_as_long_as_was_said(server: TimeServer) -> None:
    server.silent = True
    with pytest.raises(NetError) as caught:
        await ask(server, wait_s=0.05)
    assert caught.value.code is ErrorCode.NET_TIMEOUT
    assert len(server.asked) == 1


async def test_nobody_there(server: TimeServer) -> None:
    port = server.port
    await server.__aexit__()
    await asyncio.sleep(0)
    gate = Gate(RoutingTransport(), SystemClock())
    with pytest.raises(NetError) as caught:
        await gate.fetch(Request(RequestKind.TIME, f"ntp://127.0.0.1:{port}", first_byte_s=20.0, deadline_s=60.0))
    assert caught.value.code is ErrorCode.NET_REFUSED
    await gate.close()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("ntp://", RequestKind.TIME),
        ("ntp://127.0.0.1:53", RequestKind.TIME),
        ("ntp://127.0.0.1:99999", RequestKind.TIME),
        ("ntp://127.0.0.1", RequestKind.SEGMENT),
    ],
)
async def test_addresses_that_are_not_asked(url: str, kind: RequestKind) -> None:
    gate = Gate(RoutingTransport(), SystemClock())
    with pytest.raises(NetError) as caught:
        await gate.fetch(Request(kind, url))
    assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL
    await gate.close()


@pytest.mark.parametrize("web", [WebOptions(proxy="http://127.0.0.1:9"), WebOptions(hosts=("a.test",))])
async def test_only_hosts_that_may_be_asked_directly(server: TimeServer, web: WebOptions) -> None:
    with pytest.raises(NetError):
        await ask(server, web=web)
    assert not server.asked


async def test_a_host_is_where_it_was_said_to_be(server: TimeServer) -> None:
    web = WebOptions(resolve=(("time.test", "127.0.0.1"),), interface="127.0.0.1")
    assert sntp_time(await ask(server, "time.test", web=web)) is not None


async def test_a_manifest_of_the_internet_asks_no_local_server(
    server: TimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def local(address: str) -> bool:
        return address.startswith("127.") and address != OUTSIDE

    for module in (local_network, http, ntp):
        monkeypatch.setattr(module, "is_local", local)
    lookup = asyncio.get_running_loop().getaddrinfo

    async def named(host: object, *rest: object, **more: object) -> object:
        names = {"film.test": OUTSIDE, "time.test": "127.0.0.1"}
        return await lookup(names.get(str(host), host), *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", named)
    async with RawServer("0.0.0.0") as web, TimeServer(host=OUTSIDE) as public:
        outside = f"http://film.test:{web.port}/a.mpd"
        for host in ("127.0.0.1", "localhost", "time.test"):
            with pytest.raises(NetError, match="may not lead there"):
                await ask(server, host, initiator=outside)
        assert not server.asked
        assert sntp_time(await ask(public, OUTSIDE, initiator=outside)) is not None
        assert sntp_time(await ask(server, "time.test", initiator=f"http://127.0.0.1:{web.port}/a.mpd")) is not None
