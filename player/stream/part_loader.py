"""Loads a segment that is still being made, part by part (RFC 8216bis 4.4.4.9, 6.3.8). Runs on the engine's loop.

Each part is asked for as soon as it is listed, the one after it as soon as it is announced (EXT-X-PRELOAD-HINT): the
server holds that answer back until the part is made. The parts of a segment follow each other in one buffer.

Some servers announce the first part of the next segment before they list the end of this one (against RFC 8216bis
4.4.5.3). The list decides to which of the two an announced part belongs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from player.manifest.model import ByteRange, PartialSegment, PreloadHint, Rendition, Segment
from player.net.model import RequestKind
from player.reporting.events import MAIN
from player.stream.buffer import SegmentBuffer
from player.stream.sources import Growing, PartsProgress, Sources
from player.transfer.loader import Loader, LoadOutcome, LoadProgress, LoadResult, LoadVerdict, Resource

_PATIENCE_S = 6.0  # for the answer to an announced part, beside the time that it takes to make it
_NEWS = 2  # lists, until that of another rung is to have come
_BESIDE_S = 0.02  # so far beside another rung's a part may begin, by rounded durations
_QUIET_S = 2.0  # a source that lists nothing new is looked at so often


class PartOrder(Protocol):
    """The members of an order that matter here; see :class:`player.stream.fetching.Order`."""

    @property
    def track(self) -> str: ...

    @property
    def rendition(self) -> Rendition: ...

    @property
    def segment(self) -> Segment: ...

    @property
    def avoid(self) -> frozenset[str]: ...


class RungChange(Protocol):
    """A change to another rung that is to be made at the first part of it that can be decoded by itself."""

    @property
    def order(self) -> PartOrder:
        """The segment of that rung."""
        ...

    def make(self) -> bool:
        """What is loaded from now on is that rung's. False where it cannot be begun with yet."""
        ...


@dataclass
class _PartSink:
    """The bytes of one part on their way into the segment's buffer. ``holding``: they wait for :meth:`accept`, since
    they may be the next segment's."""

    buffer: SegmentBuffer
    holding: bool = False
    received: int = 0
    _held: list[bytes] = field(default_factory=list)

    def begin(self, total: int | None) -> None:
        """How long a part is does not say how long the segment will be."""

    def write(self, chunk: bytes) -> None:
        self.received += len(chunk)
        if self.holding:
            self._held.append(chunk)
        else:
            self.buffer.write(chunk)

    def accept(self) -> None:
        """The part is this segment's."""
        self.holding = False
        for chunk in self._held:
            self.buffer.write(chunk)
        self._held.clear()


