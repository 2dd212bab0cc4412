"""The tools of the player on the real libmpv: what a viewer adjusts is so, and is undone with the playback."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from player.base.errors import ErrorCode, NetError
from player.engine import Engine
from player.mpv.adjustments import Adjustments, properties
from player.mpv.player import MpvPlayer
from player.playback import monitor
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackState, PlaybackStatus
from player.resume.files import FileMemory
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.films import FILMS
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

pytestmark = pytest.mark.realtime


OWN = "1\n00:00:00,000 --> 00:00:03,900\nGuten Abend, Käthe\n"


@dataclass
class Stage:
    made: Engine
    screen: Screen
    session: Session
    states: list[PlaybackState]
    path: Path

    @property
    def player(self) -> MpvPlayer:
        return self.screen.player

    def text(self, name: str = "sub-text") -> str:
        return str(self.player.read(name, ""))


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Stage]:
    """A film with many tracks, paused at 1.5 s, with a subtitle file beside it in an old encoding."""
    path = tmp_path / "Film.mkv"
    shutil.copy(next(one for one in FILMS if one.name == "many-tracks.mkv").path(), path)
    (tmp_path / "Film.sv.srt").write_bytes(OWN.encode("cp1252"))
    states: list[PlaybackState] = []
    with engine(tmp_path / "profile") as made, Screen() as screen:
        settings = PlaybackSettings(start_paused=True, start_s=1.5)
        session = made.open(PlaybackSource.of_file(path), screen.player, states.append, settings)
        until(lambda: session.state.status is PlaybackStatus.PAUSED and session.state.text_tracks)
        yield Stage(made, screen, session, states, path)
        session.stop()
        made.wait(session, PATIENCE_S)


def track(film: Stage, language: str) -> str:
    return next(one.id for one in film.session.state.text_tracks if one.language == language)


def test_a_file_beside_the_film_is_shown_and_two_at_once(film):
    film.session.select_text(track(film, "sv"))
    until(lambda: film.text() == "Guten Abend, Käthe")
    film.session.set_speed(0.25)
    film.session.set_loop(1.1, 1.9)
    film.session.play()
    film.session.select_second_text(track(film, "fr"))
    until(lambda: film.text("secondary-sub-text") == "Hello fre")
    until(lambda: film.text() == "Guten Abend, Käthe")
    film.session.select_text(track(film, "en"))
    until(lambda: film.text() == "Hello eng")
    film.session.select_text(None)
    until(lambda: film.text() == "")


def test_the_second_subtitles_become_the_first(film):
    """libmpv refuses to show any of them twice."""
    film.session.select_text(track(film, "de"))
    film.session.select_second_text(track(film, "fr"))
    until(lambda: film.text("secondary-sub-text") == "Hello fre")
    film.session.select_text(track(film, "fr"))
    until(lambda: film.text() == "Hello fre")
    until(lambda: film.session.state.second_text == "" and film.text("secondary-sub-text") == "")


def test_the_first_subtitles_are_not_the_second_as_well(film):
    film.session.select_text(track(film, "de"))
    film.session.select_second_text(track(film, "fr"))
    until(lambda: film.text("secondary-sub-text") == "Hello fre")
    film.session.select_second_text(track(film, "de"))
    film.session.select_audio(film.session.state.audio_tracks[2].id)
    until(lambda: film.player.read("aid") == 3)
    assert film.session.state.second_text == track(film, "fr")
    until(lambda: film.text("secondary-sub-text") == "Hello fre")


def test_another_track_is_there_at_once_while_paused(film):
    until(lambda: film.screen.shown)
    before = film.player.read("time-pos")
    for language, words in (("fr", "Hello fre"), ("de", "Hello ger")):
        film.session.select_text(track(film, language))
        until(lambda words=words: film.text() == words)
    film.session.select_second_text(track(film, "en"))
    until(lambda: film.text("secondary-sub-text") == "Hello eng")
    chosen = film.session.state.audio_tracks[2].id
    film.session.select_audio(chosen)
    until(lambda: [one.id for one in film.session.state.audio_tracks if one.selected] == [chosen])
    until(lambda: film.session.state.status is PlaybackStatus.PAUSED)
    until(lambda: film.player.read("aid") == 3)
    until(lambda: film.player.read("time-pos") == pytest.approx(before, abs=0.05), "the place stays")


@pytest.mark.parametrize(("direction", "frame_s"), [(1, 2.04), (-1, 1.96)], ids=["forward", "back"])
def test_a_frame_after_a_jump_is_one_of_the_place_it_leads_to(film, direction, frame_s):
    """libmpv would take the frame of the jump for the step, or let a step back be."""
    film.session.seek(2.0)
    film.session.step_frame(direction)
    until(lambda: film.player.read("time-pos") == pytest.approx(frame_s, abs=0.005))
    until(lambda: film.session.state.status is PlaybackStatus.PAUSED)


def test_a_frame_after_a_jump_holds_a_film_that_plays(film):
    film.session.play()
    until(lambda: film.session.state.status is PlaybackStatus.PLAYING)
    film.session.seek(2.0)
    film.session.step_frame(1)
    until(lambda: film.session.state.status is PlaybackStatus.PAUSED)
    until(lambda: film.player.read("time-pos") == pytest.approx(2.04, abs=0.005))


def test_a_dropped_file_is_shown_and_a_bad_one_is_told(film, tmp_path):
    dropped = tmp_path / "elsewhere.vtt"
    dropped.write_text("WEBVTT\n\n00:00.000 --> 00:03.900\nDropped\n")
    film.session.add_subtitles(dropped)
    until(lambda: film.text() == "Dropped")
    (tmp_path / "bad.srt").write_bytes(b"\0\1\2" * 100)
    film.session.add_subtitles(tmp_path / "bad.srt")
    until(lambda: film.session.state.notice == "bad.srt: This file has no readable subtitles.")
    until(lambda: film.text() == "Dropped")  # read again for the paused frame meanwhile, and there


def test_the_notice_of_a_bad_subtitle_file_goes_away(film, tmp_path, monkeypatch):
    monkeypatch.setattr(monitor, "_NOTICE_S", 0.5)
    bad = tmp_path / f"{'words ' * 30}.de.srt"
    bad.write_bytes(b"")
    film.session.add_subtitles(bad)
    notice = until(lambda: film.session.state.notice)
    assert notice.startswith("words words")
    assert "….de.srt: " not in notice
    assert ".de.srt: This file has no readable subtitles" in notice
    assert len(notice) < 100, "a long name is shortened"
    until(lambda: film.session.state.notice == "")


def test_files_that_were_chosen_with_a_film_are_shown_with_it(tmp_path):
    (tmp_path / "words.srt").write_text(OWN)
    (tmp_path / "bad.srt").write_bytes(b"\0\1\2" * 100)
    film = PlaybackSource.of_file(next(one for one in FILMS if one.name == "many-tracks.mkv").path())
    chosen = replace(film, subtitles=(tmp_path / "words.srt", tmp_path / "bad.srt"))
    with engine(tmp_path / "profile") as made, Screen() as screen:
        settings = PlaybackSettings(start_paused=True, start_s=1.5)
        session = made.open(chosen, screen.player, lambda _state: None, settings)
        until(lambda: str(screen.player.read("sub-text", "")) == "Guten Abend, Käthe")
        until(lambda: "no readable subtitles" in session.state.notice)
        session.stop()
        made.wait(session, PATIENCE_S)


BAD = {"nothing": b"", "garbage": b"\0\1\2" * 100, "half": b"1\n00:00:01,0", "large": b"1\n" * (5 << 20)}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", ["Film.forced.srt", "Film.srt"], ids=["forced", "remembered"])
def test_a_film_plays_beside_a_subtitle_file_that_cannot_be_read(tmp_path, name, content):
    path = tmp_path / "Film.mp4"
    shutil.copy(FILMS[0].path(), path)
    with engine(tmp_path / "profile") as made, Screen() as screen:
        if name == "Film.srt":
            (tmp_path / name).write_text(OWN)
            session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None)
            until(lambda: session.state.text_tracks)
            session.select_text(session.state.text_tracks[0].id)
            until(lambda: chosen(session.state) & {session.state.text_tracks[0].id})
            session.stop()
            assert made.wait(session, PATIENCE_S)
        (tmp_path / name).write_bytes(content)
        session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None)
        until(lambda: session.state.status is PlaybackStatus.ENDED or session.state.failure)
        assert session.state.failure is None
        assert "subtitle" in session.state.notice
        session.stop()
        made.wait(session, PATIENCE_S)


def test_a_bad_subtitle_file_does_not_keep_the_next_one_away(tmp_path):
    (tmp_path / "bad.srt").write_bytes(b"")
    (tmp_path / "words.srt").write_text(OWN)
    film = PlaybackSource.of_file(next(one for one in FILMS if one.name == "many-tracks.mkv").path())
    both = replace(film, subtitles=(tmp_path / "bad.srt", tmp_path / "words.srt"))
    with engine(tmp_path / "profile") as made, Screen() as screen:
        settings = PlaybackSettings(start_paused=True, start_s=1.5)
        session = made.open(both, screen.player, lambda _state: None, settings)
        until(lambda: str(screen.player.read("sub-text", "")) == "Guten Abend, Käthe")
        assert "no readable subtitles" in session.state.notice
        session.stop()
        made.wait(session, PATIENCE_S)


def test_a_line_is_found_in_the_film_and_in_a_file(film):
    film.session.set_speed(0.25)
    film.session.set_loop(1.1, 1.9)
    film.session.play()
    film.session.select_text(track(film, "de"))
    until(lambda: film.text() == "Hello ger")
    lines = film.session.subtitle_lines().result(PATIENCE_S)
    assert [(line.text, round(line.start_s)) for line in lines] == [("Hello ger", 1)]
    film.session.select_text(track(film, "sv"))
    until(lambda: film.text().startswith("Guten"))
    until(lambda: [line.text for line in film.session.subtitle_lines().result(PATIENCE_S)] == ["Guten Abend, Käthe"])


@pytest.mark.parametrize(
    "wanted",
    [
        Adjustments(audio_delay_s=0.3, subtitle_delay_s=-0.5, subtitle_size=150),
        Adjustments(night=True, normalise=True, downmix=True),
        Adjustments(zoom=150, aspect="4:3", rotation=90, deinterlace=True),
        Adjustments(crop="2.39:1"),
        Adjustments(crop="fill"),
        Adjustments(own_style=False, tone_mapping="hable"),
    ],
)
def test_what_is_adjusted_is_so_and_undone_at_the_end(film, wanted):
    names = set(properties(wanted))
    before = {name: film.player.read(name) for name in names}
    film.session.adjust(wanted)
    expected = {name for name, value in properties(wanted).items() if properties(Adjustments()).get(name) != value}
    assert expected
    until(lambda: all(film.player.read(name) != before[name] for name in expected))
    assert not film.player.decode_errors
    film.session.play()
    until(lambda: film.session.state.position_s > 2.0)
    film.session.stop()
    assert film.made.wait(film.session, PATIENCE_S)
    assert {name: film.player.read(name) for name in names - {"tone-mapping"}} == {
        name: before[name] for name in names - {"tone-mapping"}
    }


def test_frame_by_frame_both_ways(film):
    until(lambda: film.screen.shown)
    first = film.screen.shown[-1].mark.frame
    film.session.step_frame(1)
    until(lambda: film.screen.shown[-1].mark.frame == first + 1)
    film.session.step_frame(-1)
    until(lambda: film.screen.shown[-1].mark.frame == first)
    assert film.session.state.paused


def test_a_frame_is_saved(film, tmp_path):
    assert film.session.screenshot(tmp_path / "frame.png").result(PATIENCE_S)
    assert (tmp_path / "frame.png").read_bytes().startswith(b"\x89PNG")
    assert film.session.screenshot(tmp_path / "a new folder" / "frame.png").result(PATIENCE_S)
    (tmp_path / "no folder").touch()
    assert not film.session.screenshot(tmp_path / "no folder" / "frame.png").result(PATIENCE_S)
    (tmp_path / "taken.png").mkdir()
    assert not film.session.screenshot(tmp_path / "taken.png").result(PATIENCE_S)
    assert not list(tmp_path.rglob(".*")), "nothing half is left"


def test_half_a_frame_is_no_saved_frame(film, tmp_path):
    """On a full disk libmpv writes a part of it and reports success. A limit of this process stands for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        saved = film.session.screenshot(tmp_path / "shots" / "frame.png").result(PATIENCE_S)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not saved
    assert not list((tmp_path / "shots").iterdir())
    assert film.session.screenshot(tmp_path / "shots" / "frame.png").result(PATIENCE_S)


