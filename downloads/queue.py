"""The queue at work: runs what :func:`downloads.schedule.decide` allows, until nothing is left to do."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from downloads import ledger, schedule
from downloads.downloader import Downloader, is_passing
from downloads.errors import LACK_ROOM, DownloadError
from downloads.model import DownloadSummary, State
from downloads.schedule import QueueConditions, WaitReason
from downloads.settings import DownloadSettings
from downloads.store import Store
from player.base.errors import ANY_ERROR, MatineeError, unexpected

_log = logging.getLogger(__name__)

ROOM_LOOK_S = 30.0
ROOM_RETRY_S = 60.0


@dataclass(slots=True)
class _RunningDownload:
    task: asyncio.Task[State]
    stop: asyncio.Event


@dataclass(slots=True)
class Queue:
    """See the module. ``conditions`` looks at the world. ``on_wait`` hears why downloads wait, at each change;
    ``on_error`` of each failure. A download that failed ``tries`` times in succession is left for a later run. With
    infinite ``tries`` what passes by itself is tried for as long as it takes, at longer and longer distances."""

    store: Store
    downloader: Downloader
    settings: DownloadSettings
    conditions: Callable[[], QueueConditions]
    on_wait: Callable[[Mapping[str, WaitReason]], None] = lambda _waiting: None
    on_error: Callable[[str, Exception], None] = lambda _id, _error: None
    tries: float = 5
    has_room: Callable[[DownloadSummary], bool] | None = None
    """Whether a download that failed for want of room would have it now; it then goes on by itself. None: it is left
    for a later run. May block."""
    errors: dict[str, Exception] = field(default_factory=dict)
    _runs: dict[str, _RunningDownload] = field(default_factory=dict)
    _failures: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))  # infinite: no use to try
    _not_before: dict[str, float] = field(default_factory=dict)
    _waiting: Mapping[str, WaitReason] = field(default_factory=dict)
    _lacked: set[str] = field(default_factory=set)
    """What failed for want of room here: a disk that is full takes no note of it."""
    _woken: bool = False

    async def run(self, only: Collection[str] | None = None) -> None:
        """Work until no download (of ``only``) is queued any more. Cancelling it ends all at once, resumable."""
        try:
            while await self._turn(only):
                pass
        finally:
            for run in self._runs.values():
                run.task.cancel()
            await asyncio.gather(*(run.task for run in self._runs.values()), return_exceptions=True)

    def wake(self) -> None:
        """Something was queued: a look that began before does not end the work. From any thread."""
        self._woken = True

    def forgive(self, download_id: str) -> None:
        """Try a download at once that has failed before: somebody wants it now."""
        self._failures.pop(download_id, None)
        self._not_before.pop(download_id, None)
        self._lacked.discard(download_id)

    async def _turn(self, only: Collection[str] | None) -> bool:
        """One look at the queue, and the wait until the next; False when there is nothing left."""
        self._woken = False
        listed = await asyncio.to_thread(self.store.list)
        mine = [
            item
            for item in listed
            if (only is None or item.id in only) and (self._failures[item.id] < self.tries or item.id in self._runs)
        ]
        decision = schedule.decide(
            mine, self.settings, self.conditions(), mine=self._runs, not_before=self._not_before
        )
        lacking = await self._without_room(item for item in listed if only is None or item.id in only)
        waiting = {**decision.waiting, **dict.fromkeys(lacking, WaitReason.ROOM)}
        if waiting != self._waiting:
            self._waiting = waiting
            self.on_wait(waiting)
        for download_id in decision.run:
            if download_id not in self._runs:
                self._start(download_id)
        for download_id, run in self._runs.items():
            if download_id not in decision.run:
                run.stop.set()
        if not self._runs and not waiting:
            return self._woken
        await self._wait(decision.again_s if self._runs or decision.waiting else ROOM_LOOK_S)
        return True

    async def _without_room(self, listed: Iterable[DownloadSummary]) -> list[str]:
        """The downloads that wait for room; those that have it now are queued again."""
        if self.has_room is None:
            return []
        failed = [item for item in listed if self._lacks_room(item)]
        now_s = self.conditions().now_s
        for item in failed:
            if self._not_before.get(item.id, 0.0) <= now_s:
                try:
                    if not await asyncio.to_thread(self.has_room, item):
                        continue
                    folder = await asyncio.to_thread(self.store.get, item.id)
                    await asyncio.to_thread(folder.note, ledger.changed(State.QUEUED))
                except DownloadError:  # full again, or its disk is gone
                    self._try_room_later(item.id)
                    continue
                self._failures.pop(item.id, None)
                self._lacked.discard(item.id)
        return [item.id for item in failed]

    def _try_room_later(self, download_id: str) -> None:
        """Where the size is not known yet, only trying tells whether there is room."""
        self._not_before[download_id] = self.conditions().now_s + ROOM_RETRY_S

    def _lacks_room(self, item: DownloadSummary) -> bool:
        noted = item.state is State.FAILED and item.code in LACK_ROOM
        return noted or (item.state is State.QUEUED and item.id in self._lacked)

    def _start(self, download_id: str) -> None:
        stop = asyncio.Event()

        async def work() -> State:
            folder = await asyncio.to_thread(self.store.get, download_id)
            return await self.downloader.run(folder, stop)

        self._runs[download_id] = _RunningDownload(asyncio.create_task(work(), name=f"download {download_id}"), stop)

    async def _wait(self, seconds: float) -> None:
        tasks = {run.task for run in self._runs.values()}
        if not tasks:
            await asyncio.sleep(seconds)
            return
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for download_id, run in list(self._runs.items()):
            if run.task.done():
                del self._runs[download_id]
                self._ended(download_id, run.task)

    def _ended(self, download_id: str, task: asyncio.Task[State]) -> None:
        error = task.exception()
        if error is None:
            self._failures.pop(download_id, None)
            self.errors.pop(download_id, None)
            return
        if not isinstance(error, ANY_ERROR):  # a fault of this program: it ends one download, not the others
            _log.error("a download failed unexpectedly", exc_info=error)
            error = unexpected()
        self.errors[download_id] = error
        passing = isinstance(error, MatineeError) and is_passing(error)
        self._failures[download_id] += 1 if passing else math.inf
        if error.code in LACK_ROOM:
            self._lacked.add(download_id)
            self._try_room_later(download_id)
            self.on_error(download_id, error)
            return
        delay_s = schedule.retry_delay_s(self._failures[download_id])
        self._not_before[download_id] = self.conditions().now_s + delay_s
        self.on_error(download_id, error)
