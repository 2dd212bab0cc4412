"""A programme of a real broadcast is recorded while it runs: keys change, broadcaster and service are killed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from backend_stub.broadcast.journal import read_channel
from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions
from player.title.opening import PlaybackSource
from tests.kit.backend import signed_in_viewer
from tests.kit.on_air import broadcaster, on_air
from tests.kit.playback import null_player, signed_in_engine
from tests.kit.waiting import PATIENCE_S, until

LENGTH_S = 24.0


@pytest.mark.realtime
def test_a_programme_is_recorded_over_deaths_and_plays_when_the_channel_has_forgotten_it(tmp_path: Path) -> None:
    starts_at = time.time() + 10.0
    guide = tmp_path / "guide.json"
    programme = {"title": "News", "starts_at": starts_at, "ends_at": starts_at + LENGTH_S}
    guide.write_text(json.dumps([programme]))
    data, words = tmp_path / "data", ("--guide", str(guide), "--window", "16", "--encrypt", "4")
    with on_air(data, *words) as made:
        with signed_in_viewer(made.group) as viewer:
            wanted = {"channel_id": "chan", "starts_at": starts_at}
            recording = viewer.client.post("/recordings", json=wanted).raise_for_status().json()["id"]
        folder = data / "media" / recording / "live"
        until(lambda: (folder / "journal").exists(), "nothing is recorded")
        made.process.kill()
        made.process.wait()
        made.process = broadcaster(data, *words)
        made.wait_for_run(2)
    # The service has ended, and the broadcaster with it; both begin again.
    with ServerGroup(Settings(data), ServerOptions(edge_ports=(0,))) as group:
        again = broadcaster(data, *words)
        try:
            with signed_in_viewer(group) as viewer:

                def finished() -> bool:
                    (one,) = viewer.client.get("/recordings").json()["items"]
                    return one["state"] in {"recorded", "failed"}

                until(finished, "it is not finished", patience_s=150.0)
                (one,) = viewer.client.get("/recordings").json()["items"]
                assert (one["state"], one["id"]) == ("recorded", recording)
                kept = read_channel(folder)
                kids = {init.kid for track in kept.tracks for init in track.inits.values()}
                assert len(kids) >= 4, "keys of more than one period, of audio and video"
                assert LENGTH_S * 0.3 < kept.length_s < LENGTH_S + 5
                first = kept.tracks[0].segments[0].number
                channel = data / "media" / "chan" / "live"
                left = lambda: read_channel(channel).tracks[0].segments[0].number > first  # noqa: E731
                until(left, "the window does not slide")
            with signed_in_engine(tmp_path / "profile", group) as engine, null_player() as player:
                source = PlaybackSource(title_id=recording, variant="")
                session = engine.open(source, player, lambda _state: None)
                until(lambda: session.state.position_s > 1, "it does not play")
                session.seek(kept.length_s - 3)
                until(lambda: session.state.position_s > kept.length_s - 1.5, "its end does not play")
                assert session.state.failure is None
                session.stop()
                assert engine.wait(session, PATIENCE_S)
        finally:
            again.kill()
            again.wait()
