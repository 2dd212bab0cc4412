"""The queue at work: runs what :func:`downloads.schedule.decide` allows, until nothing is left to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from downloads import schedule
from downloads.downloader import Downloader, is_passing
from downloads.model import State
from downloads.schedule import QueueConditions, WaitReason
from downloads.settings import DownloadSettings
from downloads.store import Store
from player.base.errors import ANY_ERROR, MatineeError


@dataclass(slots=True)
class _RunningDownload:
    task: asyncio.Task[State]
    stop: asyncio.Event


@dataclass(slots=True)
class Queue:
    """See the module. ``conditions`` looks at the world. ``on_wait`` hears why downloads wait, at each change;
    ``on_error`` of each failure. A download that failed ``tries`` times in succession is left for a later run."""

    store: Store
    downloader: Downloader
    settings: DownloadSettings
    conditions: Callable[[], QueueConditions]
    on_wait: Callable[[Mapping[str, WaitReason]], None] = lambda _waiting: None
    on_error: Callable[[str, Exception], None] = lambda _id, _error: None
    tries: int = 5
    errors: dict[str, Exception] = field(default_factory=dict)
    _runs: dict[str, _RunningDownload] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)
    _not_before: dict[str, float] = field(default_factory=dict)
    _waiting: Mapping[str, WaitReason] = field(default_factory=dict)

    async def run(self, only: Collection[str] | None = None) -> None:
        """Work until no download (of ``only``) is queued any more. Cancelling it ends all at once, resumable."""
        try:
            while await self._turn(only):
                pass
        finally:
            for run in self._runs.values():
                run.task.cancel()
            await asyncio.gather(*(run.task for run in self._runs.values()), return_exceptions=True)

    def forgive(self, download_id: str) -> None:
        """Try a download at once that has failed before: somebody wants it now."""
        self._failures.pop(download_id, None)
        self._not_before.pop(download_id, None)

    async def _turn(self, only: Collection[str] | None) -> bool:
        """One look at the queue, and the wait until the next; False when there is nothing left."""
        listed = await asyncio.to_thread(self.store.list)
        mine = [
            item
            for item in listed
            if (only is None or item.id in only) and (self._failures[item.id] < self.tries or item.id in self._runs)
        ]
        decision = schedule.decide(
            mine, self.settings, self.conditions(), mine=self._runs, not_before=self._not_before
        )
        if decision.waiting != self._waiting:
            self._waiting = decision.waiting
            self.on_wait(decision.waiting)
        for download_id in decision.run:
            if download_id not in self._runs:
                self._start(download_id)
        for download_id, run in self._runs.items():
            if download_id not in decision.run:
                run.stop.set()
        if not self._runs and not decision.waiting:
            return False
        await self._wait(decision.again_s)
        return True

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
        if not isinstance(error, ANY_ERROR):
            raise error
        self.errors[download_id] = error
        self._failures[download_id] = (
            self._failures[download_id] + 1 if isinstance(error, MatineeError) and is_passing(error) else self.tries
        )
        delay_s = schedule.retry_delay_s(self._failures[download_id])
        self._not_before[download_id] = self.conditions().now_s + delay_s
        self.on_error(download_id, error)
