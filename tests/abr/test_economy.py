"""The low-bandwidth mode."""

from __future__ import annotations

from abr.economy import DEEPEST_S, economy
from abr.model import Estimate


def test_below_one_megabit_the_buffer_is_deeper() -> None:
    slow = economy(Estimate(mean_bps=9e5), 30.0)
    assert (slow.low, slow.buffer_max_s) == (True, 60.0)
    fast = economy(Estimate(mean_bps=2e6), 30.0)
    assert (fast.low, fast.buffer_max_s) == (False, 30.0)
    assert not economy(Estimate(), 30.0).low


def test_the_mode_does_not_flicker_and_has_an_end() -> None:
    assert economy(Estimate(mean_bps=1.2e6), 30.0, was_low=True).low
    assert not economy(Estimate(mean_bps=1.2e6), 30.0).low
    assert economy(Estimate(mean_bps=5e5), 100.0).buffer_max_s == DEEPEST_S
    assert economy(Estimate(mean_bps=5e5), 300.0).buffer_max_s == 300.0
