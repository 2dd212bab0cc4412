"""Target latency, speed and window: what a viewer of a live programme is shown, over simulated time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.live.guide import CAUGHT_UP, MOVED, MOVED_IN_PAUSE, Advice, LiveGuide, LiveObservation
from player.live.latency import FASTEST, SLOWEST, Latency, latency_of
from player.live.pace import Pace
from player.manifest import parse
from player.manifest.model import LiveInfo, ManifestProtocol, Presentation

AT = LiveObservation(
    position_s=988.0,
    buffer_s=8.0,
    playing=True,
    paused=False,
    seeking=False,
    window_start_s=880.0,
    published_s=998.0,
    edge_s=1000.0,
)


class Show:
    """A playback of an hour-long programme in steps of half a second."""

    def __init__(self, guide: LiveGuide, moment: LiveObservation = AT, *, drift: float = 0.0) -> None:
        self.guide = guide
        self.moment = moment
        self.speed = 1.0
        self.drift = drift
        self.speeds: list[float] = []
        self.jumps: list[Advice] = []

    def run(self, seconds: float, each: Callable[[float], None] = lambda _now: None) -> None:
        for step in range(round(seconds * 2)):
            each(step / 2)
            moment, played = self.moment, 0.0 if self.moment.paused else 0.5 * self.speed * (1 + self.drift)
            self.moment = replace(
                moment,
                position_s=moment.position_s + played,
                edge_s=moment.edge_s + 0.5,
                published_s=moment.published_s + 0.5,
                window_start_s=moment.window_start_s + 0.5,
            )
            advice = self.guide.look(self.moment)
            if advice.speed is not None:
                self.speed = advice.speed
            if advice.seek_s is not None:
                self.jumps.append(advice)
                self.moment = replace(self.moment, position_s=advice.seek_s)
            self.speeds.append(self.speed)
            self.view = advice.view


def guide(target_s: float = 12.0, **fields: float) -> LiveGuide:
    return LiveGuide(Latency(target_s, **fields))


def test_it_begins_at_the_target_latency() -> None:
    assert guide().begin_s(AT, None) == 988.0


def test_it_begins_where_the_source_or_the_viewer_wants() -> None:
    event = replace(AT, slides=False)
    assert LiveGuide(Latency(12.0, from_start_s=0.0)).begin_s(event, None) == 880.0
    assert not LiveGuide(Latency(12.0, from_start_s=0.0)).following
    assert guide().begin_s(event, 30.0) == 910.0
    assert guide().begin_s(event, 9000.0) == 988.0


@pytest.mark.parametrize("off_s", [-3.0, -0.5, 0.4, 4.0])
def test_the_latency_is_brought_to_its_target_gently(off_s: float) -> None:
    show = Show(guide(), replace(AT, position_s=988.0 - off_s))
    show.run(150.0)
    assert all(SLOWEST <= speed <= FASTEST for speed in show.speeds)
    assert abs(show.view.latency_s - 12.0) < 0.1
    assert show.speed == 1.0
    assert not show.jumps


@given(st.floats(-0.002, 0.002), st.floats(-1.0, 1.0))
def test_a_sound_card_whose_clock_is_off_is_made_up_for(drift: float, off_s: float) -> None:
    show = Show(guide(), replace(AT, position_s=988.0 - off_s), drift=drift)
    show.run(120.0)
    worst = 0.0
    for _ in range(120):
        show.run(1.0)
        worst = max(worst, abs(show.view.latency_s - 12.0))
    assert worst < 0.2


def test_who_joined_a_programme_that_had_just_begun_falls_back_to_what_it_asks_for() -> None:
    begun = replace(AT, position_s=996.0)
    show = Show(LiveGuide(latency_of(hls(), 4.0, 8.0)), begun)
    assert show.guide.target_s(begun) == 6.5, "what a playlist that is loaded a moment too early asks for"
    for window_s in range(8, 40, 4):
        show.guide.fall_back(latency_of(hls(), 4.0, window_s).target_s)
        show.run(30.0)
    assert abs(show.view.latency_s - 12.0) < 0.1
    assert not show.jumps
    assert min(show.speeds) >= SLOWEST


def test_who_has_little_in_hand_is_not_hurried() -> None:
    pace = Pace(SLOWEST, FASTEST)
    assert pace.rate(3.0, 1.0) == 1.0
    assert pace.rate(3.0, 5.0) == FASTEST
    assert pace.rate(-9.0, 1.0) < 1.0


def test_far_behind_it_jumps_and_says_so() -> None:
    show = Show(guide(), replace(AT, position_s=960.0))
    show.run(1.0)
    assert [jump.sentence for jump in show.jumps] == [CAUGHT_UP]
    assert show.view.latency_s < 20.0


def test_it_does_not_jump_where_nothing_is_gained() -> None:
    """The source has sent nothing for a while: playback is at the end of what there is."""
    stuck = replace(AT, position_s=997.5, edge_s=1060.0, playing=False, buffer_s=0.0)
    assert guide().look(stuck).seek_s is None


def test_who_went_back_is_left_in_peace() -> None:
    show = Show(guide(), replace(AT, position_s=930.0))
    show.guide.sought(930.0, show.moment)
    show.run(30.0)
    assert not show.jumps
    assert set(show.speeds) == {1.0}
    assert not show.view.following
    show.guide.sought(show.guide.live_s(show.moment), show.moment)
    assert show.guide.following


def test_the_window_slides_past_a_pause() -> None:
    """The viewer is put a little inside the window, still paused, and not at every step again."""
    show = Show(guide())
    show.moment = replace(show.moment, paused=True, playing=False)
    show.run(300.0)
    assert {jump.sentence for jump in show.jumps} == {MOVED_IN_PAUSE}
    assert len(show.jumps) <= (300 - 108) / 10 + 1
    assert show.moment.position_s >= show.moment.window_start_s
    assert not show.view.following


def test_the_window_slides_past_a_stall() -> None:
    show = Show(guide(), replace(AT, position_s=879.0))
    show.guide.following = False
    show.run(1.0)
    assert [jump.sentence for jump in show.jumps] == [MOVED]


def test_a_short_pause_is_made_up_for() -> None:
    show = Show(guide())
    show.moment = replace(show.moment, paused=True, playing=False)
    show.run(1.5)
    show.moment = replace(show.moment, paused=False, playing=True)
    show.run(60.0)
    assert show.view.following
    assert abs(show.view.latency_s - 12.0) < 0.1


def test_a_chosen_speed_stays_until_there_is_nothing_more_to_catch_up_with() -> None:
    show = Show(guide(), replace(AT, position_s=960.0))
    show.guide.sought(960.0, show.moment)
    show.guide.wished(2.0)
    show.speed = 2.0
    show.run(20.0)
    assert set(show.speeds) == {2.0}
    show.run(20.0)
    assert show.view.following
    assert show.speed <= FASTEST
    assert abs(show.view.latency_s - 12.0) < 1.0


def test_a_hole_in_the_programme_is_jumped_over() -> None:
    advice = guide().look(replace(AT, buffer_s=0.0, playing=False, resumes_s=990.5))
    assert advice.seek_s == 990.5
    assert guide().look(replace(AT, buffer_s=0.0, paused=True, resumes_s=990.5)).seek_s is None


def test_nobody_plays_nearer_to_the_edge_than_what_is_published() -> None:
    assert guide().target_s(replace(AT, lag_s=15.0)) == 15.5
    assert guide().look(replace(AT, lag_s=15.0)).view.target_s == 15.5


def test_nothing_is_done_in_a_jump() -> None:
    advice = guide().look(replace(AT, position_s=100.0, seeking=True))
    assert (advice.seek_s, advice.speed) == (None, None)


# -- what sources ask for


def dash(**fields: float) -> Presentation:
    return Presentation(ManifestProtocol.DASH, "mpd", "http://x/a.mpd", (), live=True, live_info=LiveInfo(**fields))


def test_what_an_mpd_asks_for() -> None:
    asked = latency_of(
        dash(target_latency_s=5.0, suggested_delay_s=20.0, max_latency_s=30.0, min_rate=0.5, max_rate=1.02),
        2.0,
        120.0,
    )
    assert (asked.target_s, asked.max_s, asked.min_rate, asked.max_rate) == (5.0, 30.0, SLOWEST, 1.02)
    assert latency_of(dash(suggested_delay_s=20.0), 2.0, 120.0).target_s == 20.0
    assert latency_of(dash(), 2.0, 120.0).target_s == 6.0
    assert latency_of(dash(suggested_delay_s=600.0), 2.0, 120.0).target_s == 118.0


def hls(*lines: str) -> Presentation:
    body = "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(30))
    head = "".join(f"{line}\n" for line in lines)
    return parse(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{head}{body}", "http://x/a.m3u8")


def test_what_a_playlist_asks_for() -> None:
    assert latency_of(hls(), 4.0, 120.0).target_s == 12.0
    assert latency_of(hls("#EXT-X-SERVER-CONTROL:HOLD-BACK=18"), 4.0, 120.0).target_s == 18.0
    assert latency_of(hls("#EXT-X-START:TIME-OFFSET=-30"), 4.0, 120.0).target_s == 30.0
    assert latency_of(hls("#EXT-X-START:TIME-OFFSET=-3"), 4.0, 120.0).target_s == 12.0
    assert latency_of(hls("#EXT-X-START:TIME-OFFSET=8"), 4.0, 120.0).from_start_s == 8.0
