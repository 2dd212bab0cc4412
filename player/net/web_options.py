"""How HTTP is spoken, beyond what a playback itself needs: the options of a test bench, the rules of a kiosk. Values
only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from player.base.errors import ErrorCode, InputError
from player.net.model import USER_AGENT

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_INTERFACE = re.compile(r"[A-Za-z0-9_.:-]{1,15}")
_NOT_OURS_TO_SET = frozenset({"host", "content-length", "transfer-encoding", "connection", "range"})


@dataclass(frozen=True, slots=True)
class WebOptions:
    """``headers`` go with every request but those to the service of titles. ``resolve`` leads hosts (``host`` or
    ``host:port``) to addresses without asking DNS; names in certificates stay those of the host. ``interface`` is an
    address of this machine or (on Linux) the name of an interface with one. ``proxy`` is ``http://[user:password@]host:port``.
    ``hosts``, where there are any, are the only ones that are asked, behind redirects too; ``*.example.org`` takes in
    all below.
    """

    http2: bool = True
    user_agent: str = USER_AGENT
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    resolve: tuple[tuple[str, str], ...] = ()
    interface: str = ""
    proxy: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ()

    def address_of(self, host: str, port: int | None) -> str | None:
        """Where a host is, if that is stated."""
        stated = dict(self.resolve)
        return stated.get(f"{host}:{port}") or stated.get(host)

    def allows(self, host: str) -> bool:
        """Whether a host may be asked."""
        asked = host.lower().rstrip(".")
        return not self.hosts or any(
            asked.endswith(rule[1:]) if rule.startswith("*.") else asked == rule for rule in self.hosts
        )


def header_of(text: str) -> tuple[str, str]:
    """``Name: value`` as a pair. Raises InputError without repeating the value."""
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise _refuse("--header takes 'Name: value'.")
    if name.lower() in _NOT_OURS_TO_SET:
        raise _refuse(f"The header {name} is set by the transport.")
    return name, value.strip()


def cookie_header(texts: Sequence[str]) -> tuple[str, str]:
    """``NAME=VALUE`` texts as one Cookie header. Raises InputError without repeating a value."""
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value) or ";" in value:
            raise _refuse("--cookie takes NAME=VALUE.")
    return "Cookie", "; ".join(texts)


def resolve_of(text: str) -> tuple[str, str]:
    """``HOST:ADDRESS`` or ``HOST:PORT:ADDRESS`` as a pair; an IPv6 address stands in brackets. Raises InputError."""
    found = re.fullmatch(r"([^:\s/\[\]]+(?::\d{1,5})?):(\[[0-9A-Fa-f:.]+\]|[0-9.]+)", text)
    if found is None:
        raise _refuse("--resolve takes HOST:ADDRESS or HOST:PORT:ADDRESS.")
    host, address = found[1].lower(), found[2].strip("[]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise _refuse(f"--resolve: {address} is not an IP address.") from None
    return host, address


def interface_of(text: str) -> str:
    """An address or the name of an interface. Raises InputError."""
    if not _INTERFACE.fullmatch(text) and not is_address(text):
        raise _refuse("--interface takes an address of this machine, or the name of an interface.")
    return text


def proxy_of(text: str) -> str:
    """The address of a proxy. Raises InputError without repeating it, since it may hold a password."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise _refuse("--proxy takes http://HOST:PORT.")
    return text


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _refuse(sentence: str) -> InputError:
    return InputError(ErrorCode.INPUT_USAGE, sentence)
