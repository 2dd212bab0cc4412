"""The published policies against what their papers say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abr import registry
from abr.core import segment_bits
from abr.model import Estimate, Phase, Reason, Rung, Snapshot
from abr.policies.bba0 import KNEE, RESERVOIR, keep_or_follow
from abr.policies.bba2 import reservoir_s
from abr.policies.bola import BolaMap
from abr.policies.l2a import onto_simplex
from abr.policies.robustmpc import best_plan, harmonic_mean_bps
from abr.simulator.formats import Ladder, Trace
from abr.simulator.session import Options, simulate
from tests.kit.snapshots import LADDER, estimate, progress, snapshot


def chosen(policy: str, moment: Snapshot) -> int | None:
    return registry.create(policy).decide(moment).rung


def test_throughput_takes_nine_tenths() -> None:
    assert chosen("throughput", snapshot(3.3e6)) == 2
    assert chosen("throughput", snapshot(3.4e6)) == 3


def test_throughput_steps_once_on_a_low_buffer_and_outlasts_a_dip_on_a_high_one() -> None:
    assert chosen("throughput", snapshot(40e6, buffer_s=6.0, current=0)) == 1
    dip = snapshot(
        buffer_max_s=60.0, buffer_s=40.0, current=3, estimate=estimate(1.6e6, slow_bps=3.5e6, fast_bps=1.6e6)
    )
    assert chosen("throughput", dip) == 3
    assert chosen("throughput", replace(dip, buffer_s=12.0)) == 1


@pytest.mark.parametrize(
    ("mean_bps", "buffer_s", "rung"),
    [(2.3e6, 20.0, 3), (2.2e6, 20.0, 2), (1.21e6, 20.0, 2), (1.19e6, 20.0, 1), (50e6, 4.9, 0)],
)
def test_thresholds(mean_bps: float, buffer_s: float, rung: int) -> None:
    assert chosen("thresholds", snapshot(mean_bps, buffer_s=buffer_s, current=2)) == rung


def test_bba0_maps_the_buffer_between_reservoir_and_knee() -> None:
    room = 240.0
    wide = snapshot(buffer_max_s=room + 4, current=0)
    assert chosen("bba0", replace(wide, buffer_s=RESERVOIR * room)) == 0
    assert chosen("bba0", replace(wide, buffer_s=KNEE * room)) == 4
    half = RESERVOIR * room + (KNEE - RESERVOIR) * room / 2  # maps to 3.15 Mbit/s
    assert chosen("bba0", replace(wide, buffer_s=half)) == 3


def test_bba0_keeps_the_rung_until_the_map_reaches_a_neighbour() -> None:
    sizes = [1.0, 2.0, 4.0, 8.0]
    assert [keep_or_follow(1, allowed, sizes) for allowed in (0.9, 1.1, 3.9, 4.0, 9.0)] == [0, 1, 1, 2, 3]
    assert keep_or_follow(3, 3.9, sizes) == 2  # the smallest size not below the map


def test_bba2_reserves_what_the_lowest_rungs_own_variation_costs() -> None:
    flat = snapshot(buffer_max_s=60.0)
    assert reservoir_s(flat) == 8.0
    rising = tuple((300_000,) * 5 for _ in range(10))  # twice the nominal 150,000 bytes of the lowest rung
    assert reservoir_s(replace(flat, next_sizes=rising)) == pytest.approx(35.0)  # 40 s, at most 140/240 of 60 s


def test_bba2_ramps_up_by_what_a_segment_gained() -> None:
    fast, slow = snapshot(50e6, buffer_s=6.0, current=0), snapshot(1.2e6, buffer_s=6.0, current=0)
    assert chosen("bba2", fast) == 1
    assert chosen("bba2", slow) == 0


def test_bola_switches_at_the_buffers_of_its_paper() -> None:
    bola = BolaMap.of(LADDER, 30.0)
    assert list(bola.enter_s) == sorted(bola.enter_s)
    assert bola.leave_s[0] == pytest.approx(bola.v * (1 + bola.gp))
    assert bola.leave_s[-1] == pytest.approx(bola.v * (bola.utilities[-1] + bola.gp))
    for rung in range(1, len(LADDER)):
        assert bola.best(bola.enter_s[rung] + 0.01) == rung
        assert bola.best(bola.enter_s[rung] - 0.01) == rung - 1


def test_bola_never_goes_more_than_one_above_what_the_network_carries() -> None:
    policy = registry.create("bola")
    policy.decide(snapshot(1e6, buffer_s=28.0, buffer_max_s=60.0, current=1))
    assert policy.decide(snapshot(1e6, buffer_s=28.0, buffer_max_s=60.0, current=1, now_s=61.0)).rung in (1, 2)


def test_dynamic_switches_between_its_rules_with_hysteresis() -> None:
    policy = registry.create("dynamic")
    rules = [
        policy.decide(snapshot(buffer_s=buffer_s, now_s=60.0 + number)).votes[0].rule
        for number, buffer_s in enumerate((8.0, 11.0, 8.0, 4.0, 8.0))
    ]
    assert rules == ["throughput", "mode", "mode", "throughput", "throughput"]


def test_dynamic_gives_up_what_takes_much_longer_than_it_plays() -> None:
    moment = snapshot(6e6, current=4, buffer_s=10.0)
    policy = registry.create("dynamic")
    assert policy.on_progress(progress(moment, 4, received=200_000, size=3_000_000, seconds=1.0)).abandon_to == 1
    assert policy.on_progress(progress(moment, 4, received=900_000, size=3_000_000, seconds=1.0)).abandon_to is None


def exhaustive(view: Snapshot, bps: float, horizon: int) -> float:
    """The value of the best of all plans, tried one by one."""
    quality = [rung.bitrate_bps / 1e6 for rung in view.rungs]
    best = float("-inf")
    for plan in itertools.product(range(len(quality)), repeat=horizon):
        value, buffer_s, last = 0.0, view.buffer_s, view.current
        for step, rung in enumerate(plan):
            after = min(buffer_s, view.buffer_max_s - view.segment_s) - segment_bits(view, step, rung) / bps
            value += quality[rung] - quality[-1] * max(-after, 0.0)
            value -= abs(quality[rung] - quality[last]) if last is not None else 0.0
            buffer_s, last = max(after, 0.0) + view.segment_s, rung
        best = max(best, value)
    return best


@settings(deadline=None, max_examples=25)
@given(st.floats(2e5, 2e7), st.floats(0.0, 26.0), st.integers(0, 2), st.integers(1, 4))
def test_mpc_finds_the_best_of_all_plans(bps: float, buffer_s: float, current: int, horizon: int) -> None:
    view = snapshot(rungs=LADDER[:3], current=current, buffer_s=buffer_s)
    assert best_plan(view, bps, horizon)[1] == pytest.approx(exhaustive(view, bps, horizon))


def test_robust_mpc_divides_by_its_worst_error() -> None:
    policy = registry.create("robustmpc")
    calm = snapshot(3e6)
    first = policy.decide(calm)
    assert "largest recent error 0%" in first.votes[1].detail
    shock = replace(calm, estimate=replace(estimate(1.5e6), samples=6))
    assert "100%" in policy.decide(shock).votes[1].detail or "9" in policy.decide(shock).votes[1].detail
    assert harmonic_mean_bps(calm.estimate.recent) < 3e6


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=8))
def test_a_projection_is_the_nearest_distribution(values: list[float]) -> None:
    found = onto_simplex(np.array(values))
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0
    others = [*np.eye(len(values)).tolist(), [1 / len(values)] * len(values)]
    nearest = np.linalg.norm(found - values)
    assert all(nearest <= np.linalg.norm(np.array(each) - values) + 1e-9 for each in others)


def test_l2a_climbs_one_rung_at_a_time_to_what_the_link_carries() -> None:
    ladder = Ladder.constant((300, 700, 1500, 3000, 6000), segment_s=1.0, segments=120)
    session = simulate(
        registry.create("l2a"), ladder, Trace("link", [(1000.0, 2e6, 0.04)]), Options(buffer_max_s=3.0)
    )
    assert max(np.diff(session.rungs)) == 1
    assert max(session.rungs) <= 2
    assert session.stalled_s == 0
    assert session.rungs[-1] > 0


@pytest.mark.parametrize("policy", ["lolp", "hlsjs"])
@pytest.mark.parametrize("buffer_s", [2.0, 3.0])
def test_rules_for_short_buffers_take_what_the_link_carries(policy: str, buffer_s: float) -> None:
    ladder = Ladder.constant((300, 700, 1500, 3000, 6000), segment_s=0.5, segments=120)
    link = Trace("link", [(1000.0, 2.4e6, 0.04)])
    session = simulate(registry.create(policy), ladder, link, Options(buffer_max_s=buffer_s))
    assert set(session.rungs[20:]) <= {1, 2}
    assert session.stalled_s == 0


def test_hlsjs_takes_more_of_the_link_to_stay_than_to_go_up() -> None:
    rungs = tuple(Rung(str(bps), bps) for bps in (400_000, 800_000, 1_600_000))
    assert chosen("hlsjs", snapshot(1.8e6, rungs=rungs, current=2, buffer_s=20.0)) == 2
    assert chosen("hlsjs", snapshot(1.8e6, rungs=rungs, current=1, buffer_s=20.0)) == 1


def test_hlsjs_gives_up_what_comes_after_the_buffer_has_ended() -> None:
    view = snapshot(3e6, current=3, buffer_s=3.0)
    late = progress(view, 3, received=60_000, size=2_250_000, seconds=5.0)
    verdict = registry.create("hlsjs").on_progress(late)
    assert verdict.abandon_to is not None
    assert verdict.abandon_to < 3


def test_lolp_stays_with_the_lowest_rung_where_no_other_arrives_in_time() -> None:
    rungs = tuple(Rung(str(bps), bps) for bps in (400_000, 800_000, 1_600_000))
    assert chosen("lolp", snapshot(1.8e6, rungs=rungs, current=2, buffer_s=0.6)) == 0
    assert chosen("lolp", snapshot(1.8e6, rungs=rungs, current=2, buffer_s=20.0)) == 2


def test_fixed_takes_its_rung_or_the_highest() -> None:
    assert registry.create("fixed", rung=3).decide(snapshot()).rung == 3
    assert registry.create("fixed", rung=9).decide(snapshot()).rung == 4
    with pytest.raises(ValueError, match="whole number"):
        registry.create("fixed", rung=1.5)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["throughput", "thresholds"]), st.floats(1e5, 1e8), st.floats(1.0, 20.0))
def test_throughput_rules_are_monotone_in_throughput(policy: str, bps: float, factor: float) -> None:
    low, high = chosen(policy, snapshot(bps)), chosen(policy, snapshot(bps * factor))
    assert low is not None
    assert high is not None
    assert low <= high


@settings(deadline=None, max_examples=60)
@given(st.floats(0.0, 25.0), st.floats(0.0, 25.0))
def test_bba0_is_monotone_in_the_buffer(one: float, other: float) -> None:
    low, high = (chosen("bba0", snapshot(buffer_s=each)) for each in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high


def test_sizes_stand_in_for_the_unknown() -> None:
    view = snapshot(
        next_sizes=((None, 10, None, 30, None),), rungs=tuple(Rung(str(i), 1000 * (i + 1)) for i in range(5))
    )
    assert segment_bits(view, 0, 1) == 80.0
    assert segment_bits(view, 0, 0) == 4000.0
    assert segment_bits(view, 3, 4) == 20_000.0


@pytest.mark.parametrize(
    ("shown_mbps", "rung"),
    [(None, 0), (0.5, 0), (1.0, 0), (3.0, 1), (12.0, 3), (200.0, 4)],
)
def test_the_first_rung_follows_what_the_manifest_has_shown(shown_mbps: float | None, rung: int) -> None:
    """A link that carries the rung by a third more and brings its first segment within 1.5 s."""
    shown = Estimate(shown_bps=None if shown_mbps is None else shown_mbps * 1e6, ttfb_s=0.06)
    ladder = tuple(Rung(str(bps), bps) for bps in (400_000, 800_000, 1_600_000, 3_000_000, 6_000_000))
    begin = snapshot(
        rungs=ladder, current=None, phase=Phase.STARTUP, segments_fetched=0, buffer_s=0.0, estimate=shown
    )
    decision = registry.create().decide(begin)
    assert decision.rung == rung
    assert (decision.reason is Reason.START_DEFAULT) == (shown_mbps is None)
