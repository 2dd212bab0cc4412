"""How a test bench wants HTTP to be spoken: headers, cookies, stated addresses, interfaces, proxies."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from player.base.clock import SystemClock
from player.base.errors import InputError, NetError
from player.net.gate import Gate
from player.net.http import HttpTransport
from player.net.model import Request, RequestKind, Response
from player.net.web_options import WebOptions, cookie_header, header_of, interface_of, proxy_of, resolve_of
from tests.kit.rawserver import RawServer


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as running:
        running.answers["/a"] = lambda exchange: exchange.file(b"abc")
        yield running


async def fetch(url: str, web: WebOptions, kind: RequestKind = RequestKind.SEGMENT, **transport: Path) -> Response:
    gate = Gate(HttpTransport(web=web, **transport), SystemClock())  # type: ignore[arg-type]
    try:
        return await gate.fetch(Request(kind, url))
    finally:
        await gate.close()


async def test_headers_go_to_cdns_and_not_to_the_service(server: RawServer) -> None:
    web = WebOptions(user_agent="Bench/1", headers=(header_of("X-Token: s3cret"), cookie_header(["a=1", "b=2"])))
    await fetch(server.url("/a"), web)
    await fetch(server.url("/a"), web, RequestKind.API)
    media, api = (exchange.headers for exchange in server.exchanges)
    assert (media["x-token"], media["cookie"], media["user-agent"]) == ("s3cret", "a=1; b=2", "Bench/1")
    assert "x-token" not in api
    assert "cookie" not in api
    assert "s3cret" not in repr(web)


async def test_a_host_is_where_it_is_said_to_be(server: RawServer) -> None:
    port = server.port
    for stated in (f"cdn.test:{port}:127.0.0.1", "cdn.test:127.0.0.1"):
        response = await fetch(f"http://cdn.test:{port}/a", WebOptions(resolve=(resolve_of(stated),)))
        assert response.body == b"abc"
        assert response.url == f"http://cdn.test:{port}/a"
        assert server.exchanges[-1].headers["host"] == f"cdn.test:{port}"


async def test_a_certificate_is_that_of_the_host_and_not_of_the_address(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("one.test").configure_cert(context)
    web = WebOptions(resolve=(("one.test", "127.0.0.1"), ("two.test", "127.0.0.1")))
    async with RawServer(tls=context) as server:
        server.answers["/a"] = lambda exchange: exchange.file(b"abc")
        url = server.url("/a")
        assert (await fetch(url.replace("localhost", "one.test"), web, ca_file=tmp_path / "ca.pem")).body == b"abc"
        with pytest.raises(NetError, match="certificate"):
            await fetch(url.replace("localhost", "two.test"), web, ca_file=tmp_path / "ca.pem")


async def test_a_proxy_is_asked_and_an_interface_is_left_by(server: RawServer) -> None:
    server.answers["http://cdn.test/a"] = server.answers["/a"]
    await fetch("http://cdn.test/a", WebOptions(proxy=proxy_of(server.url("")), interface="127.0.0.1"))
    assert server.exchanges[-1].headers["host"] == "cdn.test"
    if Path("/sys/class/net/lo").exists():
        assert (await fetch(server.url("/a"), WebOptions(interface="lo"))).body == b"abc"
    with pytest.raises(InputError, match="nosuch0"):
        await fetch(server.url("/a"), WebOptions(interface=interface_of("nosuch0")))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (header_of, "no colon s3cret"),
        (header_of, "Bad name: s3cret"),
        (header_of, "X: s3cret\r\nY: 1"),
        (header_of, "Host: s3cret"),
        (lambda text: cookie_header([text]), "s3cret"),
        (lambda text: cookie_header([text]), "a=s3cret; b"),
        (resolve_of, "cdn.test"),
        (resolve_of, "cdn.test:nowhere"),
        (resolve_of, "cdn.test:[::g]"),
        (resolve_of, "cdn.test:1.2.3"),
        (interface_of, "an interface"),
        (proxy_of, "socks5://s3cret@a.test:1"),
        (proxy_of, "http://a.test:port"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_repeated(make, text: str) -> None:
    with pytest.raises(InputError) as caught:
        make(text)
    assert "s3cret" not in caught.value.sentence


def test_addresses_of_version_6_stand_in_brackets() -> None:
    assert resolve_of("cdn.test:443:[2001:db8::1]") == ("cdn.test:443", "2001:db8::1")
    assert WebOptions(resolve=(("a.test:80", "::1"), ("b.test", "::2"))).address_of("a.test", 81) is None
