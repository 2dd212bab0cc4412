"""Which subtitles a film of the viewer's own starts with, on the real libmpv: the chosen ones, else those of the
preferences, else a file of exactly its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pysubs2
import pytest

from player.engine import Engine
from player.mpv.player import MpvPlayer
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from player.tracks.preference_store import TrackPreferenceStore
from player.tracks.preferences import SubtitleMode, TrackPreferences
from tests.kit.films import FILMS
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

pytestmark = pytest.mark.realtime

PLAIN = next(one for one in FILMS if one.name == "h264.mkv")
MANY = next(one for one in FILMS if one.name == "many-tracks.mkv")
GERMAN = TrackPreferences(("de",), ("de",), SubtitleMode.ALWAYS)


def words(text: str) -> str:
    return f"1\n00:00:00,000 --> 00:00:03,900\n{text}\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    return Path(shutil.copy(PLAIN.path(), tmp_path / "films" / "Film.mkv"))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as one:
        yield one


@contextmanager
def opened(made: Engine, film: Path) -> Iterator[tuple[Session, MpvPlayer]]:
    """A film that is held at 1.5 s, once all that its start does has been done."""
    with Screen() as screen:
        settings = PlaybackSettings(start_paused=True, start_s=1.5)
        session = made.open(PlaybackSource.of_file(film), screen.player, lambda _state: None, settings)
        until(lambda: session.state.status in (PlaybackStatus.PAUSED, PlaybackStatus.FAILED))
        until(lambda: session.state.audio_tracks and session.subtitle_lines().result(PATIENCE_S) is not None)
        assert session.state.failure is None
        yield session, screen.player
        session.stop()
        assert made.wait(session, PATIENCE_S)


def choose(session: Session, name: str) -> None:
    id_ = next(one.id for one in session.state.text_tracks if one.label == name)
    session.select_text(id_)
    until(lambda: shown(session) == name)


def shown(session: Session) -> str | None:
    """The name of the subtitles that are shown."""
    return next((one.label for one in session.state.text_tracks if one.selected), None)


def said(player: MpvPlayer) -> str:
    return str(player.read("sub-text", ""))


def test_a_chosen_file_is_known_again_among_others(film, made):
    """The list is another one the next time, and the language alone does not tell it."""
    film.with_name("Film.sv.early.srt").write_text(words("God morgon"))
    film.with_name("Film.sv.late.srt").write_text(words("God kväll"))
    with opened(made, film) as (session, _):
        choose(session, "Film.sv.late.srt")
    film.with_name("Film.da.srt").write_text(words("God aften"))
    with opened(made, film) as (session, player):
        until(lambda: said(player) == "God kväll")
        assert shown(session) == "Film.sv.late.srt"


def test_a_chosen_file_is_known_again_beside_a_film_that_was_moved(film, made, tmp_path):
    film.with_name("Film.de.srt").write_text(words("Guten Abend"))
    film.with_name("Film.sv.srt").write_text(words("God kväll"))
    with opened(made, film) as (session, _):
        choose(session, "Film.sv.srt")
    other = tmp_path / "elsewhere"
    other.mkdir()
    film.with_name("Film.sv.srt").rename(other / "Renamed.sv.srt")
    film.with_name("Film.de.srt").rename(other / "Renamed.aa.srt")
    for _ in range(2):  # the second time it has been opened there before
        with opened(made, film.rename(other / "Renamed.mkv")) as (_, player):
            until(lambda player=player: said(player) == "God kväll")
        film = other / "Renamed.mkv"


def test_a_dropped_file_is_shown_again(film, made, tmp_path):
    dropped = tmp_path / "words \udcff.vtt"
    dropped.write_text("WEBVTT\n\n00:00.000 --> 00:03.900\nDropped\n")
    with opened(made, film) as (session, player):
        session.add_subtitles(dropped)
        until(lambda: said(player) == "Dropped")
    with opened(made, film) as (session, player):
        until(lambda: said(player) == "Dropped")
        assert session.state.notice == ""


BAD = {"gone": None, "garbage": b"\0\1\2" * 100, "nothing": b""}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", ["beside", "dropped"])
def test_the_preferred_language_takes_the_place_of_a_file_that_cannot_be_shown(tmp_path, film, place, content):
    chosen = film.with_name("Film.sv.srt") if place == "beside" else tmp_path / "words.srt"
    chosen.write_text(words("God kväll"))
    film.with_name("Film.de.srt").write_text(words("Guten Abend"))
    with engine(tmp_path / "profile") as made, opened(made, film) as (session, player):
        if place == "dropped":
            session.add_subtitles(chosen)
        else:
            choose(session, chosen.name)
        until(lambda: said(player) == "God kväll")
    TrackPreferenceStore(tmp_path / "profile" / "tracks.json").keep("", GERMAN)
    if content is None:
        chosen.unlink()
    else:
        chosen.write_bytes(content)
    with engine(tmp_path / "profile") as made, opened(made, film) as (session, player):
        until(lambda: said(player) == "Guten Abend")
        assert bool(session.state.notice) == (content is not None)


def test_a_preferred_file_that_cannot_be_read_leaves_its_place_to_the_next(tmp_path):
    film = Path(shutil.copy(MANY.path(), tmp_path / "Film.mkv"))
    film.with_name("Film.de.forced.srt").write_bytes(b"")
    film.with_name("Film.de-AT.srt").write_bytes(b"")
    TrackPreferenceStore(tmp_path / "profile" / "tracks.json").keep(
        "", TrackPreferences(("de",), ("de-AT",), SubtitleMode.ALWAYS)
    )
    with engine(tmp_path / "profile") as made, opened(made, film) as (session, player):
        until(lambda: said(player) == "Hello ger")
        assert "no readable subtitles" in session.state.notice


class _NotOursError(RuntimeError):
    """What a library may raise."""


@pytest.mark.parametrize("where", ["from_string", "to_string", "plaintext"])
def test_whatever_a_library_raises_for_a_subtitle_file_is_a_notice(film, made, monkeypatch, where):
    def fails(*_values: object, **_named: object) -> None:
        raise _NotOursError

    film.with_name("Film.srt").write_text(words("Good evening"))
    owner = pysubs2.SSAEvent if where == "plaintext" else pysubs2.SSAFile
    monkeypatch.setattr(owner, where, property(fails) if where == "plaintext" else fails)
    with opened(made, film) as (session, _):
        until(lambda: "no readable subtitles" in session.state.notice)
        session.play()
        until(lambda: session.state.status is PlaybackStatus.ENDED)


def test_what_fails_in_a_fallback_is_a_notice_too(film, made, monkeypatch):
    """A file of frames, whose rate is not known, is read a second time."""
    tried = []

    def fails(_text: str, fps: float | None = None) -> None:
        tried.append(fps)
        raise pysubs2.exceptions.UnknownFPSError if fps is None else _NotOursError

    film.with_name("Film.sub").write_text("{1}{90}Good evening\n")
    monkeypatch.setattr(pysubs2.SSAFile, "from_string", fails)
    with opened(made, film) as (session, _):
        until(lambda: "no readable subtitles" in session.state.notice)
    assert len(tried) == 2


def test_a_document_that_libmpv_does_not_take_is_told(film, made, monkeypatch):
    film.with_name("Film.de.srt").write_text(words("Guten Abend"))
    with opened(made, film) as (session, player):
        command = player.command
        monkeypatch.setattr(player, "command", lambda *given: given[0] != "sub-add" and command(*given))
        session.select_text(session.state.text_tracks[0].id)
        until(lambda: "Film.de.srt" in session.state.notice)


@pytest.mark.parametrize("name", ["Film.srt", "film.VTT"])
def test_a_file_of_exactly_the_films_name_is_shown_by_itself(film, made, name):
    film.with_name(name).write_text("WEBVTT\n\n00:00.000 --> 00:03.900\nGood evening\n")
    film.with_name("Film.de.srt").write_text(words("Guten Abend"))
    with opened(made, film) as (_, player):
        until(lambda: said(player) == "Good evening")


def test_a_file_of_the_films_name_is_not_shown_where_the_viewer_wants_none(film, made):
    film.with_name("Film.srt").write_text(words("Good evening"))
    with opened(made, film) as (session, player):
        until(lambda: said(player) == "Good evening")
        session.select_text(None)
        until(lambda: not said(player))
    with opened(made, film) as (session, player):
        assert shown(session) is None
        assert not said(player)


@pytest.mark.parametrize("mode", [SubtitleMode.NEVER, SubtitleMode.ALWAYS])
def test_the_preferences_count_before_a_file_of_the_films_name(film, tmp_path, mode):
    film.with_name("Film.srt").write_text(words("Good evening"))
    film.with_name("Film.de.srt").write_text(words("Guten Abend"))
    TrackPreferenceStore(tmp_path / "profile" / "tracks.json").keep("", TrackPreferences((), ("de",), mode))
    with engine(tmp_path / "profile") as made, opened(made, film) as (session, player):
        if mode is SubtitleMode.ALWAYS:
            until(lambda: said(player) == "Guten Abend")
        assert shown(session) == ("Film.de.srt" if mode is SubtitleMode.ALWAYS else None)


def test_subtitles_that_are_pictures_are_not_offered(film, made):
    """Of a VobSub pair the one with the pictures is called .sub as MicroDVD is."""
    film.with_name("Film.sub").write_bytes(b"\0\0\1\xba" + bytes(2000))
    film.with_name("Film.idx").write_text("# VobSub index file, v7\n")
    with opened(made, film) as (session, _):
        assert session.state.text_tracks == ()
        assert session.state.notice == ""
