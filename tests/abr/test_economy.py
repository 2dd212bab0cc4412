"""The low-bandwidth mode."""

from __future__ import annotations

from abr.economy import DEEPEST_S, economy
from abr.model import Estimate


def known(mean_bps: float) -> Estimate:
    return Estimate(mean_bps=mean_bps, low_bps=0.6 * mean_bps, measured=100_000)


def test_below_one_megabit_the_buffer_is_deeper() -> None:
    slow = economy(known(9e5), 30.0)
    assert (slow.low, slow.buffer_max_s) == (True, 60.0)
    fast = economy(known(2e6), 30.0)
    assert (fast.low, fast.buffer_max_s) == (False, 30.0)
    assert not economy(Estimate(), 30.0).low


def test_the_mode_does_not_flicker_and_has_an_end() -> None:
    assert economy(known(1.2e6), 30.0, was_low=True).low
    assert not economy(known(1.2e6), 30.0).low
    assert economy(known(5e5), 100.0).buffer_max_s == DEEPEST_S
    assert economy(known(5e5), 300.0).buffer_max_s == 300.0


def test_hardly_a_measurement_says_nothing_but_a_memory_does() -> None:
    """The first sound of a title is small and comes slowly on any link."""
    little = Estimate(mean_bps=4e5, low_bps=3e5, samples=1, measured=8_000)
    assert not economy(little, 30.0).low
    assert economy(Estimate(mean_bps=4e5, low_bps=3e5, remembered=True), 30.0).low
