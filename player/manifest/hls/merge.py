"""Live media playlists: a newer playlist merged into the one before (RFC 8216bis 6.2.1, 6.2.5, 6.3.4).

Segments keep their numbers and their place on the timeline; a delta update is completed from the older playlist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from player.base.errors import ErrorCode, ManifestError
from player.manifest.changes import BrokenRule, RenditionChange
from player.manifest.hls.dateranges import place_date
from player.manifest.hls.grown import Grown
from player.manifest.hls.media import MediaPlaylist
from player.manifest.model import PlaylistInfo, Segment, TimedEvent

SAME_S = 1e-3
_NOT_COUNTED = BrokenRule(
    "hls.sequence_not_counted",
    "Segments were removed, and the media sequence number was not counted on; it was repaired.",
    "RFC 8216bis 6.2.2",
)
_DISCONTINUITIES_APART = BrokenRule(
    "hls.discontinuity_sequence",
    "Segments have another discontinuity sequence number than before; it was repaired.",
    "RFC 8216bis 4.4.3.3",
)


@dataclass(frozen=True, slots=True)
class Merged:
    """A playlist in its place on the timeline, and what changed against the older one."""

    playlist: MediaPlaylist
    change: RenditionChange
    broken: tuple[BrokenRule, ...]
    reset: bool


def merge(
    rendition_id: str,
    old_segments: Sequence[Segment],
    old_info: PlaylistInfo | None,
    old_ranges: Sequence[TimedEvent],
    new: MediaPlaylist,
) -> Merged:
    """``new`` with the timeline of the older playlist.

    Raises :class:`ManifestError` for a delta update that skips segments which the older playlist does not have: the
    client must then load the whole playlist (6.3.7).
    """
    uncounted = _uncounted(old_segments, new)
    if uncounted:
        new = _counted_on(new, uncounted)
    apart = _discontinuities_apart(old_segments, new)
    if apart:
        recounted = (item._replace(discontinuity=item.discontinuity + apart) for item in new.segments)
        new = replace(new, segments=tuple(recounted))
    reset = _is_reset(old_segments, new)
    if reset:
        start_s = old_segments[-1].end_s
        placed = _placed(new.segments, start_s - (new.segments[0].start_s if new.segments else 0.0))
        change = RenditionChange(
            rendition_id, added=tuple(item.number for item in placed), removed=tuple(i.number for i in old_segments)
        )
        rule = BrokenRule(
            "hls.sequence_went_back", "The media sequence number is smaller than before.", "RFC 8216bis 6.2.2"
        )
        ranges = in_place(new.date_ranges, (), placed)
        return Merged(replace(new, segments=placed, date_ranges=ranges), change, (rule,), reset=True)
    kept = _skipped_segments(old_segments, new)
    shift, missed = _shift(old_segments, new)
    listed = _continued(_placed(new.segments, shift), old_segments, new)
    segments = _in_order(kept, listed)
    ranges = in_place(_ranges(old_ranges, new) if new.info.skipped else new.date_ranges, old_ranges, segments)
    merged = replace(new, segments=segments, date_ranges=ranges)
    change = _change(rendition_id, old_segments, segments, missed)
    broken = _broken(old_segments, old_info, merged, change)
    repaired = (_NOT_COUNTED,) * bool(uncounted) + (_DISCONTINUITIES_APART,) * bool(apart)
    return Merged(merged, change, broken + repaired, reset=False)


def _uncounted(old: Sequence[Segment], new: MediaPlaylist) -> int:
    """Return by how much the media sequence number is too small, 0 if it is right. Some packagers drop old segments
    without counting (FFmpeg's ``single_file`` always says 0).

    The number counts (RFC 8216bis 6.2.2); only one that stands still while the segments have plainly moved does not.
    """
    if not old or not new.segments or new.info.skipped or new.segments[0].number > old[0].number:
        return 0
    known, listed = [_identity(each) for each in old], [_identity(each) for each in new.segments]
    if listed[0] not in known or len(set(known)) < len(known):
        return 0
    place = known.index(listed[0])
    both = len(known) - place
    too_small = old[place].number - new.segments[0].number
    return too_small if known[place:] == listed[:both] else 0


def _identity(segment: Segment) -> tuple[str, object]:
    return segment.url.partition("?")[0], segment.byte_range


def _discontinuities_apart(old: Sequence[Segment], new: MediaPlaylist) -> int:
    """By how much all segments that both playlists have differ in their discontinuity sequence number: a
    discontinuity has left the playlist, and EXT-X-DISCONTINUITY-SEQUENCE was not counted on (FFmpeg never writes it).
    The media that follow go on where those before end; another number would say that their timestamps restart."""
    if not old or new.info.skipped:
        return 0
    before = {each.number: each for each in old}
    both = [(before[each.number], each) for each in new.segments if each.number in before]
    apart = {was.discontinuity - now.discontinuity for was, now in both if _identity(was) == _identity(now)}
    return apart.pop() if len(apart) == 1 else 0


def _counted_on(new: MediaPlaylist, by: int) -> MediaPlaylist:
    info = replace(new.info, media_sequence=new.info.media_sequence + by)
    return replace(new, info=info, segments=tuple(each._replace(number=each.number + by) for each in new.segments))


def merge_grown(rendition_id: str, old_info: PlaylistInfo, new: Grown) -> Merged:
    """A playlist of which only the end was read, with what it keeps of the older one."""
    segments = new.kept + new.playlist.segments
    change = RenditionChange(
        rendition_id,
        added=tuple(segment.number for segment in new.playlist.segments),
        removed=tuple(segment.number for segment in new.removed),
    )
    merged = replace(new.playlist, segments=segments)
    broken = _as_rules(_broken_playlist(old_info, merged, change))
    return Merged(merged, change, broken, reset=False)


def _is_reset(old: Sequence[Segment], new: MediaPlaylist) -> bool:
    """The server restarted: the whole new window lies before the old one."""
    if not old or new.info.skipped:
        return False
    last = new.segments[-1].number if new.segments else new.info.media_sequence
    return new.info.media_sequence < old[0].number and last < old[-1].number


def _skipped_segments(old: Sequence[Segment], new: MediaPlaylist) -> tuple[Segment, ...]:
    """The segments that a delta update leaves out (4.4.5.2), from the older playlist."""
    if not new.info.skipped:
        return ()
    first = new.info.media_sequence
    listed = {segment.number for segment in new.segments}
    stop = first + new.info.skipped + len(listed)
    kept = tuple(segment for segment in old if first <= segment.number < stop and segment.number not in listed)
    if len(kept) != new.info.skipped:
        raise ManifestError(
            ErrorCode.MANIFEST_SYNTAX, "A delta update skips segments that the playlist before does not have."
        )
    return kept


def _in_order(kept: tuple[Segment, ...], listed: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments of a playlist. One that skips in more than one place gets its times again."""
    segments = kept + listed
    if not kept or not listed or kept[-1].number < listed[0].number:
        return segments
    result: list[Segment] = []
    for segment in sorted(segments, key=lambda item: item.number):
        result.append(segment._replace(start_s=result[-1].end_s) if result else segment)
    return tuple(result)


def _shift(old: Sequence[Segment], new: MediaPlaylist) -> tuple[float, int]:
    """What to add to the new playlist's starts, and how many segments were never seen."""
    if not old or not new.segments:
        return 0.0, 0
    first = new.segments[0]
    position = first.number - old[0].number
    if 0 <= position < len(old):
        return old[position].start_s - first.start_s, 0
    last = old[-1]
    missed = first.number - last.number - 1
    if missed < 0:  # it begins before the old window: the numbers that both have tell
        for segment in new.segments:
            if segment.number == old[0].number:
                return old[0].start_s - segment.start_s, 0
        return 0.0, 0
    target = new.info.target_duration_s or last.duration_s
    start_s = last.end_s + missed * target
    if last.program_date_time_s is not None and first.program_date_time_s is not None:
        dated = last.start_s + first.program_date_time_s - last.program_date_time_s
        start_s = dated if dated >= last.end_s - SAME_S else start_s
    return start_s - first.start_s, missed


def _placed(segments: Sequence[Segment], shift: float) -> tuple[Segment, ...]:
    if not shift:
        return tuple(segments)
    return tuple(segment._replace(start_s=segment.start_s + shift) for segment in segments)


def _continued(segments: Sequence[Segment], old: Sequence[Segment], new: MediaPlaylist) -> tuple[Segment, ...]:
    """What only the skipped part of a delta update would have told: counts, dates, the map and keys in force."""
    if not new.info.skipped or not segments:
        return tuple(segments)
    first = segments[0]
    same = next((item for item in old if item.number == first.number), None)
    before = next((item for item in old if item.number == first.number - 1), None)
    shift = 0
    if same is not None:
        shift = same.discontinuity - first.discontinuity
    elif before is not None:
        shift = before.discontinuity - new.info.discontinuity_sequence
    date = same.program_date_time_s if same is not None else None
    if date is None and before is not None and before.program_date_time_s is not None:
        date = before.program_date_time_s + before.duration_s
    result = []
    for segment in segments:
        if segment.program_date_time_s is not None:
            date = segment.program_date_time_s
        result.append(
            segment._replace(
                discontinuity=segment.discontinuity + shift,
                program_date_time_s=date,
                init=segment.init or (before.init if before is not None else None),
                keys=segment.keys or (before.keys if before is not None else ()),
            )
        )
        date = None if date is None else date + segment.duration_s
    return tuple(result)


def _ranges(old: Sequence[TimedEvent], new: MediaPlaylist) -> tuple[TimedEvent, ...]:
    """Date ranges of a delta update: the older ones less those it says were removed, and its own."""
    gone = {*new.info.removed_date_ranges, *(event.id for event in new.date_ranges)}
    return tuple(event for event in old if event.id not in gone) + new.date_ranges


def in_place(
    ranges: Sequence[TimedEvent], old: Sequence[TimedEvent], segments: Sequence[Segment]
) -> tuple[TimedEvent, ...]:
    """The ranges on the timeline of the merged segments: those that had a place keep it."""
    places = {event.id: (event.start_date_s, event.start_s) for event in old}
    dated = [segment for segment in segments if segment.program_date_time_s is not None]
    result = []
    for event in ranges:
        date, start = places.get(event.id, (None, None))
        if event.start_date_s is not None and (start is None or date != event.start_date_s):
            start = place_date(event.start_date_s, dated)
        result.append(replace(event, start_s=start))
    return tuple(result)


def _change(rendition_id: str, old: Sequence[Segment], new: Sequence[Segment], missed: int) -> RenditionChange:
    before = {segment.number: segment for segment in old}
    after = {segment.number: segment for segment in new}
    return RenditionChange(
        rendition_id,
        added=tuple(number for number in after if number not in before),
        removed=tuple(number for number in before if number not in after),
        changed=tuple(
            number for number, segment in after.items() if number in before and _differs(before[number], segment)
        ),
        missed=missed,
    )


def _differs(old: Segment, new: Segment) -> bool:
    return (
        old.url.partition("?")[0] != new.url.partition("?")[0]
        or old.byte_range != new.byte_range
        or abs(old.duration_s - new.duration_s) > SAME_S
        or old.discontinuity != new.discontinuity
    )


def _broken(
    old_segments: Sequence[Segment], old: PlaylistInfo | None, new: MediaPlaylist, change: RenditionChange
) -> tuple[BrokenRule, ...]:
    if old is None:
        return ()
    return _as_rules(_broken_playlist(old, new, change) + _broken_segments(old_segments, new, change))


def _as_rules(rules: list[tuple[str, str, str]]) -> tuple[BrokenRule, ...]:
    return tuple(BrokenRule(code, sentence, f"RFC 8216bis {clause}") for code, sentence, clause in rules)


def _broken_playlist(old: PlaylistInfo, new: MediaPlaylist, change: RenditionChange) -> list[tuple[str, str, str]]:
    rules = []
    if new.info.media_sequence < old.media_sequence:
        rules.append(("hls.sequence_went_back", "The media sequence number is smaller than before.", "6.2.2"))
    if new.info.target_duration_s != old.target_duration_s:
        rules.append(("hls.target_duration_changed", "EXT-X-TARGETDURATION changed.", "4.4.3.1"))
    if new.info.playlist_type != old.playlist_type and old.playlist_type is not None:
        rules.append(("hls.playlist_type_changed", "EXT-X-PLAYLIST-TYPE changed.", "4.4.3.5"))
    if old.playlist_type == "EVENT" and change.removed:
        rules.append(("hls.event_shrank", "Segments were removed from an EVENT playlist.", "4.4.3.5"))
    if (old.ended or old.playlist_type == "VOD") and (change.added or change.removed or change.changed):
        rules.append(("hls.changed_after_end", "A playlist changed that had ended.", "6.2.1"))
    if old.ended and not new.info.ended:
        rules.append(("hls.end_removed", "EXT-X-ENDLIST was removed.", "6.2.1"))
    return rules


def _broken_segments(
    old_segments: Sequence[Segment], new: MediaPlaylist, change: RenditionChange
) -> list[tuple[str, str, str]]:
    rules = []
    before = {segment.number: segment for segment in old_segments}
    after = {segment.number: segment for segment in new.segments}
    counts = [number for number in change.changed if before[number].discontinuity != after[number].discontinuity]
    if counts:
        rules.append(
            (
                "hls.discontinuity_sequence",
                f"Segment {counts[0]} has another discontinuity sequence number than before.",
                "4.4.3.3",
            )
        )
    others = [number for number in change.changed if number not in counts]
    if others:
        rules.append(("hls.segment_changed", f"Segment {others[0]} is not the same as before.", "6.2.1"))
    gone = [number for number in change.removed if after and min(after) < number]
    if gone:
        rules.append(
            ("hls.removed_not_first", f"Segment {gone[0]} was removed, though not from the beginning.", "6.2.2")
        )
    return rules
