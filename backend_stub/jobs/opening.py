"""The job table of a data folder, for whoever has no service around it: workers, and commands on the same machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backend_stub.clock import SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.jobs.states import RetryPolicy
from backend_stub.jobs.store import Jobs


@contextmanager
def open_jobs(settings: Settings, policy: RetryPolicy | None = None) -> Iterator[Jobs]:
    """Open the data folder (made when missing) and bring its database up to date. Raises ConnectionError when the
    database cannot be opened."""
    settings.make_folders()
    database = Database(settings.database)
    try:
        upgrade(database, settings.database_wait_s)
        yield Jobs(database, SystemClock(), policy)
    finally:
        database.close()
