"""The cues of one segment, whatever form of subtitles it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Segment
from player.media.demux import Demuxer, read_whole
from player.media.model import Codec, StreamKind
from player.media.timestamps import TICKS_PER_SECOND, WRAP
from player.text.cues import Cue, clipped, moved
from player.text.ttml import parse_ttml
from player.text.webvtt import parse_webvtt, parse_wvtt_head, parse_wvtt_sample

REFUSED = "This subtitle format cannot be shown."
_ROUNDING_S = 0.5
_INSIDE_S = 0.05
_WRAP_S = WRAP / TICKS_PER_SECOND
_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[ \t\r\n\0]*<")


def file_cues(data: bytes, segment: Segment, media_offset_s: float | None) -> list[Cue]:
    """The cues of a text file, or of a segment that is one. Raises MediaError for what is neither WebVTT nor TTML."""
    offset_s = segment.media_offset_s or 0.0
    if _XML.match(data):
        return parse_ttml(data, offset_s=offset_s)
    text = data.decode("utf-8-sig", "replace")
    return near(parse_webvtt(text, media_offset_s=media_offset_s, offset_s=offset_s), segment.start_s)


def fragment_cues(demuxer: Demuxer, data: bytes, offset_s: float) -> list[Cue]:
    """The cues of a fragmented MP4 segment (ISO/IEC 14496-30). Raises MediaError for other subtitles than these."""
    config = demuxer.configs.get(StreamKind.TEXT)
    codec = None if config is None else config.codec
    if config is None or codec not in (Codec.WEBVTT, Codec.TTML):
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, REFUSED)
    head = parse_wvtt_head(config.private)
    cues: list[Cue] = []
    for sample in read_whole(demuxer, data):
        start_s, end_s = sample.pts_s, sample.pts_s + sample.duration_s
        if codec is Codec.WEBVTT:
            cues += parse_wvtt_sample(bytes(sample.data), start_s, end_s, head)
        else:
            cues += sample_part(parse_ttml(bytes(sample.data)), start_s, end_s)
    return moved(cues, offset_s)


def sample_part(cues: Sequence[Cue], start_s: float, end_s: float) -> list[Cue]:
    """What a TTML document in a sample shows: its times are media time, and hold as long as the sample does (ISO/IEC
    14496-30, 5.2). Some packagers count from the sample's own start; then no time fits."""
    length_s = end_s - start_s
    if cues and start_s > length_s and all(cue.end_s <= length_s + _ROUNDING_S for cue in cues):
        cues = moved(cues, start_s)
    return clipped(cues, start_s, end_s)


def near(cues: Sequence[Cue], start_s: float) -> list[Cue]:
    """The cues of a segment that begins at ``start_s``: an X-TIMESTAMP-MAP counts modulo 26.5 hours."""
    turns = round((start_s - cues[0].start_s) / _WRAP_S) if cues else 0
    return moved(cues, turns * _WRAP_S) if turns else list(cues)


def of_another_time(cues: Sequence[Cue], segment: Segment) -> bool:
    """Whether a segment has cues, and none of its time (RFC 8216bis 3.1.4)."""
    begin_s, end_s = segment.start_s + _INSIDE_S, segment.end_s - _INSIDE_S
    return bool(cues) and all(cue.end_s <= begin_s or cue.start_s >= end_s for cue in cues)
