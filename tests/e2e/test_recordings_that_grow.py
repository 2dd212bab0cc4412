"""A recording that is still written while it is watched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from player.mpv.adjustments import Adjustments
from player.mpv.player import MpvPlayer
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.films import Film
from tests.kit.playback import engine, null_player
from tests.kit.waiting import PATIENCE_S, until

pytestmark = pytest.mark.realtime

_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac")
RECORDING = Film("recording.ts", _H264, seconds=60)
MATROSKA = Film("recording.mkv", (*_H264, "-live", "1"), seconds=60)
FRAGMENTED = Film(
    "fragmented.mp4",
    (*_H264, "-movflags", "frag_keyframe+empty_moov+default_base_moof"),
    seconds=60,
    languages=("eng", "ger"),
)


def test_a_step_behind_the_end_of_a_recording_leads_to_the_newest(tmp_path: Path) -> None:
    data = RECORDING.path().read_bytes()
    path = tmp_path / "recording.ts"
    path.write_bytes(data[: len(data) // 5])
    written = len(data) // 5
    with engine(tmp_path / "profile") as made, null_player() as player, path.open("ab", buffering=0) as file:

        def grows() -> bool:
            """The recorder goes on, by a fiftieth of a second with each look."""
            nonlocal written
            assert written < len(data), "it is still recorded"
            written += file.write(data[written : written + len(data) // 3000])
            return session.state.status is PlaybackStatus.PLAYING

        session = made.open(PlaybackSource.of_file(path), player, lambda _state: None)
        until(lambda: session.state.duration_s)
        session.seek(10.0)
        until(lambda: grows() and session.state.duration_s is None)
        session.seek(1000.0)
        until(lambda: session.state.position_s == 1000.0)
        until(lambda: grows() and session.state.position_s < 60.0)
        assert session.state.failure is None
        session.stop()
        assert made.wait(session, PATIENCE_S)


def test_a_step_behind_the_end_of_a_matroska_recording_leads_to_the_newest(tmp_path: Path) -> None:
    """libmpv knows of it what it has read, which is less than what is there."""
    data = MATROSKA.path().read_bytes()
    path = tmp_path / "recording.mkv"
    written = len(data) // 2
    path.write_bytes(data[:written])
    with engine(tmp_path / "profile") as made, null_player() as player, path.open("ab", buffering=0) as file:

        def grows() -> bool:
            nonlocal written
            assert written < len(data), "it is still recorded"
            written += file.write(data[written : written + len(data) // 3000])
            return session.state.status is PlaybackStatus.PLAYING

        session = made.open(PlaybackSource.of_file(path), player, lambda _state: None)
        until(grows)
        session.seek(1000.0)
        until(lambda: session.state.position_s == 1000.0)
        until(lambda: grows() and session.state.position_s < 1000.0)
        assert session.state.position_s > 25.0
        assert session.state.failure is None
        session.stop()
        assert made.wait(session, PATIENCE_S)


def test_what_has_been_read_of_a_matroska_recording_is_not_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A jump right after the start is not held back by it."""
    source = PlaybackSource.of_file(MATROSKA.path())
    with engine(tmp_path / "profile") as made, null_player() as player:
        lengths: set[float | None] = set()
        first, read = iter((1.0,)), player.read
        monkeypatch.setattr(
            player,
            "read",
            lambda name, default=None: next(first, None) or read(name) if name == "duration" else read(name, default),
        )
        session = made.open(source, player, lambda state: lengths.add(state.duration_s))
        until(lambda: session.state.status is PlaybackStatus.PLAYING)
        session.seek(40.0)
        until(lambda: session.state.status is PlaybackStatus.PLAYING and session.state.position_s > 39.0)
        assert lengths == {None}
        session.stop()
        assert made.wait(session, PATIENCE_S)


class Written:
    """A file of which a fifth is there, and the rest comes with :meth:`go_on`."""

    def __init__(self, film: Film, folder: Path) -> None:
        self.path = folder / film.name
        self._data = film.path().read_bytes()
        self._half = len(self._data) // 5
        self.path.write_bytes(self._data[: self._half])

    def go_on(self) -> None:
        with self.path.open("ab") as file:
            file.write(self._data[self._half :])


