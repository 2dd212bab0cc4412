"""Captions inside the pictures that an MPD announces, as tracks to choose. HLS lists them as tracks itself. Pure."""

from __future__ import annotations

from player.manifest.captions import captions
from player.manifest.model import ListedIndex, Presentation, Rendition, Track, TrackType
from player.tracks.logical import LogicalTrack

_FIRST = "CC1"


def caption_tracks(presentation: Presentation) -> tuple[LogicalTrack, ...]:
    """One track for each channel that the Accessibility descriptors of the video name (SCTE 214-1)."""
    languages: dict[str, str | None] = {}
    periods = []
    for period in presentation.periods:
        own: dict[str, str | None] = {}
        for video in period.of(TrackType.VIDEO):
            for row in captions(video.accessibility):
                own.setdefault(str(row["channel"] or _FIRST), row["lang"])
        periods.append(own)
        languages = {**own, **languages}
    return tuple(
        LogicalTrack(
            f"captions-{channel.lower()}",
            language or channel,
            tuple(_track(channel, language) if channel in own else None for own in periods),
        )
        for channel, language in sorted(languages.items())
    )


def _track(channel: str, language: str | None) -> Track:
    inside = Rendition(f"captions-{channel}", 0, ListedIndex(()), embedded=True)
    return Track(inside.id, TrackType.TEXT, (inside,), language=language, roles=("caption",), instream_id=channel)
