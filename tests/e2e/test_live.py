"""A live channel on the real libmpv: kept at its latency, gone back in, its origin restarted."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.reporting.state import PlaybackStatus
from tests.e2e.live import Watched, watching
from tests.kit.channel import Channel


@pytest.mark.realtime
def test_a_channel_in_both_forms(tmp_path: Path) -> None:
    with (
        Channel(tmp_path / "service") as channel,
        watching(channel.hls, tmp_path / "hls") as hls,
        watching(channel.dash, tmp_path / "dash") as dash,
    ):
        for each in (hls, dash):
            begins_live(each)
        channel.restart(0.5)
        for each in (hls, dash):
            goes_on_growing(each)
        for each in (hls, dash):
            goes_back_and_returns(each)


def begins_live(watched: Watched) -> None:
    watched.wait_until(lambda state: state.status is PlaybackStatus.PLAYING and state.live_view is not None)
    view = watched.state.live_view
    assert watched.state.live
    assert watched.state.duration_s is None
    assert view is not None
    assert view.following
    assert view.latency_s == pytest.approx(view.target_s, abs=6.0)  # a loaded machine begins late
    assert view.end_s - view.start_s > 90


def goes_on_growing(watched: Watched) -> None:
    """What was published after the origin came back arrives, and nothing stood still."""
    before_s = watched.buffered_until_s()
    watched.wait_until(lambda _state: watched.buffered_until_s() > before_s + 1)
    assert not watched.stalls


def goes_back_and_returns(watched: Watched) -> None:
    before_s = watched.state.position_s
    watched.session.seek(before_s - 60.0)
    watched.wait_until(lambda state: state.status is PlaybackStatus.PLAYING and state.position_s < before_s - 50)
    watched.wait_until(
        lambda state: state.live_view is not None and not state.live_view.following and state.speed == 1.0
    )
    watched.session.go_live()
    watched.wait_until(lambda state: state.status is PlaybackStatus.PLAYING and state.position_s > before_s)
    watched.wait_until(lambda state: state.live_view is not None and state.live_view.following)
