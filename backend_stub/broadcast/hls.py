"""A broadcast channel as LL-HLS (draft-pantos-hls-rfc8216bis). Pure: playlists out of a channel's state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend_stub.broadcast.channel import BroadcastChannel, Segment, Track
from backend_stub.broadcast.dates import moment
from backend_stub.broadcast.protection import key_tag

PLAYLIST = "index.m3u8"
_WITH_PARTS = 4  # the last segments that are listed with their parts: more than three target durations
_HOLD_BACK_PARTS = 3
_SKIP_TARGETS = 6  # CAN-SKIP-UNTIL, section 4.4.3.8
_AUDIO_GROUP = "audio"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a media playlist: media sequence number and part."""

    sequence: int
    part: int


def multivariant(channel: BroadcastChannel) -> str:
    audio = [track for track in channel.tracks if track.kind == "audio"]
    lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for track in audio:
        name = f'GROUP-ID="{_AUDIO_GROUP}",NAME="main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"'
        lines.append(f'#EXT-X-MEDIA:TYPE=AUDIO,{name},URI="{track.name}/{PLAYLIST}"')
    for track in channel.tracks:
        if track.kind == "video":
            together = [track, *audio]
            codecs = ",".join(_codecs(each) for each in together)
            lines.append(
                f"#EXT-X-STREAM-INF:BANDWIDTH={sum(each.bandwidth for each in together)},"
                f'CODECS="{codecs}",RESOLUTION={track.width}x{track.height},FRAME-RATE={track.fps:.3f}'
                + (f',AUDIO="{_AUDIO_GROUP}"' if audio else "")
            )
            lines.append(f"{track.name}/{PLAYLIST}")
    return "\n".join([*lines, ""])


def media_playlist(channel: BroadcastChannel, track: Track, *, skip: bool = False) -> str:
    """The playlist of a track; with ``skip`` a delta update where there is something to skip."""
    over = channel.ended_at is not None
    target = _target(channel)
    lines = ["#EXTM3U", "#EXT-X-VERSION:9", f"#EXT-X-TARGETDURATION:{target}"]
    if not over:
        longest_s = max(_part_target(each) for each in channel.tracks)  # one for all playlists (RFC 8216bis 6.2.4)
        back = f"PART-HOLD-BACK={_HOLD_BACK_PARTS * longest_s:.3f},HOLD-BACK={3 * target:.1f}"
        lines += [
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={_SKIP_TARGETS * target:.1f},{back}",
            f"#EXT-X-PART-INF:PART-TARGET={_part_target(track):.3f}",
        ]
        if not channel.window_s:
            lines.append("#EXT-X-PLAYLIST-TYPE:EVENT")
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{track.sequence}", f"#EXT-X-DISCONTINUITY-SEQUENCE:{track.breaks}"]
    segments = list(track.segments)
    skipped = _skipped(segments, target) if skip and not over else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    known: tuple[int, int] | None = None
    for place, segment in enumerate(segments[skipped:], skipped):
        key = segment.run, segment.epoch
        lines += _segment(
            channel,
            track,
            segment,
            announces=key != known,
            with_parts=not over and place >= len(segments) - _WITH_PARTS,
        )
        known = key
    if over:
        lines.append("#EXT-X-ENDLIST")
    else:
        lines += [*_hint(channel, track), *_reports(channel, track)]
    return "\n".join([*lines, ""])


def newest(track: Track) -> Position:
    """The last part of a playlist."""
    last = track.sequence + len(track.segments) - 1
    return Position(last, len(track.segments[-1].chunks) - 1)


def has(channel: BroadcastChannel, track: Track, wanted: Position, *, whole: bool) -> bool:
    """Whether a playlist has what a blocking request asks for (section 6.2.5.2): a part, or with ``whole`` all of
    a segment. A part that a whole segment does not have is the first of the next one."""
    if channel.ended_at is not None:
        return True
    place = wanted.sequence - track.sequence
    if place < len(track.segments) - 1:
        return True
    if place >= len(track.segments):
        return False
    last = track.segments[place]
    return last.whole if whole else len(last.chunks) > wanted.part


def upcoming(channel: BroadcastChannel, track: Track) -> tuple[int, int]:
    """Number and part of the next chunk of a track, as far as its run goes on."""
    last = track.segments[-1]
    run = channel.runs[last.run]
    if last.whole or run.first + channel.index_at(last.end_s) > last.number:
        return last.number + 1, 0
    return last.number, len(last.chunks)


def _segment(
    channel: BroadcastChannel, track: Track, segment: Segment, *, announces: bool, with_parts: bool
) -> Sequence[str]:
    lines = ["#EXT-X-DISCONTINUITY"] if segment.breaks else []
    if announces or segment.breaks:
        lines += _init(track, (segment.run, segment.epoch))
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{moment(channel.date(segment))}")
    if with_parts:
        lines += [
            f'#EXT-X-PART:DURATION={chunk.duration_s:.5f},URI="{part_name(segment.number, part)}"'
            + (",INDEPENDENT=YES" if chunk.independent else "")
            for part, chunk in enumerate(segment.chunks)
        ]
    if segment.whole:
        lines += [f"#EXTINF:{segment.duration_s:.5f},", f"{segment.number}.m4s"]
    return lines


def _init(track: Track, key: tuple[int, int]) -> list[str]:
    init = track.inits[key]
    return [f'#EXT-X-MAP:URI="{init.file}"', *([key_tag(init.kid)] if init.kid else [])]


def _hint(channel: BroadcastChannel, track: Track) -> list[str]:
    if not track.segments or channel.runs[track.segments[-1].run].over:
        return []
    number, part = upcoming(channel, track)
    last = track.segments[-1]
    key = last.run, channel.epoch_of(last.run, number)
    # The announced part of the next crypto period comes with the key of that.
    changed = _init(track, key) if key != (last.run, last.epoch) and key in track.inits else []
    return [*changed, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_name(number, part)}"']


def _reports(channel: BroadcastChannel, track: Track) -> list[str]:
    back = "../" * (track.name.count("/") + 1)
    lines = []
    for other in channel.tracks:
        if other is not track and other.segments and other.segments[-1].chunks:
            last = newest(other)
            uri = f"{back}{other.name}/{PLAYLIST}"
            lines.append(f'#EXT-X-RENDITION-REPORT:URI="{uri}",LAST-MSN={last.sequence},LAST-PART={last.part}')
    return lines


def part_name(number: int, part: int) -> str:
    """The file of a part: ``12.p3.m4s`` is the fourth chunk of ``12.m4s``."""
    return f"{number}.p{part}.m4s"


def _skipped(segments: Sequence[Segment], target: int) -> int:
    """How many segments are before the skip boundary."""
    left_s, skipped = sum(segment.duration_s for segment in segments), 0
    for segment in segments:
        left_s -= segment.duration_s
        if left_s < _SKIP_TARGETS * target:
            break
        skipped += 1
    return skipped


def _target(channel: BroadcastChannel) -> int:
    """One for all tracks. A segment is less than a part longer than it should be."""
    return max(1, math.ceil(channel.segment_s + max(track.part_s for track in channel.tracks) - 0.5))


def _part_target(track: Track) -> float:
    return math.ceil(track.part_s * 1000) / 1000


def _codecs(track: Track) -> str:
    return track.inits[max(track.inits)].codecs
