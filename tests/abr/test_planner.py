"""Our policy: what it must never do, and what it must always do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abr import registry
from abr.model import Reason, Snapshot, TransferRate
from abr.policies import planner
from abr.simulator.formats import Ladder, Trace
from abr.simulator.session import Options, simulate
from tests.kit.snapshots import progress, snapshot

CBR = Ladder.constant((300, 700, 1500, 3000, 6000), segments=75)


def link(*periods: tuple[float, float]) -> Trace:
    """A trace of (seconds, Mbit/s) with 40 ms of latency."""
    return Trace("link", [(seconds, mbps * 1e6, 0.04) for seconds, mbps in periods])


@settings(deadline=None, max_examples=80)
@given(st.floats(2e5, 3e7), st.floats(1.3, 10.0), st.floats(0.0, 26.0), st.integers(0, 4), st.floats(0.1, 0.9))
def test_more_throughput_never_means_a_lower_rung(
    bps: float, factor: float, buffer_s: float, current: int, rel_error: float
) -> None:
    moment = snapshot(bps, buffer_s=buffer_s, current=current)
    slow = replace(moment, estimate=replace(moment.estimate, rel_error=rel_error))
    fast = replace(snapshot(bps * factor), buffer_s=buffer_s, current=current)
    fast = replace(fast, estimate=replace(fast.estimate, rel_error=rel_error))
    low, high = registry.create().decide(slow).rung, registry.create().decide(fast).rung
    assert low is not None
    assert high is not None
    assert low <= high


@pytest.mark.parametrize("mbps", [0.5, 1.0, 2.0, 4.0, 8.0])
def test_more_buffer_never_means_a_lower_rung(mbps: float) -> None:
    rungs = [registry.create().decide(snapshot(mbps * 1e6, buffer_s=float(b))).rung for b in range(27)]
    known = [rung for rung in rungs if rung is not None]
    assert len(known) == len(rungs)
    assert known == sorted(known)


@pytest.mark.parametrize(
    ("mbps", "most"),
    [(0.35, 1), (0.75, 1), (1.0, 4), (1.7, 1), (2.5, 5), (3.3, 1), (4.5, 4), (6.5, 1), (20.0, 1)],
)
@pytest.mark.parametrize("buffer_s", [20.0, 30.0, 60.0])
def test_no_oscillation_on_a_constant_link(mbps: float, most: int, buffer_s: float) -> None:
    """A link that hardly carries more than a rung: that rung. One between two rungs: some time at the higher one,
    where the buffer lasts for it, and few changes."""
    session = simulate(registry.create(), CBR, link((1000.0, mbps)), Options(buffer_max_s=buffer_s))
    settled = [request.rung for request in session.requests if request.start_s >= (20.0 if most == 1 else 30.0)]
    within = settled if most == 1 else settled[: round(210.0 / CBR.segment_s)]
    assert int((np.diff(within) != 0).sum()) <= most
    assert session.stalled_s == 0


@pytest.mark.parametrize("low", [0.4, 1.0])
def test_back_at_the_top_within_five_segments_of_a_restored_link(low: float) -> None:
    session = simulate(registry.create(), CBR, link((80.0, 20.0), (60.0, low), (1000.0, 20.0)), Options())
    after = [request.rung for request in session.requests if request.end_s > 140.0 and not request.aborted]
    assert 4 in after[:6]
    assert set(after[6:40]) == {4}


def test_a_restored_link_is_seen_in_segments_that_take_no_time() -> None:
    """50 kB come in an eighth of a second: one of them tells nothing, and all of the lowest rung's are like it."""
    small = Ladder.constant((200, 600, 1500), segment_s=2.0, segments=120)
    session = simulate(registry.create(), small, link((40.0, 3.0), (60.0, 0.5), (1000.0, 3.0)), Options())
    after = [request.rung for request in session.requests if request.end_s > 100.0 and not request.aborted]
    assert 2 in after[:6]


def test_a_collapse_is_survived_by_abandoning() -> None:
    trace = link((60.0, 20.0), (120.0, 0.45), (1000.0, 20.0))
    session = simulate(registry.create(), CBR, trace, Options())
    assert session.stalled_s == 0
    assert session.wasted_bytes < 3_000_000


def test_a_replacement_fits_the_rate_after_the_collapse_not_that_of_the_whole_window() -> None:
    """Two of the four seconds looked at were still fast: what replaces the download has to live with the others."""
    moment = snapshot(6e6, buffer_s=7.0, current=4)
    policy = registry.create()
    for second, received in ((1.0, 700_000), (2.0, 1_400_000), (3.0, 1_430_000)):
        policy.on_progress(progress(moment, 4, received=received, size=9_000_000, seconds=second))
    verdict = policy.on_progress(progress(moment, 4, received=1_460_000, size=9_000_000, seconds=4.0))
    assert verdict.abandon_to == 0


