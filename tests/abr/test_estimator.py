"""The throughput estimator: what counts, how often, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abr.estimator import MEMORY_HALF_LIFE_S, MEMORY_TRANSFERS, RECENT, ThroughputEstimator, _Scores
from abr.ledger import memory_from_dict, memory_to_dict
from abr.model import NetworkMemory, TransferSample


def transfer(start: float, bps: float, *, size: int = 500_000, ttfb: float = 0.1, **changes: bool) -> TransferSample:
    first = start + ttfb
    return TransferSample(start, first, first + size * 8 / bps, size, **changes)


def after(*samples: TransferSample, memory: NetworkMemory | None = None) -> ThroughputEstimator:
    estimator = ThroughputEstimator(memory)
    for sample in samples:
        estimator.observe(sample)
    return estimator


def test_knows_nothing_before_the_first_transfer() -> None:
    estimate = ThroughputEstimator().estimate(0.0)
    assert estimate.mean_bps is None
    assert estimate.samples == 0
    assert ThroughputEstimator().memory(0.0) is None


def test_latency_is_no_part_of_the_rate() -> None:
    estimate = after(*(transfer(i * 5.0, 4e6, ttfb=0.8) for i in range(6))).estimate(40.0)
    assert estimate.mean_bps == pytest.approx(4e6)
    assert estimate.fast_bps == pytest.approx(4e6)
    assert estimate.ttfb_s == pytest.approx(0.8)


@pytest.mark.parametrize("mark", ["cached", "aborted"])
def test_cached_and_aborted_transfers_are_left_out(mark: str) -> None:
    alone = after(transfer(0.0, 4e6)).estimate(9.0)
    both = after(transfer(0.0, 4e6), transfer(5.0, 9e8, **{mark: True})).estimate(9.0)
    assert both == alone


def test_parallel_transfers_share_one_link() -> None:
    """Video and audio side by side, each at half the link: the link is what counts, not the half."""
    pairs = [(transfer(i * 5.0, 2e6), transfer(i * 5.0, 2e6)) for i in range(6)]
    estimate = after(*(each for pair in pairs for each in pair)).estimate(40.0)
    assert estimate.mean_bps is not None
    assert estimate.recent[-1].size * 8 / estimate.recent[-1].body_s == pytest.approx(4e6)
    assert 3e6 < estimate.mean_bps <= 4.01e6


def test_a_jump_is_followed_and_widens_the_error() -> None:
    estimator = after(*(transfer(i * 5.0, 8e6) for i in range(8)))
    calm = estimator.estimate(50.0)
    for i in range(5):
        estimator.observe(transfer(60.0 + i * 5, 1e6))
    low = estimator.estimate(90.0)
    assert low.mean_bps is not None
    assert low.mean_bps < 2e6
    assert low.rel_error > calm.rel_error


def test_flicker_teaches_a_smaller_gain_than_jumps() -> None:
    flicker = after(*(transfer(i * 5.0, 4e6 * (4.0 if i % 2 else 0.25)) for i in range(40))).estimate(300.0)
    jumps = after(*(transfer(i * 5.0, 4e6 * (4.0 if i // 10 % 2 else 0.25)) for i in range(40))).estimate(300.0)
    assert flicker.gain < 0.5 * jumps.gain


def test_a_link_that_jumps_once_is_steadier_than_one_that_flickers() -> None:
    assert ThroughputEstimator().estimate(0.0).unsteady == 1
    flicker = after(*(transfer(i * 5.0, 4e6 * (1.5 if i % 2 else 1.0)) for i in range(40))).estimate(300.0)
    jump = after(*(transfer(i * 5.0, 8e6 if i < 20 else 1e6) for i in range(40))).estimate(300.0)
    assert flicker.unsteady > 0.9
    assert jump.unsteady < 0.2


def test_the_usual_rate_outlasts_a_dip_and_is_the_rate_of_an_even_link() -> None:
    even = after(*(transfer(i * 5.0, 8e6) for i in range(20)))
    calm = even.estimate(110.0)
    assert calm.usual_bps == pytest.approx(8e6)
    for i in range(3):
        even.observe(transfer(120.0 + i * 5, 1e6))
    dip = even.estimate(140.0)
    assert dip.mean_bps is not None
    assert dip.usual_bps is not None
    assert dip.mean_bps < 2e6
    assert dip.usual_bps > 5e6


def test_a_slow_first_transfer_does_not_hold_the_others_back() -> None:
    """The slowest average would need dozens of transfers to leave it."""
    estimate = after(transfer(0.0, 1e6), *(transfer(5.0 * i, 8e6) for i in range(1, 4))).estimate(20.0)
    assert estimate.mean_bps is not None
    assert estimate.usual_bps is not None
    assert 7e6 < estimate.mean_bps < 8e6
    assert 6e6 < estimate.usual_bps < 7e6


@pytest.mark.parametrize(("age_s", "kept"), [(0.0, True), (10 * MEMORY_HALF_LIFE_S, False)])
def test_the_usual_rate_of_a_fresh_memory_outlasts_a_transfer(age_s: float, *, kept: bool) -> None:
    memory = NetworkMemory(mean_bps=8e6, rel_error=0.2, ttfb_s=0.05, age_s=age_s)
    usual = after(transfer(0.0, 1e6), memory=memory).estimate(9.0).usual_bps
    assert usual is not None
    assert usual > 7e6 if kept else usual < 1.2e6


def test_averages_are_preferred_by_what_they_foretold_over_the_whole_span() -> None:
    """Of 0 and 1, the one that foretold each transfer counts; where they alternate, over two of them neither does."""
    single, pair = _Scores(1, 2), _Scores(2, 2)
    assert single.shares() == [0.5, 0.5]
    for log_rate in (1.0, 1.0, 1.0):
        single.add(log_rate, 1.0, [0.0, 1.0])
    assert single.shares()[1] > 0.99
    for log_rate in (1.0, 0.0, 1.0, 0.0):
        pair.add(log_rate, 1.0, [0.0, 1.0])
    assert pair.shares() == pytest.approx([0.5, 0.5])
    assert sum(single.shares()) == pytest.approx(1.0)


def test_memory_gives_the_first_estimate_and_fades() -> None:
    learned = after(*(transfer(i * 5.0, 6e6) for i in range(5))).memory(30.0)
    assert learned is not None
    fresh = ThroughputEstimator(learned).estimate(0.0)
    assert fresh.remembered
    assert fresh.samples == 0
    assert fresh.mean_bps == pytest.approx(6e6)
    old = ThroughputEstimator(NetworkMemory(6e6, learned.rel_error, 0.05, age_s=8 * MEMORY_HALF_LIFE_S)).estimate(0.0)
    assert old.rel_error > fresh.rel_error
    assert not after(transfer(0.0, 2e6), memory=learned).estimate(9.0).remembered


def test_outages_are_remembered_and_fade() -> None:
    tunnel = [transfer(i * 20.0, 6e6 if i % 8 else 0.3e6) for i in range(40)]
    learned = after(*tunnel).memory(900.0)
    assert learned is not None
    assert learned.outages > 0
    assert learned.transfers <= MEMORY_TRANSFERS
    assert memory_from_dict(memory_to_dict(learned), 0.0) == learned
    again = ThroughputEstimator(learned).estimate(0.0).outage_chance
    old = ThroughputEstimator(replace(learned, age_s=3 * MEMORY_HALF_LIFE_S)).estimate(0.0).outage_chance
    assert 0 < old < again


@pytest.mark.parametrize("name", ["mean_bps", "rel_error", "ttfb_s", "outages", "transfers"])
def test_a_memory_out_of_range_is_refused(name: str) -> None:
    good = memory_to_dict(NetworkMemory(5e6))
    for wrong in (
        {**good, name: float("nan")},
        {**good, name: -1.0},
        {key: good[key] for key in good if key != name},
    ):
        with pytest.raises(ValueError, match="network"):
            memory_from_dict(wrong, 0.0)


def test_connection_setup_does_not_count_as_latency() -> None:
    estimator = after(transfer(0.0, 4e6, ttfb=0.05), transfer(5.0, 4e6, ttfb=0.9, connection_setup=True))
    assert estimator.estimate(9.0).ttfb_s == pytest.approx(0.05)


@given(st.lists(st.floats(1e4, 1e9), min_size=1, max_size=30), st.floats(0.0, 2.0))
def test_the_estimate_stays_within_what_was_seen(rates: list[float], ttfb: float) -> None:
    estimate = after(*(transfer(i * 1e4, bps, ttfb=ttfb) for i, bps in enumerate(rates))).estimate(1e6)
    assert estimate.mean_bps is not None
    assert estimate.low_bps is not None
    assert min(rates) * 0.99 <= estimate.mean_bps <= max(rates) * 1.01
    assert estimate.low_bps <= estimate.mean_bps
    assert math.isfinite(estimate.rel_error)
    assert 0 < estimate.gain <= 1
    assert len(estimate.recent) <= RECENT


def test_an_outage_is_told_from_a_lower_rate() -> None:
    """Ten seconds of standstill and then the rate from before: an outage. A rate that stays low is none."""
    steady = [transfer(i * 5.0, 4e6) for i in range(8)]
    assert after(*steady).estimate(40.0).outage_chance == 0
    late = transfer(40.0, 0.3e6)
    tunnel = after(*steady, late, transfer(60.0, 4e6)).estimate(70.0)
    slower = after(*steady, late, transfer(60.0, 0.3e6)).estimate(80.0)
    assert 0 < tunnel.outage_chance < 0.1
    assert slower.outage_chance == 0


def test_what_overlapped_counts_also_when_it_ends_last() -> None:
    """Two bits of sound come and go while a segment of the picture runs: the link is what all of them had."""
    sound = [transfer(at_s, 1e6, size=20_000) for at_s in (0.0, 1.0)]
    picture = transfer(0.0, 3e6, size=1_500_000)
    estimate = after(*sound, picture).estimate(9.0)
    assert estimate.mean_bps is not None
    for each in estimate.recent:
        assert each.size * 8 / each.body_s > 2.9e6


def test_sound_in_the_midst_of_a_picture_is_left_to_the_picture() -> None:
    """However the two shared the link just then: a burst of it says neither that the link is fast nor slow."""
    for bps in (50e6, 0.2e6):
        estimate = after(transfer(1.0, bps, size=7_000), transfer(0.0, 3e6, size=1_500_000)).estimate(9.0)
        assert (estimate.samples, estimate.measured) == (1, 1_507_000)
        assert estimate.mean_bps == pytest.approx(3.014e6)


def test_bytes_that_were_counted_beside_a_transfer_are_part_of_its_rate() -> None:
    """The picture is still on its way when the sound has come: who counted its bytes knows what the link gave."""
    sound = replace(transfer(0.0, 0.5e6, size=100_000), beside=500_000)
    estimate = after(sound).estimate(9.0)
    assert estimate.mean_bps == pytest.approx(3e6)
    assert estimate.measured == 600_000


def test_what_is_too_little_to_tell_is_not_among_the_recent() -> None:
    estimate = after(transfer(0.0, 4e6), transfer(5.0, 90e6, size=7_000)).estimate(9.0)
    assert [each.size for each in estimate.recent] == [500_000]
    assert (estimate.samples, estimate.measured) == (2, 507_000)
