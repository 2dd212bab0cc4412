"""What is remembered of each viewer's choices, and what a damaged file does to it."""

from __future__ import annotations

import json
import stat
from pathlib import Path, PurePosixPath

import pytest

from player.base.languages import distance, normal, speaks
from player.manifest.model import Track, TrackType
from player.tracks.preference_store import PreferenceLearner, TrackPreferenceStore
from player.tracks.preferences import UNKNOWN_PREFERENCES, SubtitleMode, TrackPreferences
from player.tracks.series import series_of_file, series_of_title

WISHES = TrackPreferences(("de", "en"), ("fr",), SubtitleMode.ALWAYS, described=True, hard_of_hearing=True)


def test_each_viewer_has_wishes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "profile" / "tracks.json"
    TrackPreferenceStore(path).keep("anna", WISHES)
    TrackPreferenceStore(path).keep("", TrackPreferences(("it",)))
    memory = TrackPreferenceStore(path)
    assert memory.of("anna") == WISHES
    assert memory.of("") == TrackPreferences(("it",))
    assert memory.of("ben") == UNKNOWN_PREFERENCES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_few_viewers_are_kept_and_the_last_ones_stay(tmp_path: Path) -> None:
    memory = TrackPreferenceStore(tmp_path / "tracks.json")
    for number in range(70):
        memory.keep(f"viewer {number}", WISHES)
    assert memory.of("viewer 0") == UNKNOWN_PREFERENCES
    assert memory.of("viewer 69") == WISHES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 0, "viewers": {"": {"described": true}}}',
        '{"version": 1, "viewers": []}',
        '{"version": 1, "viewers": {"": 5}}',
        '{"version": 1, "viewers": {"": {"audio_languages": "de", "subtitles": "loud", "described": 1}}}',
        '{"version": 1, "viewers": {"": {"audio_languages": [5, "", "' + "x" * 99 + '"]}}}',
        "[" * 50_000,
        " " * 100_000 + "{}",
    ],
)
def test_a_file_that_makes_no_sense_is_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tracks.json"
    path.write_text(text)
    memory = TrackPreferenceStore(path)
    assert memory.of("") == UNKNOWN_PREFERENCES
    memory.keep("", WISHES)
    assert memory.of("") == WISHES
    assert json.loads(path.read_text())["version"] == 1


def test_what_a_newer_version_wrote_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "tracks.json"
    path.write_text('{"version": 2, "people": []}')
    memory = TrackPreferenceStore(path)
    assert memory.of("") == UNKNOWN_PREFERENCES
    memory.keep("", WISHES)
    assert path.read_text() == '{"version": 2, "people": []}'
    assert "newer version" in caplog.text


def test_a_place_that_cannot_be_written_costs_only_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    memory = TrackPreferenceStore(tmp_path / "file" / "tracks.json")
    memory.keep("", WISHES)
    assert memory.of("") == UNKNOWN_PREFERENCES
    assert "not kept" in caplog.text


def test_only_a_change_is_kept() -> None:
    kept: list[TrackPreferences] = []
    learning = PreferenceLearner(TrackPreferences(("en",)), lambda preferences, _series: kept.append(preferences))
    learning.learn_audio(Track("a", TrackType.AUDIO, (), language="en"))
    assert kept == []
    learning.learn_audio(Track("a", TrackType.AUDIO, (), language="de"))
    learning.learn_text(None)
    assert [preferences.audio_languages for preferences in kept] == [("de", "en"), ("de", "en")]
    assert learning.preferences.subtitles is SubtitleMode.NEVER


@pytest.mark.parametrize(
    ("tag", "wanted", "expected"),
    [
        ("en", "en", True),
        ("en-GB", "en", True),
        ("en", "en-US", True),
        ("eng", "en", True),
        ("ger", "deu", True),
        ("de", "en", False),
        (None, "en", False),
        ("und", "und", False),
        ("EN_us", "en", True),
    ],
)
def test_languages_are_the_same_in_any_spelling(tag: str | None, wanted: str, expected: bool) -> None:
    assert speaks(tag, wanted) is expected


def test_the_exact_language_is_nearest() -> None:
    order = sorted(["fr", "pt-BR", "en", "pt-PT", "de"], key=lambda tag: distance(tag, ["pt-PT", "en"]))
    assert order[:3] == ["pt-PT", "pt-BR", "en"]
    assert normal("por-BR") == ("pt", "br")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/tv/Show.S01E02.720p.mkv", "/tv/Show.s01e03.mkv", True),
        ("/tv/Show/Season 1/Show S01E02.mkv", "/tv/Show/Season 2/Show S02E01.mkv", True),
        ("/tv/Show - 1x03.mkv", "/tv/Show 1x04 The End.mkv", True),
        ("/tv/[Group] Anime - 05 [1080p].mkv", "/tv/[Group] Anime - 06 [1080p].mkv", True),
        ("/tv/01 - Pilot.mkv", "/tv/02 - Second.mkv", True),
        ("/tv/Show Episode 1.mkv", "/tv/Other Episode 1.mkv", False),
        ("/tv/Show S01E01.mkv", "/else/Show S01E02.mkv", False),
    ],
)
def test_episodes_of_one_series_are_known_by_their_names(one: str, other: str, same: bool) -> None:
    keys = series_of_file(PurePosixPath(one)), series_of_file(PurePosixPath(other))
    assert all(keys)
    assert (keys[0] == keys[1]) is same


@pytest.mark.parametrize("name", ["/films/Harbour Lights.mkv", "/films/Blade Runner 2049.mkv", "/films/Zone7.mkv"])
def test_a_film_is_no_episode(name: str) -> None:
    assert series_of_file(PurePosixPath(name)) == ""


def test_what_is_chosen_in_a_series_counts_there(tmp_path: Path) -> None:
    memory = TrackPreferenceStore(tmp_path / "tracks.json")
    anime = series_of_title("Anime")

    def learner() -> PreferenceLearner:
        return PreferenceLearner(
            memory.of("ada").first_in("de"),
            lambda preferences, series: memory.keep("ada", preferences, series),
            lambda series: memory.in_series("ada", series),
        )

    first = learner()
    first.watch(anime)
    first.learn_audio(Track("a", TrackType.AUDIO, (), language="ja"))
    first.learn_text(Track("t", TrackType.TEXT, (), language="en"))
    film = learner()
    film.watch("")
    film.learn_audio(Track("a", TrackType.AUDIO, (), language="fr"))
    film.learn_text(None)
    episode = learner()
    episode.watch(anime)
    assert episode.preferences.audio_languages[0] == "ja", "before what the settings and other titles say"
    assert episode.preferences.subtitles is SubtitleMode.ALWAYS
    other = learner()
    other.watch(series_of_title("Other"))
    assert other.preferences.audio_languages[:2] == ("de", "fr")
    assert memory.in_series("ben", anime) is None


def test_series_are_bounded(tmp_path: Path) -> None:
    memory = TrackPreferenceStore(tmp_path / "tracks.json")
    for number in range(205):
        memory.keep("", WISHES, str(number))
    assert memory.in_series("", "3") is None
    assert memory.in_series("", "204") == WISHES