def test_a_short_dip_is_no_reason_to_abandon() -> None:
    trace = link((60.0, 20.0), (3.0, 0.3), (1000.0, 20.0))
    session = simulate(registry.create(), CBR, trace, Options())
    assert not session.verdicts
    assert session.stalled_s == 0


@pytest.mark.parametrize("kbps", [[300, 25_000], [500, 1000, 2000, 4000, 8000, 25_000], [200, 12_000]])
def test_a_sparse_ladder_over_a_slow_link_never_stalls(kbps: list[float]) -> None:
    session = simulate(registry.create(), Ladder.constant(kbps), link((1000.0, 1.2)), Options())
    assert session.stalled_s == 0
    assert max(session.rungs) < len(kbps) - 1


def test_the_short_rest_of_a_title_spends_the_buffer() -> None:
    middle = registry.create().decide(snapshot(1.6e6, buffer_s=24.0, remaining_s=600.0, current=3))
    end = registry.create().decide(snapshot(1.6e6, buffer_s=24.0, remaining_s=4.0, current=3))
    assert middle.rung is not None
    assert end.rung is not None
    assert end.rung >= middle.rung
    assert end.rung == 3


def test_the_answer_names_its_reasons() -> None:
    decision = registry.create().decide(snapshot(4e6))
    assert decision.policy == "planner"
    assert decision.reason in (Reason.HOLD, Reason.OPTIMUM_PLAN)
    assert [vote.rule for vote in decision.votes] == ["plan", "runner-up", "throughput"]
    assert "15 s buffered and 4.0 Mbit/s expected" in decision.sentence


def test_the_same_snapshot_gets_the_same_answer() -> None:
    moment = snapshot(2.2e6, buffer_s=9.0)
    policy = registry.create()
    assert policy.decide(moment) == policy.decide(moment) == registry.create().decide(moment)


def test_a_download_is_not_judged_before_it_has_been_slow_for_a_while() -> None:
    moment = snapshot(6e6, buffer_s=2.0, current=4)
    assert (
        registry.create().on_progress(progress(moment, 4, received=40_000, size=3_000_000, seconds=1.0)).abandon_to
        is None
    )
    verdict = registry.create().on_progress(progress(moment, 4, received=40_000, size=3_000_000, seconds=5.0))
    assert verdict.abandon_to is not None
    assert verdict.reason is Reason.ABANDONED
    assert "Give up 1080p" in verdict.sentence


@pytest.mark.parametrize("buffer_s", [4.0, 8.0, 12.0, 16.0])
def test_known_outages_make_it_hold_more_in_reserve(buffer_s: float) -> None:
    moment = snapshot(4e6, buffer_s=buffer_s, current=2)
    tunnels = replace(moment, estimate=replace(moment.estimate, outage_chance=0.1))
    careless, careful = registry.create().decide(moment).rung, registry.create().decide(tunnels).rung
    assert careless is not None
    assert careful is not None
    assert careful <= careless


SPARSE = Ladder.constant((500, 1000, 2000, 4000, 8000, 25000)).rungs


def usual(usual_bps: float | None, **changes: Any) -> Snapshot:
    """12 s in hand at 9 Mbit/s on the sparse ladder, on a link of this usual rate."""
    moment = snapshot(9e6, rungs=SPARSE, buffer_s=12.0, current=2)
    return replace(moment, estimate=replace(moment.estimate, usual_bps=usual_bps, **changes))


def flickering(moment: Snapshot) -> Snapshot:
    """``moment`` on a link whose rate has changed with each transfer."""
    return seen(moment, *(7e6, 11e6) * 4)


def test_a_link_that_usually_carries_the_lowest_rung_many_times_over_has_headroom() -> None:
    """Many times the lowest rung's 0.5 Mbit/s, where a transfer tells something of the next one."""
    degrees = [planner._headroom(flickering(usual(times * 0.5e6))) for times in (1, 12, 15, 18, 23, 100)]
    assert degrees[:2] == [0.0, 0.0]
    assert degrees == sorted(degrees)
    assert 0 < degrees[2] < degrees[3] < 1
    assert degrees[4:] == [1.0, 1.0]
    assert planner._headroom(flickering(usual(None))) == 0
    assert planner._headroom(flickering(usual(50e6, gain=0.1))) == 0
    assert planner._headroom(flickering(usual(50e6, gain=0.2))) == pytest.approx(0.5)


