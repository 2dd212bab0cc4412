"""Where playback begins: jumps of the viewer before there is a picture, and places that the title does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from player.net.faults import FaultPlan, FaultyTransport
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine, null_player
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S


@pytest.mark.parametrize(("start_s", "target_s"), [(None, 10.0), (5.0, 12.0), (20.0, 0.0)])
def test_a_jump_before_the_first_picture(start_s: float | None, target_s: float, tmp_path: Path) -> None:
    title = media.packager_clear()
    with FileServer(title.folder, latency_ms=20) as server, Screen() as screen, engine(tmp_path) as made:
        session = made.open(
            PlaybackSource(url=server.url(title.dash or "")),
            screen.player,
            lambda _state: None,
            PlaybackSettings(start_s=start_s, start_paused=True),
        )
        session.seek(target_s)
        assert screen.wait_for(round(target_s * media.FPS), 0, PATIENCE_S) is not None
        session.stop()
        assert made.wait(session, PATIENCE_S)


def test_a_place_past_the_end_is_an_error(tmp_path: Path) -> None:
    title = media.packager_clear()
    with FileServer(title.folder) as server, null_player() as player, engine(tmp_path) as made:
        source = PlaybackSource(url=server.url(title.dash or ""))
        session = made.open(source, player, lambda _state: None, PlaybackSettings(start_s=99.0))
        assert made.wait(session, PATIENCE_S)
        assert session.state.status is PlaybackStatus.FAILED
        assert session.state.failure is not None
        assert session.state.failure.code == "input.usage"
        assert "24 s long" in session.state.failure.sentence


@pytest.mark.parametrize("form", ["hls-ts", "dash"])
def test_what_is_needed_first_comes_damaged(form: str, tmp_path: Path) -> None:
    """It is fetched again. Of a transport stream nothing but its first segment tells what is inside."""
    title = media.ffmpeg_hls_ts() if form == "hls-ts" else media.ffmpeg_dash()
    once = [
        {"match": {"kind": kind}, "count": 1, "fault": {"type": "corrupt", "at_byte": 60, "length": 300}}
        for kind in ("init", "segment")
    ]
    plan = FaultPlan.parse({"version": 1, "rules": once})

    def faulty(transport: Any, clock: Any) -> FaultyTransport:
        return FaultyTransport(transport, clock, plan)

    with (
        FileServer(title.folder) as server,
        Screen() as screen,
        engine(tmp_path, wrap=(faulty,)) as made,
    ):
        source = PlaybackSource(url=server.url((title.hls if form == "hls-ts" else title.dash) or ""))
        session = made.open(source, screen.player, lambda _state: None, PlaybackSettings(start_paused=True))
        shown = screen.wait_for(0, 0, PATIENCE_S)
        assert shown is not None, session.state.failure
        session.stop()
        assert made.wait(session, PATIENCE_S)
