"""What a manifest says of tracks together: Subsets, Initialization Sets and operating ranges of DASH. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from player.manifest.model import OperatingRange, Period, Presentation, Rendition, Track, TrackType

NOT_BESIDE = "Subset"
"""How a rendition is marked that may not be played beside the chosen video."""


def within_subsets(presentation: Presentation, rank: Callable[[Period], tuple[int, ...]]) -> Presentation:
    """``presentation`` with what lies outside the chosen Subset of its period marked as unusable (ISO/IEC 23009-1
    5.3.8). ``rank`` says how good a period is with the tracks of one Subset alone, the lowest is taken."""
    if not any(period.subsets for period in presentation.periods):
        return presentation
    return replace(presentation, periods=tuple(_restricted(period, rank) for period in presentation.periods))


def _restricted(period: Period, rank: Callable[[Period], tuple[int, ...]]) -> Period:
    if not period.subsets:
        return period
    named = frozenset().union(*period.subsets)
    choices = [_only(period, names, named) for names in period.subsets]
    return min(choices, key=rank)


def _only(period: Period, names: frozenset[str], named: frozenset[str]) -> Period:
    """The period as it is while the AdaptationSets ``names`` may be active; those that no Subset names always may."""
    tracks = []
    for track in period.tracks:
        own = track.attributes.get("id")
        if own in names or own not in named:
            tracks.append(track)
        else:
            marked = (replace(item, unusable=item.unusable or NOT_BESIDE) for item in track.renditions)
            tracks.append(replace(track, renditions=tuple(marked)))
    return replace(period, tracks=tuple(tracks))


def initialization_sets(track: Track) -> frozenset[str]:
    """The Initialization Sets that a track conforms to (ISO/IEC 23009-1 5.3.12)."""
    return frozenset(track.attributes.get("initializationSetRef", "").split())


def in_all_periods(presentation: Presentation) -> frozenset[str]:
    """The Initialization Sets with which all periods can be played; none of a single period."""
    if len(presentation.periods) < 2:
        return frozenset()
    return frozenset(item.id for item in presentation.initialization_sets if item.in_all_periods)


def sharing(tracks: Sequence[Track], lead: Track) -> Sequence[Track]:
    """The tracks that share an Initialization Set with ``lead``; all where none does."""
    names = initialization_sets(lead)
    return [track for track in tracks if names & initialization_sets(track)] or tracks


def outside(
    ranges: Iterable[OperatingRange], renditions: Sequence[Rendition], type_: TrackType, beside_bps: int = 0
) -> frozenset[int]:
    """The positions of the renditions that the service does not expect to be used (ISO/IEC 23009-1 K.4.2.4, K.4.2.5);
    none where that would be all. ``beside_bps`` is what is played with them, for a range of all media together."""
    found: set[int] = set()
    for item in ranges:
        if item.media not in (str(type_), "any", "all"):
            continue
        beside = beside_bps if item.media == "all" else 0
        for position, rendition in enumerate(renditions):
            value = rendition.quality_ranking if item.unit == "quality" else rendition.bandwidth_bps + beside
            if value is not None and not _is_inside(item, value):
                found.add(position)
    return frozenset(found) if len(found) < len(renditions) else frozenset()


def target_bps(
    ranges: Iterable[OperatingRange], renditions: Sequence[Rendition], type_: TrackType, beside_bps: int = 0
) -> int | None:
    """Return the bitrate (bit/s) that the service targets: OperatingBandwidth@target, or the bandwidth of the
    rendition whose ranking is nearest to OperatingQuality@target (K.4.2.4, K.4.2.5). None if it states neither.
    ``beside_bps`` is as for :func:`outside`."""
    for item in ranges:
        if item.target is None or item.media not in (str(type_), "any", "all"):
            continue
        if item.unit == "bandwidth":
            return max(item.target - (beside_bps if item.media == "all" else 0), 0)
        ranked = [
            (abs(rendition.quality_ranking - item.target), rendition.bandwidth_bps)
            for rendition in renditions
            if rendition.quality_ranking is not None
        ]
        if ranked:
            return min(ranked)[1]
    return None


def _is_inside(item: OperatingRange, value: int) -> bool:
    bounds = sorted(bound for bound in (item.low, item.high) if bound is not None)
    if len(bounds) == 2:
        return bounds[0] <= value <= bounds[1]
    if item.low is not None:
        return value >= item.low
    return item.high is None or value <= item.high
