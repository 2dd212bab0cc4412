"""Services on this network, by one-shot questions of multicast DNS (RFC 6762 section 5.1, RFC 6763).

Anybody on the network may answer, and say anything. What is read is bounded; of an answer only the address counts,
and only one that :mod:`player.service.address` takes or explains. A name that a service gives itself is never shown:
the viewer sees the host, which TLS proves.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import socket
import struct
from collections.abc import Iterator
from urllib.parse import urlsplit

from player.net.local_network import is_loopback

SERVICE_TYPE = "_matinee._tcp.local"
GROUP, PORT = "224.0.0.251", 5353
LISTEN_S = 1.5
MOST_SERVICES, MOST_ANSWERS, MOST_BYTES = 8, 64, 4096
_MOST_RECORDS = 64
_MOST_LABELS = 64
_MOST_ADDRESS_CHARS = 200
_PTR, _TXT, _IN, _CACHE_FLUSH = 12, 16, 1, 0x8000
_ANSWER_FLAG = 0x8000
_log = logging.getLogger(__name__)


def question(number: int) -> bytes:
    """A question for all services, ``number`` is its id."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in SERVICE_TYPE.split("."))
    return struct.pack(">6H", number, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", _PTR, _IN)


def addresses_in(answer: bytes, number: int) -> tuple[str, ...]:
    """The addresses of services that an answer to the question ``number`` gives; none where it makes no sense."""
    found: list[str] = []
    with contextlib.suppress(ValueError, struct.error, IndexError):
        told, flags, questions, *counts = struct.unpack_from(">6H", answer)
        if told != number or not flags & _ANSWER_FLAG or questions > 1 or sum(counts) > _MOST_RECORDS:
            return ()
        place = 12
        for _ in range(questions):
            place = _name(answer, place)[1] + 4
        for _ in range(sum(counts)):
            name, place = _name(answer, place)
            kind, group, _ttl_s, length = struct.unpack_from(">2HIH", answer, place)
            place += 10
            data = answer[place : place + length]
            if len(data) != length:
                return tuple(found)
            place += length
            if kind == _TXT and group & ~_CACHE_FLUSH == _IN and name.endswith("." + SERVICE_TYPE):
                found.extend(_addresses(data))
    return tuple(dict.fromkeys(found))[:MOST_SERVICES]


def _name(answer: bytes, place: int) -> tuple[str, int]:
    """The name at ``place``, in small letters, and what follows it. Pointers lead backwards only (RFC 1035 section
    4.1.4), so that they come to an end. Raises ValueError."""
    labels: list[str] = []
    end, lowest = -1, place
    while True:
        length = answer[place]
        if length >= 0xC0:
            end = place + 2 if end < 0 else end
            place = (length & 0x3F) << 8 | answer[place + 1]
            if place >= lowest:
                raise ValueError("a pointer that does not lead back")
            lowest = place
        elif length > 63 or len(labels) >= _MOST_LABELS:
            raise ValueError("no name")
        elif not length:
            return ".".join(labels), place + 1 if end < 0 else end
        else:
            labels.append(answer[place + 1 : place + 1 + length].decode("ascii", "replace").lower())
            place += 1 + length


def _addresses(data: bytes) -> Iterator[str]:
    """The values of ``url=`` in a TXT record (RFC 6763 section 6)."""
    place = 0
    while place < len(data):
        text = data[place + 1 : place + 1 + data[place]]
        place += 1 + data[place]
        key, _, value = text.partition(b"=")
        if key.lower() == b"url" and len(value) <= _MOST_ADDRESS_CHARS and all(0x21 <= byte < 0x7F for byte in value):
            yield value.decode("ascii").rstrip("/")


def may_be_shown(url: str, *, from_here: bool) -> bool:
    """Whether an announced address is one of a service. One on this machine is taken from this machine only: another
    one would lead to whatever listens here."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        return False
    return from_here or not is_loopback(host)


async def find_services(listen_s: float = LISTEN_S, *, group: str = GROUP, port: int = PORT) -> tuple[str, ...]:
    """The addresses of services that answer within ``listen_s`` seconds, each once, in the order of their answers.
    Nothing where this machine has no network."""
    number = secrets.randbits(16) or 1
    found: list[str] = []
    sockets = [one for one in (_asking(None), _asking("127.0.0.1")) if one is not None]
    try:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.sendto(question(number), (group, port))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(listen_s):
                await asyncio.gather(*(_listen(one, number, found) for one in sockets))
    finally:
        for one in sockets:
            one.close()
    return tuple(dict.fromkeys(found))[:MOST_SERVICES]


async def _listen(one: socket.socket, number: int, found: list[str]) -> None:
    for _ in range(MOST_ANSWERS):
        try:
            answer, sender = await _received(one)
        except BlockingIOError:
            continue  # what had come was damaged, and is gone
        except OSError as error:  # also a refusal of what was asked (ICMP)
            _log.debug("no services are looked for: %s", error)
            return
        here = _is_here(str(sender[0]))
        found.extend(url for url in addresses_in(answer, number) if may_be_shown(url, from_here=here))


async def _received(one: socket.socket) -> tuple[bytes, tuple[str, int]]:
    """The next datagram and its sender. Raises OSError."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.sock_recvfrom(one, MOST_BYTES)
    except NotImplementedError:  # uvloop
        arrived = asyncio.Event()
        loop.add_reader(one, arrived.set)
        try:
            await arrived.wait()
        finally:
            loop.remove_reader(one)
        return one.recvfrom(MOST_BYTES)


def _asking(interface: str | None) -> socket.socket | None:
    """A socket that asks on one interface, None for the usual one."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)  # RFC 6762 section 11
        if interface is not None:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        one.bind((interface or "", 0))
    except OSError:
        one.close()
        return None
    return one


def _is_here(sender: str) -> bool:
    """Whether an address of IPv4 is one of this machine's own: only such a one can be bound."""
    if ipaddress.ip_address(sender).is_loopback:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        try:
            own.bind((sender, 0))
        except OSError:
            return False
    return True