def test_a_part_is_repeated(film):
    film.session.set_loop(1.0, 1.8)
    film.session.play()
    seen = len(film.screen.shown)
    until(lambda: {26, 44} <= {one.mark.frame for one in film.screen.shown[seen:]})
    assert max(one.mark.frame for one in film.screen.shown[seen + 5 :]) <= 47


def test_bookmarks_and_the_place_are_found_again_under_another_name(film):
    film.session.keep_bookmarks([1.0, 2.0])
    sound, words = film.session.state.audio_tracks[4].id, track(film, "fr")
    film.session.select_audio(sound)
    film.session.select_text(words)
    until(lambda: film.session.state.audio_tracks[4].selected)
    film.session.seek(2.2)
    until(lambda: film.session.state.position_s == pytest.approx(2.2, abs=0.1))
    film.session.stop()
    assert film.made.wait(film.session, PATIENCE_S)
    other = film.path.with_name("Renamed.mkv")
    film.path.rename(other)
    again = film.made.open(PlaybackSource.of_file(other), film.player, film.states.append)
    until(lambda: again.state.bookmarks == (1.0, 2.0))
    until(lambda: film.made.files.last()[0].name == "Renamed")
    until(lambda: {sound, words} <= chosen(again.state))
    again.stop()
    assert film.made.wait(again, PATIENCE_S)


