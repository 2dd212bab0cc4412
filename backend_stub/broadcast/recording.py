"""A programme of a channel that is kept: which segments belong to it, and what its own journal says of them. Pure.

A recording is a channel of its own without a window. Its segments keep their numbers. Where some are missing another
run begins, which is a discontinuity in HLS and a Period in DASH.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backend_stub.broadcast.channel import BroadcastChannel, InitFile, Record, Segment, init_record, segment_records


def blank_recording(source: BroadcastChannel, at: float) -> BroadcastChannel:
    """A recording of which there is nothing yet."""
    tracks = [
        replace(track, sequence=0, breaks=0, inits={}, segments=type(track.segments)()) for track in source.tracks
    ]
    return BroadcastChannel(source.segment_s, 0.0, at, tracks, epoch_segments=source.epoch_segments)


def missing(source: BroadcastChannel, recording: BroadcastChannel, since: float, until: float) -> list[int]:
    """The numbers of the segments between two dates that are whole in each track and not recorded yet, in order."""
    have = min(_newest(recording, place) for place in range(len(recording.tracks)))
    whole = [{segment.number: segment for segment in track.segments if segment.whole} for track in source.tracks]
    return [
        number
        for number in sorted(set[int].intersection(*map(set, whole)))
        if number > have and _is_between(source, whole[0][number], since, until)
    ]


def made_until(source: BroadcastChannel) -> float:
    """The date up to which each track is made, in seconds since 1970; 0 where there is nothing."""
    ends = [
        source.date(track.segments[-1]) + track.segments[-1].duration_s if track.segments else 0.0
        for track in source.tracks
    ]
    return min(ends, default=0.0)


def segments_of(source: BroadcastChannel, number: int) -> Sequence[tuple[Segment, InitFile]]:
    """The segment of each track with this number, and its initialisation segment."""
    found = [next(one for one in track.segments if one.number == number) for track in source.tracks]
    return [(one, track.inits[one.run, one.epoch]) for one, track in zip(found, source.tracks, strict=True)]


def records_of(source: BroadcastChannel, recording: BroadcastChannel, number: int) -> Iterator[Record]:
    """What the recording's journal says of the segments with this number, as far as it does not say it already."""
    segments = segments_of(source, number)
    run = source.runs[segments[0][0].run]
    last = recording.tracks[0].segments[-1] if recording.tracks[0].segments else None
    known = None if last is None or last.number < number - 1 else recording.runs[last.run]
    if known is not None and (known.at, known.first) == (run.at, run.first):
        ours = known.number
    else:
        ours = max(recording.runs, default=0) + 1
        yield {"is": "run", "run": ours, "at": run.at, "first": run.first}
    for place, (segment, init) in enumerate(segments):
        track = recording.tracks[place]
        if _newest(recording, place) >= number:
            continue
        if (ours, segment.epoch) not in track.inits:
            yield init_record(place, ours, segment.epoch, init)
        breaks = bool(track.segments) and track.segments[-1].run != ours
        yield from segment_records(place, replace(segment, run=ours, breaks=breaks), brief=True)


def _newest(recording: BroadcastChannel, place: int) -> int:
    segments = recording.tracks[place].segments
    return segments[-1].number if segments else -1


def _is_between(source: BroadcastChannel, segment: Segment, since: float, until: float) -> bool:
    date = source.date(segment)
    return date + segment.duration_s > since and date < until
