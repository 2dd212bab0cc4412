"""All timed events of a presentation in one list: DASH EventStreams, HLS date ranges and cue tags, with the splice
information that they carry decoded."""

from __future__ import annotations

import math
from collections.abc import Iterable

from player.manifest.model import Presentation, TimedEvent
from player.manifest.scte35 import Splice, SpliceError, of_text

_SCTE = "urn:scte:scte35:"


def timed_events(presentation: Presentation) -> tuple[TimedEvent, ...]:
    """The events in the order of their times; those without a time (dates without a place) come last."""
    events = [event for period in presentation.periods for event in period.events]
    return in_order([*events, *presentation.date_ranges, *presentation.cues, *presentation.media_events])


def in_order(events: Iterable[TimedEvent]) -> tuple[TimedEvent, ...]:
    """Events by their times, those without one at the end."""
    return tuple(sorted(events, key=lambda event: math.inf if event.start_s is None else event.start_s))


def identity(event: TimedEvent) -> tuple[object, ...]:
    """What is the same of an event that comes again: in a refresh, in another rung, in the next segment."""
    start = None if event.start_s is None else round(event.start_s, 1)
    return event.scheme, event.value, event.id, start, event.payload, tuple(sorted(event.attributes.items()))


def splice_of(event: TimedEvent) -> Splice | str | None:
    """The splice information of an event, a sentence where it cannot be read, None where it has none."""
    try:
        if event.scheme.lower().startswith(_SCTE):
            if event.scheme.lower().endswith(":bin"):
                return of_text(event.payload)
            from player.manifest.scte35_xml import of_xml

            return of_xml(event.payload)
        for name in ("SCTE35-OUT", "SCTE35-IN", "SCTE35-CMD", "CUE-DATA"):
            if name in event.attributes:
                return of_text(event.attributes[name])
    except SpliceError as error:
        return f"The splice information cannot be read: {error}."
    return None
