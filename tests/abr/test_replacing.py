"""When a buffered segment of a low rung is fetched again, and what the simulator makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from abr import registry
from abr.explain import Recorded, explain
from abr.ledger import decision_from_dict, decision_to_dict
from abr.model import Caps, Estimate, LiveState, Phase, Reason, Rung, Snapshot, TransferProgress
from abr.replacing import Held, best_replacement, goes_on
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import score
from abr.simulator.session import Options, SimulatedSession, simulate

RUNGS = (Rung("low", 1_000_000), Rung("mid", 2_000_000), Rung("top", 4_000_000))
LINK = Estimate(mean_bps=10e6, low_bps=8e6, samples=9, measured=5_000_000)
NOW = Snapshot(
    now_s=60.0,
    phase=Phase.STEADY,
    rungs=RUNGS,
    current=2,
    buffer_s=24.0,
    buffer_max_s=30.0,
    segment_s=4.0,
    estimate=LINK,
    segments_fetched=10,
)


def held(*rungs: int, first_in_s: float = 4.0) -> list[Held]:
    return [Held(4 + place, rung, first_in_s + 4.0 * place) for place, rung in enumerate(rungs)]


def position(snapshot: Snapshot, what: list[Held], before: int | None = 0) -> int | None:
    found = best_replacement(snapshot, what, before)
    return None if found is None else found.position


def test_the_good_end_of_the_buffer_grows_towards_the_playhead() -> None:
    """In the middle of low segments a good one would add two changes of quality."""
    assert position(NOW, held(0, 0, 0, 0)) == 7
    assert position(NOW, held(0, 0, 0, 2)) == 6
    assert position(NOW, held(2, 0, 2, 2)) == 5, "a single low one takes two changes with it"
    assert position(NOW, held(2, 2, 2, 2)) is None


def test_it_says_what_it_does_and_what_would_have_changed_it() -> None:
    found = best_replacement(NOW, held(0, 0), 0)
    assert found is not None
    assert (found.position, found.instead_of, found.decision.rung) == (5, 0, 2)
    assert found.decision.reason is Reason.REPLACED
    assert {vote.rule: vote.rung for vote in found.decision.votes} == {"replacing": 2, "keeping": 0}
    recorded = decision_from_dict(decision_to_dict(replace(found.decision, policy="planner")))
    text = explain(Recorded(60.0, recorded, found.position))
    assert "1.0 Mbit/s is fetched again at 4.0 Mbit/s" in text
    assert "it stays below 4.0 Mbit/s that are likely at the least, or with less than 24 s buffered" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"manual": 2},
        {"caps": Caps(metered=True)},
        {"live": LiveState(6.0, 6.0)},
        {"playing": False},
        {"phase": Phase.AFTER_SEEK},
        {"current": 0},
        {"current": None},
        {"buffer_s": 23.0},
        {"estimate": replace(LINK, low_bps=3_900_000.0)},
        {"estimate": replace(LINK, measured=10_000)},
        {"audio_bps": 5_000_000},
        {"caps": Caps(user_max_bps=1_500_000)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_is_replaced_by_hand_in_need_or_for_nothing(changes: dict[str, Any]) -> None:
    assert position(NOW, held(0, 0, 0, 0)) is not None
    assert position(replace(NOW, **changes), held(0, 0, 0, 0)) is None


def test_a_cap_is_never_passed() -> None:
    capped = replace(NOW, caps=Caps(user_max_bps=2_500_000))
    found = best_replacement(capped, held(0, 0, 0, 0), 0)
    assert found is not None
    assert found.decision.rung == 1


def test_it_must_come_in_half_of_the_time_that_there_is() -> None:
    assert position(NOW, held(0, first_in_s=4.1)) == 4  # 16 Mbit at 8 Mbit/s: 2 s
    assert position(NOW, held(0, first_in_s=3.9)) is None
    large = [Held(4, 0, 4.1, (500_000, 1_000_000, 4_000_000))]
    assert position(NOW, large) is None, "its real size counts"


def test_a_running_one_is_given_up_when_it_would_be_late_or_the_buffer_is_short() -> None:
    running = TransferProgress(2, 500_000, 2_000_000, 2.0, 1.9, 4e6, 1.9, True, NOW)  # 3 s are left
    assert goes_on(running, 3.1)
    assert not goes_on(running, 2.9)
    assert not goes_on(replace(running, snapshot=replace(NOW, buffer_s=10.0)), 20.0)
    assert not goes_on(replace(running, replaceable=False), 20.0)
    assert not goes_on(replace(running, snapshot=replace(NOW, manual=0)), 20.0)
    assert goes_on(replace(running, recent_window_s=0.5), 0.1), "a rate of half a second says nothing"


def session(link: Trace, *, replaced: bool) -> tuple[SimulatedSession, Ladder]:
    ladder = Ladder.constant((1000, 2000, 4000), segment_s=4.0, segments=40, name="three")
    options = Options(buffer_max_s=40.0, replace_buffered=replaced, record=True)
    return simulate(registry.create("throughput"), ladder, link, options), ladder


def test_after_a_slow_stretch_the_viewer_sees_less_of_it_and_the_waste_is_counted() -> None:
    link = Trace("back", [(40.0, 3e6, 0.05), (400.0, 12e6, 0.05)])
    (without, ladder), (found, _) = session(link, replaced=False), session(link, replaced=True)
    assert without.replaced == without.replacing_wasted_bytes == 0
    assert found.replaced >= 3
    before, after = score(without, ladder), score(found, ladder)
    assert after.qoe > before.qoe
    assert after.stalled_s == before.stalled_s == 0.0
    assert (after.replaced, after.wasted_mbytes) == (found.replaced, found.wasted_bytes / 1e6)
    fetched = sum(request.size for request in found.requests)
    shown = sum(ladder.sizes[number][rung] for number, rung in enumerate(found.rungs))
    assert fetched - shown == found.wasted_bytes == found.replacing_wasted_bytes > 0
    assert sum(each.reason is Reason.REPLACED for each in found.decisions) == found.replaced


def test_a_new_copy_that_comes_too_late_is_waste_and_the_old_one_stays() -> None:
    link = Trace("gone", [(40.0, 3e6, 0.05), (4.6, 12e6, 0.05), (60.0, 2e5, 0.05), (400.0, 12e6, 0.05)])
    found, ladder = session(link, replaced=True)
    aborted = [request for request in found.requests if request.aborted]
    assert [(request.segment, request.rung) for request in aborted] == [(18, 2)]
    assert found.rungs[18] < 2
    fetched = sum(request.size for request in found.requests)
    shown = sum(ladder.sizes[number][rung] for number, rung in enumerate(found.rungs))
    assert fetched - shown == found.wasted_bytes
