"""A recording that is still written while it is watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.films import Film
from tests.kit.playback import engine, null_player
from tests.kit.waiting import until

pytestmark = pytest.mark.realtime

RECORDING = Film("recording.ts", ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac"), seconds=60)


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
        assert made.wait(session, 10)
