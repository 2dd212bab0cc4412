"""What is fetched next for each track: a lane is the queue of one track's segments. Runs on the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from player.base.clock import Clock
from player.stream.store import SegmentStore

POLL_S = 0.25
"""How long to wait where nothing else tells when to ask again."""
LONGEST_S = 2.0
"""So long at most: what a wait was reckoned from may change meanwhile (the speed, how much is to be buffered)."""
_SHORTEST_S = 0.05


@dataclass(frozen=True, slots=True)
class Go:
    """Fetch now, at this rung: the segment that was asked about, or the one at ``position`` before it."""

    rung: int
    position: int | None = None


class Hold(StrEnum):
    """Why nothing is fetched now although something is missing."""

    BUFFER_FULL = "buffer_full"
    SOUND_FIRST = "sound_first"
    FIRST_PICTURE = "first_picture"
    POLICY = "policy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LaneWait:
    """Ask again when something changed, or after so many seconds (:data:`LONGEST_S` at most); ``why``, where that is
    worth telling, and in which words if there are better ones than those for ``why``."""

    seconds: float
    why: Hold | None = None
    sentence: str = ""


def _nobody() -> None:
    """Nobody wants to be told."""


class Lane:
    """Fetches the segments of one track in order from its *head*, which is where libmpv reads.

    ``admit(position)`` decides whether the next one is fetched now, and at which rung. ``fetch(position, rung)``
    fetches it and leaves an entry in the store, also after a failure. ``crashed(position, error)`` gets unexpected
    errors of both, and must leave an entry too, as libmpv would wait for ever otherwise.
    """

    def __init__(
        self,
        key: str,
        store: SegmentStore,
        clock: Clock,
        admit: Callable[[int], Go | LaneWait],
        fetch: Callable[[int, int], Awaitable[None]],
        crashed: Callable[[int, Exception], None],
        *,
        parallel: int = 1,
    ) -> None:
        self.key = key
        self._store = store
        self._clock = clock
        self._admit = admit
        self._fetch = fetch
        self._crashed = crashed
        self._parallel = parallel
        self.begun: Callable[[], None] = _nobody  # is told of each fetch that begins
        self._head = 0
        self._length = 0
        self._running: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    @property
    def head(self) -> int:
        return self._head

    @property
    def running(self) -> tuple[int, ...]:
        """Positions that are being fetched."""
        return tuple(sorted(self._running))

    def start(self, head: int, length: int) -> None:
        """Begin at ``head`` of ``length`` segments."""
        self._head, self._length = head, length
        self._loop_task = asyncio.get_running_loop().create_task(self._work(), name=f"lane {self.key}")

    def extend(self, length: int) -> None:
        """There are ``length`` segments by now."""
        if length != self._length:
            self._length = length
            self._changed.set()

    def poke(self) -> None:
        """Something that an admission rests on has changed."""
        self._changed.set()

    def want(self, position: int, keep: Callable[[int], bool]) -> None:
        """libmpv reads at ``position`` now. Running fetches for which ``keep(position)`` is False are given up."""
        self._head = position
        for running, task in self._running.items():
            if not keep(running):
                task.cancel()
        self._changed.set()

    def again(self, position: int) -> None:
        """What was fetched there has been taken out of the store: fetch it again. A fetch that is still running is
        given up, but not one that has begun since: its entry is in the store."""
        begun_since = self._store.peek(self.key, position) is not None
        self.want(position, lambda running: running != position or begun_since)

    async def close(self) -> None:
        """Stop fetching, and wait until everything has ended."""
        tasks = [task for task in (self._loop_task, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()

    def leads_to(self, position: int, running: int) -> bool:
        """Whether everything from ``position`` up to a running fetch is stored or on its way: it comes next then."""
        return all(
            other in self._running or self._store.peek(self.key, other) is not None
            for other in range(position, running)
        )

    def next_missing(self) -> int | None:
        """The first position from the head on that is neither stored nor being fetched; None at the end."""
        for position in range(self._head, self._length):
            if position not in self._running and self._store.peek(self.key, position) is None:
                return position
        return None

    async def _work(self) -> None:
        while True:
            self._changed.clear()
            timeout: float | None = None
            position = self.next_missing() if len(self._running) < self._parallel else None
            if position is not None:
                try:
                    answer = self._admit(position)
                except Exception as error:  # noqa: BLE001
                    self._crashed(position, error)
                    await asyncio.sleep(0)
                    continue
                if isinstance(answer, Go):
                    self._begin(position if answer.position is None else answer.position, answer.rung)
                    await asyncio.sleep(0)
                    continue
                timeout = min(max(_SHORTEST_S, answer.seconds), LONGEST_S)
            await self._change(timeout)

    async def _change(self, timeout_s: float | None) -> None:
        """Wait until something changed, or for so long."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if timeout_s is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep(timeout_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _begin(self, position: int, rung: int) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(position, rung), name=f"{self.key} {position}")
        self._running[position] = task
        # Not a part of the task itself: one that is cancelled before its first step runs nothing of its own.
        task.add_done_callback(lambda _task: self._ended(position))
        self.begun()

    def _ended(self, position: int) -> None:
        self._running.pop(position, None)
        self._changed.set()

    async def _guarded(self, position: int, rung: int) -> None:
        try:
            await self._fetch(position, rung)
        except Exception as error:  # noqa: BLE001
            self._crashed(position, error)
