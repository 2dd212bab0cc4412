"""HTTP/2 where a server offers it, against a small server on the h2 library."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.net.gate import Gate
from player.net.http import HttpTransport
from player.net.model import Request, RequestKind, Transfer
from tests.kit.waiting import PATIENCE_S

CONTENT = bytes(range(256)) * 4000


class Http2Server:
    """Answers ``/a`` with CONTENT as the windows allow, ``/reset`` with a reset in mid-body, all else with 404."""

    def __init__(self) -> None:
        self.connections = 0
        self.dead = 0  # so many of the first connections give nothing any more
        self.least_window = 2**31

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):  # the client left, or the test is over
            await self._talk(reader, writer)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        left: dict[int, bytes] = {}
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            if number <= self.dead:
                continue
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self._answer(connection, event, left)
            for stream in list(left):
                self._push(connection, stream, left)
            writer.write(connection.data_to_send())
            await writer.drain()

    def _answer(self, connection: h2.connection.H2Connection, event: h2.events.RequestReceived, left) -> None:
        path = dict(event.headers)[b":path"]
        stream = event.stream_id
        if path == b"/a":
            connection.send_headers(stream, [(":status", "200"), ("content-length", str(len(CONTENT)))])
            left[stream] = CONTENT
        elif path == b"/reset":
            connection.send_headers(stream, [(":status", "200"), ("content-length", "1000")])
            connection.send_data(stream, b"x" * 100)
            connection.reset_stream(stream)
        else:
            connection.send_headers(stream, [(":status", "404")], end_stream=True)

    def _push(self, connection: h2.connection.H2Connection, stream: int, left: dict[int, bytes]) -> None:
        if left[stream] is CONTENT:
            self.least_window = min(self.least_window, connection.local_flow_control_window(stream))
        while left[stream]:
            size = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if size <= 0:
                return
            connection.send_data(stream, left[stream][:size])
            left[stream] = left[stream][size:]
        connection.end_stream(stream)
        del left[stream]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Http2Server, str, Gate, list[Transfer]]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    service = Http2Server()
    listening = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=context)
    transfers: list[Transfer] = []
    transport = HttpTransport(ca_file=tmp_path / "ca.pem", silent_s=0.2, connect_s=PATIENCE_S)
    gate = Gate(transport, SystemClock(), transfers.append)
    yield service, f"https://localhost:{listening.sockets[0].getsockname()[1]}", gate, transfers
    await gate.close()
    listening.close()


def asked(url: str) -> Request:
    """A request that waits as long as a busy machine takes."""
    return Request(RequestKind.SEGMENT, url, first_byte_s=PATIENCE_S)


async def test_one_connection_carries_all_requests_at_once(place) -> None:
    service, url, gate, transfers = place
    bodies = await asyncio.gather(*(gate.fetch(asked(f"{url}/a")) for _ in range(4)))
    assert all(response.body == CONTENT for response in bodies)
    assert service.connections == 1
    assert {transfer.http_version for transfer in transfers} == {"HTTP/2"}
    assert sum(transfer.new_connection for transfer in transfers) == 1
    assert service.least_window > 1_000_000, "a window of 64 KiB would allow 64 KiB for each round trip only"


async def test_a_reset_stream_is_a_cut_and_the_connection_lives_on(place) -> None:
    service, url, gate, _ = place
    with pytest.raises(NetError) as caught:
        await gate.fetch(asked(f"{url}/reset"))
    assert caught.value.code is ErrorCode.NET_CUT
    with pytest.raises(NetError) as caught:
        await gate.fetch(asked(f"{url}/missing"))
    assert caught.value.code is ErrorCode.HTTP_NOT_FOUND
    assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
    assert service.connections == 1


async def test_leaving_a_body_early_does_not_harm_the_others(place) -> None:
    service, url, gate, _ = place
    for _ in range(3):
        async with gate.open(asked(f"{url}/a")) as body:
            async for chunk in body.chunks():
                assert CONTENT.startswith(chunk)
                break
        assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
    assert service.connections == 1


async def test_a_connection_that_has_died_unnoticed_is_not_used_for_ever(place) -> None:
    service, url, gate, _ = place
    assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
    service.dead = service.connections
    with pytest.raises(NetError) as caught:
        await gate.fetch(Request(RequestKind.SEGMENT, f"{url}/a", first_byte_s=0.3))
    assert caught.value.code is ErrorCode.NET_TIMEOUT
    assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
    assert service.connections == 2


async def test_after_a_sleep_no_connection_of_before_is_used(place) -> None:
    service, url, gate, _ = place
    async with gate.open(asked(f"{url}/a")) as body:
        chunks = body.chunks()
        begun = await anext(chunks)
        gate._transport.renew()
        assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
        assert begun + b"".join([chunk async for chunk in chunks]) == CONTENT, "what runs goes on"
    assert service.connections == 2
    assert (await gate.fetch(asked(f"{url}/a"))).body == CONTENT
    assert service.connections == 2
