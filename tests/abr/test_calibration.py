"""The real session beside the simulator, on a short title and in virtual time (the long table is a bench)."""

from __future__ import annotations

import pytest

from abr.simulator import synthetic
from tests.bench.bench_calibration import Title, play_in_virtual_time, predicted, title


@pytest.fixture(scope="module")
def what() -> Title:
    return title(24)


@pytest.mark.parametrize(("kind", "mean_kbps"), [("steady", 2200.0), ("flicker", 3500.0), ("drift", 2200.0)])
def test_the_player_does_what_the_simulator_says(what: Title, kind: str, mean_kbps: float) -> None:
    link = synthetic.trace(kind, mean_kbps=mean_kbps, duration_s=60.0, latency_s=0.04, seed=2)
    expected, found = predicted(what, link), play_in_virtual_time(what, link)
    assert found.mbps == pytest.approx(expected.mbps, abs=0.1 * what.ladder.mbps[-1])
    assert found.stalled_s == expected.stalled_s == 0.0
    assert found.waited_s <= expected.waited_s, "the player begins before the first segment is whole"
