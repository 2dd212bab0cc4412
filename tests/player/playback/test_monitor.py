"""The visible state out of what libmpv and the streaming say."""

from __future__ import annotations

import pytest

from abr.model import Decision, Estimate, Phase, Reason, Rung, Snapshot
from player.playback.monitor import Monitor, merged
from player.reporting.events import (
    BufferSampled,
    Event,
    Note,
    PhaseReached,
    RightsTold,
    RungDecided,
    SegmentDone,
    StallBegan,
    StallEnded,
)
from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus, RungChoice
from player.stream.buffered import Playhead
from tests.kit.clock import FakeClock


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.playhead = Playhead()
        self.events: list[Event] = []
        self.states: list[PlaybackState] = []
        self.monitor = Monitor(self.playhead, self.clock, self.events.append, self.states.append, lambda: 5_000_000.0)

    async def play(self) -> None:
        """Up to the first picture."""
        await self.clock.advance(0.5)
        self.monitor.handle_player_event("playback-restart", {})

    @property
    def status(self) -> PlaybackStatus:
        return self.monitor.state.status

    def arrive(self) -> None:
        """libmpv does the jump."""
        self.monitor.handle_player_event("seek", {})
        self.monitor.handle_player_event("playback-restart", {})

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def done(position: int, rung: int, media_s: float, pathway: str = "a", track: str = "main") -> SegmentDone:
    return SegmentDone(0.0, track, position, media_s, 4.0, rung, 1000, pathway)


async def test_loading_until_the_first_picture(bench: Bench) -> None:
    bench.monitor.handle_property("pause", False)
    bench.monitor.handle_property("paused-for-cache", True)
    assert bench.status is PlaybackStatus.LOADING
    assert bench.playhead.starving
    assert not bench.playhead.playing
    await bench.play()
    assert bench.monitor.first_frame_shown
    (first,) = bench.of(PhaseReached)
    assert (first.phase, first.at_s) == ("first_frame", 1000.5)
    assert bench.of(StallBegan) == [], "waiting for the first picture is no stall"


async def test_a_jump_before_the_first_picture_leaves_it_loading(bench: Bench) -> None:
    bench.monitor.start_seek(30.0)
    assert (bench.status, bench.monitor.state.position_s) == (PlaybackStatus.LOADING, 30.0)
    bench.arrive()
    assert bench.status is PlaybackStatus.PLAYING


async def test_it_has_not_come_as_far_as_asked_before_it_is_heard_of_that_it_began(bench: Bench) -> None:
    """Beside other work libmpv's event may come after its position."""
    bench.monitor.set_position(0.6)
    assert not bench.monitor.has_reached(0.5)
    await bench.play()
    assert bench.monitor.has_reached(0.5)
    assert not bench.monitor.has_reached(0.7)


async def test_pause_and_play(bench: Bench) -> None:
    await bench.play()
    assert bench.status is PlaybackStatus.PLAYING
    assert bench.playhead.playing
    bench.monitor.handle_property("pause", True)
    assert (bench.status, bench.monitor.state.paused) == (PlaybackStatus.PAUSED, True)
    assert not bench.playhead.playing
    bench.monitor.handle_property("pause", False)
    assert (bench.status, bench.monitor.state.paused) == (PlaybackStatus.PLAYING, False)


