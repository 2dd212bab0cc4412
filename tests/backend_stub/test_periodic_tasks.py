"""What the service does by itself."""

from __future__ import annotations

import threading

import pytest

from backend_stub.clock import SystemClock
from backend_stub.periodic_tasks import ServiceUpkeep, UpkeepTask
from tests.kit.rights import SettableClock


@pytest.mark.logs_errors
def test_each_task_has_its_time_and_none_takes_another_with_it() -> None:
    clock, done = SettableClock(), []

    def broken() -> None:
        done.append("broken")
        raise ValueError("a fault of ours")

    upkeep = ServiceUpkeep(
        [UpkeepTask("broken", 10.0, broken), UpkeepTask("late", 30.0, lambda: done.append("late"), first_s=25.0)],
        clock,
    )
    assert upkeep.run_due() == 10.0
    for seconds, wait_s in ((9.0, 1.0), (1.0, 10.0), (6.0, 4.0), (9.0, 10.0)):
        clock.step(seconds)
        assert upkeep.run_due() == wait_s
    assert done == ["broken", "broken", "broken", "late"]


def test_it_runs_beside_what_serves_until_it_is_stopped() -> None:
    ran = threading.Event()
    upkeep = ServiceUpkeep([UpkeepTask("one", 1000.0, ran.set)], SystemClock())
    upkeep.stop()  # nothing has begun
    upkeep = ServiceUpkeep([UpkeepTask("one", 1000.0, ran.set)], SystemClock())
    upkeep.start()
    assert ran.wait(60)
    upkeep.stop()
    assert "upkeep" not in {thread.name for thread in threading.enumerate()}
