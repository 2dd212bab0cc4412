from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.faults.document import TraceEntry
from backend_stub.faults.link import ShapedLink

MBIT = 125_000  # bytes a second


def constant(kbps: float, started_s: float = 0.0) -> ShapedLink:
    return ShapedLink([TraceEntry(1000, kbps, 0)], started_s)


def test_constant_rate() -> None:
    link = constant(8000)
    assert link.reserve(1_000_000, 0.0) == pytest.approx(1.0)
    assert link.reserve(2_500_000, 0.0) == pytest.approx(3.5)


def test_an_idle_link_saves_nothing_up() -> None:
    link = constant(8000)
    assert link.reserve(1_000_000, 100.0) == pytest.approx(101.0)


def test_two_senders_share_the_rate() -> None:
    link = constant(8000)
    due = {"a": 0.0, "b": 0.0}
    for _ in range(50):
        for name in due:
            due[name] = link.reserve(10_000, due[name])
    assert due["a"] == pytest.approx(due["b"], abs=0.011)
    assert due["b"] == pytest.approx(1.0)


def test_rates_change_within_one_reservation_and_loop() -> None:
    link = ShapedLink([TraceEntry(1000, 1000, 0), TraceEntry(1000, 3000, 0)], 10.0)
    assert link.reserve(MBIT // 2, 10.0) == pytest.approx(10.5)
    assert link.reserve(MBIT // 2 + 3 * MBIT // 2, 10.0) == pytest.approx(11.5)
    assert link.reserve(3 * MBIT // 2 + MBIT, 10.0) == pytest.approx(13.0)


def test_a_hole_holds_everything_up() -> None:
    link = ShapedLink([TraceEntry(1000, 1000, 0), TraceEntry(5000, 0, 0)], 0.0)
    assert link.reserve(MBIT, 0.0) == pytest.approx(1.0)
    assert link.reserve(MBIT // 2, 1.0) == pytest.approx(6.5)
    assert link.reserve(1, 8.0) == pytest.approx(12.0, abs=0.001)


def test_latency_follows_the_trace() -> None:
    link = ShapedLink([TraceEntry(1000, 1000, 40), TraceEntry(1000, 1000, 80)], 5.0)
    assert [link.latency_s(now) for now in (0.0, 5.5, 6.5, 7.5)] == [0.04, 0.04, 0.08, 0.04]


def test_slices_are_about_ten_milliseconds_within_bounds() -> None:
    assert constant(20_000).slice_bytes(0) == 25_000
    assert constant(100).slice_bytes(0) == 512
    assert constant(10_000_000).slice_bytes(0) == 65_536


def test_a_link_that_carries_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="carries nothing"):
        ShapedLink([TraceEntry(1000, 0, 0)], 0.0)


_TRACES = st.lists(
    st.builds(TraceEntry, st.integers(0, 3000), st.sampled_from([0, 100, 5000, 20_000]), st.just(0)),
    min_size=1,
    max_size=6,
).filter(lambda trace: any(entry.duration_ms and entry.bandwidth_kbps for entry in trace))


@given(trace=_TRACES, sizes=st.lists(st.integers(1, 200_000), min_size=1, max_size=20))
def test_cutting_into_slices_changes_nothing(trace: list[TraceEntry], sizes: list[int]) -> None:
    whole, sliced = ShapedLink(trace, 0.0), ShapedLink(trace, 0.0)
    due = 0.0
    for size in sizes:
        later = sliced.reserve(size, due)
        assert later >= due
        due = later
    assert whole.reserve(sum(sizes), 0.0) == pytest.approx(due, rel=1e-6, abs=1e-4)
