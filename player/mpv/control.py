"""libmpv from the engine's loop: commands on a thread of their own, listeners brought to the loop.

A libmpv call can wait for its core; the loop must not. So commands go through one worker thread, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from player.mpv.model import MediaPlayer

_T = TypeVar("_T")
_SOON_S, _ANSWER_S = 0.5, 10.0


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

    async def leave(self, url: str, hanging: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """End the playback of ``url`` and let the player go. One that does not answer is left behind, at the latest
        once ``hanging`` returns: it watches what libmpv reads."""
        stopping = self._loop.run_in_executor(self._worker, self.player.stop)
        await asyncio.wait({stopping}, timeout=_SOON_S)
        if not stopping.done():
            watching = asyncio.ensure_future(asyncio.sleep(_ANSWER_S) if hanging is None else hanging())
            await asyncio.wait({stopping, watching}, timeout=_ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
            watching.cancel()
        self.player.withdraw(url)
        if stopping.done():
            await self.close()
        else:
            self.player.leave_behind()
            self._worker.shutdown(wait=False)

    async def close(self) -> None:
        """Let the player go; calls already posted are finished."""
        self.player.listen(None, None)
        await self._loop.run_in_executor(None, self._worker.shutdown)

    def _bring(self, function: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)
