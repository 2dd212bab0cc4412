"""A live presentation as it is seen over all its refreshes: renditions stay the same, periods only get more.

Each refresh makes a new :class:`~player.manifest.model.Presentation` with new objects, and an MPD drops its oldest
periods. Playback needs identities that stay: the first object of a rendition represents all later ones, a period
keeps its number, and a restarted sequence is a new period. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from player.manifest.edit import keyed
from player.manifest.model import (
    ListedIndex,
    ManifestProtocol,
    Period,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
)

_COMPARED = 8  # segments, to tell how long the next one may be


@dataclass(frozen=True, slots=True)
class _OfPeriod:
    """An MPD's index on our timeline.

    Its discontinuity is our period number, since the MPD counts only the periods that it lists. It is ``shift_s``
    later if the MPD counts time from another moment than at first.
    """

    index: SegmentIndex
    number: int
    shift_s: float

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, position: int, /) -> Segment:
        return self._ours(self.index[position])

    def __iter__(self) -> Iterator[Segment]:
        return map(self._ours, self.index)

    def position_at(self, time_s: float) -> int:
        return self.index.position_at(time_s - self.shift_s)

    def _ours(self, segment: Segment) -> Segment:
        offset_s = segment.media_offset_s
        return segment._replace(
            start_s=segment.start_s + self.shift_s,
            media_offset_s=None if offset_s is None else offset_s + self.shift_s,
            discontinuity=self.number,
        )


class LiveProgramme:
    """See the module. ``presentation`` is the newest, ``periods`` are all that have been seen. The timeline of an MPD
    counts from ``availability_start_s`` (seconds since 1970)."""

    def __init__(self, presentation: Presentation) -> None:
        self.presentation = presentation
        self.periods = [keyed(period, number) for number, period in enumerate(presentation.periods)]
        self._dash = presentation.protocol is ManifestProtocol.DASH
        self.availability_start_s = 0.0
        self.availability_start_s = self._availability_start(presentation)
        self._shift_s = 0.0
        self._numbers = {self._key(period): number for number, period in enumerate(self.periods)}
        self._indexes: dict[str, SegmentIndex] = {}  # by the key of a rendition
        self._stands_for: dict[tuple[int, str], Rendition] = {}
        for number, period in enumerate(self.periods):
            self._register(number, period)
        self._read()

    @property
    def dated(self) -> bool:
        """Whether the timeline counts from a date, and one manifest lists everything (DASH)."""
        return self._dash

    @property
    def first_open(self) -> int:
        """The number of the first period that the newest manifest still lists."""
        return min(self._numbers[self._key(period)] for period in self.presentation.periods)

    @property
    def whole(self) -> Presentation:
        """All that has been seen as one presentation, for the choice of tracks."""
        return replace(self.presentation, periods=tuple(self.periods))

    def index(self, rendition: Rendition) -> SegmentIndex | None:
        """The segments of a rendition as they are now; None where its playlist has not been loaded, or it is gone."""
        return self._indexes.get(rendition.key)

    def take(self, presentation: Presentation, *, reset: bool = False) -> bool:
        """A refresh; whether there are periods that had not been seen. After a ``reset`` all of them count as new,
        and so they do when an MPD counts time from another moment (MPD@availabilityStartTime)."""
        self.presentation = presentation
        shift_s = self._availability_start(presentation) - self.availability_start_s
        reset = reset or shift_s != self._shift_s
        self._shift_s = shift_s
        fresh = False
        for period in presentation.periods:
            if reset or self._key(period) not in self._numbers:
                fresh = True
                self._add(period, anew=reset)
        self._read()
        return fresh

    def newest(self, rendition: Rendition) -> Rendition | None:
        """The newest form of a rendition that was seen before; None when it is gone."""
        return next((new for ours, new, _ in self._pairs() if ours.key == rendition.key), None)

    def other_rung(self, rendition: Rendition) -> Rendition | None:
        """Another rung of the same track in the same period; None where there is none."""
        tracks = (track for period in self.periods for track in period.tracks)
        of = next((track for track in tracks if any(each.key == rendition.key for each in track.renditions)), None)
        return None if of is None else next((each for each in of.renditions if each.key != rendition.key), None)

    def _availability_start(self, presentation: Presentation) -> float:
        live = presentation.live_info if self._dash else None
        known = None if live is None else live.availability_start_s
        return self.availability_start_s if known is None else known

    def _key(self, period: Period) -> str:
        return period.id if self._dash else ""

    def _add(self, period: Period, *, anew: bool) -> None:
        """A period that begins now. An HLS sequence that restarted goes on with the renditions that it had."""
        known = self._numbers.get(self._key(period))
        number = self._numbers[self._key(period)] = len(self.periods)
        if known is not None and anew and not self._dash:
            self.periods.append(self.periods[known])
            names = [name for (of, name) in self._stands_for if of == known]
            self._stands_for.update({(number, name): self._stands_for[known, name] for name in names})
        else:
            self.periods.append(keyed(period, number))
            self._register(number, self.periods[number])

    def _register(self, number: int, period: Period) -> None:
        for name, rendition in _named(period):
            self._stands_for.setdefault((number, name), rendition)

    def _pairs(self) -> Iterator[tuple[Rendition, Rendition, int]]:
        """Each rendition seen first, with its newest form and the number of its period."""
        for period in self.presentation.periods:
            number = self._numbers[self._key(period)]
            for name, rendition in _named(period):
                ours = self._stands_for.get((number, name))
                if ours is not None:
                    yield ours, rendition, number

    def _read(self) -> None:
        """The indexes of what is listed now; what has left is let go."""
        found: dict[str, SegmentIndex] = {}
        for ours, rendition, number in self._pairs():
            if isinstance(rendition.segments, SegmentIndex):
                segments = rendition.segments
                found[ours.key] = _OfPeriod(segments, number, self._shift_s) if self._dash else with_open(rendition)
        self._indexes = found


def with_open(rendition: Rendition) -> SegmentIndex:
    """The segments of an HLS rendition, and behind them the one of which there are only parts so far, or of which
    the first one is announced. How long that will be is not known: as long as the one before it."""
    segments, info = rendition.segments, rendition.playlist
    assert isinstance(segments, ListedIndex)
    hint = None if info is None else next((each for each in info.preload_hints if each.type == "PART"), None)
    if info is None or info.ended or not segments or (not info.trailing_parts and hint is None):
        return segments
    if not info.trailing_parts and hint is not None:
        info = replace(info, trailing_init=hint.init, trailing_keys=hint.keys)
    last = segments[len(segments) - 1]
    made_s = sum(part.duration_s for part in info.trailing_parts)
    date_s = None if last.program_date_time_s is None else last.program_date_time_s + last.duration_s
    following = Segment(
        last.number + 1,
        last.end_s,
        max(made_s, last.duration_s),
        "",
        init=info.trailing_init,
        keys=info.trailing_keys,
        discontinuity=last.discontinuity,
        program_date_time_s=date_s,
        parts=info.trailing_parts,
    )
    return ListedIndex((*segments.segments, following))


def made_until_s(rendition: Rendition) -> float:
    """Where what an HLS rendition lists ends, parts included."""
    segments, info = rendition.segments, rendition.playlist
    assert isinstance(segments, ListedIndex)
    parts = () if info is None else info.trailing_parts
    return segments[len(segments) - 1].end_s + sum(part.duration_s for part in parts)


def may_be_whole(rendition: Rendition) -> bool:
    """Whether the listed parts of the segment that is being made are as long as the shortest of the last segments."""
    segments, info = rendition.segments, rendition.playlist
    if info is None or not isinstance(segments, ListedIndex):
        return False
    made_s = sum(part.duration_s for part in info.trailing_parts)
    shortest_s = min((segment.duration_s for segment in segments.segments[-_COMPARED:]), default=math.inf)
    return made_s > shortest_s - (info.part_target_s or 0.0) / 2


def begins_alone(rendition: Rendition, number: int) -> bool:
    """Whether the first part of a segment can be decoded by itself (EXT-X-PART's INDEPENDENT); yes where the source
    lists no part of one that is whole, or marks none of any segment."""
    segments, info = rendition.segments, rendition.playlist
    if info is None or info.independent_segments or not isinstance(segments, ListedIndex):
        return True
    listed = {segment.number: segment.parts for segment in segments.segments[-_COMPARED:]}
    listed[max(listed, default=-1) + 1] = info.trailing_parts
    marked = any(part.independent for parts in listed.values() for part in parts)
    own = listed.get(number, ())
    if not own and number >= max(listed):  # nothing is known of it yet
        return not marked
    return not own or not marked or own[0].independent


def _named(period: Period) -> Iterator[tuple[str, Rendition]]:
    """The renditions of a period by what they are called in every refresh: their id, which is unique in a period, but
    not always in the wild. (The id of a track says at which place in the manifest it stands.)"""
    seen: Counter[str] = Counter()
    for track in period.tracks:
        for rendition in track.renditions:
            seen[rendition.id] += 1
            yield f"{rendition.id}/{seen[rendition.id]}", rendition
