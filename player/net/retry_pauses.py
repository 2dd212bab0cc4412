"""Pauses that end early when there is news: one load that gets through tells all that wait for the network."""

from __future__ import annotations

import asyncio

from player.base.clock import Clock


class Pauses:
    """Everything that waits before it tries again. Runs on one loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._news: set[asyncio.Future[None]] = set()

    async def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or as soon as :meth:`end` is called."""
        news = asyncio.get_running_loop().create_future()
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        self._news.add(news)
        try:
            await asyncio.wait({news, sleep}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._news.discard(news)
            news.cancel()
            sleep.cancel()

    def end(self) -> None:
        """End every pause that runs now."""
        for news in self._news:
            if not news.done():
                news.set_result(None)
