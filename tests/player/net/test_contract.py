"""Every transport keeps the same promises, alone and wrapped."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.faults import FaultPlan, FaultyTransport
from player.net.http import HttpTransport
from player.net.local import LocalTransport
from player.net.model import Request, RequestKind, Transport
from player.net.routing import RoutingTransport
from player.net.shaping import LinkTrace, ShapedTransport
from tests.kit.clock import FakeClock
from tests.kit.rawserver import RawServer
from tests.kit.transport import ScriptedTransport, check_transport

CONTENT = bytes(range(256)) * 1000
CLOCK = SystemClock()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as server:
        server.answers["/a.bin"] = lambda exchange: exchange.file(CONTENT)
        yield server


@pytest.mark.parametrize("make", [HttpTransport, RoutingTransport])
async def test_the_network(server: RawServer, make: type[Transport]) -> None:
    transport = make()
    await check_transport(transport, server.url("/a.bin"), CONTENT, server.url("/missing"))
    await transport.close()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: FaultyTransport(inner, CLOCK, FaultPlan()),
        lambda inner: ShapedTransport(inner, CLOCK, LinkTrace.constant(1e9, 0.001)),
        lambda inner: FaultyTransport(ShapedTransport(inner, CLOCK, LinkTrace.constant(1e9)), CLOCK, FaultPlan()),
    ],
)
async def test_wrapped(server: RawServer, wrap) -> None:
    transport = wrap(HttpTransport())
    await check_transport(transport, server.url("/a.bin"), CONTENT, server.url("/missing"))
    await transport.close()


async def test_the_scripted_one() -> None:
    clock = FakeClock()
    transport = ScriptedTransport(clock, {"http://a.test/a.bin": CONTENT})
    await clock.run(check_transport(transport, "http://a.test/a.bin", CONTENT, "http://a.test/missing"))


@pytest.mark.parametrize("make", [LocalTransport, lambda folder: RoutingTransport(folder=folder)])
async def test_local_files(tmp_path: Path, make) -> None:
    (tmp_path / "sub dir").mkdir()
    file = tmp_path / "sub dir" / "a.bin"
    file.write_bytes(CONTENT)
    transport = make(tmp_path)
    await check_transport(transport, file.as_uri(), CONTENT, (tmp_path / "missing").as_uri())
    await transport.close()


async def test_local_files_stay_in_their_folder(tmp_path: Path) -> None:
    folder, secret = tmp_path / "title", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    transport = LocalTransport(folder)
    urls = [
        secret.as_uri(),
        f"{folder.as_uri()}/../secret",
        f"{folder.as_uri()}/%2e%2e/secret",
        (folder / "link").as_uri().replace(str(secret), str(folder / "link")),
        f"{tmp_path.as_uri()}/title-2/x",
        "file://elsewhere.test/x",
        "file:///dev/zero",
    ]
    for url in urls:
        with pytest.raises(NetError) as caught:
            async with transport.open(Request(RequestKind.SEGMENT, url)):
                pass
        assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    async with LocalTransport(tmp_path).open(Request(RequestKind.SEGMENT, tmp_path.as_uri())) as body:
        assert body.status == 404


async def test_a_range_beyond_the_end_of_a_local_file(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"12345")
    request = Request(RequestKind.SEGMENT, file.as_uri(), byte_range=ByteRange(5, 2))
    async with LocalTransport(tmp_path).open(request) as body:
        assert body.status == 416
        assert [chunk async for chunk in body.chunks()] == []


async def test_local_files_are_refused_to_manifests_of_the_web() -> None:
    with pytest.raises(NetError) as caught:
        async with RoutingTransport().open(Request(RequestKind.SEGMENT, "file:///etc/passwd")):
            pass
    assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL


async def test_data_addresses() -> None:
    transport = RoutingTransport()
    packed = base64.b64encode(CONTENT[:300]).decode()
    for url, expected in [
        (f"data:application/octet-stream;base64,{packed}", CONTENT[:300]),
        ("data:,a%20b", b"a b"),
        ("data:text/plain,", b""),
    ]:
        async with transport.open(Request(RequestKind.KEY, url)) as body:
            assert b"".join([chunk async for chunk in body.chunks()]) == expected
    for url in ("data:;base64,***", "data:nothing", "data:," + "x" * 2_000_000):
        with pytest.raises(NetError):
            async with transport.open(Request(RequestKind.KEY, url)):
                pass
