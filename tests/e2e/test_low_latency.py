"""FFmpeg's low-latency live on the real libmpv: parts are played while their segment is made."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from player.net.model import Transfer
from player.reporting.events import ErrorRaised, Event
from player.title.opening import PlaybackSource
from tests.kit.lowlatency import Broadcast
from tests.kit.nginx import http2_front
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

SHOWN = 200  # frames: more than three segments
SEGMENT_FRAMES = 60
ENOUGH_EARLY = 10  # who waits for whole segments never shows one; on a busy machine it takes longer to catch up
LEFT_OUT_IN_A_ROW, LEFT_OUT = 4, 0.05  # by libmpv on a busy machine; a lost part would be ten frames


@pytest.mark.realtime
@pytest.mark.parametrize(("form", "ranges"), [("dash", False), ("hls", False), ("hls", True)])
def test_frames_are_shown_before_their_segment_is_whole(tmp_path: Path, form: str, *, ranges: bool) -> None:
    events: list[Event] = []
    with Broadcast(delay_s=0.02, ranges=ranges) as broadcast, Screen() as screen, engine(tmp_path) as made:
        broadcast.wait_for_segments(3)
        url = broadcast.dash if form == "dash" else broadcast.hls
        session = made.open(PlaybackSource(url=url), screen.player, lambda _state: None, on_event=events.append)
        until(lambda: has_shown_enough(broadcast, screen) or session.state.failure)
        assert session.state.failure is None
        asked = [address for _, address in broadcast.origin.asked]
        session.stop()
        assert made.wait(session, PATIENCE_S)
        frames = screen.frames
        steps = [after - before for before, after in pairwise(frames)]
        assert all(1 <= step <= LEFT_OUT_IN_A_ROW + 1 for step in steps), "frames are shown in order"
        assert sum(step - 1 for step in steps) <= LEFT_OUT * len(frames)
        assert not [event for event in events if isinstance(event, ErrorRaised)]
        if form == "hls":
            assert any("_HLS_part=" in address for address in asked)
            assert any(".part" in address for address in asked) != ranges
        else:
            segments = [address for address in asked if "chunk-stream0" in address]
            assert len(segments) <= (frames[-1] - frames[0]) / SEGMENT_FRAMES + 3
            assert not [address for address in asked if re.search(r"[?&]", address)]


@pytest.mark.realtime
def test_over_http2_what_is_held_back_holds_nothing_else_back(tmp_path: Path) -> None:
    """Playlists and parts of two tracks wait at the server at the same time, on one connection (RFC 8216bis B.1)."""
    transfers: list[Transfer] = []
    with (
        Broadcast() as broadcast,
        http2_front(broadcast.origin.url, tmp_path) as (url, ca_file),
        Screen() as screen,
        engine(tmp_path, ca_file=ca_file, on_transfer=transfers.append) as made,
    ):
        broadcast.wait_for_segments(3)
        session = made.open(PlaybackSource(url=url + "master.m3u8"), screen.player, lambda _state: None)
        until(lambda: has_shown_enough(broadcast, screen) or session.state.failure)
        asked = [address for _, address in broadcast.origin.asked]
        session.stop()
        assert made.wait(session, PATIENCE_S)
    assert session.state.failure is None
    assert any("_HLS_msn=" in address and "_HLS_part=" in address for address in asked)
    assert any(".part" in address for address in asked)
    assert {transfer.http_version for transfer in transfers if transfer.status} == {"HTTP/2"}
    assert sum(transfer.new_connection for transfer in transfers) == 1
    held = [each for each in transfers if each.first_byte_s and each.first_byte_s - each.start_s > 0.1]
    assert any(one.start_s < each.start_s < one.end_s for one in held for each in held), "several are held at once"


def has_shown_enough(broadcast: Broadcast, screen: Screen) -> bool:
    """Whether enough was shown, of that some frames whose segment was still being made."""
    if len(screen.shown) < SHOWN:
        return False
    return sum(is_early(broadcast, shown.mark.frame, shown.at_s) for shown in screen.shown) >= ENOUGH_EARLY


def is_early(broadcast: Broadcast, frame: int, shown_s: float) -> bool:
    """Whether a frame was shown before the last one of its segment was made."""
    made_s = broadcast.made_s(frame, shown_s)
    left = SEGMENT_FRAMES - 1 - frame % SEGMENT_FRAMES
    return shown_s < made_s + left / 30
