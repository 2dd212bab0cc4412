"""A policy for a simulator of another shape: here our own link, and nothing else of our simulator."""

from __future__ import annotations

import pytest

from abr import registry
from abr.guide import Guide
from abr.simulator.formats import Ladder, Trace
from abr.simulator.session import Options, simulate

LADDER = Ladder.constant((300, 700, 1500, 3000), segment_s=4.0, segments=30, name="other")
STEP_S, BUFFER_S = 0.25, 30.0


def played(link: Trace, policy: str = "planner") -> tuple[list[int], int]:
    """The rungs of the segments, and how many fetches were given up, in a simulator of a few lines."""
    bitrates = [rung.bitrate_bps for rung in LADDER.rungs]
    guide = Guide(bitrates, LADDER.sizes, LADDER.segment_s, BUFFER_S, registry.create(policy))
    rungs: list[int] = []
    now_s = buffer_s = 0.0
    given_up = 0
    while len(rungs) < LADDER.segments:
        rung, wait_s = guide.choose(now_s, len(rungs), buffer_s)
        if rung is None:
            now_s, buffer_s = now_s + wait_s, buffer_s - wait_s
            continue
        size = LADDER.sizes[len(rungs)][rung]
        first_s = now_s + link.latency_s(now_s)
        end_s = link.finish_s(first_s, size * 8.0)
        looks = [first_s + n * STEP_S for n in range(1, 1 + int((end_s - first_s) / STEP_S))]
        stop_s = next(
            (
                at_s
                for at_s in looks
                if guide.gives_up(at_s - now_s, first_s - now_s, int(link.bits(first_s, at_s) / 8))
            ),
            None,
        )
        over_s, received = end_s, size
        if stop_s is not None:
            over_s, received = stop_s, int(link.bits(first_s, stop_s) / 8)
        guide.arrived(now_s, first_s, over_s, received, aborted=stop_s is not None)
        buffer_s = max(buffer_s - (over_s - now_s), 0.0) if rungs else 0.0
        now_s = over_s
        if stop_s is None:
            rungs.append(rung)
            buffer_s += LADDER.segment_s
        else:
            given_up += 1
    return rungs, given_up


@pytest.mark.parametrize("policy", ["planner", "bola", "throughput"])
def test_it_decides_as_in_our_simulator(policy: str) -> None:
    link = Trace("steps", [(30.0, 4e6, 0.05), (30.0, 2e6, 0.05), (60.0, 6e6, 0.05)])
    ours = simulate(registry.create(policy), LADDER, link, Options(buffer_max_s=BUFFER_S))
    assert played(link, policy)[0] == ours.rungs


def test_a_fetch_is_given_up_once_and_its_place_is_taken_by_a_lower_rung() -> None:
    rungs, given_up = played(Trace("collapse", [(20.0, 8e6, 0.05), (60.0, 2e5, 0.05), (60.0, 8e6, 0.05)]))
    assert given_up >= 1
    assert len(rungs) == LADDER.segments
    assert {0, 3} <= set(rungs)
