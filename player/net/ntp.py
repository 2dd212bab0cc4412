"""The time by NTP, as a simple client asks for it (RFC 5905 14, RFC 4330 5): one datagram there, one back.

Addresses are ``ntp://HOST`` or ``ntp://HOST:PORT``; the body of an answer is the server's packet. The wait is bounded
by the gate. A lost datagram is not sent again: the next clock is asked instead.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from player.base.errors import ErrorCode, NetError
from player.net.failures import connect_failure, failure, leads_inside
from player.net.interfaces import local_address
from player.net.local import MemoryBody
from player.net.local_network import LocalServers, is_local
from player.net.model import Body, Request, RequestKind
from player.net.web_options import WebOptions

PACKET_BYTES = 48
_PORT, _LEAST_OTHER_PORT = 123, 1024  # no other service of a server is sent datagrams
_CLIENT = 0x23  # version 4, mode 3
_NONCE_BYTES = 8
_ORIGIN = slice(24, 32)  # of a packet: what the client sent, given back


class NtpTransport:
    """Speaks NTP over UDP. ``local`` gives what is known of the servers of the local network."""

    def __init__(self, web: WebOptions, local: Callable[[], LocalServers]) -> None:
        self._web = web
        self._local = local

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The answer of a time server. Raises NetError."""
        host, port = _server(request)
        if self._web.proxy or not self._web.allows(host):
            raise _refused(request, "{host} may not be asked for the time here.")
        address, family = await self._address(request, host, port)
        yield MemoryBody(request.url, 200, await _exchange(request, address, family, self._web.interface), None)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _address(self, request: Request, host: str, port: int) -> tuple[tuple[str, int], int]:
        """Where a server is. A manifest of the internet leads to none of the local network."""
        stated = self._web.address_of(host, port)
        local, spelled = self._local(), f"http://[{host}]" if ":" in host else f"http://{host}"
        watched = bool(request.initiator) and not stated and not self._web.hosts
        watched = watched and await local.leads_outside(request.initiator, spelled)
        if watched and local.holds(host):
            raise leads_inside(request.url)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(stated or host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise connect_failure(error, request.url) from error
        reachable = [each for each in found if not watched or not is_local(str(each[4][0]))]
        if not reachable:
            raise leads_inside(request.url)
        family, _, _, _, place = reachable[0]
        return (str(place[0]), port), family


class _Exchange(asyncio.DatagramProtocol):
    """Waits for the packet that gives back what was sent; whatever else comes is not the server's."""

    def __init__(self, nonce: bytes) -> None:
        self._nonce = nonce
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _address: object) -> None:
        if not self.answer.done() and len(data) >= PACKET_BYTES and data[_ORIGIN] == self._nonce:
            self.answer.set_result(data[:PACKET_BYTES])

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _exchange(request: Request, address: tuple[str, int], family: int, interface: str) -> bytes:
    """What is sent as our time is random: it proves the answer, and says nothing of this machine (RFC 9109)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    leave_by = local_address(interface)
    try:
        transport, exchange = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Exchange(nonce),
            remote_addr=address,
            family=family,
            local_addr=None if leave_by is None else (leave_by, 0),
        )
    except OSError as error:
        raise connect_failure(error, request.url) from error
    try:
        transport.sendto(bytes([_CLIENT]) + bytes(PACKET_BYTES - 1 - _NONCE_BYTES) + nonce)
        return await exchange.answer
    except OSError as error:
        raise connect_failure(error, request.url) from error
    finally:
        transport.close()


def _server(request: Request) -> tuple[str, int]:
    """Host and port of a request for the time. Raises NetError for what is none."""
    try:
        parts = urlsplit(request.url)
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        host, port = "", _PORT
    if request.kind is not RequestKind.TIME or not host or (port != _PORT and port < _LEAST_OTHER_PORT):
        raise _refused(request, "This address cannot be used.")
    return host, port


def _refused(request: Request, sentence: str) -> NetError:
    return failure(ErrorCode.NET_FORBIDDEN_URL, sentence, request.url, recoverable=False)
