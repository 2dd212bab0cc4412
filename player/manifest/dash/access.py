"""Where a Representation may be entered: Switching and RandomAccess (ISO/IEC 23009-1 5.3.5).

@interval is in units of the Representation's timescale. The standard measures it from S@t; in a live window that
moves, so it is measured from the period's start, and from the first segment where no segment would fit otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from player.manifest.dash.context import PeriodContext
from player.manifest.dash.inherit import InheritedAddressing
from player.manifest.dash.xml import Element, children, integer, line_of
from player.manifest.model import AccessPoints, IndexRef, SegmentIndex

_SWITCHING = ("media", "bitstream")
_RANDOM_ACCESS = ("closed", "open", "gradual")
_LOOKED_AT = 1000  # segments, when the first one that fits is looked for


def switching(
    period: PeriodContext,
    levels: Sequence[Element],
    addressing: InheritedAddressing | None,
    segments: SegmentIndex | IndexRef,
) -> AccessPoints | None:
    """Where it may be switched to. ``levels`` are the Representation and its AdaptationSet: the inner one counts."""
    return _points(period, levels, addressing, segments, "Switching", _SWITCHING)


def random_access(
    period: PeriodContext,
    levels: Sequence[Element],
    addressing: InheritedAddressing | None,
    segments: SegmentIndex | IndexRef,
) -> AccessPoints | None:
    """Where playback may begin. A type that is not known makes the element void."""
    return _points(period, levels, addressing, segments, "RandomAccess", _RANDOM_ACCESS)


def _points(
    period: PeriodContext,
    levels: Sequence[Element],
    addressing: InheritedAddressing | None,
    segments: SegmentIndex | IndexRef,
    name: str,
    types: tuple[str, ...],
) -> AccessPoints | None:
    """The densest points of the elements called ``name``: each of them gives opportunities of its own."""
    scale = 1 if addressing is None else addressing.timescale
    found: list[tuple[float, str]] = []
    for level in levels:
        for item in children(level, name):
            ticks, type_ = integer(item.get("interval")), item.get("type") or types[0]
            if ticks is None or ticks <= 0:
                sentence = f"A {name} element has no positive @interval; it is ignored."
                period.mpd.notes.warn("dash.access_interval", sentence, line=line_of(item), path=period.path)
            elif type_ in types:
                found.append((ticks / scale, type_))
        if found:
            break
    if not found:
        return None
    interval_s, type_ = min(found)
    points = AccessPoints(interval_s, period.start_s, type_)
    if isinstance(segments, IndexRef) or not len(segments) or _any(points, segments):
        return points
    return AccessPoints(interval_s, segments[0].start_s, type_)


def _any(points: AccessPoints, segments: SegmentIndex) -> bool:
    return any(points.at(segment.start_s) for segment in islice(segments, _LOOKED_AT))
