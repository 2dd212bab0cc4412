"""A plan gives the same verdict before and after an evening of watching: runs start from a stated state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from player.playback.settings import PlaybackSettings
from player.qa.document import read
from player.qa.plan import plan_of
from player.qa.run_spec import Bench, RunSpec
from player.qa.simulation.run import simulate
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc
from tests.kit.playback import null_player, publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S

PLAN = """
version: 1
name: evening
sources: [{name: one, title: one}]
play: {duration_s: 3STATE}
"""


def run_of(state: str, tmp_path: Path) -> RunSpec:
    text = PLAN.replace("STATE", f", state: {state}" if state else "")
    (run,) = plan_of(read(text, "evening.yaml"), tmp_path, {}).runs
    return run


@pytest.mark.parametrize("mode", ["virtual", "real"])
def test_a_plan_neither_uses_nor_changes_where_the_viewer_is(tmp_path: Path, mode: str) -> None:
    with running_backend(tmp_path / "service", edges=1) as group:
        publish_media(group, packager_cenc(), "one")
        bench = Bench(tmp_path / "bench", group.api.url, DEMO_EMAIL, DEMO_PASSWORD)
        bench.profile.mkdir()

        def first_segment_s(state: str) -> float:
            report = played(run_of(state, tmp_path), bench, mode)
            assert report["result"]["status"] == "ended"
            return float(report["segments"][0]["media_s"])

        assert first_segment_s("") == 0.0
        with signed_in_engine(tmp_path / "profile", group) as viewer, null_player() as player:
            watching = PlaybackSettings(start_s=10.0, play_for_s=2.0)
            assert viewer.wait(viewer.open(PlaybackSource(title_id="one"), player, Recorder().see, watching), 60)
            viewer.submit(viewer.send_positions()).result(PATIENCE_S)
        before = positions(group)
        assert first_segment_s("") == 0.0
        assert positions(group) == before
        assert first_segment_s("kept") > 0.0


def played(run: RunSpec, bench: Bench, mode: str) -> dict[str, Any]:
    if mode == "virtual":
        return simulate(run, bench)
    from player.qa.realtime_run import play

    return play(run, bench)


def positions(group: Any) -> list[tuple[str, float]]:
    from backend_stub.db.models import WatchedPosition

    with group.context.database.read() as session:
        return sorted((row.title_id, row.position_s) for row in session.query(WatchedPosition))
