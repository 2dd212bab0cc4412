"""Small pictures of a film of the viewer's own, drawn in the background by :mod:`player.media.film_worker`.

The film is divided into equal parts with one picture each. What the viewer looks at is drawn first; else the parts
are drawn from coarse to fine while nothing is busy. Runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from player.base.apart import apart
from player.base.clock import Clock
from player.base.errors import MediaError
from player.media.bounded import end_worker, worker_command, worker_environment
from player.thumbnails.film_cache import FilmCache, film_key
from player.thumbnails.pictures import Picture, cut_whole, read_sheet

_log = logging.getLogger(__name__)

PARTS = 200
SHORTEST_S = 1.0
"""A film has :data:`PARTS` pictures, a short one fewer: none stands for less than this."""
_ANSWER_S = 15.0
_MOST_BYTES = 256 << 10
_MOST_FAILURES = 3
_BUSY_S = 0.5
_REST = 2.0  # times as long as a picture took: the background takes a third of one processor at most
_MODULE = "player.media.film_worker"


class PictureDrawer(Protocol):
    """What draws the pictures of one film."""

    async def draw(self, time_s: float) -> bytes:
        """A JPEG; empty where there is no picture. Raises OSError where the film cannot be drawn."""
        ...

    async def close(self) -> None: ...


class WorkerDrawer:
    """Draws in a process, which is started with the first picture and again after it has failed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()  # held by whoever reads from the process

    async def draw(self, time_s: float) -> bytes:
        async with self._lock:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    return await self._ask(time_s)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
                await self._end()
                raise OSError(type(error).__name__) from error
            except asyncio.CancelledError:
                await self._end()  # its answer would be taken for the next one
                raise

    async def _ask(self, time_s: float) -> bytes:
        if self._process is None:
            pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
            self._process = await asyncio.create_subprocess_exec(
                *worker_command(_MODULE),
                str(self._path),
                stdin=pipe,
                stdout=pipe,
                stderr=null,
                env=worker_environment(),
            )
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise ValueError("no pipes")
        to.write(f"{time_s:.3f}\n".encode())
        await to.drain()
        length = int.from_bytes(await back.readexactly(4), "big")
        if length > _MOST_BYTES:
            raise ValueError("too long")
        return await back.readexactly(length)

    async def close(self) -> None:
        """End the process, wherever it is."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()  # whoever waits for its answer ends
        async with self._lock:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await end_worker(process)


def coarse_to_fine(count: int) -> Iterator[int]:
    """Each number below ``count`` once, the first ones far apart."""
    step = 1
    while step < count:
        step *= 2
    seen: set[int] = set()
    while step:
        for number in range(0, count, step):
            if number not in seen:
                seen.add(number)
                yield number
        step //= 2


class FilmPictures:
    """Those of one film of ``duration_s``. ``busy`` says that the machine has better to do."""

    def __init__(
        self,
        path: Path,
        duration_s: float,
        cache: FilmCache,
        clock: Clock,
        busy: Callable[[], bool],
        drawer: PictureDrawer | None = None,
    ) -> None:
        self._path = path
        self._cache = cache
        self._clock = clock
        self._busy = busy
        self._drawer = drawer or WorkerDrawer(path)
        self._count = max(1, min(PARTS, int(duration_s / SHORTEST_S)))
        self._part_s = duration_s / self._count
        self._key = ""
        self._drawn: dict[int, bytes] = {}
        self._news = False  # something is drawn that is not kept
        self._failures = 0
        self._lock = asyncio.Lock()
        self._wishes = 0

    async def run(self) -> None:
        """Take what is kept, and draw what is missing. Returns at the end, or where the film cannot be drawn."""
        try:
            self._key = await apart(film_key, self._path)
        except OSError:
            return
        self._drawn = await asyncio.to_thread(self._cache.load, self._key) | self._drawn
        for number in coarse_to_fine(self._count):
            while self._busy() or self._wishes:
                await self._clock.sleep(_BUSY_S)
            if number in self._drawn or self._is_hopeless:
                continue
            began_s = self._clock.monotonic()
            await self._draw(number)
            await self._clock.sleep(_REST * (self._clock.monotonic() - began_s))
        await self._keep()
        await self._drawer.close()

    async def at(self, time_s: float) -> Picture | None:
        """The picture of a time; None where it cannot be drawn."""
        number = max(0, min(self._count - 1, int(time_s / self._part_s)))
        self._wishes += 1
        try:
            if number not in self._drawn:
                await self._draw(number)
        finally:
            self._wishes -= 1
        data = self._drawn.get(number)
        if not data:
            return None
        try:
            sheet = await asyncio.to_thread(read_sheet, data)
        except MediaError:
            return None
        return replace(cut_whole(sheet), start_s=number * self._part_s, duration_s=self._part_s)

    async def close(self) -> None:
        """Keep what there is, and end the process. Nothing more is drawn."""
        self._failures = _MOST_FAILURES
        await self._drawer.close()
        await self._keep()

    @property
    def _is_hopeless(self) -> bool:
        return self._failures >= _MOST_FAILURES

    async def _draw(self, number: int) -> None:
        async with self._lock:
            if number in self._drawn or self._is_hopeless:
                return
            try:
                self._drawn[number] = await self._drawer.draw((number + 0.5) * self._part_s)
                self._news = True
            except OSError as error:
                self._failures += 1
                _log.info("no small picture of this film: %s", error)

    async def _keep(self) -> None:
        if self._news and self._key:
            self._news = False
            await asyncio.to_thread(self._cache.keep, self._key, dict(self._drawn))
