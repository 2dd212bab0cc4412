"""Names of audio and subtitle tracks."""

from __future__ import annotations

import pytest

from player.reporting.state import TrackChoice
from tests.kit.fake_client import playing
from ui.app.viewmodels.menus import audio_options
from ui.app.viewmodels.tracks import channel_words, language_name, track_names


def name_of(label: str, language: str | None = None, *kinds: str, forced: bool = False) -> str:
    return track_names([TrackChoice("audio-0", label, language, kinds=kinds, forced=forced)])[0]


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("deu", "German"),
        ("pt-BR", "Portuguese (Brazil)"),
        ("zh-Hant-TW", "Chinese (Traditional Han, Taiwan)"),
        ("es-419", "Spanish (Latin America)"),
        ("sr_Latn", "Serbian (Latin)"),
        ("qaa", "Original"),
        ("xyz", "xyz"),
        ("de-x-private", "German"),
        ("und", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_languages_have_names(tag, name):
    assert language_name(tag) == name


@pytest.mark.parametrize(
    ("label", "language"),
    [
        ("de", "de"),
        ("ger", "de"),
        ("Deutsch", "de"),
        ("german", "de"),
        ("audio_1", "de"),
        ("stream-0", "de"),
        ("deu-2", "de"),
        ("de_01", "de"),
    ],
)
def test_a_label_that_says_no_more_than_the_language_gives_way(label, language):
    assert name_of(label, language) == "German"


def test_a_packager_s_name_of_a_second_track_is_no_label():
    assert name_of("eng-2", "en", "description") == "English – Audio description"


@pytest.mark.parametrize("label", ["Director's commentary", "Deutsch (Kinofassung)", "English 5.1", "日本語"])
def test_a_label_that_says_more_wins(label):
    assert name_of(label, "de") == label


def test_a_track_of_no_language_shows_its_label_or_says_so():
    assert name_of("Stadium sound", None) == "Stadium sound"
    assert name_of("audio-0", None) == "Unknown language"
    assert name_of("und", "und") == "Unknown language"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("description", "Audio description"),
        ("urn:tva:metadata:cs:AudioPurposeCS:2007=1", "Audio description"),
        ("public.accessibility.transcribes-spoken-dialog", "For the hard of hearing"),
        ("commentary", "Commentary"),
    ],
)
def test_what_a_track_is_for_stands_behind_its_language(kind, words):
    assert name_of("en", "en", "alternate", kind) == f"English – {words}"


def test_forced_subtitles_say_so():
    assert name_of("en", "en", forced=True) == "English – Forced"


def test_names_are_never_the_same_twice():
    tracks = [TrackChoice(f"audio-{n}", "en", "en") for n in range(2)] + [TrackChoice("audio-2", "fr", "fr")]
    assert track_names(tracks) == ["English 1", "English 2", "French"]


def test_channels_show_where_they_differ():
    def tracks(*channels: str | None) -> list[TrackChoice]:
        return [TrackChoice(f"audio-{n}", "en", "en", channels=each) for n, each in enumerate(channels)]

    assert channel_words(tracks("2", "6", "16/JOC", None)) == ["stereo", "5.1", "Atmos", ""]
    assert channel_words(tracks("2", "2")) == ["", ""]
    options = audio_options(playing(audio_tracks=tuple(tracks("2", "6"))))
    assert [option.detail for option in options] == ["stereo", "5.1"]