async def test_a_stall_has_a_begin_and_an_end(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_property("time-pos", 7.0)
    bench.monitor.handle_property("paused-for-cache", True)
    bench.monitor.handle_property("paused-for-cache", True)
    assert bench.status is PlaybackStatus.BUFFERING
    assert bench.playhead.starving
    assert bench.monitor.state.stall == "network", "so it is told at once"
    await bench.clock.advance(2.5)
    bench.monitor.handle_property("paused-for-cache", False)
    assert (bench.status, bench.monitor.state.stall) == (PlaybackStatus.PLAYING, "")
    assert [(event.at_s, event.position_s) for event in bench.of(StallBegan)] == [(1000.5, 7.0)]
    assert [event.duration_s for event in bench.of(StallEnded)] == [2.5]


@pytest.mark.parametrize("end", ["finished", "failed", "stopped", "seeking"])
async def test_whatever_ends_a_stall_closes_it(bench: Bench, end: str) -> None:
    await bench.play()
    bench.monitor.handle_property("paused-for-cache", True)
    await bench.clock.advance(1.0)
    if end == "finished":
        bench.monitor.finish_at(at_end=True)
    elif end == "failed":
        bench.monitor.fail(PlaybackFailure("net.cut", "The connection broke."))
    elif end == "stopped":
        bench.monitor.stop()
    else:
        bench.monitor.start_seek(3.0)
    assert [event.duration_s for event in bench.of(StallEnded)] == [1.0]


async def test_a_jump_is_not_a_stall_and_the_position_is_its_target(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_property("time-pos", 7.0)
    bench.monitor.start_seek(60.0)
    bench.monitor.handle_property("time-pos", 7.04)
    bench.monitor.handle_property("paused-for-cache", True)
    assert (bench.status, bench.playhead.position_s, bench.monitor.state.position_s) == (
        PlaybackStatus.SEEKING,
        60.0,
        60.0,
    )
    assert bench.monitor.is_seeking
    assert bench.playhead.starving
    bench.monitor.handle_property("paused-for-cache", False)
    bench.arrive()
    bench.monitor.handle_property("time-pos", 60.0)
    assert (bench.status, bench.playhead.starving) == (PlaybackStatus.PLAYING, False)
    assert bench.of(StallBegan) == []
    assert not bench.monitor.is_seeking


async def test_a_frame_of_before_a_jump_is_not_its_arrival(bench: Bench) -> None:
    """libmpv reports the first frame late, or the end of an earlier jump."""
    bench.monitor.start_seek(60.0)
    await bench.play()
    assert bench.monitor.first_frame_shown
    assert (bench.status, bench.monitor.is_seeking, bench.playhead.starving) == (PlaybackStatus.SEEKING, True, True)
    bench.monitor.handle_property("time-pos", 0.04)
    assert bench.monitor.state.position_s == 60.0
    bench.arrive()
    assert (bench.status, bench.monitor.is_seeking, bench.playhead.starving) == (PlaybackStatus.PLAYING, False, False)


@pytest.mark.parametrize("event", ["seek", "start-file"])
async def test_a_jump_may_be_a_load(bench: Bench, event: str) -> None:
    """Media that needs other decoders is loaded at the place of the jump."""
    await bench.play()
    bench.monitor.start_seek(60.0)
    bench.monitor.handle_player_event(event, {})
    bench.monitor.handle_player_event("playback-restart", {})
    assert bench.status is PlaybackStatus.PLAYING


async def test_a_jump_while_paused_stays_paused(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_property("pause", True)
    bench.monitor.start_seek(9.0)
    bench.arrive()
    assert bench.status is PlaybackStatus.PAUSED


async def test_the_end_stays_the_end_until_the_viewer_jumps(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_property("time-pos", 99.0)
    assert not bench.monitor.finish_at(at_end=False)
    assert bench.status is PlaybackStatus.PLAYING
    assert bench.monitor.finish_at(at_end=True)
    for name in ("pause", "paused-for-cache"):
        for value in (True, False):
            bench.monitor.handle_property(name, value)
    bench.monitor.stop()
    assert bench.status is PlaybackStatus.ENDED
    assert bench.monitor.ended
    bench.monitor.start_seek(5.0)
    bench.arrive()
    assert bench.status is PlaybackStatus.PLAYING


async def test_stopping_where_one_was_asked_to_is_an_end_but_not_that_of_the_title(bench: Bench) -> None:
    await bench.play()
    bench.monitor.update(duration_s=24.0)
    bench.monitor.handle_property("time-pos", 5.0)
    bench.monitor.stop_short()
    assert (bench.status, bench.monitor.state.cut_short) == (PlaybackStatus.ENDED, True)
    bench.monitor.finish_at(at_end=True)
    assert not bench.monitor.state.cut_short
    bench.monitor.handle_property("time-pos", 24.0)
    bench.monitor.stop_short()
    assert not bench.monitor.state.cut_short, "it was asked to play the whole title"


async def test_a_failure_is_final(bench: Bench) -> None:
    await bench.play()
    bench.monitor.update(notice="trying again")
    bench.monitor.fail(PlaybackFailure("net.dns", "No such host."))
    bench.monitor.handle_property("pause", True)
    state = bench.monitor.state
    assert (state.status, state.notice) == (PlaybackStatus.FAILED, "")
    assert state.failure is not None
    assert (state.failure.code, state.failure.sentence) == ("net.dns", "No such host.")


async def test_a_stopped_playback_is_idle(bench: Bench) -> None:
    await bench.play()
    bench.monitor.stop()
    assert bench.status is PlaybackStatus.IDLE


def test_the_rung_of_a_time_is_that_of_its_segment(bench: Bench) -> None:
    assert bench.monitor.rung_at(0.0) is None
    for event in (done(0, 1, 0.0), done(2, 2, 8.0), done(1, 0, 4.0), done(1, 2, 4.002), done(0, 9, 0.0, track="a")):
        bench.monitor.handle_event(event)
    assert [bench.monitor.rung_at(time_s) for time_s in (0.0, 3.9, 4.002, 8.0, 100.0)] == [1, 1, 2, 2, 2]
    assert bench.monitor.state.pathway == "a"


async def test_samples_are_points_for_the_graphs(bench: Bench) -> None:
    await bench.play()
    bench.monitor.update(rungs=(RungChoice(0, "240p", 240, 400_000), RungChoice(1, "360p", 360, 900_000)))
    bench.monitor.handle_event(done(0, 1, 0.0))
    bench.monitor.handle_property("time-pos", 2.0)
    bench.monitor.sample(12.0, ((0.0, 8.0),), 3, low_bandwidth=True)
    state = bench.monitor.state
    (point,) = state.history
    assert (point.position_s, point.buffer_s, point.throughput_bps) == (2.0, 10.0, 5_000_000.0)
    assert (point.rung, point.bitrate_bps, point.time_s) == (1, 900_000, 0.5)
    assert (state.rung_playing, state.dropped_frames, state.buffered) == (1, 3, ((0.0, 12.0),))
    assert state.low_bandwidth
    assert [event.buffer_s for event in bench.of(BufferSampled)] == [10.0]
    for _ in range(400):
        bench.monitor.sample(2.0, (), 3)
    assert len(bench.monitor.state.history) == 240


def test_the_last_decisions_are_kept(bench: Bench) -> None:
    snapshot = Snapshot(0.0, Phase.STEADY, (Rung("a", 1),), None, 0.0, 30.0, 4.0, Estimate())
    for number in range(30):
        decision = Decision(number, Reason.HOLD, "so", snapshot)
        bench.monitor.handle_event(RungDecided(0.0, number, 0.0, decision))
    decisions = bench.monitor.state.decisions
    assert [decision.rung for decision in decisions] == list(range(10, 30))
    assert bench.monitor.state.rung_loading == 29


def test_what_libmpv_says_of_itself(bench: Bench) -> None:
    for name, value in (("volume", 55.4), ("mute", True), ("speed", 1.5), ("speed", None), ("volume", None)):
        bench.monitor.handle_property(name, value)
    state = bench.monitor.state
    assert (state.volume, state.muted, state.speed, bench.playhead.speed) == (55, True, 1.5, 1.5)


def test_small_steps_of_the_position_are_not_all_published(bench: Bench) -> None:
    for number in range(100):
        bench.monitor.handle_property("time-pos", number / 50)
    assert bench.playhead.position_s == 1.98
    assert 15 <= len(bench.states) <= 20
    assert bench.monitor.near_end(3.0)
    assert not bench.monitor.near_end(4.0)


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], ()),
        ([(4.0, 8.0), (0.0, 4.0)], ((0.0, 8.0),)),
        ([(0.0, 2.0), (5.0, 6.0), (1.0, 1.5)], ((0.0, 2.0), (5.0, 6.0))),
        ([(3.0, 3.0)], ()),
    ],
)
def test_ranges_that_touch_are_one(ranges: list[tuple[float, float]], expected: tuple) -> None:
    assert merged(ranges) == expected