def counted_loads(player: MpvPlayer, patch: pytest.MonkeyPatch) -> list[float | None]:
    """The places at which libmpv is told to load a file, as they come."""
    places: list[float | None] = []
    load = player.load

    def noted(url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None:
        places.append(start_s)
        load(url, start_s, options)

    patch.setattr(player, "load", noted)
    return places


def test_a_fragmented_file_plays_on_into_what_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Written(FRAGMENTED, tmp_path)
    ends: list[float] = []

    def see(state: PlaybackState) -> None:
        if state.status is PlaybackStatus.ENDED:
            ends.append(state.position_s)

    with engine(tmp_path / "profile") as made, null_player(untimed=True) as player:
        loads = counted_loads(player, monkeypatch)
        settings = PlaybackSettings(start_paused=True)
        source = PlaybackSource.of_file(written.path)
        session = made.open(source, player, see, settings)
        until(lambda: session.state.status is PlaybackStatus.PAUSED)
        written.go_on()
        session.play()
        assert made.wait(session, 60)
        assert session.state.failure is None
        assert min(ends) > 58.0, "no end is shown before"
        assert len(loads) == 2, "once for the length that was seen"


def test_what_was_chosen_stays_when_a_file_is_loaded_again(tmp_path: Path) -> None:
    written = Written(FRAGMENTED, tmp_path)
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:59,000\nHello\n")
    other = tmp_path / "other.srt"
    other.write_text("1\n00:00:01,000 --> 00:00:59,000\nHallo\n")
    with engine(tmp_path / "profile") as made, null_player() as player:
        settings = PlaybackSettings(start_paused=True)
        session = made.open(PlaybackSource.of_file(written.path), player, lambda _state: None, settings)
        until(lambda: session.state.status is PlaybackStatus.PAUSED)
        german = next(one.id for one in session.state.audio_tracks if one.language == "de")
        session.select_audio(german)
        session.add_subtitles(words)
        until(lambda: any(one.selected for one in session.state.text_tracks))
        second = next(one.id for one in session.state.text_tracks if one.selected)
        session.add_subtitles(other)
        until(lambda: any(one.selected and one.id != second for one in session.state.text_tracks))
        session.select_second_text(second)
        session.set_volume(37)
        session.set_speed(1.5)
        session.adjust(Adjustments(audio_delay_s=0.5, zoom=150))
        until(lambda: session.state.second_text == second and session.state.speed == 1.5)
        first_s = session.state.duration_s
        written.go_on()
        session.seek(40.0)
        until(lambda: session.state.position_s == 40.0 and session.state.status is PlaybackStatus.PAUSED)
        assert first_s is not None
        assert first_s < 20.0 < (session.state.duration_s or 0.0)
        chosen = {"aid": 2, "sub-text": "Hallo", "secondary-sub-text": "Hello"}
        until(lambda: {name: player.read(name) for name in chosen} == chosen)
        settings_now = [player.read(name) for name in ("volume", "speed", "pause", "audio-delay")]
        assert settings_now == [37.0, 1.5, True, 0.5]
        assert player.read("video-zoom") > 0
        session.stop()
        assert made.wait(session, PATIENCE_S)


@pytest.mark.parametrize("target_s", [10.0, 40.0], ids=["in-it", "behind-it"])
def test_a_jump_in_a_recording_that_grew_once_arrives(tmp_path: Path, target_s: float) -> None:
    written = Written(RECORDING, tmp_path)
    with engine(tmp_path / "profile") as made, null_player() as player:
        session = made.open(PlaybackSource.of_file(written.path), player, lambda _state: None)
        until(lambda: session.state.position_s > 1.0)
        written.go_on()
        until(lambda: session.state.position_s > 4.0)
        session.seek(target_s)
        until(lambda: session.state.position_s >= target_s)
        until(lambda: session.state.status is PlaybackStatus.PLAYING)
        assert session.state.position_s >= target_s
        assert session.state.failure is None
        session.stop()
        assert made.wait(session, PATIENCE_S)
