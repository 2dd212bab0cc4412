"""What a playback does on the side, on the engine's loop: a jump, a switch, a look at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from drm_client.errors import DrmError
from player.base.errors import ANY_ERROR, MatineeError

TaskMaker = Callable[[], Coroutine[Any, Any, None]]


class PlaybackTasks:
    """Started from any thread; none begins after :meth:`close`. ``on_error`` hears on the loop of those that fail."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_error: Callable[[MatineeError | DrmError], None]) -> None:
        self._loop = loop
        self._on_error = on_error
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False

    def call_soon(self, function: Callable[..., object], *values: object) -> None:
        """Call a function on the loop, from any thread."""
        with contextlib.suppress(RuntimeError):  # the engine has been closed: there is nothing left to tell
            self._loop.call_soon_threadsafe(function, *values)

    def do(self, make: TaskMaker) -> None:
        """Start an errand from any thread."""
        self.call_soon(self.spawn, make)

    def spawn(self, make: TaskMaker) -> None:
        """Start an errand, on the loop."""
        if self._closing:
            return
        task = self._loop.create_task(self._reported(make))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Give up what is running, and start nothing more."""
        self._closing = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _reported(self, make: TaskMaker) -> None:
        try:
            await make()
        except ANY_ERROR as error:
            self._on_error(error)
