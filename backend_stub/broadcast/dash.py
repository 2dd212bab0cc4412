"""A broadcast channel as LL-DASH (ISO/IEC 23009-1, DASH-IF IOP part 9). Pure: an MPD out of a channel's state.

Each run of the encoder is a Period. Segments follow from the time (``$Number$`` and ``@duration``), so that an MPD
need not be loaded again for each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from backend_stub.broadcast.channel import BroadcastChannel, Run, Segment, Track
from backend_stub.broadcast.dates import moment
from backend_stub.broadcast.protection import protection

_NAMES = 'xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013"'
_PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"
TIME = "time"  # the file that says what time it is, beside the manifest
_UPDATE_S = 2
_LATENCY_PARTS, _LEAST_LATENCY_PARTS, _MOST_LATENCY_S = 4, 2, 6.0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What becomes a Period: ``start_s`` and ``end_s`` on the timeline of the run, ``number`` its first segment."""

    run: Run
    epoch: int
    start_s: float
    end_s: float
    number: int


def manifest(channel: BroadcastChannel, now: float) -> str:
    """The MPD at ``now``: dynamic while the event goes on, then static with what is left of it."""
    stretches = _stretches(channel)
    over = channel.ended_at is not None
    kind = _static(stretches) if over else _dynamic(channel, now)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<MPD {_NAMES} profiles="{_PROFILE}" minBufferTime="{_duration(channel.segment_s)}" {kind}>',
    ]
    if not over:
        lines += _service(channel)
    for place, stretch in enumerate(stretches):
        last = place == len(stretches) - 1
        lines += _period(channel, stretch, length=over or not last, over=over, first=place == 0)
    if not over:
        lines += [
            f'<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="{TIME}"/>',
            f'<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="{moment(now)}"/>',
        ]
    return "\n".join([*lines, "</MPD>", ""])


def _dynamic(channel: BroadcastChannel, now: float) -> str:
    parts = {
        "type": "dynamic",
        "availabilityStartTime": moment(channel.started_at),
        "publishTime": moment(now),
        "minimumUpdatePeriod": f"PT{_UPDATE_S}S",
        "suggestedPresentationDelay": _duration(_latency_s(channel, _LATENCY_PARTS)),
    }
    if channel.window_s:
        parts["timeShiftBufferDepth"] = _duration(channel.window_s)
    return " ".join(f'{name}="{value}"' for name, value in parts.items())


def _static(stretches: Sequence[_Stretch]) -> str:
    length_s = sum(stretch.end_s - stretch.start_s for stretch in stretches)
    return f'type="static" mediaPresentationDuration="{_duration(length_s)}"'


def _service(channel: BroadcastChannel) -> list[str]:
    target, least = (round(1000 * _latency_s(channel, parts)) for parts in (_LATENCY_PARTS, _LEAST_LATENCY_PARTS))
    return [
        '<ServiceDescription id="0">',
        f'<Latency target="{target}" min="{least}" max="{round(1000 * _MOST_LATENCY_S)}"/>',
        '<PlaybackRate min="0.96" max="1.04"/>',
        "</ServiceDescription>",
    ]


def _latency_s(channel: BroadcastChannel, parts: int) -> float:
    return parts * max(track.part_s for track in channel.tracks)


def _stretches(channel: BroadcastChannel) -> list[_Stretch]:
    """What every track has something of, in order."""
    over = channel.ended_at is not None
    found = []
    by_track = [{key: list(segments) for key, segments in groupby(track.segments, _key)} for track in channel.tracks]
    for key in sorted(set[tuple[int, int]].intersection(*(set(each) for each in by_track))):
        segments = [each[key] for each in by_track]
        if not all(each[-1].chunks for each in segments):
            continue
        run = channel.runs[key[0]]
        number = max(each[0].number for each in segments)
        # While it is live a Period stays where it began, whatever has left the window.
        begin = number if over else run.first + key[1] * channel.epoch_segments
        start_s = (begin - run.first) * channel.segment_s
        end_s = min(each[-1].end_s for each in segments)
        if end_s > start_s:
            found.append(_Stretch(run, key[1], start_s, end_s, begin))
    if found and not over and not found[-1].run.over:
        found += _announced(channel, found[-1])
    # An epoch that the next one follows ends where that begins, whatever the last segment of its audio.
    following: list[_Stretch | None] = [*found[1:], None]
    return [
        replace(one, end_s=after.start_s) if after is not None and after.run is one.run else one
        for one, after in zip(found, following, strict=True)
    ]


