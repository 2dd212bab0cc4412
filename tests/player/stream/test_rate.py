"""What ABR is asked, and what is kept between its answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from abr.model import Estimate, Phase, Rung
from player.net.model import RequestKind
from player.stream.rate import RateControl, RungRequest
from player.transfer.model import LoadProgress, Resource
from tests.kit.streaming import Wishes

RUNGS = (Rung("low", 400_000), Rung("mid", 900_000), Rung("top", 2_000_000))


def moment(**changes: object) -> RungRequest:
    options = {
        "now_s": 5.0,
        "buffer_s": 8.0,
        "segment_s": 4.0,
        "remaining_s": 60.0,
        "in_flight_s": 0.0,
        "playing": True,
        "speed": 1.5,
    }
    return RungRequest(**{**options, **changes})  # type: ignore[arg-type]


def control(policy: Wishes) -> RateControl:
    return RateControl(
        policy,
        lambda now_s: Estimate(mean_bps=now_s * 1e6, measured=100_000),
        RUNGS,
        buffer_max_s=30.0,
        audio_bps=128_000,
    )


def test_the_whole_question_reaches_the_policy() -> None:
    policy = Wishes()
    rate = control(policy)
    rate.manual = 2
    decision = rate.decide(moment(next_sizes=((1, 2, 3),)))
    assert (decision.rung, decision.policy) == (2, "wishes")
    (snapshot,) = policy.snapshots
    assert (snapshot.rungs, snapshot.manual, snapshot.audio_bps) == (RUNGS, 2, 128_000)
    assert (snapshot.buffer_s, snapshot.buffer_max_s, snapshot.segment_s) == (8.0, 30.0, 4.0)
    assert (snapshot.playback_rate, snapshot.remaining_s, snapshot.next_sizes) == (1.5, 60.0, ((1, 2, 3),))
    assert snapshot.estimate.mean_bps == 5e6
    assert (snapshot.phase, snapshot.current, snapshot.segments_fetched) == (Phase.STARTUP, None, 0)


def test_what_happened_is_in_the_next_question() -> None:
    policy = Wishes()
    rate = control(policy)
    for rung in (0, 1, 1, 1):
        rate.chosen(rung)
        rate.finished()
    rate.decide(moment())
    snapshot = policy.snapshots[-1]
    assert (snapshot.phase, snapshot.current) == (Phase.STEADY, 1)
    assert (snapshot.segments_fetched, snapshot.since_switch) == (4, 2)


def test_a_jump_counts_only_after_the_start() -> None:
    rate = control(Wishes())
    rate.sought()
    assert rate.phase is Phase.STARTUP
    rate.finished()
    rate.sought()
    assert rate.phase is Phase.AFTER_SEEK
    rate.finished()
    assert rate.phase is Phase.STEADY


def test_a_running_download_is_judged_with_what_was_given_up_before() -> None:
    policy = Wishes()
    policy.abandon = lambda progress: 0
    rate = control(policy)
    rate.abandoned()
    rate.abandoned()
    load = LoadProgress(
        Resource(RequestKind.SEGMENT, {}),
        "cdn",
        received=10,
        total=99,
        elapsed_s=5.0,
        first_byte_s=0.5,
        rate_bps=100.0,
        remaining_s=None,
    )
    verdict = rate.on_progress(rate.progress(moment(), 2, load, replaceable=True))
    assert verdict.abandon_to == 0
    (progress,) = policy.progress
    assert (progress.rung, progress.received, progress.size) == (2, 10, 99)
    assert (progress.abandoned_before, progress.replaceable) == (2, True)
    assert (progress.since_first_byte_s, progress.recent_bps, progress.recent_window_s) == (4.5, 100.0, 2.0)
    rate.finished()
    rate.on_progress(rate.progress(moment(), 2, replace(load, first_byte_s=None), replaceable=False))
    assert (policy.progress[-1].abandoned_before, policy.progress[-1].replaceable) == (0, False)
    assert policy.progress[-1].since_first_byte_s == 0.0


def test_rungs_that_cannot_be_had_are_left_out_from_then_on() -> None:
    policy = Wishes()
    rate = control(policy)
    rate.exclude(2)
    rate.exclude(0)
    rate.decide(moment())
    assert policy.snapshots[-1].caps.excluded == {0, 2}


@pytest.mark.parametrize(("low_bps", "carried"), [(1_028_000.0, True), (1_027_000.0, False), (None, False)])
def test_a_link_carries_a_rung_with_its_sound(low_bps: float | None, carried: bool) -> None:
    estimate = Estimate(mean_bps=3e6, low_bps=low_bps, remembered=True)
    rate = RateControl(Wishes(), lambda _now_s: estimate, RUNGS, buffer_max_s=30.0, audio_bps=128_000)
    assert rate.carries(1, 0.0) is carried


def test_a_link_of_which_too_little_is_known_carries_nothing_for_sure() -> None:
    estimate = Estimate(mean_bps=9e6, low_bps=9e6, measured=10_000)
    rate = RateControl(Wishes(), lambda _now_s: estimate, RUNGS, buffer_max_s=30.0, audio_bps=128_000)
    assert rate.trusted_bps(9.0) is None
    assert not rate.carries(0, 9.0)


def test_a_slow_link_gets_a_deeper_buffer_until_it_is_clearly_faster() -> None:
    rate = control(Wishes())  # its estimate grows by a megabit with every second
    assert [rate.economy(now_s).buffer_max_s for now_s in (2.0, 0.9, 1.2, 1.4)] == [30.0, 60.0, 60.0, 30.0]
    assert [rate.economy(now_s).low for now_s in (1.2, 0.9, 1.2)] == [False, True, True]


def test_the_policy_is_told_of_the_deeper_buffer() -> None:
    policy = Wishes()
    control(policy).decide(moment(now_s=0.5))
    assert policy.snapshots[-1].buffer_max_s == 60.0
