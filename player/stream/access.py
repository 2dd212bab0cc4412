"""Where the rung may change and where playback may begin, as the manifest says (ISO/IEC 23009-1 5.3.5, Switching and
RandomAccess). Pure."""

from __future__ import annotations

from collections.abc import Callable

from player.manifest.model import Rendition
from player.stream.timeline import Slot, Timeline

RenditionOf = Callable[[int], Rendition]
"""The rendition that is played of a period."""


def may_enter(rendition: Rendition, slot: Slot) -> bool:
    """Whether decoding may begin with this segment."""
    points = rendition.random_access
    return points is None or slot.first_of_group or points.at(slot.start_s)


def may_switch_to(rendition: Rendition, slot: Slot) -> bool:
    """Whether this segment may follow one of another rung. Where only random access is declared, that counts."""
    points = rendition.switching or rendition.random_access
    return points is None or slot.first_of_group or points.at(slot.start_s)


def entry(timeline: Timeline, number: int, rendition_of: RenditionOf) -> int:
    """The latest segment up to ``number`` with which decoding may begin; ``number`` where there is none."""
    for candidate in range(number, timeline.first - 1, -1):
        slot = timeline[candidate]
        if may_enter(rendition_of(slot.period), slot):
            return candidate
    return number
