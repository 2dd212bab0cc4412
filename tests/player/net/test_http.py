"""The HTTP transport behind the gate, against a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, InputError, NetError
from player.manifest.model import ByteRange
from player.net.gate import Gate
from player.net.http import HttpTransport
from player.net.model import Request, RequestKind, Response, Transfer
from player.net.web_options import WebOptions
from tests.kit.rawserver import Exchange, RawServer
from tests.kit.waiting import PATIENCE_S

CONTENT = bytes(range(251)) * 4000


class Client:
    def __init__(self, transport: HttpTransport | None = None) -> None:
        self.transfers: list[Transfer] = []
        self.gate = Gate(transport or HttpTransport(connect_s=1.0), SystemClock(), self.transfers.append)

    async def get(self, url: str, **changes) -> Response:
        return await self.gate.fetch(Request(**({"kind": RequestKind.SEGMENT, "url": url} | changes)))

    async def error(self, url: str, **changes) -> NetError:
        with pytest.raises(NetError) as caught:
            await self.get(url, **changes)
        assert caught.value.sentence
        return caught.value


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as server:
        server.answers["/a.m4s"] = lambda exchange: exchange.file(CONTENT)
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    yield client
    await client.gate.close()


async def test_what_has_arrived_is_read_in_large_pieces(server: RawServer, client: Client) -> None:
    server.answers["/large.m4s"] = lambda exchange: exchange.file(CONTENT * 16)
    async with client.gate.open(Request(RequestKind.SEGMENT, server.url("/large.m4s"))) as body:
        pieces = [len(chunk) async for chunk in body.chunks()]
    assert sum(pieces) == len(CONTENT) * 16
    assert max(pieces) > 1 << 16


async def test_one_connection_serves_many_requests(server: RawServer, client: Client) -> None:
    for _ in range(3):
        assert (await client.get(server.url("/a.m4s"))).body == CONTENT
    assert server.connections == 1
    assert [transfer.new_connection for transfer in client.transfers] == [True, False, False]
    assert client.transfers[0].http_version == "HTTP/1.1"


async def test_the_first_request_finds_everything_loaded_after_warming(server: RawServer) -> None:
    transport = HttpTransport()
    await transport.warm()
    client = Client(transport)
    assert (await client.get(server.url("/a.m4s"))).status == 200
    await client.gate.close()


async def test_headers_and_ranges(server: RawServer, client: Client) -> None:
    response = await client.get(server.url("/a.m4s"), byte_range=ByteRange(100, 20), headers={"X-Test": "1"})
    assert response.body == CONTENT[100:120]
    sent = server.exchanges[-1].headers
    assert sent["range"] == "bytes=100-119"
    assert sent["accept-encoding"] == "identity"
    assert sent["x-test"] == "1"
    assert sent["user-agent"].startswith("Matinee/")
    assert "cookie" not in sent


async def test_a_body_is_posted(server: RawServer, client: Client) -> None:
    server.answers["/api"] = lambda exchange: exchange.reply(200, exchange.body[::-1])
    response = await client.get(server.url("/api"), method="POST", body=b"abc", kind=RequestKind.API)
    assert response.body == b"cba"


async def test_proxies_of_the_environment_are_not_used(
    server: RawServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert (await client.get(server.url("/a.m4s"))).body == CONTENT


# Compressed answers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_manifests_may_come_compressed(server: RawServer, client: Client, encoding: str) -> None:
    packed = gzip.compress(CONTENT) if encoding == "gzip" else zlib.compress(CONTENT)
    server.answers["/m.mpd"] = lambda exchange: exchange.reply(200, packed, content_encoding=encoding)
    assert (await client.get(server.url("/m.mpd"), kind=RequestKind.MANIFEST)).body == CONTENT
    assert "gzip" in server.exchanges[-1].headers["accept-encoding"]


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(server: RawServer, client: Client) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    server.answers["/m.mpd"] = lambda exchange: exchange.reply(200, bomb, content_encoding="gzip")
    error = await client.error(server.url("/m.mpd"), kind=RequestKind.MANIFEST, max_bytes=1_000_000)
    assert error.code is ErrorCode.NET_TOO_LARGE
    assert client.transfers[-1].received < 2_000_000


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"not packed at all", "gzip", ErrorCode.NET_PROTOCOL),
        (gzip.compress(CONTENT)[:-2000], "gzip", ErrorCode.NET_CUT),
        (b"whatever", "br", ErrorCode.NET_PROTOCOL),
    ],
)
async def test_damaged_encodings(
    server: RawServer, client: Client, body: bytes, encoding: str, code: ErrorCode
) -> None:
    server.answers["/m.mpd"] = lambda exchange: exchange.reply(200, body, content_encoding=encoding)
    assert (await client.error(server.url("/m.mpd"), kind=RequestKind.MANIFEST)).code is code


# Redirects


async def test_redirects_are_followed_and_the_last_address_is_told(server: RawServer, client: Client) -> None:
    server.answers["/one"] = lambda exchange: exchange.reply(302, b"moved", location="/two?x=1")
    server.answers["/two?x=1"] = lambda exchange: exchange.reply(307, location="a.m4s")
    response = await client.get(server.url("/one"), byte_range=ByteRange(5, 10))
    assert response.body == CONTENT[5:15]
    assert response.url == server.url("/a.m4s")
    assert server.connections == 1


async def test_a_circle_of_redirects_ends(server: RawServer, client: Client) -> None:
    server.answers["/one"] = lambda exchange: exchange.reply(302, location="/one")
    assert (await client.error(server.url("/one"))).code is ErrorCode.NET_TOO_MANY_REDIRECTS
    assert len(server.exchanges) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/y", "data:,x", "http://[::1", "//127.0.0.1:99999"])
async def test_redirects_off_the_web_are_refused(server: RawServer, client: Client, target: str) -> None:
    server.answers["/one"] = lambda exchange: exchange.reply(302, location=target)
    assert (await client.error(server.url("/one"))).code is ErrorCode.NET_FORBIDDEN_URL


async def test_only_named_hosts_are_asked_behind_redirects_too(server: RawServer) -> None:
    client = Client(HttpTransport(web=WebOptions(hosts=("localhost", "*.a.test"))))
    server.answers["/one"] = lambda exchange: exchange.reply(302, location="http://127.0.0.2/x?token=hunter2")
    assert (await client.get(server.url("/a.m4s"))).body == CONTENT
    for url in (server.url("/one"), "http://a.test.b.test/", server.url("/a.m4s").replace("localhost", "127.0.0.1")):
        error = await client.error(url)
        assert (error.code, error.recoverable) == (ErrorCode.NET_FORBIDDEN_URL, False)
        assert "may be asked" in error.sentence
        assert "hunter2" not in error.sentence
    assert len(server.exchanges) == 2
    await client.gate.close()


async def test_credentials_stay_with_their_server(server: RawServer, client: Client) -> None:
    async with RawServer() as other:
        other.answers["/b"] = lambda exchange: exchange.reply(200, b"b")
        server.answers["/one"] = lambda exchange: exchange.reply(302, location=other.url("/b"))
        server.answers["/post"] = lambda exchange: exchange.reply(307, location=other.url("/b"))
        headers = {"Authorization": "Bearer SECRET", "X-Other": "kept"}
        assert (await client.get(server.url("/one"), headers=headers)).body == b"b"
        assert "authorization" not in other.exchanges[-1].headers
        assert other.exchanges[-1].headers["x-other"] == "kept"
        error = await client.error(server.url("/post"), method="POST", body=b"SECRET", kind=RequestKind.API)
        assert error.code is ErrorCode.NET_FORBIDDEN_URL
        assert len(other.exchanges) == 1


# What can go wrong on the wire


async def test_no_such_host(client: Client) -> None:
    error = await client.error("http://no-such-host.invalid/s/TOKEN/x?y=SECRET")
    assert error.code is ErrorCode.NET_DNS
    assert "no-such-host.invalid" in error.sentence
    assert "SECRET" not in str(error.as_dict())


async def test_nobody_listens(client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert (await client.error(f"http://127.0.0.1:{port}/")).code is ErrorCode.NET_REFUSED


@pytest.mark.parametrize("url", ["ftp://x/y", "http://", "http:///x", "http://127.0.0.1:99999/", "//x/y", ""])
async def test_addresses_that_cannot_be_used(client: Client, url: str) -> None:
    error = await client.error(url)
    assert error.code is ErrorCode.NET_FORBIDDEN_URL
    assert not error.recoverable


async def test_a_name_that_no_server_can_have(client: Client) -> None:
    assert (await client.error("http://exa mple/")).code is ErrorCode.NET_DNS


async def test_a_server_that_never_answers(server: RawServer, client: Client) -> None:
    server.answers["/a.m4s"] = lambda exchange: asyncio.sleep(60)
    assert (await client.error(server.url("/a.m4s"), first_byte_s=0.05)).code is ErrorCode.NET_TIMEOUT


async def test_a_connection_that_is_never_made() -> None:
    with socket.socket() as full:  # its queue of one is filled, so that further attempts hang
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.socket() as first, socket.socket() as second:
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            client = Client(HttpTransport(connect_s=0.1))
            error = await client.error(f"http://127.0.0.1:{full.getsockname()[1]}/")
            assert (error.code, error.fields["phase"]) == (ErrorCode.NET_TIMEOUT, "connect")
            await client.gate.close()


async def _stalling(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 100)
    await asyncio.sleep(60)


async def _cutting(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 100)
    await asyncio.sleep(0.02)
    exchange.writer.close()


async def _resetting(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 100)
    exchange.cut()


async def _hanging_up(exchange: Exchange) -> None:
    exchange.writer.close()


async def _cut_chunks(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\n" + b"x" * 100 + b"\r\n")
    exchange.writer.close()


async def _nonsense(exchange: Exchange) -> None:
    await exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    exchange.writer.close()


async def _bad_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: twelve\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (_stalling, ErrorCode.NET_STALLED),
        (_cutting, ErrorCode.NET_CUT),
        (_resetting, ErrorCode.NET_CUT),
        (_hanging_up, ErrorCode.NET_CUT),
        (_cut_chunks, ErrorCode.NET_CUT),
        (_nonsense, ErrorCode.NET_PROTOCOL),
        (_bad_length, ErrorCode.NET_PROTOCOL),
    ],
)
async def test_broken_answers(server: RawServer, client: Client, answer, code: ErrorCode) -> None:
    server.answers["/a.m4s"] = answer
    stall_s = 0.1 if code is ErrorCode.NET_STALLED else PATIENCE_S  # the end of a connection may be heard of late
    assert (await client.error(server.url("/a.m4s"), stall_s=stall_s)).code is code
    server.answers["/a.m4s"] = lambda exchange: exchange.file(CONTENT)
    assert (await client.get(server.url("/a.m4s"))).body == CONTENT


async def test_a_kept_connection_that_the_server_closed_is_replaced(server: RawServer, client: Client) -> None:
    async def last(exchange: Exchange) -> None:
        await exchange.file(CONTENT)
        exchange.writer.close()

    server.answers["/a.m4s"] = last
    for _ in range(3):
        assert (await client.get(server.url("/a.m4s"))).body == CONTENT
        await asyncio.sleep(0.01)
    assert server.connections == 3


async def test_cancelled_requests_leave_usable_connections(server: RawServer, client: Client) -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        await asyncio.sleep(60)

    server.answers["/slow"] = slow
    for pause in (0.0, 0.001, 0.02):
        tasks = [asyncio.ensure_future(client.get(server.url("/slow"))) for _ in range(4)]
        await asyncio.sleep(pause)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert client.gate.busy == 0
    assert (await client.get(server.url("/a.m4s"))).body == CONTENT


# TLS


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def _tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_an_unknown_authority_is_not_trusted(authority: trustme.CA, client: Client) -> None:
    async with RawServer(tls=_tls(authority, "localhost")) as server:
        error = await client.error(server.url("/a.m4s"))
    assert error.code is ErrorCode.NET_TLS
    assert "certificate" in error.sentence
    assert not error.recoverable


async def test_a_named_authority_is_trusted_for_its_names_only(authority: trustme.CA, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    client = Client(HttpTransport(ca_file=ca_file))
    async with (
        RawServer(tls=_tls(authority, "localhost")) as server,
        RawServer(tls=_tls(authority, "other.test")) as wrong,
    ):
        server.answers["/a.m4s"] = lambda exchange: exchange.file(CONTENT)
        assert (await client.get(server.url("/a.m4s"))).body == CONTENT
        assert (await client.error(wrong.url("/a.m4s"))).code is ErrorCode.NET_TLS
    await client.gate.close()


async def test_from_tls_to_the_open_only_on_this_machine(
    authority: trustme.CA, server: RawServer, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    client = Client(HttpTransport(ca_file=ca_file))
    async with RawServer(tls=_tls(authority, "localhost")) as secure:
        secure.answers["/here"] = lambda exchange: exchange.reply(302, location=server.url("/a.m4s"))
        secure.answers["/away"] = lambda exchange: exchange.reply(302, location="http://cdn.test/a.m4s")
        assert (await client.get(secure.url("/here"))).body == CONTENT
        assert (await client.error(secure.url("/away"))).code is ErrorCode.NET_FORBIDDEN_URL
    await client.gate.close()


async def test_plain_http_where_tls_is_spoken_and_the_reverse(
    authority: trustme.CA, server: RawServer, client: Client
) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        assert (await client.error(f"https://localhost:{port}/")).code is ErrorCode.NET_TLS
    async with RawServer(tls=_tls(authority, "localhost")) as secure:
        error = await client.error(secure.url("/a.m4s").replace("https:", "http:"))
        assert error.code in (ErrorCode.NET_CUT, ErrorCode.NET_PROTOCOL)


async def test_an_unreadable_authority_file_is_said_plainly(tmp_path: Path) -> None:
    client = Client(HttpTransport(ca_file=tmp_path / "missing.pem"))
    with pytest.raises(InputError, match=r"missing\.pem"):
        await client.get("https://localhost:1/")
