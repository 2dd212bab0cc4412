"""What one period of a presentation says of another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from player.manifest.model import ByteRange, IndexRef, PlaylistRef, Rendition


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
