"""The service answers who looks for it on this network: multicast DNS (RFC 6762) for ``_matinee._tcp`` (RFC 6763).

It answers questions of others and never speaks first. On Linux the socket is bound to the group's own address, so
that nothing from beyond this network reaches it and nobody is answered in somebody else's name.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

SERVICE_TYPE = "_matinee._tcp.local"
GROUP, PORT = "224.0.0.251", 5353
_MOST_BYTES = 1500
_MOST_QUESTIONS = 16
_TTL_S = 120
_WAIT_S = 0.25
_PTR, _TXT, _SRV, _ANY, _IN = 12, 16, 33, 255, 1
_log = logging.getLogger(__name__)


def answer(packet: bytes, url: str) -> bytes | None:
    """The answer to a packet; None where it does not ask for us, or makes no sense."""
    try:
        number, flags, questions, *_counts = struct.unpack_from(">6H", packet)
        if flags & 0xF800 or not 0 < questions <= _MOST_QUESTIONS:  # an answer itself, or another operation
            return None
        place, asked = 12, False
        for _ in range(questions):
            labels = []
            while packet[place]:
                if packet[place] > 63:  # a question has no need of pointers here
                    return None
                labels.append(packet[place + 1 : place + 1 + packet[place]].decode("ascii").lower())
                place += 1 + packet[place]
            kind, group = struct.unpack_from(">2H", packet, place + 1)
            place += 5
            name = ".".join(labels)
            ours = (name == SERVICE_TYPE and kind == _PTR) or (name == _instance(url) and kind in (_SRV, _TXT))
            asked |= (ours or (name == SERVICE_TYPE and kind == _ANY)) and group & 0x7FFF in (_IN, _ANY)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
    return _records(number, url) if asked else None


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _instance(url: str) -> str:
    """The name of this service among those of one machine, in small letters."""
    return f"matinee-{_port(url)}.{SERVICE_TYPE}"


def _records(number: int, url: str) -> bytes:
    host = urlsplit(url).hostname or "localhost"
    kind, own = _encoded(SERVICE_TYPE), _encoded(_instance(url))
    text = f"url={url}".encode()[:255]
    return b"".join(
        (
            struct.pack(">6H", number, 0x8400, 0, 1, 0, 2),
            kind + struct.pack(">2HIH", _PTR, _IN, _TTL_S, len(own)) + own,
            own + _record(_SRV, struct.pack(">3H", 0, 0, _port(url)) + _encoded(host)),
            own + _record(_TXT, bytes((len(text),)) + text),
        )
    )


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack(">2HIH", kind, _IN, _TTL_S, len(data)) + data


def _encoded(name: str) -> bytes:
    """A name as labels (RFC 1035 section 3.1)."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


@contextmanager
def announced(url: str, *, group: str = GROUP, port: int = PORT) -> Iterator[None]:
    """Answer questions for the service at ``url`` meanwhile. Raises OSError where the port cannot be shared."""
    with closing(_listening(group, port)) as one:
        ended = threading.Event()
        thread = threading.Thread(target=_serve, args=(one, url, group, ended), name="announcement", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _serve(one: socket.socket, url: str, group: str, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            packet, sender = one.recvfrom(_MOST_BYTES)
            reply = answer(packet, url)
            if reply is not None and sender[1] == PORT:  # of a resolver, which all hear (RFC 6762 section 6)
                one.sendto(b"\0\0" + reply[2:], (group, PORT))
            elif reply is not None:
                one.sendto(reply, sender)
        except TimeoutError:
            continue
        except OSError as error:  # of this one packet; the network may come back
            _log.debug("a question could not be answered: %s", error)


def _listening(group: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((group if sys.platform == "linux" else "", port))
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        joined = 0
        for interface in ("0.0.0.0", "127.0.0.1"):  # noqa: S104 - of the group, not of the port: the usual interface
            try:
                member = socket.inet_aton(group) + socket.inet_aton(interface)
                one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
                joined += 1
            except OSError as error:
                _log.debug("no questions come from %s: %s", interface, error)
        if not joined:
            raise OSError("There is no network that the service could be announced on.")
        one.settimeout(_WAIT_S)
    except BaseException:
        one.close()
        raise
    return one
