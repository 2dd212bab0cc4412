"""Which servers are on this machine or its own network, and the rule that a manifest of the internet leads to none.

Browsers ask before a public page reaches such a server (WICG, Local Network Access). A player has nobody to ask while
it plays: the request is refused. A manifest of the local network may lead anywhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # of providers (RFC 6598)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 in IPv6 (RFC 6052)
_TRANSLATED_HERE = ipaddress.ip_network("64:ff9b:1::/48")  # by a network's own translator (RFC 8215)
_COMPATIBLE = ipaddress.ip_network("::/96")  # IPv4 in IPv6 (RFC 4291 2.5.5.1)


def is_local(address: str) -> bool:
    """Whether an IP address belongs to this machine or its own network; no for a name."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return _is_local_in_old_letters(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_loopback or found.is_site_local or found in _TRANSLATED_HERE:
            return True
        if found in _TRANSLATED or found in _COMPATIBLE:
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        else:
            found = found.ipv4_mapped or found.sixtofour or found
    return found.is_private or found.is_link_local or found.is_loopback or found.is_unspecified or found in _SHARED


def _is_local_in_old_letters(address: str) -> bool:
    """As inet_aton(3) reads an address: 127.1, 0x7f000001, 2130706433. A proxy may read it so as well."""
    try:
        return is_local(socket.inet_ntoa(socket.inet_aton(address)))
    except (OSError, ValueError):
        return False


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LocalServers:
    """What the connections that were made say of their servers. ``by_name`` is off behind a proxy, which alone knows
    where a name leads."""

    def __init__(self, *, by_name: bool = True) -> None:
        self._by_name = by_name
        self._last: dict[str, bool] = {}
        self._ever: set[str] = set()

    def connected(self, host: str, address: str) -> None:
        """A connection to ``host`` led to ``address``."""
        self._last[host] = is_local(address)
        if self._last[host]:
            self._ever.add(host)

    def forget(self) -> None:
        """The network may be another one: its connections are made again."""
        self._ever.clear()

    def holds(self, host: str) -> bool:
        """Whether ``host`` is local as its text says, or as a connection did that may still be open."""
        name = host.removesuffix(".")
        return name == "localhost" or name.endswith(".localhost") or is_local(name) or host in self._ever

    def is_public(self, url: str) -> bool:
        """Whether the server of ``url`` was connected to and is not local."""
        return self._last.get(_host_of(url)) is False

    async def leads_outside(self, initiator: str, url: str) -> bool:
        """Whether a request for ``url`` comes of a manifest that is not on the local network."""
        host = _host_of(initiator)
        if host in self._last:
            return not self._last[host]
        if not host or host == _host_of(url) or self.holds(host):
            return False
        return not self._by_name or not await _resolves_locally(host)


async def _resolves_locally(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return bool(found) and all(is_local(str(address[0])) for *_, address in found)


def _host_of(url: str) -> str:
    """The host as the transport knows it: an international name has one spelling there, and two in addresses."""
    import httpx  # the app's window, which knows loopback from here, does not wait for it

    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return ""
    return parts.host if parts.scheme in ("http", "https") else ""
