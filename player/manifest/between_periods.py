"""What one period of a presentation says of another, and of its own audio and video. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from player.manifest.model import ByteRange, IndexRef, PlaylistRef, Rendition, SegmentIndex

TOGETHER_S = 0.1
"""Media whose first segments are listed at times so near to each other begins together."""


def audio_moved_s(
    audio: Rendition, audio_before: Iterable[Rendition], video: Iterable[Rendition], video_before: Iterable[Rendition]
) -> float:
    """By how many seconds a period puts ``audio`` later against its video than the period before did.

    Only where both come from what that period plays, by their initialisation segments: a stream has one clock, so
    that ``presentationTimeOffset`` of its tracks may change by one amount only (ISO/IEC 23009-1 5.3.9.2). 0 where
    they do not.
    """
    sound = list(_moves([audio], audio_before))
    pictures = list(_moves(video, video_before))
    return min((one - other for one in sound for other in pictures), key=abs, default=0.0)


def audio_put_s(audio: Rendition, video: Iterable[Rendition]) -> float:
    """By how many seconds ``presentationTimeOffset`` puts ``audio`` later against the video of its period than their
    media times do, where both begin together by these: 0 where they do not, or nothing tells."""
    begins = _begin(audio)
    if begins is None:
        return 0.0
    others = [each for each in map(_begin, video) if each is not None]
    return min(
        (begins[1] - put_s for media_s, put_s in others if abs(begins[0] - media_s) <= TOGETHER_S),
        key=abs,
        default=0.0,
    )


def _begin(rendition: Rendition) -> tuple[float, float] | None:
    """Where the first listed segment is on the media's own timeline, and what its times are moved by."""
    index = rendition.segments
    if not isinstance(index, SegmentIndex) or not len(index) or index[0].media_offset_s is None:
        return None
    first, offset_s = index[0], index[0].media_offset_s
    return first.start_s - offset_s, offset_s


def _moves(now: Iterable[Rendition], before: Iterable[Rendition]) -> Iterator[float]:
    known = dict(filter(None, map(_origin, before)))
    for origin in filter(None, map(_origin, now)):
        if origin[0] in known:
            yield origin[1] - known[origin[0]]


def _origin(rendition: Rendition) -> tuple[tuple[str, ByteRange | None], float] | None:
    """What the media is from, and what its times are moved by."""
    segments = rendition.segments
    if isinstance(segments, PlaylistRef):
        return None
    first = segments if isinstance(segments, IndexRef) else segments[0] if len(segments) else None
    if first is None or first.init is None or first.media_offset_s is None:
        return None
    return (first.init.url, first.init.byte_range), first.media_offset_s