class PartLoader:
    """For one segment."""

    def __init__(self, loader: Loader, sources: Sources, growing: Growing) -> None:
        self._loader = loader
        self._sources = sources
        self._growing = growing
        self._announced: set[tuple[str, int]] = set()  # what was asked for because it was announced
        self._reached: dict[str, int] = {}  # by address: the byte up to which it has been loaded

    async def load(
        self,
        order: PartOrder,
        buffer: SegmentBuffer,
        watch: Callable[[LoadProgress], LoadVerdict],
        change: RungChange | None = None,
    ) -> LoadResult:
        """Load the parts of the segment as they are made, until it is whole. Behind parts that the source lacks
        (GAP=YES) it goes on with the next one that can be decoded by itself.

        Until the ``change`` is made nothing is asked for that is only announced: whether a part is independent, and
        which rung's is to be loaded, is known when it is listed.

        As :meth:`player.transfer.loader.Loader.load`, network trouble is in the result.
        """
        taken, gap = 0, False
        last = LoadResult(LoadOutcome.DONE, "", 0, 0.0, 0)
        while True:
            progress = self._growing.progress(order.rendition, order.segment.number)
            if change is not None and not gap and taken < len(progress.parts):
                place = await self._place_beside(change.order, progress.parts, taken)
                if place is not None and change.make():
                    order, taken, change = change.order, place, None
                    continue
            if taken < len(progress.parts):
                part = progress.parts[taken]
                taken += 1
                if part.gap:
                    gap = True
                    continue
                if gap and not _decodes_alone(part, progress.parts, order.track):
                    continue
                gap = False
                if not self._has(part.url, part.byte_range):
                    last = await self._part(order, part.url, part.byte_range, _PartSink(buffer), watch)
            elif progress.whole:
                return last
            elif progress.hint is not None and not gap and change is None and self._is_new(progress.hint):
                hinted = await self._announced_part(order, progress, progress.hint, buffer, watch)
                if hinted is not None:
                    last = hinted
                    taken += 1
            else:
                await self._growing.changed(_QUIET_S)
            if last.outcome is not LoadOutcome.DONE:
                return last

    async def _place_beside(self, other: PartOrder, ours: Sequence[PartialSegment], place: int) -> int | None:
        """The place of the part of another rung that begins where ours at ``place`` does; None where there is none,
        or it cannot be decoded by itself. A list that was as new as ours is waited for a little."""
        theirs = self._growing.progress(other.rendition, other.segment.number)
        for _ in range(_NEWS):
            if theirs.whole or len(theirs.parts) != place:
                break
            await self._growing.changed(ours[place].duration_s / 2)
            theirs = self._growing.progress(other.rendition, other.segment.number)
        at_s, start_s = sum(part.duration_s for part in ours[:place]), 0.0
        for number, part in enumerate(theirs.parts):
            if abs(start_s - at_s) <= _BESIDE_S:
                return number if part.independent and not part.gap else None
            start_s += part.duration_s
        return None

    async def _announced_part(
        self,
        order: PartOrder,
        progress: PartsProgress,
        hint: PreloadHint,
        buffer: SegmentBuffer,
        watch: Callable[[LoadProgress], LoadVerdict],
    ) -> LoadResult | None:
        """Load what ``progress`` announces. None: it brought nothing, or the list says that it is the next
        segment's."""
        taken, sink = len(progress.parts), _PartSink(buffer, holding=_may_be_of_the_next(progress, hint))
        before = self._reached.get(hint.url)
        loading = asyncio.ensure_future(
            self._part(order, hint.url, hint.byte_range, sink, watch, first_byte_s=_held_back_s(order))
        )
        try:
            while not loading.done() or (sink.holding and sink.received):
                await self._news(loading)
                now = self._growing.progress(order.rendition, order.segment.number)
                if taken < len(now.parts) and _is_announced(now.parts[taken], hint):
                    sink.accept()
                elif (now.whole or taken < len(now.parts)) and (sink.holding or not sink.received):
                    self._forget(hint.url, before)
                    return None
            result = loading.result()
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        if result.outcome is LoadOutcome.DONE and sink.received:
            return result
        await self._growing.changed(_QUIET_S)  # what was announced does not come: the list tells what does
        return None

    async def _news(self, loading: asyncio.Future[LoadResult]) -> None:
        """Wait until the load has ended or something new is listed; where it has ended, for the list alone."""
        listed = asyncio.ensure_future(self._growing.changed(_QUIET_S))
        waited: list[asyncio.Future[Any]] = [listed] if loading.done() else [listed, loading]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listed.cancel()

    def _forget(self, url: str, before: int | None) -> None:
        """What was loaded of this address since it had been loaded up to ``before`` was thrown away."""
        self._reached.pop(url, None)
        if before is not None:
            self._reached[url] = before

    async def _part(
        self,
        order: PartOrder,
        url: str,
        byte_range: ByteRange | None,
        sink: _PartSink,
        watch: Callable[[LoadProgress], LoadVerdict],
        *,
        first_byte_s: float | None = None,
    ) -> LoadResult:
        """``first_byte_s``: it is announced, and the server may hold its answer back for so long."""
        resource = Resource(
            RequestKind.PART,
            self._sources.urls(order.rendition, url, order.segment),
            byte_range=byte_range,
            track=order.track,
            may_come=first_byte_s is None,
            first_byte_s=first_byte_s,
            paced=True,
        )
        result = await self._loader.load(resource, sink, watch, avoid=order.avoid)
        start = 0 if byte_range is None else byte_range.start
        if result.outcome is LoadOutcome.DONE or sink.received:
            self._reached[url] = start + sink.received
        return result

    def _is_new(self, hint: PreloadHint) -> bool:
        """Whether an announced part is to be asked for: once, whatever came of it, and not what came already."""
        start = 0 if hint.byte_range is None else hint.byte_range.start
        known = (hint.url, start) in self._announced or self._has(hint.url, hint.byte_range)
        self._announced.add((hint.url, start))
        return not known

    def _has(self, url: str, byte_range: ByteRange | None) -> bool:
        """Whether these bytes came already: an announced range without an end may bring several parts."""
        reached = self._reached.get(url)
        return reached is not None and (byte_range is None or byte_range.start < reached)


def _decodes_alone(part: PartialSegment, parts: Sequence[PartialSegment], track: str) -> bool:
    """Whether a part can follow a gap. Audio always can; video where the source marks such parts."""
    return part.independent or (track != MAIN and not any(each.independent for each in parts))


def _held_back_s(order: PartOrder) -> float:
    return order.segment.duration_s + _PATIENCE_S


def _may_be_of_the_next(progress: PartsProgress, hint: PreloadHint) -> bool:
    """Whether an announced part may begin the next segment: all that this one is to have is listed, or its bytes are
    in another file than the ranges before it."""
    last = progress.parts[-1] if progress.parts else None
    elsewhere = last is not None and last.byte_range is not None and last.url != hint.url
    return progress.full or elsewhere


def _is_announced(part: PartialSegment, hint: PreloadHint) -> bool:
    """Whether a listed part is the one that was announced."""
    starts = (0 if each.byte_range is None else each.byte_range.start for each in (part, hint))
    return part.url == hint.url and len(set(starts)) == 1