@pytest.mark.parametrize(
    "content", [b"\x1a\x45\xdf\xa3" + b"\x01" * 5000, b"no film " * 999], ids=["head alone", "text"]
)
def test_a_file_that_never_played_is_none_of_those_opened_last(tmp_path, content):
    path, film = tmp_path / "broken.mkv", FILMS[0].path().resolve()
    path.write_bytes(content)
    with engine(tmp_path / "profile") as made:
        for place, status in ((path, PlaybackStatus.FAILED), (film, PlaybackStatus.ENDED)):
            with Screen() as screen:
                settings = PlaybackSettings(play_for_s=0.5)
                session = made.open(PlaybackSource.of_file(place), screen.player, lambda _state: None, settings)
                assert made.wait(session, PATIENCE_S)
                assert session.state.status is status
    assert [file.place for file in FileMemory(tmp_path / "profile/files.json").last()] == [str(film)]


def test_a_file_of_the_web_that_cannot_be_read_further_is_no_film_seen_to_its_end(film):
    """libmpv takes a read that failed for the end of the file."""
    failure = NetError(ErrorCode.NET_STALLED, "The server has stopped sending.")
    film.session._parts.services.loop.call_soon_threadsafe(film.session._parts.ending.fail_after_buffer, failure)
    film.session.play()
    until(lambda: film.session.state.status in (PlaybackStatus.FAILED, PlaybackStatus.ENDED))
    assert film.session.state.failure is not None
    assert film.session.state.failure.code == "net.stalled"


