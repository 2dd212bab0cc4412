"""Periods on the presentation timeline (ISO/IEC 23009-1 5.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from player.manifest.dash import descriptors
from player.manifest.dash.adaptation import read_adaptation
from player.manifest.dash.baseurl import BaseUrl, extend
from player.manifest.dash.context import MpdContext, PeriodContext
from player.manifest.dash.events import read_events
from player.manifest.dash.imports import imported
from player.manifest.dash.preselections import with_preselections
from player.manifest.dash.xml import Element, child, children, line_of, present, remote_link
from player.manifest.dates import parse_duration
from player.manifest.limits import MAX_PERIODS, MAX_RENDITIONS, MAX_TIMELINE_S, limit_error
from player.manifest.model import Period, Rendition, SourcePosition, Track, TrackType

TOLERANCE_S = 1e-3
_FLAT_PACKINGS = frozenset({"6"})  # a flag of ISO/IEC 14496-10 D.2.26: both views are one


class PeriodSpan(NamedTuple):
    """Start and end of a period in seconds; no end while it is open."""

    element: Element
    start_s: float
    end_s: float | None
    path: str


def spans(context: MpdContext, root: Element, total_s: float | None) -> tuple[list[PeriodSpan], float | None]:
    """Where each period lies, and how long the presentation is as far as that is known.

    Early available periods, which have no place yet, are left out with a warning. Start: @start, else the end of the
    one before, else 0 for the first: early available periods stand behind all others (5.3.2.1). End: the next one's
    start, @duration, or the end of the presentation.
    """
    elements = present(root, "Period")
    if len(elements) > MAX_PERIODS:
        raise limit_error("the MPD has too many periods", MAX_PERIODS)
    starts: list[Started] = []
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
    starts, total_s = _repaired(context, starts, total_s)
    return _ended(context, starts, total_s), total_s


Started = tuple[Element, float, float | None, str]
"""A period's element, its start, its end as far as @duration says, and its path."""


def _repaired(
    context: MpdContext, starts: list[Started], total_s: float | None
) -> tuple[list[Started], float | None]:
    """Mend a static presentation with a period that begins at its end or later, of which nothing would be left.

    Where that is the first one, the media's own time was written into @start: all are moved so that it begins at 0.
    Where it is a later one, @mediaPresentationDuration is what is wrong: the last period's own end counts.
    """
    if context.dynamic or total_s is None or not starts:
        return starts, total_s
    first_s = starts[0][1]
    if first_s > 0 and first_s >= total_s:
        sentence = f"The first period starts at {first_s:g} s, all lasts {total_s:g} s; it is taken to start at 0."
        context.notes.warn("dash.period_start", sentence, line=line_of(starts[0][0]), path=starts[0][3])
        starts = [
            (item, start - first_s, None if end is None else end - first_s, path) for item, start, end, path in starts
        ]
    late = next((item for item in starts[1:] if item[1] >= total_s), None)
    if late is None:
        return starts, total_s
    sentence = f"A period starts at {late[1]:g} s, after @mediaPresentationDuration ({total_s:g} s); that is ignored."
    context.notes.warn("dash.short_duration", sentence, line=line_of(late[0]), path=late[3])
    return starts, None


def _ended(context: MpdContext, starts: Sequence[Started], total_s: float | None) -> list[PeriodSpan]:
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
        result.append(PeriodSpan(element, start, stop, path))
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
    if seconds > MAX_TIMELINE_S:
        raise limit_error(f"Period@{name} is too long", MAX_TIMELINE_S, line=line_of(element), path=path)
    return seconds


def read_period(context: MpdContext, span: PeriodSpan, position: int, bases: Sequence[BaseUrl]) -> Period:
    """One period with its tracks and events. ``position`` counts the presented periods from 0."""
    element, path = span.element, span.path
    queries = context.queries.extend(element)
    period = PeriodContext(context, element, position, span.start_s, span.end_s, path, queries)
    own = extend(bases, element, context.notes, path)
    _note_links(context, element, path)
    tracks: list[Track] = []
    for number, item in enumerate(present(element, "AdaptationSet"), 1):
        _note_links(context, item, f"{path}/AdaptationSet[{number}]")
        tracks += read_adaptation(period, item, own, number, f"{path}/AdaptationSet[{number}]")
    tracks = _without_packed(context, with_preselections(element, tracks, context.notes, path))
    _check_period(context, element, tracks, path)
    subsets = _subsets(context, element, tracks, path)
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
        events=read_events(element, span.start_s, path, context.notes),
        subsets=subsets,
        place=SourcePosition(line_of(element), path),
    )


def _subsets(context: MpdContext, element: Element, tracks: Sequence[Track], path: str) -> tuple[frozenset[str], ...]:
    """The Subsets of a period (5.3.8): at any time all active AdaptationSets are in one of them. AdaptationSets that
    no Subset names are in all of them."""
    found = [frozenset((item.get("contains") or "").split()) for item in children(element, "Subset")[:MAX_RENDITIONS]]
    known = {track.attributes.get("id") for track in tracks} - {None}
    if any(not names & known for names in found):
        sentence = "A Subset contains no AdaptationSet of its period; it is ignored."
        context.notes.warn("dash.empty_subset", sentence, line=line_of(element), path=path)
    return tuple(names for names in found if names & known)


def _without_packed(context: MpdContext, tracks: list[Track]) -> list[Track]:
    """Video of two views in one frame (FramePacking, 5.8.4.6) or of a sphere (OMAF, ISO/IEC 23090-2 8.2.1) is passed
    over where there is video without. Where that is all there is, it is shown as it is."""
    video = [item for track in tracks if track.type is TrackType.VIDEO for item in track.renditions]
    odd = sum(_layout(item) is not None for item in video)
    if not odd:
        return tracks
    if odd == len(video):
        context.notes.warn("dash.frame_packing", "All video is packed for other screens; it is shown as it is.")
        return tracks
    context.notes.warn("dash.frame_packing", f"{odd} renditions of video for other screens are passed over.")
    return [
        replace(
            track,
            renditions=tuple(
                replace(item, unusable=item.unusable or _layout(item)) if track.type is TrackType.VIDEO else item
                for item in track.renditions
            ),
        )
        for track in tracks
    ]


def _layout(rendition: Rendition) -> str | None:
    """What makes the picture none for a flat screen; None for an ordinary one."""
    packing = rendition.attributes.get("framepacking")
    if packing and packing.rpartition("=")[2] not in _FLAT_PACKINGS:
        return f"FramePacking {packing}"
    projection = rendition.attributes.get("projection")
    return None if projection is None else f"projection {projection}"


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
            if found.known in descriptors.CONTINUITY:
                return f"{descriptors.CONTINUITY[found.known]}:{found.value}"
    return None


def _note_links(context: MpdContext, element: Element, path: str) -> None:
    """Remote elements (5.5) and imported MPDs (5.3.2.6) need a request; here they have not been loaded yet."""
    if imported(element) is not None:
        context.notes.warn("dash.imported_mpd", "An ImportedMPD is not loaded.", line=line_of(element), path=path)
    if remote_link(element) is not None:
        context.notes.warn(
            "dash.xlink", "A remote element (xlink:href) is not loaded.", line=line_of(element), path=path
        )
