"""Another quality is soon seen, wherever the viewer has jumped to before, and jumps back ask for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S

SPEED = 3.0
SOON_S = 10.0  # of media


@pytest.mark.realtime
def test_a_choice_after_a_jump_back_is_soon_seen(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server, Screen() as screen, engine(tmp_path) as made:
        session = made.open(
            PlaybackSource(url=server.url(title.dash or "")),
            screen.player,
            lambda _state: None,
            PlaybackSettings(rung=0, stay_at_end=True),
        )
        session.set_speed(SPEED)
        assert screen.wait_for(16 * media.FPS, 0, PATIENCE_S, tolerance=10) is not None
        asked = len([request for request in server.requests if "/seg-" in request.path])
        since = len(screen.shown)
        session.seek(2.0)
        assert screen.wait_for(2 * media.FPS, since, PATIENCE_S, tolerance=10) is not None
        assert len([request for request in server.requests if "/seg-" in request.path]) == asked
        since = len(screen.shown)
        session.set_rung(2)
        first = screen.wait_for_rung(2, since, 30)
        assert first is not None
        assert first.mark.frame / media.FPS <= 2.0 + SOON_S
        session.stop()
        assert made.wait(session, PATIENCE_S)
