"""A local file that becomes longer while it plays, as a recording does. For the engine's loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

from player.base.apart import apart
from player.base.clock import Clock
from player.base.errors import MatineeError
from player.media.matroska_length import newest_cluster_s
from player.title.media_file import Inspected, MediaFileKind, inspect

_ENOUGH_BYTES = 256 << 10  # less would be a picture or two between one load and the next
_LOOK_S = 0.5
_STILL_S = 3.0  # recorders write a group of pictures at a time
_MOST_WAIT_S = 12.0
_DISK_S = 1.5


class FileGrowth:
    """Compares a file with what it was when libmpv opened it last. ``path`` is None for a file of the web, which
    never grows here."""

    def __init__(self, path: Path | None, opened: Inspected, clock: Clock) -> None:
        self._path = path
        self._start = opened.start
        self._kind = opened.kind
        self._size = opened.size
        self._clock = clock
        self._has_grown = False
        self.loading = asyncio.Lock()
        """Held while libmpv loads the file again."""
        self.loaded = asyncio.Event()
        """Set once libmpv has the file, or has refused it."""
        self.awaited = False
        """Whether an end of what libmpv has is looked into."""

    async def more(self) -> int:
        """Return how many bytes the file is longer than when it was opened; 0 where another file has its name."""
        if self._path is None:
            return 0
        try:
            async with asyncio.timeout(_DISK_S):
                now = await apart(inspect, self._path)
        except (TimeoutError, MatineeError):
            return 0
        if self._start and now.start != self._start:
            return 0
        return max(0, now.size - self._size)

    async def is_longer(self) -> bool:
        return await self.more() > 0

    async def newest_s(self) -> float:
        """Return up to which time a Matroska file has been written; 0 where that is not known. libmpv knows only what
        it has read of it."""
        if self._path is None or self._kind is not MediaFileKind.MATROSKA:
            return 0.0
        try:
            async with asyncio.timeout(_DISK_S):
                return await apart(newest_cluster_s, self._path)
        except TimeoutError:
            return 0.0

    async def may_come(self) -> bool:
        """Whether :meth:`has_come` would wait, or load the file again."""
        return self._has_grown or await self.is_longer()

    async def has_come(self) -> bool:
        """Wait until enough has come to load the file again, or no more comes. Return whether anything has come."""
        more, still_s, waited_s = await self.more(), 0.0, 0.0
        while more < _ENOUGH_BYTES and still_s < _STILL_S and waited_s < _MOST_WAIT_S:
            await self._clock.sleep(_LOOK_S)
            before, more = more, await self.more()
            still_s = 0.0 if more > before else still_s + _LOOK_S
            waited_s += _LOOK_S
        return more > 0

    async def open_again(self) -> None:
        """Take the present length as that with which libmpv opens the file."""
        self._size += await self.more()
        self._has_grown = True
        self.loaded.clear()
