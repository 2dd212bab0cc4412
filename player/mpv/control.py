"""libmpv from the engine's loop: commands on a thread of their own, listeners brought to the loop.

A libmpv call can wait for its core; the loop must not. So commands go through one worker thread, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from player.mpv.model import MediaPlayer

_T = TypeVar("_T")
_ANSWER_S = 10.0


class MpvControl:
    """Bound to one loop and one player. Listeners run on the loop."""

    def __init__(
        self,
        player: MediaPlayer,
        on_property: Callable[[str, Any], None],
        on_event: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self.player = player
        self._loop = asyncio.get_running_loop()
        self._worker = player.worker()
        player.listen(
            lambda name, value: self._bring(on_property, name, value),
            lambda name, data: self._bring(on_event, name, data),
        )

    async def run(self, function: Callable[..., _T], *values: object) -> _T:
        """The result of a call of libmpv's, made on the worker thread after those before it."""
        return await self._loop.run_in_executor(self._worker, function, *values)

    def post(self, function: Callable[..., object], *values: object) -> None:
        """Make a call on the worker thread and do not wait for it."""
        self._worker.submit(function, *values)

    async def leave(self, url: str) -> None:
        """End the playback of ``url`` and let the player go. One that does not answer is left to itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                await self.run(self.player.command, "stop")
        self.player.withdraw(url)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                await self.close()

    async def close(self) -> None:
        """Let the player go; calls already posted are finished."""
        self.player.listen(None, None)
        await self._loop.run_in_executor(None, self._worker.shutdown)

    def _bring(self, function: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)
