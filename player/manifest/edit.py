"""New presentations out of old ones: the model is immutable, so changes are copies that share the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from player.manifest.model import InitFacts, Period, Presentation, Rendition, Track, TrackType


def with_keys(presentation: Presentation) -> Presentation:
    """``presentation`` with a key for each rendition, by which all that is known of it can be kept. Ids may repeat
    from period to period, and in the wild within one."""
    periods = tuple(keyed(period, number) for number, period in enumerate(presentation.periods))
    return replace(presentation, periods=periods)


def keyed(period: Period, number: int) -> Period:
    """``period`` with keys for its renditions; ``number`` is the one that it has for good."""
    seen: Counter[str] = Counter()

    def change(rendition: Rendition) -> Rendition:
        seen[rendition.id] += 1
        key = f"{number}/{rendition.id}/{seen[rendition.id]}"
        return rendition if rendition.key == key else replace(rendition, key=key)

    return _map_period(period, change)


def map_renditions(presentation: Presentation, change: Callable[[Rendition], Rendition]) -> Presentation:
    """``presentation`` with ``change`` applied to each rendition; parts that stay the same objects are shared."""
    return replace(presentation, periods=tuple(_map_period(period, change) for period in presentation.periods))


def _map_period(period: Period, change: Callable[[Rendition], Rendition]) -> Period:
    tracks = tuple(_map_track(track, change) for track in period.tracks)
    same = all(new is old for new, old in zip(tracks, period.tracks, strict=True))
    return period if same else replace(period, tracks=tracks)


def _map_track(track: Track, change: Callable[[Rendition], Rendition]) -> Track:
    renditions = tuple(change(rendition) for rendition in track.renditions)
    same = all(new is old for new, old in zip(renditions, track.renditions, strict=True))
    return track if same else replace(track, renditions=renditions)


def iter_renditions(presentation: Presentation) -> Iterator[tuple[Period, Track, Rendition]]:
    """Every rendition with the period and track that hold it, in order."""
    for period in presentation.periods:
        for track in period.tracks:
            for rendition in track.renditions:
                yield period, track, rendition


def as_picture(presentation: Presentation, rendition: Rendition) -> Presentation:
    """``presentation`` with a rendition that turned out to have a picture, and was alone in an audio track, in the
    video track of its period, or in one of its own."""
    periods = []
    for period in presentation.periods:
        own = next((track for track in period.tracks if rendition in track.renditions), None)
        if own is None:
            periods.append(period)
            continue
        moved = replace(rendition, muxed_audio=True, media=InitFacts())
        video = next((track for track in period.tracks if track.type is TrackType.VIDEO), None)
        tracks = tuple(track for track in period.tracks if track not in (own, video))
        alike = () if video is None else video.renditions
        seen = (each if each.codecs else replace(each, media=InitFacts()) for each in alike)
        both = tuple(sorted((moved, *seen), key=lambda each: each.bandwidth_bps))
        pictures = replace(video or own, type=TrackType.VIDEO, renditions=both)
        periods.append(replace(period, tracks=(pictures, *tracks)))
    return replace(presentation, periods=tuple(periods))


def as_sound(presentation: Presentation, is_sound: Callable[[Track, Rendition], bool]) -> Presentation:
    """``presentation`` with the renditions of its video tracks that have no picture in audio tracks of their own."""
    periods = []
    for period in presentation.periods:
        tracks: list[Track] = []
        for track in period.tracks:
            plain = [r for r in track.renditions if track.type is TrackType.VIDEO and is_sound(track, r)]
            if not plain:
                tracks.append(track)
                continue
            others = tuple(r for r in track.renditions if r not in plain)
            if others:
                tracks.append(replace(track, renditions=others))
            moved = tuple(replace(r, muxed_audio=False) for r in plain)
            tracks.append(replace(track, id=f"audio-{plain[0].id}", type=TrackType.AUDIO, renditions=moved))
        periods.append(replace(period, tracks=tuple(tracks)))
    return replace(presentation, periods=tuple(periods))
