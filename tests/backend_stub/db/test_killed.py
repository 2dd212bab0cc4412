"""``kill -9`` during the calls of many writers: what the service had confirmed is there when it starts again."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import select

from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.db.models import ProgressEvent
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit.backend import publish_noise
from tests.kit.children import ends_with_us

WRITERS = 6
CONFIRMED = 120  # then it is killed
SERVE = """
import sys
from pathlib import Path
from backend_stub import cli
from backend_stub.config import Settings
options = cli.default_options(edges=1, port=0)
settings = Settings(Path(sys.argv[1]), database_url=sys.argv[2])
cli.serve(settings, options, announce=lambda g: print(g.api_url, flush=True))
"""


@contextmanager
def served(settings: Settings) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The service in a process of its own: the address of its API, and the process, dead at the end."""
    command = ends_with_us(sys.executable, "-c", SERVE, settings.data_dir, settings.database, by="KILL")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def report(client: httpx.Client, confirmed: list[str], process: subprocess.Popen[str]) -> None:
    """Send reports one after the other until the service is gone; it is killed during others' calls."""
    while True:
        event_id = secrets.token_hex(8)
        item = {"event_id": event_id, "title_id": "noise", "position_s": 1.0, "duration_s": 12.0, "watched_at": 5.0}
        try:
            answer = client.post("/progress", json={"items": [{**item, "device_id": "d"}]})
        except httpx.TransportError:
            return
        assert answer.json() == {"accepted": [event_id]}
        confirmed.append(event_id)
        if len(confirmed) >= CONFIRMED:
            os.kill(process.pid, signal.SIGKILL)


def test_what_was_confirmed_is_kept(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    publish_noise(settings)
    confirmed: list[str] = []
    with served(settings) as (api_url, process), httpx.Client(base_url=api_url, trust_env=False) as client:
        sign_in = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_name": "test"}
        client.headers["Authorization"] = f"Bearer {client.post('/auth/login', json=sign_in).json()['access_token']}"
        with ThreadPoolExecutor(WRITERS) as pool:
            for running in [pool.submit(report, client, confirmed, process) for _ in range(WRITERS)]:
                running.result()
        assert process.wait() == -signal.SIGKILL
    assert len(confirmed) >= CONFIRMED
    context = open_context(settings)
    try:
        with context.database.read() as session:
            if session.connection().dialect.name == "sqlite":
                assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert set(session.scalars(select(ProgressEvent.event_id))) >= set(confirmed)
    finally:
        context.close()
