"""Which sound and which subtitles a viewer is given, and what is learned of a choice."""

from __future__ import annotations

from typing import Any

import pytest

from player.manifest.model import Track, TrackType
from player.tracks.logical import LogicalTrack
from player.tracks.preferences import (
    MOST_LANGUAGES,
    SubtitleMode,
    TrackPreferences,
    after_audio,
    after_text,
    choose_audio,
    choose_text,
)

DESCRIBED = "public.accessibility.describes-video"
FOR_THE_DEAF = "public.accessibility.transcribes-spoken-dialog"


def sound(language: str | None, *roles: str, **fields: Any) -> Track:
    return Track("a", TrackType.AUDIO, (), language=language, roles=roles, **fields)


def words(language: str | None, *roles: str, **fields: Any) -> Track:
    return Track("s", TrackType.TEXT, (), language=language, roles=roles, **fields)


def listed(*tracks: Track) -> list[LogicalTrack]:
    return [LogicalTrack(str(number), "", (track,)) for number, track in enumerate(tracks)]


GERMAN, ENGLISH = sound("de"), sound("en", "main")
SOUNDS = [
    GERMAN,
    ENGLISH,
    sound("en", "commentary"),
    sound("en", "description"),
    sound("fr", characteristics=(DESCRIBED,)),
    sound("pt-BR"),
    sound("pt-PT"),
]


@pytest.mark.parametrize(
    ("preferences", "chosen"),
    [
        (TrackPreferences(), 1),
        (TrackPreferences(("de",)), 0),
        (TrackPreferences(("deu-DE",)), 0),
        (TrackPreferences(("it", "de")), 0),
        (TrackPreferences(("it",)), 1),
        (TrackPreferences(("fr",)), 1),
        (TrackPreferences(("pt-PT",)), 6),
        (TrackPreferences(("pt",)), 5),
        (TrackPreferences(described=True), 3),
        (TrackPreferences(("fr",), described=True), 4),
        (TrackPreferences(("de",), described=True), 0),
    ],
)
def test_the_sound_to_begin_with(preferences: TrackPreferences, chosen: int) -> None:
    assert choose_audio(listed(*SOUNDS), preferences) == chosen


def test_there_may_be_one_sound_or_none() -> None:
    assert choose_audio([], TrackPreferences(("en",))) == 0
    assert choose_audio(listed(sound(None, "commentary")), TrackPreferences(("en",))) == 0


TEXTS = [
    words("en"),
    words("en", "caption"),
    words("en", forced=True),
    words("de", forced=True),
    words("de", "commentary"),
    words("de"),
    words("de", characteristics=(FOR_THE_DEAF,)),
    words("fr", "caption"),
]
ALWAYS = TrackPreferences(subtitles=SubtitleMode.ALWAYS)


@pytest.mark.parametrize(
    ("spoken", "preferences", "chosen"),
    [
        ("en", TrackPreferences(), "2"),
        ("de", TrackPreferences(), "3"),
        ("deu", TrackPreferences(), "3"),
        ("fr", TrackPreferences(), None),
        (None, TrackPreferences(), "2"),
        ("en", TrackPreferences(("en",)), "2"),
        ("en", TrackPreferences(("de",)), "5"),
        ("en", TrackPreferences(("de",), hard_of_hearing=True), "6"),
        ("en", TrackPreferences(("de",), ("fr",)), "7"),
        ("en", TrackPreferences(("it",)), "2"),
        ("en", TrackPreferences(("de",), subtitles=SubtitleMode.NEVER), "2"),
        ("en", ALWAYS, "0"),
        ("de", ALWAYS, "5"),
        ("it", ALWAYS, None),
        ("en", TrackPreferences(text_languages=("de",), subtitles=SubtitleMode.ALWAYS), "5"),
        ("en", TrackPreferences(hard_of_hearing=True, subtitles=SubtitleMode.ALWAYS), "1"),
    ],
)
def test_the_subtitles_to_begin_with(spoken: str | None, preferences: TrackPreferences, chosen: str | None) -> None:
    assert choose_text(listed(*TEXTS), spoken, preferences) == chosen


def test_subtitles_that_cannot_be_shown_are_not_taken() -> None:
    assert choose_text(listed(*TEXTS), "en", ALWAYS, {"0"}) == "1"
    assert choose_text(listed(*TEXTS), "en", TrackPreferences(), {"2"}) is None


def test_a_choice_of_sound_teaches_language_and_kind() -> None:
    preferences = after_audio(TrackPreferences(("en",)), sound("de", "description"))
    assert preferences == TrackPreferences(("de", "en"), described=True)
    assert after_audio(preferences, sound("en")) == TrackPreferences(("en", "de"))
    assert after_audio(preferences, sound("fr", "commentary")) == preferences
    assert after_audio(TrackPreferences(), sound(None)) == TrackPreferences()


def test_a_choice_of_subtitles_teaches_whether_and_which() -> None:
    preferences = after_text(TrackPreferences(), words("de", "caption"))
    assert preferences == TrackPreferences(
        text_languages=("de",), subtitles=SubtitleMode.ALWAYS, hard_of_hearing=True
    )
    assert after_text(preferences, None).subtitles is SubtitleMode.NEVER
    assert after_text(preferences, words("de", forced=True)).subtitles is SubtitleMode.NEVER
    assert after_text(preferences, words("en", "commentary")) == preferences


def test_few_languages_are_kept() -> None:
    preferences = TrackPreferences()
    for number in range(20):
        preferences = after_text(after_audio(preferences, sound(f"x{number}")), words(f"y{number}"))
    assert preferences.audio_languages == tuple(f"x{number}" for number in range(19, 19 - MOST_LANGUAGES, -1))
    assert len(preferences.text_languages) == MOST_LANGUAGES


def test_what_was_learned_is_what_is_given_next_time() -> None:
    tracks = listed(*SOUNDS)
    for position, track in enumerate(tracks):
        if "commentary" not in track.first.roles:
            assert choose_audio(tracks, after_audio(TrackPreferences(), track.first)) == position
    texts = listed(*TEXTS)
    for track in texts:
        if not track.first.forced and "commentary" not in track.first.roles:
            assert choose_text(texts, "en", after_text(TrackPreferences(), track.first)) == track.id
