"""An NTP server on loopback, whose clock and manners a test chooses."""

from __future__ import annotations

import asyncio
import time
from typing import Self

_EPOCH_S = 2_208_988_800


def stamp(seconds: float) -> bytes:
    """An NTP timestamp (RFC 5905 6)."""
    return round((seconds + _EPOCH_S) * 2**32).to_bytes(8)


def packet(origin: bytes, at_s: float, *, first: int = 0x24, stratum: int = 2) -> bytes:
    """A server's answer that came and went at ``at_s``. ``first`` has leap indicator, version and mode."""
    return bytes([first, stratum, 6, 0xEC]) + bytes(12) + stamp(at_s - 10) + origin + stamp(at_s) * 2


class TimeServer(asyncio.DatagramProtocol):
    """Its clock is ``ahead_s`` before ours. ``silent``: it does not answer. ``forged``: it sends an answer
    to somebody else before the right one; ``first`` and ``stratum`` are as in :func:`packet`."""

    def __init__(self, ahead_s: float = 0.0, host: str = "127.0.0.1") -> None:
        self.ahead_s = ahead_s
        self._host = host
        self.silent = False
        self.forged = False
        self.first = 0x24
        self.stratum = 2
        self.asked: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        made = asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))
        self._transport, _ = await made
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked.append(data)
        if self.silent or self._transport is None:
            return
        now_s = time.time() + self.ahead_s
        if self.forged:
            self._transport.sendto(packet(bytes(8), now_s + 3600), address)
            self._transport.sendto(b"?", address)
        self._transport.sendto(packet(data[40:48], now_s, first=self.first, stratum=self.stratum), address)
