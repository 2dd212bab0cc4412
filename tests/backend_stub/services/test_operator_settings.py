"""What the operator sets is there after a restart, and in other processes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.live.faults import NO_FAULTS, Late, LiveFaults
from backend_stub.services.addresses import Edge
from backend_stub.services.steering_rules import SteeringRule
from tests.kit.rights import SettableClock


def test_weights_rules_and_plans_outlive_the_service(tmp_path: Path) -> None:
    clock = SettableClock()
    edges = [Edge(name, f"http://{name}") for name in ("edge-a", "edge-b")]
    rule = SteeringRule("France", ("edge-b",), frozenset({"FR", "BE"}), ("*tv*",), 0.5)
    plan = LiveFaults((Late(1.0, 2.0, 3.0),), (4.0, 5.0))
    with (
        closing(open_context(Settings(tmp_path), lambda: edges, clock)) as first,
        closing(open_context(Settings(tmp_path), lambda: edges, clock)) as second,
    ):
        assert (second.steering.rules(), second.live_plans.of("film")) == ((), NO_FAULTS)
        first.steering.set_rules([rule])
        first.steering.set_weights({"edge-a": 0.0})
        first.live_plans.set("film", plan)
        clock.step(1.0)
        for context in (first, second):
            assert context.steering.rules() == (rule,)
            assert context.steering.order("s") == ["edge-b", "edge-a"]
            assert context.live_plans.of("film") == plan
        first.live_plans.set("film", NO_FAULTS)
        first.steering.set_rules([])
    with closing(open_context(Settings(tmp_path), lambda: edges, clock)) as third:
        assert third.steering.rules() == ()
        assert third.live_plans.of("film") == NO_FAULTS
        assert [state.weight for state in third.steering.states()] == [0.0, 1.0]
