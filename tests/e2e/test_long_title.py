"""The long title of the twelve hours (``make soak``), three rounds of it."""

from __future__ import annotations

from pathlib import Path

from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.looping import MANIFEST, LoopServer
from tests.kit.playback import engine, null_player, play


def test_rounds_follow_each_other_as_one_title(tmp_path: Path) -> None:
    title = media.packager_clear()
    with LoopServer(title, 3) as server, engine(tmp_path) as made, null_player(untimed=True) as player:
        run = play(made, PlaybackSource(url=server.url(MANIFEST)), player, PlaybackSettings(rung=0))
    assert run.status == "ended", run.report["errors"]
    assert run.report["recoveries"] == []
    shown = [segment for segment in run.report["segments"] if segment["track"] == "main"]
    assert len(shown) == 3 * title.segments
    assert run.report["result"]["position_s"] > 3 * title.seconds - 0.5
