"""What holds for every policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abr import registry
from abr.constraints import allowed_rungs, restrict
from abr.model import Caps, Estimate, LiveState, Phase, Reason, Rung, Vote
from tests.kit.snapshots import LADDER, estimate, progress, snapshot

POLICIES = registry.names()
caps_strategy = st.builds(
    Caps,
    user_max_bps=st.none() | st.integers(100_000, 8_000_000),
    display_height=st.none() | st.integers(100, 2200),
    metered=st.booleans(),
    metered_max_bps=st.none() | st.integers(100_000, 8_000_000),
    max_decodable_rung=st.none() | st.integers(0, 6),
    excluded=st.frozensets(st.integers(0, 4), max_size=5),
)


@settings(deadline=None, max_examples=60)
@given(
    policy=st.sampled_from(POLICIES),
    caps=caps_strategy,
    mean=st.none() | st.floats(1e4, 1e9),
    buffer_s=st.floats(0.0, 30.0),
    current=st.none() | st.integers(0, 4),
)
def test_no_policy_ever_goes_above_the_caps(
    policy: str, caps: Caps, mean: float | None, buffer_s: float, current: int | None
) -> None:
    moment = snapshot(mean, caps=caps, buffer_s=buffer_s, current=current)
    decision = registry.create(policy).decide(moment)
    assert decision.snapshot is moment
    assert decision.sentence
    assert decision.rung is None or decision.rung in allowed_rungs(moment)
    assert decision.rung is not None or decision.wait_s > 0


def test_caps_limit_from_above_and_leave_the_lowest() -> None:
    assert allowed_rungs(snapshot(caps=Caps(user_max_bps=1_600_000))) == (0, 1, 2)
    assert allowed_rungs(snapshot(caps=Caps(metered_max_bps=800_000))) == (0, 1, 2, 3, 4)
    assert allowed_rungs(snapshot(caps=Caps(metered=True, metered_max_bps=800_000))) == (0, 1)
    assert allowed_rungs(snapshot(caps=Caps(user_max_bps=1))) == (0,)
    assert allowed_rungs(snapshot(caps=Caps(max_decodable_rung=1, excluded=frozenset({0})))) == (1,)
    assert allowed_rungs(snapshot(caps=Caps(excluded=frozenset(range(5))))) == (0, 1, 2, 3, 4)


def test_a_display_gets_the_smallest_height_that_fills_it() -> None:
    assert allowed_rungs(snapshot(caps=Caps(display_height=700))) == (0, 1, 2, 3)
    assert allowed_rungs(snapshot(caps=Caps(display_height=1088))) == (0, 1, 2, 3, 4)
    assert allowed_rungs(snapshot(caps=Caps(display_height=4000))) == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("policy", POLICIES)
def test_manual_is_obeyed_and_auto_recovers_from_the_lowest_rung(policy: str) -> None:
    auto = registry.create(policy, **({"rung": 4} if policy == "fixed" else {}))
    fixed = auto.decide(snapshot(50e6, manual=0, current=0))
    assert (fixed.rung, fixed.reason) == (0, Reason.MANUAL)
    current, rungs = 0, []
    for number in range(8):
        decision = auto.decide(
            snapshot(50e6, current=current, buffer_s=22.0, now_s=60.0 + number, segments_fetched=9 + number)
        )
        current = current if decision.rung is None else decision.rung
        rungs.append(current)
    assert rungs[-1] >= 3


def test_a_fixed_rung_that_failed_falls_to_the_next_lower() -> None:
    decision = registry.create().decide(snapshot(manual=3, caps=Caps(excluded=frozenset({3, 2}))))
    assert decision.rung == 1
    assert Vote("manual", 3, "chosen in the menu") in decision.votes


def test_a_full_buffer_waits_as_long_as_needed() -> None:
    decision = registry.create().decide(snapshot(buffer_s=28.0, playback_rate=2.0))
    assert (decision.rung, decision.reason) == (None, Reason.BUFFER_FULL)
    assert decision.wait_s == pytest.approx(1.0)


def test_one_rung_needs_no_rule() -> None:
    decision = registry.create().decide(snapshot(rungs=LADDER[:1], current=0))
    assert (decision.rung, decision.reason) == (0, Reason.ONLY_RUNG)


def test_an_empty_ladder_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rung"):
        registry.create().decide(snapshot(rungs=(), current=None))


def test_audio_and_speed_take_their_share_of_the_link() -> None:
    assert restrict(snapshot(4e6, audio_bps=1_000_000)).snapshot.estimate.mean_bps == pytest.approx(3e6)
    assert restrict(snapshot(4e6, playback_rate=2.0)).snapshot.estimate.mean_bps == pytest.approx(2e6)
    assert restrict(snapshot(1e5, audio_bps=1_000_000)).snapshot.estimate.mean_bps == pytest.approx(2e4)
    seen = estimate(4e6, usual_bps=5e6)
    shared = restrict(snapshot(estimate=seen, playback_rate=2.0)).snapshot.estimate
    assert shared.usual_bps == pytest.approx(2.5e6)


def test_audio_takes_its_share_of_what_the_manifest_has_shown() -> None:
    seen = Estimate(shown_bps=4e6)
    assert restrict(snapshot(estimate=seen, audio_bps=1_000_000)).snapshot.estimate.shown_bps == pytest.approx(3e6)


def test_live_plans_with_the_latency_as_its_buffer() -> None:
    live = snapshot(live=LiveState(latency_s=6.0, target_latency_s=6.0), buffer_s=3.0)
    assert restrict(live).snapshot.buffer_max_s == 6.0


def test_the_reason_says_when_a_cap_decided() -> None:
    decision = registry.create().decide(snapshot(80e6, caps=Caps(user_max_bps=1_600_000)))
    assert (decision.rung, decision.reason) == (2, Reason.CAPPED)
    assert "the viewer's limit of 1.6 Mbit/s" in decision.sentence


def test_a_download_is_kept_when_it_cannot_be_replaced() -> None:
    slow = progress(snapshot(4e6, buffer_s=2.0, current=4), 4, received=50_000, size=3_000_000, seconds=6.0)
    assert registry.create().on_progress(slow).abandon_to is not None
    for harmless in (replace(slow, replaceable=False), replace(slow, abandoned_before=1), replace(slow, rung=0)):
        assert registry.create().on_progress(harmless).abandon_to is None
    assert registry.create().on_progress(replace(slow, snapshot=replace(slow.snapshot, manual=4))).abandon_to is None


def test_abandoning_maps_back_to_the_full_ladder() -> None:
    moment = snapshot(4e6, buffer_s=2.0, current=4, caps=Caps(excluded=frozenset({0})))
    verdict = registry.create().on_progress(progress(moment, 4, received=50_000, size=3_000_000, seconds=6.0))
    assert verdict.abandon_to == 1


def test_the_registry_explains_a_wrong_name() -> None:
    with pytest.raises(ValueError, match="planner"):
        registry.create("nonsense")
    with pytest.raises(ValueError, match="options"):
        registry.create("bba0", colour=1)
    with pytest.raises(ValueError, match="NAME=NUMBER"):
        registry.from_spec("fixed:rung=x")
    assert registry.from_spec("fixed:rung=3").decide(snapshot()).rung == 3


def test_startup_uses_the_memory_and_is_careful_without() -> None:
    start = snapshot(None, phase=Phase.STARTUP, current=None, buffer_s=0.0, segments_fetched=0)
    assert registry.create().decide(start).reason is Reason.START_DEFAULT
    remembered = replace(snapshot(40e6).estimate, remembered=True, samples=0, recent=())
    decision = registry.create().decide(replace(start, estimate=remembered))
    assert decision.reason is Reason.START_REMEMBERED
    assert decision.rung == 4
    assert isinstance(decision.snapshot.rungs[0], Rung)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_rung_set_that_changes_in_mid_session_is_followed(policy: str) -> None:
    """A live title gets a new ladder, a rung is taken away: what was fetched last may not be there any more."""
    auto = registry.create(policy)
    for number, (count, current) in enumerate([(5, 4), (2, 4), (2, 1), (4, 1), (5, None)]):
        whole = snapshot(50e6, buffer_s=14.0, current=current, now_s=10.0 * number, segments_fetched=9 + number)
        sizes = tuple(row[:count] for row in whole.next_sizes)
        decision = auto.decide(replace(whole, rungs=whole.rungs[:count], next_sizes=sizes))
        assert decision.rung is not None
        assert decision.rung < count
