"""The last guard: what gives up a download that a policy would keep into a stall."""

from __future__ import annotations

from dataclasses import replace

import pytest

from abr import registry
from abr.abandonment import GUARD_AFTER_S, last_guard
from abr.core import KEEP
from abr.model import AbandonmentVerdict, Reason, TransferProgress
from abr.simulator.formats import Ladder, Trace
from abr.simulator.session import Options, SimulatedSession, simulate
from tests.kit.snapshots import progress, snapshot

DOOMED = progress(snapshot(buffer_s=15.0), 4, received=250_000, size=3_000_000, seconds=3.0)
"""33 s to go, and 15 s are buffered: 1.5 Mbit/s would need 9 s, 3 Mbit/s 18 s."""


def test_the_highest_rung_that_is_sure_to_arrive_is_taken_instead() -> None:
    verdict = last_guard(DOOMED, KEEP)
    assert (verdict.abandon_to, verdict.reason) == (2, Reason.ABANDONED)
    assert "33.0 s" in verdict.sentence


@pytest.mark.parametrize(
    "harmless",
    [
        replace(DOOMED, replaceable=False),
        replace(DOOMED, rung=0),
        replace(DOOMED, size=None),
        replace(DOOMED, since_first_byte_s=GUARD_AFTER_S - 0.1),
        replace(DOOMED, recent_bps=0.0),
        replace(DOOMED, received=2_990_000),
        replace(DOOMED, snapshot=snapshot(buffer_s=15.0, manual=4)),
        replace(DOOMED, snapshot=snapshot(buffer_s=40.0)),
    ],
)
def test_else_the_policy_is_right(harmless: TransferProgress) -> None:
    assert last_guard(harmless, KEEP) is KEEP


def test_a_policy_that_gives_up_itself_is_right() -> None:
    verdict = AbandonmentVerdict(1, Reason.ABANDONED, "as the policy says")
    assert last_guard(DOOMED, verdict) is verdict


def test_the_simulator_has_it_where_it_does_as_the_player() -> None:
    ladder = Ladder.constant((200, 600, 1500), segment_s=4.0, segments=12, name="thin")
    link = Trace("collapse", [(13.5, 2e6, 0.04), (30.0, 1e5, 0.04), (60.0, 2e6, 0.04)])

    def session(*, as_player: bool) -> SimulatedSession:
        policy = registry.create("fixed", rung=2)
        return simulate(policy, ladder, link, Options(buffer_max_s=20.0, as_player=as_player))

    alone, guarded = session(as_player=False), session(as_player=True)
    assert alone.verdicts == []
    assert guarded.verdicts
    assert guarded.wasted_bytes > 0
    assert guarded.stalled_s < alone.stalled_s
