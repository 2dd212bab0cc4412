"""The stepped clock of the tests."""

from __future__ import annotations

import asyncio
import time

from tests.kit.clock import FakeClock


async def test_no_time_passes_while_a_thread_works_that_began_before_the_first_step() -> None:
    clock = FakeClock(waits_for_threads=True)
    work = asyncio.ensure_future(asyncio.to_thread(time.sleep, 0.1))
    await asyncio.sleep(0)  # it has begun
    await clock.advance(1000)
    assert work.done()
