"""What a segment of subtitles really holds: whether it can be read, and whether its words are of its time. Pure."""

from __future__ import annotations

from dataclasses import replace

from drm_client.errors import DrmError
from drm_client.scheme import SampleProtection
from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container, Segment
from player.media.demux import open_demuxer
from player.media.model import StreamKind
from player.qa.ladder.measure import SegmentFacts
from player.text.cues import Cue
from player.text.segments import file_cues, fragment_cues, of_another_time


def words_of(
    position: int, segment: Segment, init: bytes | None, data: bytes, media_offset_s: float | None
) -> SegmentFacts:
    """The facts of a segment of subtitles; ``samples`` are its cues. What no player of ours shows is not judged, nor
    what is encrypted. ``media_offset_s`` is what is added to media time; None where that is not known."""
    facts = SegmentFacts(position, len(data), StreamKind.TEXT)
    try:
        cues = _cues(segment, init, data, media_offset_s)
    except _LockedError:
        return facts
    except (MediaError, DrmError) as error:
        return facts if error.code is ErrorCode.MEDIA_UNSUPPORTED else replace(facts, trouble=error.sentence)
    elsewhere = media_offset_s is not None and of_another_time(cues, segment)
    return replace(facts, samples=len(cues), elsewhere_s=cues[0].start_s if elsewhere else None)


def _cues(segment: Segment, init: bytes | None, data: bytes, media_offset_s: float | None) -> list[Cue]:
    if init is None:
        return file_cues(data, segment, media_offset_s)
    demuxer = open_demuxer(Container.FMP4, init, decrypt=_refuse)
    if StreamKind.TEXT not in demuxer.configs:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "Its initialisation segment has no subtitles.")
    return fragment_cues(demuxer, data, media_offset_s or 0.0)


class _LockedError(Exception):
    """A sample is encrypted."""


def _refuse(_sample: bytearray, _protection: SampleProtection) -> bytearray:
    raise _LockedError
