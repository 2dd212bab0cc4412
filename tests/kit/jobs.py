"""A job table on a database of the test's own, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Base
from backend_stub.jobs.model import NewJob
from backend_stub.jobs.states import RetryPolicy
from backend_stub.jobs.store import Jobs


class HandClock:
    """A :class:`backend_stub.clock.Clock` that only moves by hand."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@contextmanager
def job_table(folder: Path, policy: RetryPolicy | None = None) -> Iterator[tuple[Jobs, HandClock]]:
    database = Database(Settings(folder).database)
    Base.metadata.create_all(database.engine)
    clock = HandClock()
    try:
        yield Jobs(database, clock, policy), clock
    finally:
        database.close()


def a_job(key: str = "k", *, priority: int = 0, host: str = "") -> NewJob:
    return NewJob("test", f"job {key}", key, {"asked": key}, priority, host)
