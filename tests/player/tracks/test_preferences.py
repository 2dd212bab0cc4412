"""Which sound and which subtitles a viewer is given, and what is learned of a choice."""

from __future__ import annotations

from typing import Any

import pytest

from player.manifest.model import Track, TrackType
from player.stream.timeline import LogicalTrack
from player.wishes import (
    MOST_LANGUAGES,
    Subtitles,
    TrackWishes,
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
    ("wishes", "chosen"),
    [
        (TrackWishes(), 1),
        (TrackWishes(("de",)), 0),
        (TrackWishes(("deu-DE",)), 0),
        (TrackWishes(("it", "de")), 0),
        (TrackWishes(("it",)), 1),
        (TrackWishes(("fr",)), 1),
        (TrackWishes(("pt-PT",)), 6),
        (TrackWishes(("pt",)), 5),
        (TrackWishes(described=True), 3),
        (TrackWishes(("fr",), described=True), 4),
        (TrackWishes(("de",), described=True), 0),
    ],
)
def test_the_sound_to_begin_with(wishes: TrackWishes, chosen: int) -> None:
    assert choose_audio(listed(*SOUNDS), wishes) == chosen


def test_there_may_be_one_sound_or_none() -> None:
    assert choose_audio([], TrackWishes(("en",))) == 0
    assert choose_audio(listed(sound(None, "commentary")), TrackWishes(("en",))) == 0


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
ALWAYS = TrackWishes(subtitles=Subtitles.ALWAYS)


@pytest.mark.parametrize(
    ("spoken", "wishes", "chosen"),
    [
        ("en", TrackWishes(), "2"),
        ("de", TrackWishes(), "3"),
        ("deu", TrackWishes(), "3"),
        ("fr", TrackWishes(), None),
        (None, TrackWishes(), "2"),
        ("en", TrackWishes(("en",)), "2"),
        ("en", TrackWishes(("de",)), "5"),
        ("en", TrackWishes(("de",), hard_of_hearing=True), "6"),
        ("en", TrackWishes(("de",), ("fr",)), "7"),
        ("en", TrackWishes(("it",)), "2"),
        ("en", TrackWishes(("de",), subtitles=Subtitles.NEVER), "2"),
        ("en", ALWAYS, "0"),
        ("de", ALWAYS, "5"),
        ("it", ALWAYS, None),
        ("en", TrackWishes(text_languages=("de",), subtitles=Subtitles.ALWAYS), "5"),
        ("en", TrackWishes(hard_of_hearing=True, subtitles=Subtitles.ALWAYS), "1"),
    ],
)
def test_the_subtitles_to_begin_with(spoken: str | None, wishes: TrackWishes, chosen: str | None) -> None:
    assert choose_text(listed(*TEXTS), spoken, wishes) == chosen


def test_subtitles_that_cannot_be_shown_are_not_taken() -> None:
    assert choose_text(listed(*TEXTS), "en", ALWAYS, {"0"}) == "1"
    assert choose_text(listed(*TEXTS), "en", TrackWishes(), {"2"}) is None


def test_a_choice_of_sound_teaches_language_and_kind() -> None:
    wishes = after_audio(TrackWishes(("en",)), sound("de", "description"))
    assert wishes == TrackWishes(("de", "en"), described=True)
    assert after_audio(wishes, sound("en")) == TrackWishes(("en", "de"))
    assert after_audio(wishes, sound("fr", "commentary")) == wishes
    assert after_audio(TrackWishes(), sound(None)) == TrackWishes()


def test_a_choice_of_subtitles_teaches_whether_and_which() -> None:
    wishes = after_text(TrackWishes(), words("de", "caption"))
    assert wishes == TrackWishes(text_languages=("de",), subtitles=Subtitles.ALWAYS, hard_of_hearing=True)
    assert after_text(wishes, None).subtitles is Subtitles.NEVER
    assert after_text(wishes, words("de", forced=True)).subtitles is Subtitles.NEVER
    assert after_text(wishes, words("en", "commentary")) == wishes


def test_few_languages_are_kept() -> None:
    wishes = TrackWishes()
    for number in range(20):
        wishes = after_text(after_audio(wishes, sound(f"x{number}")), words(f"y{number}"))
    assert wishes.audio_languages == tuple(f"x{number}" for number in range(19, 19 - MOST_LANGUAGES, -1))
    assert len(wishes.text_languages) == MOST_LANGUAGES


def test_what_was_learned_is_what_is_given_next_time() -> None:
    tracks = listed(*SOUNDS)
    for position, track in enumerate(tracks):
        if "commentary" not in track.first.roles:
            assert choose_audio(tracks, after_audio(TrackWishes(), track.first)) == position
    texts = listed(*TEXTS)
    for track in texts:
        if not track.first.forced and "commentary" not in track.first.roles:
            assert choose_text(texts, "en", after_text(TrackWishes(), track.first)) == track.id
