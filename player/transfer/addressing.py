"""Signed addresses and their renewal: when an edge refuses the old ones, the service is asked for others, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from player.base.clock import Clock
from player.net.model import RequestKind
from player.transfer.retry import retry

Readdress = Callable[[str], str]
"""Turns an address of any earlier play session into its address of the newest one."""

Refresh = Callable[[], Awaitable[Readdress]]
"""Asks for a new play session. Raises MatineeError."""


class Addressing:
    """The addresses of the newest play session. ``refresh`` is None where no service gave them."""

    def __init__(self, refresh: Refresh | None, clock: Clock, rng: Random) -> None:
        self._refresh = refresh
        self._clock = clock
        self._rng = rng
        self._readdress: Readdress | None = None
        self._running = asyncio.Lock()
        self.generation = 0

    @property
    def can_renew(self) -> bool:
        return self._refresh is not None

    def current(self, url: str) -> str:
        """Where ``url`` is available now."""
        return url if self._readdress is None else self._readdress(url)

    async def renew(self, generation: int) -> None:
        """New addresses, unless some have come since ``generation``. Raises the MatineeError that the service says no
        with; what may pass is tried again first, as the error matrix has it for the service."""
        async with self._running:
            if self._refresh is None or generation != self.generation:
                return
            self._readdress = await retry(RequestKind.API, self._refresh, self._clock, self._rng, under_way=True)
            self.generation += 1