def test_a_file_that_waits_waits_for_its_disk(film):
    parts = film.session._parts
    parts.services.loop.call_soon_threadsafe(parts.monitor.handle_property, "paused-for-cache", True)
    until(lambda: film.session.state.stall)
    assert film.session.state.stall == "file"
    parts.services.loop.call_soon_threadsafe(parts.monitor.handle_property, "paused-for-cache", False)


@pytest.mark.parametrize("gone", [False, True], ids=["cut", "gone"])
def test_a_file_that_breaks_off_while_it_plays_is_no_film_seen_to_its_end(tmp_path, gone):
    film = replace(next(one for one in FILMS if one.name == "h264.mkv"), seconds=20).path()
    path = tmp_path / "film.mkv"
    shutil.copy(film, path)
    with engine(tmp_path / "profile") as made:
        with Screen() as screen:
            session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None)
            until(lambda: session.state.status is PlaybackStatus.PLAYING)
            os.truncate(path, path.stat().st_size // 2)
            if gone:
                path.unlink()
            session.set_speed(4.0)
            until(lambda: session.state.status in (PlaybackStatus.FAILED, PlaybackStatus.ENDED))
            assert session.state.failure is not None
            assert session.state.failure.code == "input.file"
            session.stop()
            made.wait(session, PATIENCE_S)
        (kept,) = made.files.last()
        assert 1.0 < kept.resume_s < 19.0


def test_a_jump_into_what_has_been_cut_off_is_no_film_seen_to_its_end(tmp_path):
    """libmpv goes to the end that the film says it has."""
    path = tmp_path / "film.mkv"
    shutil.copy(replace(next(one for one in FILMS if one.name == "h264.mkv"), seconds=60).path(), path)
    with engine(tmp_path / "profile") as made:
        with Screen() as screen:
            settings = PlaybackSettings(start_s=50.0)
            session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None, settings)
            until(lambda: session.state.status is PlaybackStatus.PLAYING)
            os.truncate(path, path.stat().st_size // 4)
            session.seek(30.0)
            until(lambda: session.state.status in (PlaybackStatus.FAILED, PlaybackStatus.ENDED))
            assert session.state.failure is not None
            assert session.state.failure.code == "input.file"
            session.stop()
            made.wait(session, PATIENCE_S)
        (kept,) = made.files.last()
        assert kept.resume_s == pytest.approx(30.0, abs=1.0)


def chosen(state: PlaybackState) -> set[str]:
    return {one.id for one in (*state.audio_tracks, *state.text_tracks) if one.selected}


def test_the_next_episode_is_heard_and_read_as_the_one_before(tmp_path):
    """Sound inside the file, subtitles beside it; another film is as it was."""
    source = next(one for one in FILMS if one.name == "many-tracks.mkv").path().read_bytes()
    for number, name in enumerate(("Show S01E01", "Show S01E02", "Other")):
        (tmp_path / f"{name}.mkv").write_bytes(source + b"\xec\x81" + bytes([number]))  # a Void element
        (tmp_path / f"{name}.sv.srt").write_text(OWN)
    with engine(tmp_path / "profile") as made, Screen() as screen:
        heard = []
        for name in ("Show S01E01", "Other", "Show S01E02"):
            settings = PlaybackSettings(start_paused=True)
            place = PlaybackSource.of_file(tmp_path / f"{name}.mkv")
            session = made.open(place, screen.player, lambda _state: None, settings)
            until(lambda session=session: session.state.status is PlaybackStatus.PAUSED and session.state.text_tracks)
            tracks = (*session.state.audio_tracks, *session.state.text_tracks)
            ids = {(one.language, one.id.split("/")[0]): one.id for one in tracks}
            if name == "Show S01E02":
                until(
                    lambda session=session, ids=ids: chosen(session.state) == {ids["ja", "audio"], ids["sv", "own"]}
                )
            else:
                sound, words = ("ja", "sv") if not heard else ("es", None)
                session.select_audio(ids[sound, "audio"])
                session.select_text(ids[words, "own"] if words else None)
                wanted = {ids[sound, "audio"], *([ids[words, "own"]] if words else [])}
                until(lambda session=session, wanted=wanted: chosen(session.state) == wanted)
            heard.append(name)
            session.stop()
            assert made.wait(session, PATIENCE_S)


def test_a_stream_has_the_same_tools(tmp_path):
    """Subtitles of one's own, adjustments and frames also where we stream."""
    title = media.ffmpeg_dash(8)
    (tmp_path / "own.srt").write_bytes(OWN.encode("utf-16"))
    with engine(tmp_path / "profile") as made, Screen() as screen, FileServer(title.folder) as server:
        session = made.open(PlaybackSource(url=server.url(title.dash)), screen.player, lambda _state: None)
        until(lambda: session.state.status is PlaybackStatus.PLAYING)
        session.pause()
        session.add_subtitles(tmp_path / "own.srt")
        until(
            lambda: str(screen.player.read("sub-text", "")) == "Guten Abend, Käthe" or session.state.position_s > 3.8
        )
        until(lambda: [one.selected for one in session.state.text_tracks] == [True])
        assert [line.text for line in session.subtitle_lines().result(PATIENCE_S)] == ["Guten Abend, Käthe"]
        session.adjust(Adjustments(night=True))
        until(lambda: screen.player.read("af"))
        until(lambda: session.state.status is PlaybackStatus.PAUSED)
        until(lambda: screen.shown[-1].mark.frame == round(screen.player.read("time-pos") * media.FPS))
        first = screen.shown[-1].mark.frame
        session.step_frame(1)
        until(lambda: screen.shown[-1].mark.frame == first + 1)
        assert session.screenshot(tmp_path / "frame.png").result(PATIENCE_S)
        session.stop()
        assert made.wait(session, PATIENCE_S)
        assert not screen.player.read("af")


def test_a_film_of_a_web_server_goes_on_where_it_was_left(tmp_path):
    """It is known again by its address."""
    film = replace(next(one for one in FILMS if one.name == "h264.mkv"), seconds=20).path()
    with engine(tmp_path / "profile") as made, FileServer(film.parent) as server:
        source = PlaybackSource.of_address(server.url(film.name))
        with Screen() as screen:
            session = made.open(source, screen.player, lambda _state: None, PlaybackSettings(start_paused=True))
            until(lambda: session.state.status is PlaybackStatus.PAUSED and session.state.duration_s)
            length_s = session.state.duration_s or 0.0
            session.seek(length_s / 2)
            until(lambda: session.state.position_s == pytest.approx(length_s / 2, abs=0.1))
            session.stop()
            assert made.wait(session, PATIENCE_S)
        with Screen() as screen:
            session = made.open(source, screen.player, lambda _state: None, PlaybackSettings(start_paused=True))
            until(lambda: session.state.status is PlaybackStatus.PAUSED and screen.shown)
            assert session.state.position_s == pytest.approx(length_s / 2, abs=0.2)
            session.stop()
            assert made.wait(session, PATIENCE_S)
