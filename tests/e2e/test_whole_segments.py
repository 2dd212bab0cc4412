"""FFmpeg's live in whole segments on the real libmpv: they are played as they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.title.opening import PlaybackSource
from tests.kit.lowlatency import Broadcast
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

SHOWN = 270  # frames: more than four segments, of which three are there when it begins


@pytest.mark.realtime
@pytest.mark.parametrize("timeline", [False, True])
def test_whole_segments_of_ffmpeg_play_from_the_first_second_on(tmp_path: Path, *, timeline: bool) -> None:
    """Its MPD asks for a reload every 500 s; the segments come with the clock, or with each new MPD."""
    options = ["-ldash", "0", "-streaming", "0", "-use_timeline", str(int(timeline))]
    with Broadcast(options=options) as broadcast, Screen() as screen, engine(tmp_path) as made:
        broadcast.wait_for_segments(3)
        session = made.open(PlaybackSource(url=broadcast.dash), screen.player, lambda _state: None)
        until(lambda: len(screen.shown) >= SHOWN or session.state.failure)
        assert session.state.failure is None
        session.stop()
        assert made.wait(session, PATIENCE_S)
