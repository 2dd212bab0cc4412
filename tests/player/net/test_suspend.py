"""Noticing a sleep of the machine by a jump of one clock against the other."""

from __future__ import annotations

import asyncio

from player.net.suspend import SuspendWatch, boot_time
from tests.kit.clock import FakeClock


async def test_a_jump_of_the_boot_clock_is_a_sleep_and_is_told_once() -> None:
    clock, slept = FakeClock(), 0.0
    woke: list[float] = []
    watch = SuspendWatch(clock, lambda: clock.monotonic() + slept)
    task = asyncio.ensure_future(watch.run(woke.append))
    await clock.advance(10)
    assert woke == []
    slept += 3600
    await clock.advance(1)
    assert woke == [3600.0]
    slept += 0.5  # drift of the clocks is no sleep
    await clock.advance(10)
    assert woke == [3600.0]
    task.cancel()


def test_this_machine_has_not_slept_just_now() -> None:
    assert boot_time() > 0
    watch = SuspendWatch(FakeClock(), lambda: 5.0)
    assert watch.slept_s() == 0.0
