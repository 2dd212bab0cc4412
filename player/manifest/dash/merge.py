"""Live MPDs: what changed from one to the next, and segment numbers that go on (ISO/IEC 23009-1 5.4).

A timeline addressed by time is often numbered from 1 in every MPD; its segments keep the numbers they had before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from player.manifest.changes import BrokenRule, Changes, RenditionChange
from player.manifest.dash.failover import FailoverIndex
from player.manifest.dash.indexes import TimelineIndex
from player.manifest.model import (
    IndexRef,
    Period,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
    Track,
    loaded_segments,
)
from player.manifest.sequences import SequenceIndex

SAME_S = 1e-3


def merge(old: Presentation, new: Presentation) -> tuple[Presentation, Changes]:
    """``new`` with the segment numbers of ``old``, and the difference."""
    before = {period.id: period for period in old.periods}
    changes: list[RenditionChange] = []
    added: list[str] = []
    removed: list[str] = []
    broken = list(_broken(old, new))
    periods = []
    for period in new.periods:
        earlier = before.get(period.id)
        if earlier is None:
            periods.append(period)
            continue
        if abs(earlier.start_s - period.start_s) > SAME_S:
            broken.append(
                BrokenRule(
                    "dash.period_moved", f"Period {period.id} starts at another time.", "ISO/IEC 23009-1 5.4.1"
                )
            )
        merged, came, gone, differences = _period(earlier, period)
        periods.append(merged)
        added += came
        removed += gone
        changes += [item for item in differences if item]
    if any(item.changed for item in changes):
        broken.append(
            BrokenRule("dash.segment_changed", "A segment is not the same as before.", "ISO/IEC 23009-1 5.4.1")
        )
    present = {period.id for period in new.periods}
    return replace(new, periods=tuple(periods)), Changes(
        renditions=tuple(changes),
        renditions_added=tuple(added),
        renditions_removed=tuple(removed),
        periods_added=tuple(period.id for period in new.periods if period.id not in before),
        periods_removed=tuple(period.id for period in old.periods if period.id not in present),
        ended=old.live and not new.live,
        broken=tuple(broken),
    )


def carried(old: Presentation, new: Presentation) -> Presentation:
    """``new``, another reading of the MPD that ``old`` was read from, with the segment numbers of ``old``."""
    before = {period.id: period for period in old.periods}
    periods = [_merged(before[period.id], period)[0] if period.id in before else period for period in new.periods]
    return replace(new, periods=tuple(periods))


def _broken(old: Presentation, new: Presentation) -> Iterator[BrokenRule]:
    clause = "ISO/IEC 23009-1 5.4.1"
    if old.extra.get("id") != new.extra.get("id"):
        yield BrokenRule("dash.mpd_id_changed", "MPD@id changed.", clause)
    one, two = old.live_info, new.live_info
    if one is None or two is None:
        return
    if one.availability_start_s is not None and two.availability_start_s != one.availability_start_s:
        yield BrokenRule("dash.availability_start_changed", "MPD@availabilityStartTime changed.", clause)
    if one.publish_time_s is not None and two.publish_time_s is not None and two.publish_time_s < one.publish_time_s:
        yield BrokenRule("dash.publish_time_went_back", "MPD@publishTime is earlier than before.", clause)


def _named_tracks(period: Period) -> list[tuple[Track, list[tuple[str, Rendition]]]]:
    """The tracks, each with its renditions by their names: the id, with the track's where the id alone is ambiguous.
    @id of a Representation is unique in its period, but not always in the wild."""
    counts = Counter(rendition.id for track in period.tracks for rendition in track.renditions)
    return [
        (track, [(f"{track.id}/{one.id}" if counts[one.id] > 1 else one.id, one) for one in track.renditions])
        for track in period.tracks
    ]


def _named(period: Period) -> dict[str, Rendition]:
    return {name: rendition for _, renditions in _named_tracks(period) for name, rendition in renditions}


def _period(old: Period, new: Period) -> tuple[Period, list[str], list[str], list[RenditionChange]]:
    before, after = _named(old), _named(new)
    period, pairs = _merged(old, new)
    changes = [_compare(merged.id, earlier, merged) for earlier, merged in pairs]
    came = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    return period, came, gone, changes


def _merged(old: Period, new: Period) -> tuple[Period, list[tuple[Rendition, Rendition]]]:
    """``new`` with the segment numbers of ``old``, and each rendition that both have, as it was and as it is."""
    before = _named(old)
    pairs: list[tuple[Rendition, Rendition]] = []
    tracks: list[Track] = []
    for track, named in _named_tracks(new):
        renditions: list[Rendition] = []
        for name, rendition in named:
            earlier = before.get(name)
            if earlier is None:
                renditions.append(rendition)
            else:
                renditions.append(_rendition(earlier, rendition))
                pairs.append((earlier, renditions[-1]))
        tracks.append(replace(track, renditions=tuple(renditions)))
    return replace(new, tracks=tuple(tracks)), pairs


def _rendition(old: Rendition, new: Rendition) -> Rendition:
    segments, earlier = new.segments, old.segments
    if isinstance(segments, IndexRef) and segments == (old.index or earlier):
        return replace(new, segments=earlier, index=old.index)
    if isinstance(segments, TimelineIndex) and isinstance(earlier, TimelineIndex):
        return replace(new, segments=renumbered(earlier, segments))
    if isinstance(segments, FailoverIndex):
        before = earlier.inner if isinstance(earlier, FailoverIndex) else earlier
        inner = _rendition(replace(old, segments=before), replace(new, segments=segments.inner)).segments
        if isinstance(inner, IndexRef | PlaylistRef):
            return new
        return replace(new, segments=replace(segments, inner=inner))
    if isinstance(segments, SequenceIndex) and isinstance(earlier, SequenceIndex):
        one, two = earlier.sequences, segments.sequences
        if isinstance(one, TimelineIndex) and isinstance(two, TimelineIndex):
            return replace(new, segments=replace(segments, sequences=renumbered(one, two)))
    return new


def renumbered(old: TimelineIndex, new: TimelineIndex) -> TimelineIndex:
    """``new`` with the numbers that its segments had in ``old``, where the URLs do not say the number."""
    if "Number" in new.frame.template.uses or not len(old) or not len(new):
        return new
    first = new[0]
    position = old.position_at(first.start_s + SAME_S)
    same = old[position]
    if abs(same.start_s - first.start_s) <= SAME_S:
        number = same.number
    elif first.start_s >= old[-1].end_s - SAME_S:
        number = old[-1].number + 1
    else:
        return new
    return replace(new, renumber=new.renumber + number - first.number)


def _compare(identity: str, old: Rendition, new: Rendition) -> RenditionChange:
    one, two = loaded_segments(old.segments), loaded_segments(new.segments)
    if one is None or two is None:
        return RenditionChange(identity)
    if not len(one) or not len(two):
        return _all(identity, one, two)
    first, last = two[0].number, two[len(two) - 1].number
    old_first, old_last = one[0].number, one[len(one) - 1].number
    changed = [
        number
        for number in range(max(first, old_first), min(last, old_last) + 1)
        if _differs(_at(one, number), _at(two, number))
    ]
    return RenditionChange(
        identity,
        added=tuple(range(max(first, old_last + 1), last + 1)),
        removed=tuple(range(old_first, min(first, old_last + 1))),
        changed=tuple(changed),
        missed=max(first - old_last - 1, 0) if old_first <= old_last else 0,  # S@n may count backwards
    )


def _all(identity: str, old: SegmentIndex, new: SegmentIndex) -> RenditionChange:
    return RenditionChange(
        identity, added=tuple(item.number for item in new), removed=tuple(item.number for item in old)
    )


def _at(index: SegmentIndex, number: int) -> Segment | None:
    position = number - index[0].number
    if not 0 <= position < len(index):
        return None
    segment = index[position]
    return segment if segment.number == number else None


def _differs(old: Segment | None, new: Segment | None) -> bool:
    if old is None or new is None:
        return False  # numbers with gaps (S@n): nothing to compare
    return abs(old.start_s - new.start_s) > SAME_S or (
        abs(old.duration_s - new.duration_s) > SAME_S and old.url.partition("?")[0] == new.url.partition("?")[0]
    )
