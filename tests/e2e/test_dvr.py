"""The window of a channel that the bundled service broadcasts: back to its start, a pause past its end, and live."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from player.playback.session import Session
from player.reporting.state import LiveView
from player.title.opening import PlaybackSource
from tests.backend_stub.broadcast.test_broadcast import encoders
from tests.kit.on_air import HUNDREDTHS, on_air
from tests.kit.playback import engine, null_player
from tests.kit.screen import Screen
from tests.kit.slices import slice_of
from tests.kit.waiting import PATIENCE_S, until

WINDOW_S = 16


def view(session: Session) -> LiveView:
    assert session.state.failure is None, session.state.failure
    found = session.state.live_view
    return found if found is not None else LiveView(0.0, 0.0, 0.0, 0.0, 0.0, following=False)


@pytest.mark.realtime
@pytest.mark.parametrize("form", slice_of(zip(("hls", "dash")), 1))
def test_a_viewer_goes_anywhere_in_the_window(tmp_path: Path, form: str) -> None:
    with (
        on_air(tmp_path / "data", "--window", str(WINDOW_S)) as made,
        engine(tmp_path / "profile") as playing,
        null_player() as player,
    ):
        made.wait_for_run(1, 9)
        session = playing.open(PlaybackSource(url=getattr(made, form)), player, lambda _state: None)
        until(lambda: view(session).following and view(session).latency_s < 4, "it is not live")
        latency_s = view(session).latency_s
        session.seek(view(session).start_s + 4)
        until(lambda: not view(session).following and view(session).latency_s > WINDOW_S / 2, "not back")
        behind = view(session).latency_s
        place_s = session.state.position_s
        until(lambda: session.state.position_s > place_s + 3, "it does not play")
        assert view(session).latency_s == pytest.approx(behind, abs=1.5), "it plays there, at its own pace"
        session.pause()
        paused_s = session.state.position_s
        until(lambda: view(session).start_s > paused_s, "the window does not slide", 2.0 * WINDOW_S)
        session.play()
        until(lambda: session.state.position_s >= view(session).start_s > 0, "it is not in the window")
        moved = session.state.position_s
        until(lambda: session.state.position_s > moved + 1, "it stands")
        session.go_live()
        until(lambda: view(session).following and view(session).latency_s < latency_s + 1.5, "it is not live")
        made.end()
        until(lambda: not session.state.live and session.state.duration_s is not None, "it does not end")
        assert session.state.start_s >= 0
        session.stop()
        assert playing.wait(session, PATIENCE_S)


@pytest.mark.realtime
@pytest.mark.parametrize("form", slice_of(zip(("hls", "dash")), 1))
def test_what_was_on_is_found_by_its_date(tmp_path: Path, form: str) -> None:
    """Over a restart of the encoder: the clock in the pictures says when they were drawn."""
    with on_air(tmp_path / "data", "--window", "300", rungs="180") as made, engine(tmp_path / "profile") as playing:
        made.wait_for_run(1, 5)
        (encoder,) = encoders(made.process.pid)
        os.kill(encoder, signal.SIGKILL)
        made.wait_for_run(2, 5)
        for run in made.channel.runs.values():
            begin_at = run.at + 5.0
            with Screen() as screen:
                source = PlaybackSource(url=getattr(made, form), begin_at=begin_at)
                session = playing.open(source, screen.player, lambda _state: None)
                until(lambda shown=screen.shown: bool(shown), "nothing is shown")
                drawn_s = ((screen.shown[0].mark.frame - begin_at * 100) % HUNDREDTHS) / 100
                session.stop()
                assert playing.wait(session, PATIENCE_S)
            assert min(drawn_s, HUNDREDTHS / 100 - drawn_s) < 2.0
