"""Gives the small picture of a time: fetched and decoded once, kept within bounds. Runs on the engine's loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from player.base.errors import ANY_ERROR
from player.manifest.model import Presentation, Rendition, Segment, SegmentIndex
from player.media.demux import Demuxer
from player.net.model import RequestKind
from player.thumbnails.layout import TileSource, TileSpot, source_at, sources_of, spot_at
from player.thumbnails.pictures import Picture, cut, read_keyframe, read_sheet

_log = logging.getLogger(__name__)

KEPT_BYTES = 24 << 20  # of pictures that were given out, and of decoded sheets: what stands beside is asked for next
_TRIES = 2  # for a segment; then its pictures are left out


class PictureSources(Protocol):
    """What is needed of :class:`player.stream.sources.Sources`."""

    async def index(self, rendition: Rendition) -> SegmentIndex: ...

    def as_loaded(self, rendition: Rendition) -> Rendition: ...

    async def segment_bytes(self, rendition: Rendition, segment: Segment, kind: RequestKind) -> bytes: ...

    async def demuxer(self, rendition: Rendition, segment: Segment) -> Demuxer: ...


_Where = tuple[str, float, int]  # rendition, start of the period, segment


class Thumbnails:
    """The small pictures of one title."""

    def __init__(self, presentation: Presentation, sources: PictureSources) -> None:
        self._found = sources_of(presentation)
        self._sources = sources
        self._kept: OrderedDict[tuple[_Where, int, int], Picture] = OrderedDict()
        self._sheets: OrderedDict[_Where, NDArray[np.uint8]] = OrderedDict()
        self._failed: Counter[_Where] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self._wish = 0

    @property
    def available(self) -> bool:
        """Whether the title has small pictures at all."""
        return bool(self._found)

    async def at(self, time_s: float) -> Picture | None:
        """The picture that shows a time; None where there is none, and where another one was asked for meanwhile.

        Never raises for what a network or a source does: scrubbing goes on without a picture.
        """
        source = source_at(self._found, time_s)
        if source is None:
            return None
        self._wish += 1
        wish = self._wish
        async with self._one_at_a_time:
            if wish != self._wish:
                return None
            try:
                return await self._picture(source, time_s)
            except ANY_ERROR as error:
                _log.info("no small picture at %.1f s: %s", time_s, error.code)
                return None

    async def _picture(self, source: TileSource, time_s: float) -> Picture | None:
        index = await self._sources.index(source.rendition)
        rendition = self._sources.as_loaded(source.rendition)
        spot = spot_at(rendition, index, time_s)
        if spot is None:
            return None
        where = (rendition.id, source.start_s, spot.segment.number)
        key = (where, spot.column, spot.row)
        if key in self._kept:
            self._kept.move_to_end(key)
        elif self._failed[where] >= _TRIES:
            return None
        else:
            try:
                self._keep(key, await self._read(source, spot, where))
            except ANY_ERROR:
                self._failed[where] += 1
                raise
        return self._kept.get(key)

    async def _read(self, source: TileSource, spot: TileSpot, where: _Where) -> Picture:
        if source.keyframes:
            data = await self._sources.segment_bytes(source.rendition, spot.segment, RequestKind.IMAGE)
            demuxer = await self._sources.demuxer(source.rendition, spot.segment)
            return await asyncio.to_thread(read_keyframe, demuxer, data, spot)
        sheet = self._sheets.get(where)
        if sheet is None:
            data = await self._sources.segment_bytes(source.rendition, spot.segment, RequestKind.IMAGE)
            sheet = self._sheets[where] = await asyncio.to_thread(read_sheet, data)
        self._sheets.move_to_end(where)
        while len(self._sheets) > 1 and sum(kept.nbytes for kept in self._sheets.values()) > KEPT_BYTES:
            self._sheets.popitem(last=False)
        return cut(sheet, spot)

    def _keep(self, key: tuple[_Where, int, int], picture: Picture) -> None:
        self._kept[key] = picture
        while len(self._kept) > 1 and sum(len(kept.rgb) for kept in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)
