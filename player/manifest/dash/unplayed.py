"""What an MPD lists behind the end of a period, so that nobody plays it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from player.manifest.dash.indexes import TimelineIndex
from player.manifest.model import ByteRange, ListedIndex, Segment, SegmentIndex
from player.manifest.sequences import SequenceIndex

SLACK_S = 0.5  # the media of a title rarely all end at the same time


def behind(index: SegmentIndex) -> Sequence[Segment]:
    """The segments of a list that begin at the end of its period or later (ISO/IEC 23009-1 5.3.9.1)."""
    if isinstance(index, SequenceIndex):
        return ()
    if isinstance(index, TimelineIndex):
        rest = replace(index, first=index.stop, stop=index.timeline.count)
        end_s = index.frame.period_end_s
        return [] if end_s is None else [each for each in rest if each.start_s >= end_s - SLACK_S]
    return index.behind if isinstance(index, ListedIndex) else ()


def unplayed_s(index: SegmentIndex, others: Iterable[SegmentIndex]) -> float:
    """How many seconds of media ``index`` lists behind its period, if no other list presents them: 0 where one does,
    as where a period of advertisements stands between, and up to ``SLACK_S``. A clip that an MPD cuts out of a longer
    title on purpose looks the same."""
    hidden = behind(index)
    seconds = sum(each.duration_s for each in hidden)
    if seconds <= SLACK_S:
        return 0.0
    presented = {_file(each) for other in others for each in other}
    return sum(each.duration_s for each in hidden if _file(each) not in presented)


def _file(segment: Segment) -> tuple[str, ByteRange | None]:
    return segment.url, segment.byte_range
