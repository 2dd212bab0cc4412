"""Films as people have them, on the real libmpv: they play, seek to the very picture, and show the right tracks."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import av
import numpy as np
import pytest

from player.base.languages import normal
from player.engine import Engine
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import barcode
from tests.kit.fileserver import FileServer
from tests.kit.films import CLIP, FILMS, Film, cover
from tests.kit.playback import engine, null_player
from tests.kit.screen import Screen
from tests.kit.slices import slice_of
from tests.kit.waiting import PATIENCE_S, until, until_holds

SLICE = 9  # of them are in each run of the suite
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac")
ALL = {film.name: film for film in FILMS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine(tmp_path_factory.mktemp("profile")) as one:
        yield one


def test_there_are_forty():
    assert len(ALL) >= 40


@pytest.mark.realtime
@pytest.mark.parametrize("name", slice_of(zip(sorted(ALL)), SLICE))
def test_a_film_plays_and_seeks(name, made):
    check(ALL[name], made)


@pytest.mark.realtime
@pytest.mark.parametrize("name", ["h264.mp4", "many-tracks.mkv"])
def test_a_film_of_a_web_server_plays_and_seeks(name, made):
    """libmpv opens no connection for it: what is asked for goes through the gate, in parts."""
    film = ALL[name]
    path = film.path()
    with FileServer(path.parent) as server:
        check(film, made, PlaybackSource.of_address(server.url(path.name)))
        assert len({request.connection for request in server.requests}) <= 6
        assert all(request.range for request in server.requests)


def cut(path: Path, share: float, target: Path) -> Path:
    """What a film is whose end was never written."""
    data = path.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


LONGER = {
    "mp4": Film("longer.mp4", (*ENCODED, "-movflags", "+faststart"), seconds=24),
    "mkv": Film("longer.mkv", ENCODED, seconds=24),
}


@pytest.mark.realtime
@pytest.mark.parametrize("kind", LONGER)
def test_a_film_that_is_cut_says_so_and_is_not_seen(kind, made, tmp_path):
    path = cut(LONGER[kind].path(), 0.5, tmp_path / f"cut.{kind}")
    recorder = Recorder()
    with null_player() as player:
        session = made.open(PlaybackSource.of_file(path), player, recorder.see, PlaybackSettings(start_s=6.0))
        session.set_speed(8.0)
        assert made.wait(session, 60)
    assert recorder.state.status is PlaybackStatus.FAILED
    assert recorder.state.failure.code == "media.incomplete"
    assert "stops here" in recorder.state.failure.sentence
    until(lambda: any(file.resume_s > 8.0 for file in made.files.last() if file.place == str(path)))


@pytest.mark.realtime
def test_what_has_been_read_is_not_taken_for_the_length(made, monkeypatch):
    """Of a file that tells none libmpv says how far it has read, which is more each time that it is asked."""
    endless = Film("endless.ts", ENCODED, seconds=24)
    with null_player() as player:
        so_far, read, told = count(1.0, 10.0), player.read, set[float | None]()
        monkeypatch.setattr(
            player, "read", lambda name, default=None: next(so_far) if name == "duration" else read(name, default)
        )
        session = made.open(
            PlaybackSource.of_file(endless.path()),
            player,
            lambda state: told.add(state.duration_s),
            PlaybackSettings(fresh=True),
        )
        until(lambda: told - {None})
        until(lambda: session.state.position_s > 0.5 and session.state.duration_s is None)
        session.seek(18.0)
        until(lambda: session.state.position_s > 18.1)
        assert session.state.duration_s is None
        session.stop()
        assert made.wait(session, PATIENCE_S)


WITHOUT_LENGTH = {
    "film": Film("unsized.mkv", (*ENCODED, "-live", "1"), seconds=8),
    "music": Film("unsized.mka", ("-vn", "-c:a", "aac", "-live", "1", "-f", "matroska"), seconds=8),
}


@pytest.mark.realtime
@pytest.mark.parametrize("web", [False, True], ids=["disk", "web"])
@pytest.mark.parametrize("kind", WITHOUT_LENGTH)
def test_a_film_without_a_length_is_seen_again_from_its_start(kind, web, tmp_path):
    path = WITHOUT_LENGTH[kind].path()
    with engine(tmp_path / "profile") as one, FileServer(path.parent) as server, null_player() as player:
        source = PlaybackSource.of_address(server.url(path.name)) if web else PlaybackSource.of_file(path)
        session = one.open(source, player, lambda _state: None)
        session.set_speed(8.0)
        assert one.wait(session, 60)
        assert session.state.status is PlaybackStatus.ENDED
        # The end is where libmpv was when it was asked last: at this speed a busy machine asks once in seconds.
        until(lambda: [4.0 <= file.position_s <= 8.5 for file in one.files.last()] == [True])
        assert [file.resume_s for file in one.files.last()] == [0.0]


@pytest.mark.realtime
def test_a_film_without_a_length_goes_on_where_it_was_left(tmp_path):
    """A playback that stops because it was asked to has seen no end."""
    with engine(tmp_path / "profile") as one, null_player() as player:
        settings = PlaybackSettings(play_for_s=6.0)
        session = one.open(
            PlaybackSource.of_file(WITHOUT_LENGTH["film"].path()), player, lambda _state: None, settings
        )
        session.set_speed(8.0)
        assert one.wait(session, 60)
        until(lambda: any(file.resume_s >= 6.0 for file in one.files.last()))


@pytest.mark.realtime
def test_a_film_whose_sound_ends_early_is_whole(made, tmp_path):
    """So is one whose length is that of its subtitles or of its sound."""
    with null_player() as player:
        recorder = Recorder()
        source = PlaybackSource.of_file(LONGER["mp4"].path())
        session = made.open(source, player, recorder.see, PlaybackSettings(start_s=18.0, fresh=True))
        session.set_speed(8.0)
        assert made.wait(session, 60)
    assert recorder.state.status is PlaybackStatus.ENDED


@pytest.mark.realtime
@pytest.mark.parametrize("name", ["cover.mp3", "cover.flac"])
def test_the_cover_inside_music_is_shown(name, made):
    path = cover(name)
    with Screen() as screen:
        session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None)
        until(lambda: any(one.mark.rung == 7 for one in screen.shown))
        until(lambda: not session.state.form.pictures)  # told after libmpv has shown it
        session.stop()
        made.wait(session, PATIENCE_S)


@pytest.mark.realtime
@pytest.mark.parametrize("name", ["h264.mp4", "h264.ts"])
def test_an_address_without_a_name_is_what_it_leads_to(name, made, tmp_path):
    shutil.copy(ALL[name].path(), tmp_path / "download")
    with FileServer(tmp_path) as server:
        check(ALL[name], made, PlaybackSource.of_address(server.url("download") + "?id=7"))


@pytest.mark.realtime
@pytest.mark.skipif(not CLIP.is_file(), reason="the clip is not here")
def test_a_clip_of_others_plays(made):
    with Screen() as screen:
        recorder = Recorder()
        session = made.open(PlaybackSource.of_file(CLIP), screen.player, recorder.see, None, recorder)
        session.set_speed(4.0)
        assert made.wait(session, PATIENCE_S)
    state = recorder.state
    assert state.status is PlaybackStatus.ENDED
    assert (state.media.video, state.media.width, state.media.height) == ("h264", 1280, 720)
    assert [track.channels for track in state.audio_tracks] == ["6"]
    assert state.text_tracks == ()


def check(film: Film, made: Engine, source: PlaybackSource | None = None) -> None:
    path = film.path()
    states: list[PlaybackState] = []
    with Screen() as screen:
        settings = PlaybackSettings(start_paused=True, fresh=True)
        session = made.open(source or PlaybackSource.of_file(path), screen.player, states.append, settings)
        try:
            until(lambda: session.state.status in (PlaybackStatus.PAUSED, PlaybackStatus.FAILED))
            assert session.state.failure is None
            until_holds(lambda: _right_tracks(film, session.state))  # they are told one by one
            rng = random.Random(film.name)
            for _ in range(3):
                _seek(film, screen, session, rng)
            session.seek(0.0)
            session.set_speed(4.0)
            session.play()
            assert made.wait(session, PATIENCE_S), session.state
        finally:
            session.stop()
            made.wait(session, PATIENCE_S)
    ended = next(state for state in reversed(states) if state.status in (PlaybackStatus.ENDED, PlaybackStatus.FAILED))
    assert ended.status is PlaybackStatus.ENDED, ended.failure
    if film.whole:
        assert ended.position_s > film.seconds - 0.5


def _right_tracks(film: Film, state: PlaybackState) -> None:
    assert state.media is not None
    assert state.media.video == film.video
    assert state.media.audio == film.audio
    if film.has_pictures:
        assert f"{state.media.width}x{state.media.height}" == (film.coded or film.size)
    wanted = ["-".join(normal(tag)) or None for tag in film.languages]
    assert [track.language for track in state.audio_tracks] == (wanted if film.audio else [])
    assert [track.language for track in state.text_tracks] == ["-".join(normal(tag)) or None for tag in film.texts]
    assert not [track for track in (*state.audio_tracks, *state.text_tracks) if track.unsupported]
    assert len(state.chapters) == film.chapters
    if film.whole and film.name != "no-index.avi":
        assert state.duration_s == pytest.approx(film.seconds, abs=0.3)


@cache
def pictures_of(path: Path) -> dict[int, float]:
    """When each picture of a film is to be shown, by another reader's account (PyAV): seconds from its start."""
    found: dict[int, float] = {}
    with av.open(str(path)) as container:
        begin_s = (container.start_time or 0) / av.time_base
        for packet in container.demux(video=0):
            for frame in _decoded(packet):
                upright = np.rot90(frame.to_ndarray(format="gray"), round(frame.rotation / 90))
                mark = barcode.decode(np.ascontiguousarray(upright))
                if mark is not None and frame.time is not None:
                    found[mark.frame] = frame.time - begin_s
    return found


def _decoded(packet: av.Packet) -> list[av.VideoFrame]:
    """The pictures of a packet; none of one that was cut."""
    try:
        return [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
    except av.error.InvalidDataError:
        return []


def _seek(film: Film, screen: Screen, session, rng: random.Random) -> None:
    """One seek; the picture that is shown is the one of that time."""
    last_s = film.seconds * (0.5 if not film.whole else 0.85)
    times = pictures_of(film.path()) if film.has_pictures else {}
    frame, target_s = rng.choice(
        [(one, at_s) for one, at_s in times.items() if 0.05 < at_s < last_s] or [(0, last_s / 2)]
    )
    since = len(screen.shown)
    session.seek(target_s)
    until(lambda: session.state.status is PlaybackStatus.PAUSED)
    if film.has_pictures and film.exact:
        tolerance = film.name.endswith(".avi")  # AVI has no times of presentation: readers guess the first one
        assert screen.wait_for(frame, since, 10, tolerance), (film.name, frame, screen.frames[-3:])
    else:
        until(lambda: abs((screen.player.read("time-pos") or -9) - target_s) < 0.6)