def _announced(channel: BroadcastChannel, last: _Stretch) -> list[_Stretch]:
    """The Period that follows, once its initialisation segments are there (ISO/IEC 23009-1 5.4, early available
    periods). Until it is listed, players take the last one to go on, and open its segments with the wrong key."""
    epoch = last.epoch + 1
    if not all((last.run.number, epoch) in track.inits for track in channel.tracks):
        return []
    start_s = epoch * channel.epoch_segments * channel.segment_s
    return [_Stretch(last.run, epoch, start_s, start_s, last.run.first + epoch * channel.epoch_segments)]


def _key(segment: Segment) -> tuple[int, int]:
    return segment.run, segment.epoch


def _period(channel: BroadcastChannel, stretch: _Stretch, *, length: bool, over: bool, first: bool) -> list[str]:
    attributes = [f'id="run-{stretch.run.number}-{stretch.epoch}"']
    if not over:
        attributes.append(f'start="{_duration(stretch.run.at + stretch.start_s - channel.started_at)}"')
    elif first:
        attributes.append('start="PT0S"')
    if length:
        attributes.append(f'duration="{_duration(stretch.end_s - stretch.start_s)}"')
    lines = [f"<Period {' '.join(attributes)}>"]
    for number, kind in enumerate(("video", "audio")):
        tracks = [track for track in channel.tracks if track.kind == kind]
        if tracks:
            lines += _adaptation(channel, stretch, number, tracks, over=over)
    return [*lines, "</Period>"]


def _adaptation(
    channel: BroadcastChannel, stretch: _Stretch, number: int, tracks: Sequence[Track], *, over: bool
) -> list[str]:
    kind = tracks[0].kind
    lines = [f'<AdaptationSet id="{number}" contentType="{kind}" segmentAlignment="true" startWithSAP="1">']
    if kind == "audio":
        scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
        lines.append(f'<AudioChannelConfiguration schemeIdUri="{scheme}" value="2"/>')
    lines.append('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>')
    for track in tracks:
        lines += _representation(channel, stretch, number, track, over=over)
    return [*lines, "</AdaptationSet>"]


def _representation(
    channel: BroadcastChannel, stretch: _Stretch, number: int, track: Track, *, over: bool
) -> list[str]:
    init = track.inits[stretch.run.number, stretch.epoch]
    shape = (
        f'width="{track.width}" height="{track.height}" frameRate="{track.fps}" sar="1:1"'
        if track.kind == "video"
        else f'audioSamplingRate="{track.sample_rate}"'
    )
    kind = f'mimeType="{track.kind}/mp4" codecs="{init.codecs}" bandwidth="{track.bandwidth}" {shape}'
    lines = [f'<Representation id="{track.name.replace("/", "-")}" {kind}>']
    if init.kid:
        lines += protection(init.kid)
    offset = round(stretch.start_s * init.timescale)
    template = {
        "timescale": init.timescale,
        "duration": round(channel.segment_s * init.timescale),
        "startNumber": stretch.number,
        "presentationTimeOffset": offset,
        "initialization": f"{track.name}/{init.file}",
        "media": f"{track.name}/$Number$.m4s",
    }
    if not over:
        template["availabilityTimeOffset"] = f"{math.floor(1000 * (channel.segment_s - track.part_s)) / 1000:.3f}"
        template["availabilityTimeComplete"] = "false"
        at = moment(stretch.run.at + stretch.start_s)
        made = f'inband="false" type="encoder" wallClockTime="{at}" presentationTime="{offset}"'
        clock = f'<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="{TIME}"/>'
        lines.append(f'<ProducerReferenceTime id="{number}" {made}>{clock}</ProducerReferenceTime>')
        lines.append(f'<Resync type="0" dT="{round(track.part_s * init.timescale)}"/>')
    said = " ".join(f'{name}="{value}"' for name, value in template.items())
    lines.append(f"<SegmentTemplate {said}/>")
    return [*lines, "</Representation>"]


def _duration(seconds: float) -> str:
    """To the microsecond: a period that is a millisecond longer than its segments would have one more."""
    return f"PT{f'{max(0.0, seconds):.6f}'.rstrip('0').rstrip('.')}S"