def test_a_link_that_gives_the_same_each_time_needs_no_headroom() -> None:
    """Where the rate is known, to count on more than it was is to stall."""
    moment = flickering(usual(50e6))
    assert planner._headroom(seen(moment, *[9e6] * 8)) == 0
    assert planner._headroom(replace(moment, estimate=replace(moment.estimate, steady=1.0))) == 0


@pytest.mark.parametrize(("buffer_s", "mean_bps"), [(4.0, 7e6), (12.0, 8e6), (8.0, 9e6)])
def test_with_headroom_a_plan_is_bolder(buffer_s: float, mean_bps: float) -> None:
    """All that differs is what the link has usually given: six times the lowest rung, or a hundred times."""
    outside, inside = (flickering(replace(usual(bps, mean_bps=mean_bps), buffer_s=buffer_s)) for bps in (3e6, 50e6))
    careful, bold = registry.create().decide(outside).rung, registry.create().decide(inside).rung
    assert careful is not None
    assert bold == careful + 1


def test_with_nothing_in_hand_headroom_is_no_reason_to_be_bold() -> None:
    outside, inside = (replace(usual(bps), buffer_s=1.0) for bps in (3e6, 50e6))
    assert registry.create().decide(outside).rung == registry.create().decide(inside).rung == 2


def seen(moment: Snapshot, *rates_bps: float) -> Snapshot:
    """``moment`` after transfers of one second at these rates."""
    recent = tuple(TransferRate(int(bps / 8), 1.0, 0.05) for bps in rates_bps)
    return replace(moment, estimate=replace(moment.estimate, recent=recent))


@pytest.mark.parametrize("buffer_s", [16.0, 24.0, 32.0])
def test_an_unsteady_thin_link_gets_a_deeper_reserve_than_a_steady_one(buffer_s: float) -> None:
    """With a ladder up to 25 Mbit/s, where a stall costs much, on a link that carries twice the lowest rung."""
    moment = replace(snapshot(1.1e6, rungs=SPARSE, buffer_s=buffer_s, current=1), buffer_max_s=60.0)
    steady = registry.create().decide(seen(moment, *(1.1e6, 1.12e6) * 4)).rung
    unsteady = registry.create().decide(seen(moment, *(0.7e6, 1.7e6) * 4)).rung
    assert steady is not None
    assert unsteady is not None
    assert unsteady < steady


def test_an_upgrade_is_not_put_off_for_ever() -> None:
    """A link that always carries the fourth rung, not quite evenly, after a minute at the lowest one."""
    ladder = Ladder.constant([rung.bitrate_bps / 1000 for rung in SPARSE], segments=75)
    trace = link((60.0, 0.8), *((3.0, 4.5), (4.0, 6.0)) * 80)
    session = simulate(registry.create(), ladder, trace, Options(buffer_max_s=60.0))
    reached = next(request for request in session.requests if request.rung >= 3)
    assert reached.start_s - 60.0 < 60.0
    assert session.rungs[-1] >= 3


def rated(*scores: float | None, mbps: float = 3.6, buffer_s: float = 8.0) -> Snapshot:
    """Little buffered, on a link between the fourth and the fifth rung of the kit's ladder."""
    moment = replace(snapshot(mbps * 1e6, buffer_s=buffer_s, current=2))
    rungs = tuple(replace(rung, quality=score) for rung, score in zip(moment.rungs, scores, strict=True))
    return replace(moment, rungs=rungs)


@pytest.mark.parametrize(("mbps", "buffer_s"), [(3.0, 16.0), (3.6, 10.0), (5.0, 4.0), (6.0, 12.0)])
def test_a_rung_that_looks_no_better_is_not_paid_for(mbps: float, buffer_s: float) -> None:
    plain = registry.create().decide(rated(*[None] * 5, mbps=mbps, buffer_s=buffer_s)).rung
    flat = registry.create().decide(rated(60.0, 80.0, 94.0, 94.5, 95.0, mbps=mbps, buffer_s=buffer_s)).rung
    assert plain is not None
    assert flat is not None
    assert flat < plain


@pytest.mark.parametrize("scores", [(5.0, 4.0, 3.0, 2.0, 1.0), (60.0, None, 90.0, 94.0, 95.0)])
def test_ratings_that_do_not_rise_or_are_not_whole_are_left_aside(scores: tuple[float | None, ...]) -> None:
    assert registry.create().decide(rated(*scores)).rung == registry.create().decide(rated(*[None] * 5)).rung
