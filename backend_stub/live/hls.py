"""The channel as HLS (RFC 8216bis, section 6.2.2): written with ``m3u8``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import m3u8

from backend_stub.live.schedule import Airing, Channel

_PICTURES_FOR_SEEKING = ("#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-IMAGE-STREAM-INF:")


_SUBTITLES = "TYPE=SUBTITLES"
_SUBTITLES_GROUP = re.compile(r',SUBTITLES="[^"]*"')


def multivariant(vod: str) -> str:
    """The multivariant playlist of the title serves the channel too: its pictures and sound lie in the same places.

    What a channel does not have is left out: pictures for seeking, and subtitles, which end with their last cue.
    """
    kept = []
    for line in vod.splitlines():
        if line.startswith(_PICTURES_FOR_SEEKING) or (line.startswith("#EXT-X-MEDIA:") and _SUBTITLES in line):
            continue
        kept.append(_SUBTITLES_GROUP.sub("", line) if line.startswith("#EXT-X-STREAM-INF:") else line)
    return "\n".join(kept) + "\n"


def media_playlist(vod: str, back: str, channel: Channel, now: float) -> str:
    """The playlist of one rendition at ``now``, from the title's own; ``back`` leads from it to the segments."""
    source = m3u8.loads(vod)
    airings = list(channel.on_air(durations_of(vod), now))
    playlist = m3u8.M3U8()
    playlist.version = 7
    playlist.target_duration = max((math.ceil(segment.duration) for segment in source.segments), default=1)
    if airings:
        playlist.media_sequence = airings[0].number
        playlist.discontinuity_sequence = airings[0].break_number - (airings[0].index == 0)
    init = {"uri": back + source.segment_map[0].uri}
    for airing in airings:
        playlist.add_segment(_segment(source.segments[airing.index].uri, back, airing, init))
    text: str = playlist.dumps()
    return text


def durations_of(vod: str) -> list[float]:
    return [float(segment.duration) for segment in m3u8.loads(vod).segments]


def loop_length(folder: Path, vod_master: str) -> float:
    """The length of the longest rendition, in seconds: a loop begins when every one has ended."""
    master = m3u8.loads(vod_master)
    names = chain((item.uri for item in master.playlists), (item.uri for item in master.media if item.uri))
    return max(math.fsum(durations_of((folder / name).read_text("utf-8"))) for name in names)


def renditions(vod_master: str) -> Sequence[str]:
    """The media playlists that the multivariant playlist names."""
    master = m3u8.loads(vod_master)
    return [item.uri for item in (*master.playlists, *master.media) if item.uri]


def _segment(uri: str, back: str, airing: Airing, init: dict[str, str]) -> m3u8.Segment:
    return m3u8.Segment(
        uri=back + uri,
        duration=airing.duration_s,
        discontinuity=airing.index == 0,
        program_date_time=datetime.fromtimestamp(round(airing.begins_at, 3), UTC),
        init_section=init,
    )
