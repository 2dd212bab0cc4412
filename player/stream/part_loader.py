"""Loads a segment that is still being made, part by part (RFC 8216bis 4.4.4.9, 6.3.8). Runs on the engine's loop.

Each part is asked for as soon as it is listed, the one after it as soon as it is announced (EXT-X-PRELOAD-HINT): the
server holds that answer back until the part is made. The parts of a segment follow each other in one buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from player.manifest.model import ByteRange, PartialSegment, PreloadHint, Rendition, Segment
from player.net.model import RequestKind
from player.reporting.events import MAIN
from player.stream.buffer import SegmentBuffer
from player.stream.sources import Growing, Sources
from player.transfer.loader import Loader, LoadOutcome, LoadProgress, LoadResult, LoadVerdict, Resource

_PATIENCE_S = 6.0  # for the answer to an announced part, beside the time that it takes to make it
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


@dataclass
class _PartSink:
    """The bytes of one part on their way into the segment's buffer."""

    buffer: SegmentBuffer
    received: int = 0

    def begin(self, total: int | None) -> None:
        """How long a part is does not say how long the segment will be."""

    def write(self, chunk: bytes) -> None:
        self.received += len(chunk)
        self.buffer.write(chunk)


class PartLoader:
    """For one segment."""

    def __init__(self, loader: Loader, sources: Sources, growing: Growing) -> None:
        self._loader = loader
        self._sources = sources
        self._growing = growing
        self._announced: set[tuple[str, int]] = set()  # what was asked for because it was announced
        self._reached: dict[str, int] = {}  # by address: the byte up to which it has been loaded

    async def load(
        self, order: PartOrder, buffer: SegmentBuffer, watch: Callable[[LoadProgress], LoadVerdict]
    ) -> LoadResult:
        """Load the parts of the segment as they are made, until it is whole. Behind parts that the source lacks
        (GAP=YES) it goes on with the next one that can be decoded by itself.

        As :meth:`player.transfer.loader.Loader.load`, network trouble is in the result.
        """
        taken, gap = 0, False
        last = LoadResult(LoadOutcome.DONE, "", 0, 0.0, 0)
        while True:
            progress = self._growing.progress(order.rendition, order.segment.number)
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
                    last = await self._part(order, part.url, part.byte_range, buffer, watch)
            elif progress.whole:
                return last
            elif progress.hint is not None and not gap and self._is_new(progress.hint):
                hinted = await self._part(
                    order, progress.hint.url, progress.hint.byte_range, buffer, watch, announced=True
                )
                if hinted.outcome is LoadOutcome.DONE and hinted.received:
                    last = hinted
                    taken += 1
                    continue
                await self._growing.changed(_QUIET_S)  # what was announced does not come: the list tells what does
            else:
                await self._growing.changed(_QUIET_S)
            if last.outcome is not LoadOutcome.DONE:
                return last

    async def _part(
        self,
        order: PartOrder,
        url: str,
        byte_range: ByteRange | None,
        buffer: SegmentBuffer,
        watch: Callable[[LoadProgress], LoadVerdict],
        *,
        announced: bool = False,
    ) -> LoadResult:
        sink = _PartSink(buffer)
        resource = Resource(
            RequestKind.PART,
            self._sources.urls(order.rendition, url, order.segment),
            byte_range=byte_range,
            track=order.track,
            may_come=not announced,
            first_byte_s=order.segment.duration_s + _PATIENCE_S if announced else None,
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
