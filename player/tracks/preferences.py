"""Which audio and which subtitles a title starts with, and what a choice of the viewer teaches for the next one.

The rules, in this order:

- **Audio**: never a commentary if there is anything else; audio description only if the viewer prefers it; then the
  language (:mod:`player.base.languages`); then what the title itself declares as its main audio. A viewer who prefers
  audio description gets it in a preferred language, else the plain audio in a preferred language.
- **Subtitles** are shown always, only where the audio is in none of the viewer's languages, or not at all
  (:class:`SubtitleMode`). Of those in the best language: those for the hard of hearing if the viewer prefers them,
  else the plain ones; never a commentary if there is anything else.
- Where no subtitles are shown, the **forced** ones in the language of the sound are: they are the part of the
  dialogue that its listeners do not understand (RFC 8216bis 4.4.6.1, FORCED; ISO/IEC 23009-1 5.8.5.5,
  ``forced-subtitle``).

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from player.base.languages import distance, speaks
from player.manifest.model import Track
from player.tracks.logical import LogicalTrack

MOST_LANGUAGES = 5

_DESCRIBED = frozenset(
    {"description", "public.accessibility.describes-video", "urn:tva:metadata:cs:audiopurposecs:2007=1"}
)
_FOR_THE_DEAF = frozenset(
    {
        "caption",
        "public.accessibility.transcribes-spoken-dialog",
        "public.accessibility.describes-music-and-sound",
        "urn:tva:metadata:cs:audiopurposecs:2007=2",
    }
)
_COMMENTARY = frozenset({"commentary"})


class SubtitleMode(StrEnum):
    """When subtitles are shown; forced ones are not meant."""

    NEVER = "never"
    FOREIGN = "foreign"  # where the sound is in none of the viewer's languages
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class TrackPreferences:
    """What a viewer likes to hear and read. Languages are BCP 47 tags, the most wanted first; without any the title
    decides. No ``text_languages``: subtitles are in those of the sound."""

    audio_languages: tuple[str, ...] = ()
    text_languages: tuple[str, ...] = ()
    subtitles: SubtitleMode = SubtitleMode.FOREIGN
    described: bool = False  # sound that tells what is to be seen
    hard_of_hearing: bool = False  # subtitles that tell what is to be heard

    def first_in(self, language: str | None, text: str | None = None) -> TrackPreferences:
        """These preferences with one language of the sound before all others, and subtitles in the language ``text``
        always; None for the same."""
        wanted = self if not language else replace(self, audio_languages=_first(language, self.audio_languages))
        if not text:
            return wanted
        return replace(wanted, text_languages=_first(text, self.text_languages), subtitles=SubtitleMode.ALWAYS)


UNKNOWN_PREFERENCES = TrackPreferences()
"""Those of a viewer of whom nothing is known."""


def kinds(track: Track) -> frozenset[str]:
    """What a manifest says a track is for, in lower case: roles, accessibility, characteristics."""
    return frozenset(word.casefold() for word in (*track.roles, *track.accessibility, *track.characteristics))


def is_described(track: Track) -> bool:
    """Whether a sound tells what is to be seen."""
    return not kinds(track).isdisjoint(_DESCRIBED)


def is_for_the_deaf(track: Track) -> bool:
    """Whether subtitles tell what is to be heard."""
    return not kinds(track).isdisjoint(_FOR_THE_DEAF)


def is_commentary(track: Track) -> bool:
    """Whether somebody talks about the film."""
    return not kinds(track).isdisjoint(_COMMENTARY)


def choose_audio(tracks: Sequence[LogicalTrack], preferences: TrackPreferences) -> int:
    """The position of the sound to begin with; 0 where there is none."""

    def rank(position: int) -> tuple[int, ...]:
        track = tracks[position].first
        language = distance(track.language, preferences.audio_languages)
        plain = not (track.default or "main" in track.roles)
        described = is_described(track)
        if preferences.described:
            return is_commentary(track), language, not described, plain
        return is_commentary(track), described, language, plain

    return min(range(len(tracks)), key=rank, default=0)


def choose_text(
    tracks: Sequence[LogicalTrack],
    spoken: str | None,
    preferences: TrackPreferences,
    unsupported: Collection[str] = (),
) -> str | None:
    """The id of the subtitles to begin with, beside sound in the language ``spoken``; None for none.

    Tracks whose id is ``unsupported`` are not taken.
    """
    usable = [track for track in tracks if track.id not in unsupported]
    if _wants_text(spoken, preferences):
        wanted = preferences.text_languages or preferences.audio_languages or ((spoken,) if spoken else ())
        full = [track for track in usable if not track.first.forced and _in_any(track, wanted)]
        if full:
            return min(full, key=lambda track: _text_rank(track.first, wanted, preferences)).id
    forced = [track for track in usable if track.first.forced and _fits_sound(track, spoken)]
    return forced[0].id if forced else None


def _wants_text(spoken: str | None, preferences: TrackPreferences) -> bool:
    if preferences.subtitles is SubtitleMode.FOREIGN:
        known = preferences.audio_languages
        return bool(known and spoken) and not any(speaks(spoken, language) for language in known)
    return preferences.subtitles is SubtitleMode.ALWAYS


def _in_any(track: LogicalTrack, wanted: Sequence[str]) -> bool:
    return not wanted or any(speaks(track.language, language) for language in wanted)


def _fits_sound(track: LogicalTrack, spoken: str | None) -> bool:
    return not spoken or not track.language or speaks(track.language, spoken)


def _text_rank(track: Track, wanted: Sequence[str], preferences: TrackPreferences) -> tuple[int, ...]:
    other_kind = is_for_the_deaf(track) is not preferences.hard_of_hearing
    return distance(track.language, wanted) // 2, is_commentary(track), other_kind, distance(track.language, wanted)


def after_audio(preferences: TrackPreferences, track: Track) -> TrackPreferences:
    """Return the preferences of a viewer who has chosen this audio track."""
    if is_commentary(track):
        return preferences  # that was for this title
    return replace(preferences.first_in(track.language), described=is_described(track))


def after_text(preferences: TrackPreferences, track: Track | None) -> TrackPreferences:
    """Return the preferences of a viewer who has chosen these subtitles, or none."""
    if track is None or track.forced:
        return replace(preferences, subtitles=SubtitleMode.NEVER)
    if is_commentary(track):
        return preferences
    languages = preferences.text_languages
    return replace(
        preferences,
        text_languages=_first(track.language, languages) if track.language else languages,
        subtitles=SubtitleMode.ALWAYS,
        hard_of_hearing=is_for_the_deaf(track),
    )


def _first(language: str, others: Sequence[str]) -> tuple[str, ...]:
    return (language, *(other for other in others if other != language))[:MOST_LANGUAGES]
