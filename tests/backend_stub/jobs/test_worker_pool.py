"""The service's own workers: as many as there are tasks, up to a bound, and a pause after one that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend_stub.jobs.model import NewTask
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from backend_stub.jobs.worker_pool import WorkerPool
from tests.kit.jobs import a_job, job_table


class Process:
    def __init__(self) -> None:
        self.code: int | None = None
        self.terminated = False

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.terminated = True
        self.code = 0

    def kill(self) -> None:
        self.code = -9

    def wait(self, timeout: float | None = None) -> int:
        del timeout
        assert self.code is not None
        return self.code


def test_workers_are_hired_for_what_there_is_to_do(tmp_path: Path) -> None:
    hired: list[Process] = []

    def hire() -> Process:
        hired.append(Process())
        return hired[-1]

    with job_table(tmp_path) as (jobs, _clock):
        wake_up = WakeUpSignal(tmp_path)
        pool = WorkerPool(jobs, wake_up, 2, hire, now=lambda: 0.0)
        assert pool.look() == 0
        jobs.submit(a_job(), [NewTask("one", "test"), NewTask("two", "test"), NewTask("three", "test")])
        assert pool.look() == 2  # not three
        assert pool.look() == 2
        hired[0].code = 0  # found nothing more to do
        while (claim := jobs.claim("somebody")) is not None:
            jobs.finish(claim, {})
        assert pool.look() == 1
        pool.stop()
        assert hired[1].terminated
        assert pool.look() == 0


def test_a_worker_that_failed_is_not_followed_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    now_s = 0.0
    hired: list[Process] = []

    def hire() -> Process:
        hired.append(Process())
        return hired[-1]

    with job_table(tmp_path) as (jobs, _clock):
        pool = WorkerPool(jobs, WakeUpSignal(tmp_path), 1, hire, now=lambda: now_s)
        jobs.submit(a_job(), [NewTask("one", "test")])
        assert pool.look() == 1
        hired[0].code = 3
        assert pool.look() == 0
        assert "code 3" in caplog.text
        now_s = 61.0
        assert pool.look() == 1
        pool.stop()
