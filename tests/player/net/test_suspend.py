"""Noticing a sleep of the machine by a jump of one clock against the other."""

from __future__ import annotations

from player.net.suspend import SuspendWatch, boot_time
from tests.kit.clock import FakeClock


def test_a_jump_of_the_boot_clock_is_a_sleep_and_is_told_once() -> None:
    clock, boot_s = FakeClock(), 5000.0
    watch = SuspendWatch(clock, lambda: boot_s)
    clock._now += 10
    boot_s += 10
    assert watch.slept_s() == 0.0
    boot_s += 3600
    assert watch.slept_s() == 3600.0
    assert watch.slept_s() == 0.0
    boot_s += 0.5  # drift of the clocks is no sleep
    assert watch.slept_s() == 0.0


def test_this_machine_has_not_slept_just_now() -> None:
    assert boot_time() > 0
    watch = SuspendWatch(FakeClock(), lambda: 5.0)
    assert watch.slept_s() == 0.0