async def test_a_lost_network_is_told_until_something_arrives(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_event(Note(1.0, "retry", "trying again"))
    assert bench.monitor.state.notice == ""
    bench.monitor.handle_event(Note(1.0, "wait_for_network", "waiting"))
    assert "by itself" in bench.monitor.state.notice
    bench.monitor.handle_event(done(0, 0, 0.0))
    assert bench.monitor.state.notice == ""


async def test_what_is_done_about_a_trouble_is_told_until_something_arrives(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_event(Note(1.0, "retry", "trying again"))
    bench.monitor.handle_event(Note(1.0, "path_switch", "another CDN"))
    bench.monitor.handle_event(Note(1.0, "steering", "told to"))
    assert bench.monitor.state.remedy == "path_switch"
    bench.monitor.handle_event(done(0, 0, 0.0))
    assert bench.monitor.state.remedy == ""


async def test_how_long_a_kept_title_may_be_watched_is_in_the_state(bench: Bench) -> None:
    assert (bench.monitor.state.rights, bench.monitor.state.rights_left_s) == ("", None)
    bench.monitor.handle_event(RightsTold(0.0, "You have 2 days left to watch this.", 172_800.0))
    assert bench.states[-1].rights == "You have 2 days left to watch this."
    assert bench.states[-1].rights_left_s == 172_800.0


async def test_the_figures_so_far_are_in_the_state(bench: Bench) -> None:
    await bench.play()
    bench.monitor.handle_event(PhaseReached(0.0, "requested"))
    bench.monitor.handle_event(PhaseReached(0.5, "first_frame"))
    bench.monitor.sample(4.0, (), 3)
    assert bench.monitor.state.qoe is not None
    assert (bench.monitor.state.qoe.startup_s, bench.monitor.state.qoe.dropped_frames) == (0.5, 3)


async def test_what_went_wrong_on_the_side_is_shown_for_a_while(bench: Bench) -> None:
    await bench.play()
    bench.monitor.show_side_failure("a.srt: This file has no readable subtitles.")
    await bench.clock.advance(11.0)
    bench.monitor.sample(10.0, (), 0)
    assert bench.states[-1].notice.startswith("a.srt")
    bench.monitor.show_side_failure("b.srt: This file has no readable subtitles.")
    await bench.clock.advance(11.0)
    bench.monitor.sample(10.0, (), 0)
    assert bench.states[-1].notice.startswith("b.srt"), "the later one has its own time"
    await bench.clock.advance(1.0)
    bench.monitor.sample(10.0, (), 0)
    assert bench.states[-1].notice == ""


async def test_another_notice_outlasts_that_of_the_side(bench: Bench) -> None:
    """It is taken away by whoever shows it."""
    await bench.play()
    bench.monitor.show_side_failure("a.srt: This file has no readable subtitles.")
    bench.monitor.update(notice="There is no network.")
    await bench.clock.advance(13.0)
    bench.monitor.sample(10.0, (), 0)
    assert bench.states[-1].notice == "There is no network."
