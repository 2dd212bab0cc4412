"""Fetches one segment into the store, with abandonment and a second chance at another rung. Runs on the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import MatineeError, NetError
from player.manifest.model import Rendition, Segment
from player.media.demux import Demuxer
from player.media.model import Codec, StreamKind
from player.net.model import RequestKind
from player.stream.buffer import SegmentBuffer, Superseded
from player.stream.part_loader import PartLoader
from player.stream.sources import Sources
from player.stream.store import Onward, SegmentStore, StoredSegment
from player.stream.waiting import Waiting
from player.transfer.loader import Loader, LoadOutcome, LoadProgress, LoadResult, LoadVerdict, Resource
from player.transfer.recovery import Step, Trouble, trouble_of

_MOST_AVOIDED = 3  # CDNs that gave a segment damaged


@dataclass(frozen=True, slots=True)
class Order:
    """One segment to fetch."""

    track: str
    position: int
    rung: int
    rendition: Rendition = field(repr=False)  # addresses may be signed
    segment: Segment = field(repr=False)
    rungs_left: int = 0  # others that could be taken instead
    avoid: frozenset[str] = frozenset()  # pathways that gave it damaged
    may_come: bool = False  # it is so new that a CDN may not have it yet
    unfinished: bool = False  # it is still being made
    onward: Order | None = field(default=None, repr=False)  # a rung to go over to in the middle, at a part for it
    replaces: StoredSegment | None = field(default=None, repr=False)  # the stored copy in whose place this one comes


class DoneFetch(NamedTuple):
    """A segment that is whole, and how it was loaded."""

    entry: StoredSegment
    result: LoadResult


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """How a fetch ended: ``done`` when it is there, ``error`` when it is not available (``step`` is what the loader
    would do then), else it was abandoned. ``entry`` is None where it was not even begun."""

    entry: StoredSegment | None = None
    done: DoneFetch | None = None
    error: MatineeError | DrmError | None = None
    step: Step | None = None


Arrived = Callable[[int], None]
"""Is told of each number of bytes that has arrived."""

Watch = Callable[[StoredSegment, LoadProgress], LoadVerdict]


class SegmentFetcher:
    """Carries out orders."""

    def __init__(self, loader: Loader, sources: Sources, store: SegmentStore, waiting: Waiting) -> None:
        self._loader = loader
        self._sources = sources
        self._store = store
        self._waiting = waiting

    async def fetch(self, order: Order, watch: Watch, arrived: Arrived | None = None) -> FetchOutcome:
        """Fetch a segment; its entry is in the store from the start, so that a released one is read as it arrives.

        One that replaces another is put there when it is whole, and counts as abandoned where the other has been
        read.
        An abandoned or cancelled fetch takes its entry out again. A failed one also does, and the caller decides.
        What cannot be decrypted as a whole may be damaged: it is fetched again, from each other CDN.
        """
        again = False
        while True:
            outcome = await self._fetch_once(order, watch, arrived)
            if await self._comes_yet(order, outcome):
                continue
            if _replaced(outcome.error) and not again:
                again = True  # the first half is of no use without its second one
                continue
            source = "" if outcome.entry is None else outcome.entry.pathway
            if not _spoiled(outcome.error) or source in order.avoid or len(order.avoid) >= _MOST_AVOIDED:
                return outcome
            order = replace(order, avoid=order.avoid | {source})

    async def _comes_yet(self, order: Order, outcome: FetchOutcome) -> bool:
        """Whether the segment is not there because its encoder is late; tells of it when it has come."""
        growing = self._sources.growing
        if growing is None:
            return False
        if outcome.done is not None:
            growing.came(order.rendition, order.segment, outcome.done.result)
        missing = outcome.error is not None and trouble_of(outcome.error.code) is Trouble.NOT_FOUND
        return missing and await growing.comes_yet(order.rendition, order.segment)

    async def _fetch_once(self, order: Order, watch: Watch, arrived: Arrived | None) -> FetchOutcome:
        entry = StoredSegment(
            track=order.track,
            position=order.position,
            rung=order.rung,
            rendition=order.rendition,
            segment=order.segment,
            buffer=SegmentBuffer(self._waiting, arrived=arrived),
            unfinished=order.unfinished,
            may_go_over=order.onward is not None,
        )
        ready = asyncio.get_running_loop().create_task(self._make_ready(entry))
        try:
            transform = await self._sources.transform(order.segment.keys, order.segment.number, order.rendition)
            if transform is not None:
                order = replace(order, onward=None)  # two rungs have two keys
                entry.buffer = SegmentBuffer(self._waiting, transform, arrived)
            if order.replaces is None:
                self._store.put(entry)
                self._waiting.wake()
            result = await self._load(order, entry, self._bound(watch, entry))
            if result.outcome is not LoadOutcome.DONE:
                self._take_out(entry)
                return FetchOutcome(entry, error=result.error, step=result.step)
            entry.pathway = result.pathway
            await ready
            entry.buffer.complete()
            if order.replaces is not None and not self._store.swap(order.replaces, entry):
                return FetchOutcome(entry)
            self._waiting.wake()
        except asyncio.CancelledError:
            self._take_out(entry)
            raise
        except (MatineeError, DrmError) as error:
            self._take_out(entry)
            return FetchOutcome(entry, error=error)
        else:
            return FetchOutcome(entry, DoneFetch(entry, result))
        finally:
            if not ready.done():
                ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _load(
        self, order: Order, entry: StoredSegment, watch: Callable[[LoadProgress], LoadVerdict]
    ) -> LoadResult:
        growing = self._sources.growing
        if order.unfinished and not order.segment.url and growing is not None:
            loader = PartLoader(self._loader, self._sources, growing)
            if order.onward is None:
                return await loader.load(order, entry.buffer, watch)
            async with _GoingOver(order.onward, entry, self._sources) as change:
                return await loader.load(order, entry.buffer, watch, change)
        return await self._loader.load(
            self._resource(order), entry.buffer, watch, rungs_left=order.rungs_left, avoid=order.avoid
        )

    def leave_failed(self, order: Order, error: MatineeError | DrmError) -> None:
        """Nothing will come for this position: readers get ``error`` when they reach it."""
        entry = StoredSegment(
            order.track, order.position, order.rung, order.rendition, order.segment, SegmentBuffer(self._waiting)
        )
        entry.failure = error
        entry.buffer.fail(error)
        entry.buffer.complete()
        self._store.put(entry)
        self._waiting.wake()

    def leave_gap(self, order: Order) -> None:
        """Playback goes on without this segment."""
        entry = StoredSegment(
            order.track, order.position, order.rung, order.rendition, order.segment, SegmentBuffer(self._waiting)
        )
        entry.gap = True
        entry.buffer.complete()
        self._store.put(entry)
        self._waiting.wake()

    async def _make_ready(self, entry: StoredSegment) -> None:
        entry.demuxer = await self._sources.demuxer(entry.rendition, entry.segment)
        self._waiting.wake()

    def _take_out(self, entry: StoredSegment) -> None:
        self._store.discard(entry)
        entry.buffer.fail(Superseded())

    def _resource(self, order: Order) -> Resource:
        segment = order.segment
        return Resource(
            RequestKind.SEGMENT,
            self._sources.urls(order.rendition, segment.url, segment),
            byte_range=segment.byte_range,
            track=order.track,
            duration_s=None if order.unfinished else segment.duration_s,
            paced=order.unfinished,
            expected_size=segment.size_bytes,
            may_come=order.may_come,
            coming=self._sources.coming(order.rendition, segment),
        )

    def _bound(self, watch: Watch, entry: StoredSegment) -> Callable[[LoadProgress], LoadVerdict]:
        def seen(progress: LoadProgress) -> LoadVerdict:
            if entry.pathway != progress.pathway:
                entry.pathway = progress.pathway
                self._waiting.wake()
            return watch(entry, progress)

        return seen


class _GoingOver:
    """A change of rung in the middle of a segment that is being made (:class:`player.stream.part_loader.RungChange`).
    What the other rung needs before its first part is loaded meanwhile; without it there is no change."""

    def __init__(self, order: Order, entry: StoredSegment, sources: Sources) -> None:
        self.order = order
        self._entry = entry
        self._sources = sources

    async def __aenter__(self) -> Self:
        self._opening = asyncio.ensure_future(self._open())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._opening.cancel()
        await asyncio.gather(self._opening, return_exceptions=True)

    async def _open(self) -> Demuxer | None:
        keys, number, rendition = self.order.segment.keys, self.order.segment.number, self.order.rendition
        if await self._sources.transform(keys, number, rendition) is not None:
            return None
        return await self._sources.demuxer(rendition, self.order.segment)

    def make(self) -> bool:
        done = self._opening.done() and not self._opening.cancelled() and self._opening.exception() is None
        demuxer, before = self._opening.result() if done else None, self._entry.demuxer
        if demuxer is None or before is None or _codecs(demuxer) != _codecs(before):
            return False
        self._entry.onward = Onward(self.order.rung, demuxer)
        self._entry.buffer.go_over()
        return True


def _codecs(demuxer: Demuxer) -> dict[StreamKind, Codec]:
    return {kind: config.codec for kind, config in demuxer.configs.items()}


def _replaced(error: MatineeError | DrmError | None) -> bool:
    """Whether the file became another one while it was being loaded."""
    return isinstance(error, NetError) and "replaced" in error.fields


def _spoiled(error: MatineeError | DrmError | None) -> bool:
    return isinstance(error, DrmError) and error.code is DrmErrorCode.DECRYPT_FAILED
