"""A worker whose job table cannot be asked for a while."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend_stub.jobs.model import Claim, NewTask
from backend_stub.jobs.states import RetryPolicy
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.worker import Doing, Hands, TaskOutcome, Worker
from tests.kit.jobs import a_job, job_table

_LONGEST_S = 60.0
TROUBLES = [OperationalError("SELECT 1", {}, Exception("gone")), PoolTimeout("all connections are in use")]


@pytest.mark.logs_errors
@pytest.mark.parametrize("trouble", TROUBLES, ids=["away", "full-pool"])
@pytest.mark.parametrize("asked", ["claim", "beat"])
def test_a_worker_outlives_what_its_table_cannot_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: SQLAlchemyError, asked: str
) -> None:
    done, failed = threading.Event(), threading.Event()

    def run(_doing: Doing) -> TaskOutcome:
        if asked == "beat":
            assert failed.wait(_LONGEST_S)
        done.set()
        return TaskOutcome({})

    with job_table(tmp_path, RetryPolicy(lease_s=0.1)) as (jobs, _clock):
        answers = getattr(Jobs, asked)

        def once(*values: object, **options: object) -> object:
            if not failed.is_set():
                failed.set()
                raise trouble
            return answers(jobs, *values, **options)

        monkeypatch.setattr(jobs, asked, once)
        worker = Worker(jobs, run, Hands(slots=1, poll_s=0.01))
        jobs.submit(a_job(), [NewTask("root", "look")])
        worker.start()
        assert done.wait(_LONGEST_S)
        worker.stop()
        assert failed.is_set()


@pytest.mark.logs_errors
def test_a_failure_that_cannot_be_told_leaves_the_worker_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()

    def run(_doing: Doing) -> TaskOutcome:
        raise RuntimeError("a bug")

    def untold(*_values: object, **_options: object) -> None:
        raise PoolTimeout("all connections are in use")

    def on_error(_claim: Claim, _error: BaseException) -> None:
        heard.set()

    with job_table(tmp_path, RetryPolicy()) as (jobs, _clock):
        monkeypatch.setattr(jobs, "fail", untold)
        worker = Worker(jobs, run, Hands(slots=1, poll_s=0.01), on_error=on_error)
        jobs.submit(a_job(), [NewTask("root", "look")])
        worker.start()
        assert heard.wait(_LONGEST_S)
        worker.stop()
