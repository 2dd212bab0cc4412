"""Periods on the presentation timeline (ISO/IEC 23009-1 5.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from player.manifest.dash import descriptors
from player.manifest.dash.adaptation import read_adaptation
from player.manifest.dash.baseurl import Base, extend
from player.manifest.dash.context import MpdContext, PeriodContext
from player.manifest.dash.events import read_events
from player.manifest.dash.xml import Element, child, children, line_of, present, remote_link
from player.manifest.dates import parse_duration
from player.manifest.limits import MAX_DURATION_S, MAX_PERIODS, limit_error
from player.manifest.model import Period, Place, Track

TOLERANCE_S = 1e-3


class Span(NamedTuple):
    """Start and end of a period in seconds; no end while it is open."""

    element: Element
    start_s: float
    end_s: float | None
    path: str


def spans(context: MpdContext, root: Element, total_s: float | None) -> list[Span]:
    """Where each period lies. Early available periods, which have no place yet, are left out with a warning.

    Start: @start, else the end of the one before, else 0 for the first: early available periods stand behind all
    others (5.3.2.1). End: the next one's start, @duration, or the end of the presentation.
    """
    elements = present(root, "Period")
    if len(elements) > MAX_PERIODS:
        raise limit_error("the MPD has too many periods", MAX_PERIODS)
    starts: list[tuple[Element, float, float | None, str]] = []
    previous_end: float | None = 0.0
    for position, element in enumerate(elements, 1):
        path = f"/MPD/Period[{position}]"
        start = _seconds(context, element, "start", path)
        duration = _seconds(context, element, "duration", path)
        if start is None:
            start = previous_end
        if start is None:
            context.notes.warn(
                "dash.early_period",
                "A period has no start yet and is not presented.",
                line=line_of(element),
                path=path,
            )
            continue
        previous_end = None if duration is None else start + duration
        starts.append((element, start, previous_end, path))
    return _ended(context, starts, total_s)


def _ended(
    context: MpdContext, starts: Sequence[tuple[Element, float, float | None, str]], total_s: float | None
) -> list[Span]:
    result = []
    for position, (element, start, end, path) in enumerate(starts):
        following = starts[position + 1][1] if position + 1 < len(starts) else None
        if following is None:
            stop = end if end is not None else total_s
            if stop is not None and total_s is not None and not context.dynamic and stop > total_s + TOLERANCE_S:
                stop = max(total_s, start)
        else:
            stop = following
            _compare(context, element, end, following, path)
            if end is not None and end < following - TOLERANCE_S:
                stop = end
            if stop < start:
                stop = start
        result.append(Span(element, start, stop, path))
    return result


def _compare(context: MpdContext, element: Element, end: float | None, following: float, path: str) -> None:
    if end is None:
        return
    if end > following + TOLERANCE_S:
        context.notes.warn(
            "dash.period_overlap",
            f"A period is {end - following:.3f} s longer than the next one's start allows; it is cut.",
            line=line_of(element),
            path=path,
        )
    elif end < following - TOLERANCE_S:
        context.notes.warn(
            "dash.period_gap",
            f"There is a gap of {following - end:.3f} s after a period.",
            line=line_of(element),
            path=path,
        )


def _seconds(context: MpdContext, element: Element, name: str, path: str) -> float | None:
    text = element.get(name)
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None or seconds < 0:
        context.notes.warn("dash.bad_duration", f"Period@{name} is not a duration.", line=line_of(element), path=path)
        return None
    if seconds > MAX_DURATION_S * 10:
        raise limit_error(f"Period@{name} is too long", MAX_DURATION_S * 10, line=line_of(element), path=path)
    return seconds


def read_period(context: MpdContext, span: Span, position: int, bases: Sequence[Base]) -> Period:
    """One period with its tracks and events. ``position`` counts the presented periods from 0."""
    element, path = span.element, span.path
    period = PeriodContext(context, element, position, span.start_s, span.end_s, path)
    own = extend(bases, element, context.notes, path)
    _note_links(context, element, path)
    tracks: list[Track] = []
    for number, item in enumerate(present(element, "AdaptationSet"), 1):
        _note_links(context, item, f"{path}/AdaptationSet[{number}]")
        tracks += read_adaptation(period, item, own, number, f"{path}/AdaptationSet[{number}]")
    _check_period(context, element, tracks, path)
    if child(element, "EmptyAdaptationSet") is not None:
        context.notes.unused("EmptyAdaptationSet")
    asset = descriptors.named((element,), "AssetIdentifier")
    return Period(
        id=element.get("id") or str(position),
        start_s=span.start_s,
        duration_s=None if span.end_s is None else span.end_s - span.start_s,
        tracks=tuple(tracks),
        asset=asset[0].shown() if asset else None,
        continuity=_continuity(element),
        events=read_events(element, span.start_s, path),
        place=Place(line_of(element), path),
    )


def _check_period(context: MpdContext, element: Element, tracks: Sequence[Track], path: str) -> None:
    """5.3.2: a period has AdaptationSets, and each Representation in it an id of its own (5.3.5.2)."""
    if not tracks:
        context.notes.warn("dash.empty_period", "A period has nothing to present.", line=line_of(element), path=path)
    seen: set[str] = set()
    for track in tracks:
        for rendition in track.renditions:
            if rendition.id in seen:
                context.notes.warn(
                    "dash.duplicate_id",
                    f"Two Representations of a period have the id “{rendition.id[:80]}”.",
                    line=rendition.place.line,
                    path=rendition.place.path,
                )
            seen.add(rendition.id)


def _continuity(period: Element) -> str | None:
    for item in children(period, "AdaptationSet"):
        for found in descriptors.named((item,), "SupplementalProperty"):
            if found.scheme in descriptors.CONTINUITY:
                return f"{descriptors.CONTINUITY[found.scheme]}:{found.value}"
    return None


def _note_links(context: MpdContext, element: Element, path: str) -> None:
    """Remote elements (5.5) need a request; they are reported, not loaded."""
    if remote_link(element) is not None:
        context.notes.warn(
            "dash.xlink", "A remote element (xlink:href) is not loaded.", line=line_of(element), path=path
        )
