"""Fetches the items of one plan, several at once, each counted only when it is on the disk and in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from downloads import ledger
from downloads.folder import DownloadFolder
from downloads.item_writer import ItemWriter
from downloads.journal import Body
from downloads.model import DownloadPlan, PlanItem
from player.net.model import RequestKind
from player.transfer.loader import Loader, LoadOutcome, Resource
from player.transfer.recovery import Trouble, trouble_of

LAST_MOMENT_S = 2.0
STORED_AT_ONCE = 4  # so many items more than the transfers wait for the disk, and are lost by a kill
BEHIND_PLAYBACK = -100
"""Added to a request's urgency: where a gate is shared, every request of a playback goes first."""
_ABSENT = frozenset({Trouble.NOT_FOUND, Trouble.GONE, Trouble.RANGE})
_GAPS = frozenset({RequestKind.SEGMENT, RequestKind.TEXT, RequestKind.IMAGE})
MISSING_SHARE = 0.01
"""So many of the segments may be missing on every server (at least one may): publishers lose a last one at times."""


@dataclass(slots=True)
class Fetching:
    """One run over a plan. ``stop`` ends it after the transfers under way; cancelling the task ends it at once.

    ``on_item`` hears of every item that is kept. Items that are wanted first come first: those behind the time that
    somebody watches, then the rest from the start.
    """

    folder: DownloadFolder
    plan: DownloadPlan
    loader: Loader
    parallel: int
    stop: asyncio.Event
    on_item: Callable[[PlanItem], None] = lambda _item: None
    bodies: dict[int, bytes] = field(default_factory=dict, repr=False)
    _open: list[PlanItem] = field(default_factory=list, repr=False)
    _taken: set[int] = field(default_factory=set)
    _absent: set[int] = field(default_factory=set)  # let go in this run, noted or not yet
    _journal: asyncio.Lock = field(default_factory=asyncio.Lock)
    _entries: list[tuple[str, Body]] = field(default_factory=list)
    _wanted_s: float = 0.0
    _storing: set[asyncio.Task[None]] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STORED_AT_ONCE))
    _failed: asyncio.Future[None] = field(init=False)

    async def run(self) -> None:
        """Fetch until everything is there, or ``stop``. Raises MatineeError with what ended it."""
        self._sort()
        self._failed = asyncio.get_running_loop().create_future()
        workers = [asyncio.create_task(self._work(), name=f"download {n}") for n in range(self.parallel)]
        stopping = asyncio.create_task(self._stopped())
        try:
            left: set[asyncio.Task[None]] = set(workers)
            while left and not stopping.done():
                done, _ = await asyncio.wait({*left, stopping, self._failed}, return_when=asyncio.FIRST_COMPLETED)
                if self._failed.done():
                    break
                for worker in left & done:
                    worker.result()
                left -= done
        finally:
            for task in (*workers, stopping):
                task.cancel()
            await asyncio.gather(*workers, stopping, return_exceptions=True)
            await asyncio.gather(*self._storing, return_exceptions=True)  # what is here is kept
            if self._failed.done():
                self._failed.exception()  # looked at, for another error may be the one that is raised
        if self._failed.done():
            self._failed.result()

    async def _stopped(self) -> None:
        """Returns when all must end: the transfers under way get a moment to finish."""
        await self.stop.wait()
        await asyncio.sleep(LAST_MOMENT_S)

    async def _work(self) -> None:
        while not self.stop.is_set():
            wanted_s = self.folder.wanted_s()
            if wanted_s != self._wanted_s:
                self._wanted_s = wanted_s
                self._sort()
            if not self._open:
                return
            item = self._open.pop()
            self._taken.add(item.index)
            await self._fetch(item)

    def _sort(self) -> None:
        """What is still to be fetched, the most urgent last."""
        known = self.folder.ledger
        self._open = [
            item
            for item in self.plan.items
            if item.index not in known.stored and item.index not in known.missing and item.index not in self._taken
        ]
        self._open.sort(key=self._urgency, reverse=True)

    def _urgency(self, item: PlanItem) -> tuple[bool, bool, float, int]:
        media = item.kind in _GAPS
        end_s = item.start_s + (item.duration_s or 0.0)
        return media, media and end_s <= self._wanted_s, item.start_s, item.index

    async def _fetch(self, item: PlanItem) -> None:
        """Get an item and hand it over to be stored; the next one is asked for meanwhile."""
        known = self.bodies.pop(item.index, None)
        writer = await self._load(item) if known is None else self._filled(item, known)
        await self._room.acquire()
        storing = asyncio.create_task(self._store(item, writer), name=f"store {item.index}")
        self._storing.add(storing)
        storing.add_done_callback(self._stored)

    async def _store(self, item: PlanItem, writer: ItemWriter | None) -> None:
        if writer is None:
            await self._note(ledger.lacking(item.index))
            return
        stored = await asyncio.to_thread(writer.finish)
        await self._note(ledger.kept(item.index, stored))
        self.on_item(item)

    def _stored(self, task: asyncio.Task[None]) -> None:
        self._storing.discard(task)
        self._room.release()
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    def _filled(self, item: PlanItem, data: bytes) -> ItemWriter:
        writer = self.folder.writer(item)
        writer.write(data)
        return writer

    async def _load(self, item: PlanItem) -> ItemWriter | None:
        """The item, on its way to the disk; None where no server has it and the title can be watched without it."""
        sink = self.folder.writer(item)
        resource = Resource(
            item.kind,
            dict(item.addresses),
            item.byte_range,
            duration_s=item.duration_s,
            expected_size=item.size,
            priority=BEHIND_PLAYBACK,
        )
        try:
            result = await self.loader.load(resource, sink)
        except BaseException:
            sink.discard()
            raise
        if result.outcome is LoadOutcome.DONE:
            return sink
        sink.discard()
        if result.error is None:
            raise RuntimeError("a load that did not succeed has an error")
        if item.kind in _GAPS and trouble_of(result.error.code) in _ABSENT and self._may_lack_another():
            self._absent.add(item.index)
            return None
        raise result.error

    def _may_lack_another(self) -> bool:
        segments = sum(item.kind in _GAPS for item in self.plan.items)
        return len(self.folder.ledger.missing | self._absent) < max(1, int(segments * MISSING_SHARE))

    async def _note(self, entry: tuple[str, Body]) -> None:
        """Write into the journal; entries that meet share one trip to the disk."""
        self._entries.append(entry)
        async with self._journal:
            entries, self._entries = self._entries, []
            if entries:
                await asyncio.shield(asyncio.to_thread(self.folder.note, *entries))
