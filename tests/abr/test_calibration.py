"""The real session beside the simulator, on a short title and in virtual time (the long table is a bench)."""

from __future__ import annotations

import pytest

from abr.explain import decision_at, explain, recorded_decisions
from abr.replay import replay
from abr.simulator import synthetic
from tests.bench.bench_calibration import Title, observed, play_in_virtual_time, predicted, title, virtual_report


@pytest.fixture(scope="module")
def what() -> Title:
    return title(24)


@pytest.mark.parametrize(("kind", "mean_kbps"), [("steady", 2200.0), ("flicker", 3500.0), ("drift", 2200.0)])
def test_the_player_does_what_the_simulator_says(what: Title, kind: str, mean_kbps: float) -> None:
    link = synthetic.trace(kind, mean_kbps=mean_kbps, duration_s=60.0, latency_s=0.04, seed=2)
    expected, found = predicted(what, link), play_in_virtual_time(what, link)
    one_rung_beside = (what.ladder.mbps[-1] - what.ladder.mbps[-2]) / what.ladder.segments
    assert found.mbps == pytest.approx(expected.mbps, abs=one_rung_beside + 0.001), "but for one segment"
    assert found.stalled_s == expected.stalled_s == 0.0
    assert found.waited_s == pytest.approx(expected.waited_s, abs=0.25), (
        "both begin before the first segment is whole"
    )
    whole_s = what.ladder.sizes[0][0] * 8 / (mean_kbps * 1000)
    assert max(found.waited_s, expected.waited_s) < whole_s + 0.1


def test_a_report_of_the_player_is_explained_and_replayed(what: Title) -> None:
    link = synthetic.trace("drift", mean_kbps=1500.0, duration_s=60.0, latency_s=0.04, seed=1)
    report = virtual_report(what, link)
    text = explain(decision_at(recorded_decisions(report), 8.0))
    assert "What would have changed it" in text
    again = replay(report, "bola")
    assert (again.recorded_policy, again.other_policy) == ("planner", "bola")
    assert again.measured > 0.5
    assert again.recorded.mbps == pytest.approx(observed(what, report).mbps, abs=0.2 * what.ladder.mbps[-1])
