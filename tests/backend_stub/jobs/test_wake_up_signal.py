"""The wake_up on each of its storages: the data folder's file, Redis and PostgreSQL (where they are installed)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from backend_stub.jobs.wake_up_signal import WakeUpSignal
from tests.kit.postgres import postgres_cluster
from tests.kit.redis import redis_server


@contextmanager
def postgres() -> Iterator[str]:
    with postgres_cluster() as cluster:
        url = make_url(cluster.blank())
        yield url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def folder() -> Iterator[str]:
    yield ""


@pytest.mark.parametrize("storage", [folder, redis_server, postgres])
def test_whoever_listens_hears_the_bell_that_another_rings(tmp_path: Path, storage) -> None:
    heard = threading.Semaphore(0)
    with storage() as url:
        listening, ringing = WakeUpSignal(tmp_path, url), WakeUpSignal(tmp_path, url)
        listening.listen(heard.release, poll_s=0.1)
        try:
            ringing.ring(2)
            assert heard.acquire(timeout=60)
            assert heard.acquire(timeout=60)
        finally:
            listening.close()
            ringing.close()


def test_a_storage_that_is_away_is_told_of_now_and_then(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wake_up = WakeUpSignal(tmp_path, "redis://127.0.0.1:1/0")
    wake_up.listen(lambda: None, poll_s=0.01)
    try:
        for name in ("Worker", "Scheduler", "Worker"):
            try:
                raise ConnectionError
            except ConnectionError:
                logging.getLogger(f"huey.consumer.{name}").exception("It is away.")
    finally:
        wake_up.close()
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) <= 1
    assert all(record.exc_info is None for record in told)
