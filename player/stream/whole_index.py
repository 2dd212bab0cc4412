"""Which quality's list says what a period of a recording holds: one that ends long before the title does not.

Every rung fills the same slots, so a list that lacks its last segments would end the title for all of them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from player.manifest.dash.unplayed import unplayed_s
from player.manifest.model import SegmentIndex
from player.stream.segment_line import SegmentLine
from player.stream.sources import Sources
from player.tracks.logical import LogicalTrack
from player.tracks.selection import rendition_of
from player.transfer.cut_playlists import ENDS_EARLY, UNPLAYED


async def whole_indexes(
    sources: Sources, track: LogicalTrack, rung: int, indexes: Sequence[SegmentIndex], sound: Sequence[SegmentLine]
) -> list[SegmentIndex]:
    """``indexes`` of a rung by period; where one ends over a segment before the chosen sound or the manifest's own
    word, the longest of the other rungs'. Those that cannot be loaded do not count."""
    found = list(indexes)
    for period, index in enumerate(indexes):
        due_s = max(sources.stated_until_s(period), _sound_end_s(sound, period))
        if len(index) and due_s - _end_s(index) > index[len(index) - 1].duration_s:
            found[period] = await _longest(sources, track, rung, period, index)
            if found[period] is not index:
                sources.on_cut(ENDS_EARLY)
    for index in found:
        seconds = unplayed_s(index, found)
        if seconds:
            sources.on_cut(UNPLAYED.format(seconds=seconds))
    return found


async def _longest(
    sources: Sources, track: LogicalTrack, rung: int, period: int, index: SegmentIndex
) -> SegmentIndex:
    others = [rendition_of(track, each, period) for each in range(len(track.first.renditions)) if each != rung]
    loaded = await asyncio.gather(*(sources.index(each) for each in others), return_exceptions=True)
    longest = max((each for each in loaded if isinstance(each, SegmentIndex)), key=_end_s, default=index)
    return longest if _end_s(longest) - _end_s(index) > index[len(index) - 1].duration_s / 2 else index


def _end_s(index: SegmentIndex) -> float:
    return index[len(index) - 1].end_s if len(index) else -math.inf


def _sound_end_s(sound: Sequence[SegmentLine], period: int) -> float:
    ends = (part.segment.end_s for line in sound for part in reversed(line.parts) if part.period == period)
    return next(ends, -math.inf)
