"""Which renditions of a title are kept. Pure; the same selection as playback, narrowed to one rung."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from downloads.model import ALL, DownloadChoice
from player.manifest.model import Period, Presentation, Rendition, Track, TrackType
from player.tracks.logical import LogicalTrack
from player.tracks.preferences import UNKNOWN_PREFERENCES
from player.tracks.selection import Selection, audio_rendition, ladder, rendition_of, select


@dataclass(frozen=True, slots=True)
class ChosenRendition:
    """A rendition to keep and where it stands; ``period`` counts from 0."""

    period: int
    type: TrackType
    track: Track
    rendition: Rendition


def choose(
    presentation: Presentation, choice: DownloadChoice, duration_s: float, decoders: Collection[str] = ()
) -> tuple[ChosenRendition, ...]:
    """The renditions to keep, each once (one may stand in for several languages), in order of need: video, audio,
    subtitles, thumbnails.

    Raises MediaError where there is nothing that can be played.
    """
    language = next((name for name in choice.audio if name != ALL), None)
    selection = select(presentation, UNKNOWN_PREFERENCES.first_in(language), decoders)
    picked: list[ChosenRendition] = []
    if selection.video is not None:
        rung = pick_rung(selection, choice, duration_s)
        picked += _video(presentation, selection.video, rung)
    for track in _audio(selection, choice):
        picked += _each_period(presentation, track, audio_rendition)
    for track in _matching(selection.text, choice.subtitles):
        picked += _each_period(presentation, track, lambda found: found.renditions[0])
    if choice.thumbnails:
        picked += _thumbnails(presentation)
    return tuple({(each.period, id(each.rendition)): each for each in picked}.values())


def pick_rung(selection: Selection, choice: DownloadChoice, duration_s: float) -> int:
    """The highest rung within the bounds of the choice, of those that the service wants to be used where there are
    any; else the lowest. 0 is the lowest."""
    rungs = ladder(selection.main)
    fitting = [
        number
        for number, rung in enumerate(rungs)
        if (choice.max_height is None or (rung.height or 0) <= choice.max_height)
        and (choice.max_bytes is None or rung.bitrate_bps * duration_s / 8 <= choice.max_bytes)
    ]
    wanted = [number for number in fitting if number not in selection.outside]
    return (wanted or fitting or [0])[-1]


def speaks(language: str | None, wanted: str) -> bool:
    """Whether a track's language is the one wanted (``en-GB`` is ``en``, and the other way round)."""
    if wanted == ALL:
        return True
    have, want = (language or "und").lower(), wanted.lower()
    return have == want or have.split("-")[0] == want or have == want.split("-")[0]


def _video(presentation: Presentation, track: LogicalTrack, rung: int) -> list[ChosenRendition]:
    found = []
    for number, period in enumerate(presentation.periods):
        if track.per_period[number] is not None:
            rendition = rendition_of(track, rung, number)
            found.append(ChosenRendition(number, TrackType.VIDEO, _home(period, rendition), rendition))
    return found


def _audio(selection: Selection, choice: DownloadChoice) -> Sequence[LogicalTrack]:
    if not selection.audio:
        return ()
    return _matching(selection.audio, choice.audio) or (selection.audio[selection.default_audio],)


def _matching(tracks: Sequence[LogicalTrack], languages: Sequence[str]) -> tuple[LogicalTrack, ...]:
    return tuple(track for track in tracks if any(speaks(track.language, wanted) for wanted in languages))


def _each_period(
    presentation: Presentation, track: LogicalTrack, pick: Callable[[Track], Rendition]
) -> list[ChosenRendition]:
    found = []
    for number, own in enumerate(track.per_period):
        if own is not None and not own.renditions[0].embedded:
            rendition = pick(own)
            home = _home(presentation.periods[number], rendition)
            found.append(ChosenRendition(number, home.type, home, rendition))
    return found


def _home(period: Period, rendition: Rendition) -> Track:
    """The manifest's own track of a rendition; a selection joins tracks and leaves renditions out."""
    return next(track for track in period.tracks if any(item is rendition for item in track.renditions))


def _thumbnails(presentation: Presentation) -> list[ChosenRendition]:
    found = []
    for number, period in enumerate(presentation.periods):
        track = next((item for item in period.of(TrackType.IMAGE) if item.renditions), None)
        if track is not None:
            found.append(ChosenRendition(number, TrackType.IMAGE, track, track.renditions[0]))
    return found
