"""What is closed on the service's own machine, what an outage looks like from outside, and what outlives one."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from backend_stub.broadcaster import encoder
from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.db import database as database_module
from backend_stub.db import patience
from backend_stub.db.database import Database
from backend_stub.encoding import probe, tools, worker
from backend_stub.encoding.errors import ToolFailedError
from backend_stub.encoding.process import run_tool
from backend_stub.services import edge_gate
from tests.kit.postgres import postgres_cluster
from tests.kit.rights import Service, refusal, service
from tests.kit.waiting import until


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir() if one.name != "media"}


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes")
@pytest.mark.parametrize("before", [False, True], ids=["new", "open before"])
def test_others_may_read_no_more_than_published_media(tmp_path: Path, before: bool) -> None:
    settings = Settings(tmp_path / "data", database_url="")
    if before:
        for folder in (settings.data_dir, settings.uploads_dir, settings.mail_dir, settings.secrets_dir):
            folder.mkdir(mode=0o755)
        (settings.data_dir / "matinee.db").touch(0o644)
    open_context(settings).close()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o711
    assert {name: mode for name, mode in modes(settings.data_dir).items() if mode & 0o077} == {}


@pytest.mark.logs_errors
def test_without_its_database_it_says_to_come_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with service(tmp_path) as running, pytest.MonkeyPatch.context() as patch:
        client = running.client(running.account("a"))

        def gone() -> None:
            raise OperationalError("SELECT 1", {"password": "hush"}, Exception("gone"))

        patch.setattr(running.context.database, "read", gone)
        patch.setattr(running.context.database, "write", gone)
        answer = client.get("/catalog")
        assert refusal(answer) == (503, "database_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.exc_info for record in told] == [None]
    assert "hush" not in caplog.text


@pytest.mark.logs_errors
def test_a_server_that_stands_still_holds_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connections stay open, and the system takes new ones for it: nothing but the time says that it is gone."""
    monkeypatch.setattr(patience, "REACH_S", 0.3)
    monkeypatch.setattr(edge_gate, "_ANSWER_S", 0.3)
    monkeypatch.setattr(patience, "CONNECTION", {**patience.CONNECTION, "connect_timeout": 2})
    with postgres_cluster() as cluster, service(tmp_path, database_url=cluster.database_for(tmp_path)) as running:
        account_id = running.account("anna")
        device, others = running.device(account_id), running.device(account_id)
        url, unknown = (one.play().json()["manifests"][0]["dash"] for one in (device, others))
        assert running.fetch(url).status_code == 200
        client = device.client
        assert client.get("/catalog").status_code == 200
        with ThreadPoolExecutor(1) as pool, cluster.standing_still():
            for _ in range(2):  # over a connection that is open, and over a new one
                answer = pool.submit(client.get, "/catalog").result(30)
                assert refusal(answer) == (503, "database_unavailable")
                assert int(answer.headers["retry-after"]) > 0
            running.clock.step(edge_gate.KEPT_S)
            assert pool.submit(running.fetch, url).result(30).status_code == 200, "edges go on"
            answer = pool.submit(running.fetch, unknown).result(30)
            assert refusal(answer) == (503, "database_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        until(lambda: client.get("/catalog").status_code == 200)  # the next connection is tried after a moment
        running.clock.step(edge_gate.AWAY_S)
        assert running.fetch(unknown).status_code == 200


class _Silent:
    """A server that never answers: how long it was waited for each time, and what goes on meanwhile."""

    def __init__(self) -> None:
        self.waited: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def connect(self, *_: object, connect_timeout: int, **_words: object) -> object:
        self.waited.append(connect_timeout)
        self.meanwhile()
        raise psycopg.OperationalError("timeout expired")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> _Silent:
    made = _Silent()
    monkeypatch.setattr(patience, "connection_class", lambda: made)
    return made


def ask(database: Database) -> None:
    with pytest.raises(OperationalError), database.read() as session:
        session.execute(text("SELECT 1"))


def test_a_new_connection_is_not_waited_for_longer_than_the_rest(silent: _Silent) -> None:
    for most_s in (60.0, 1.0, 0.0):
        with patience.waiting(most_s):
            ask(Database("postgresql://nowhere/matinee"))
    ask(Database("postgresql://nowhere/matinee"))  # what is no call
    assert silent.waited == [2, 1, 5]
    pool = Database("postgresql://nowhere/matinee").engine.pool
    for most_s in (60.0, 2.0):
        with patience.waiting(most_s):
            assert pool.timeout() == min(most_s, 5.0)  # type: ignore[attr-defined]


def test_after_one_failed_others_are_not_tried_for_a_moment(silent: _Silent) -> None:
    """Calls that come meanwhile are told at once: those that wait would keep all threads."""
    database = Database("postgresql://nowhere/matinee")
    for _ in range(5):
        with patience.waiting(60.0):
            ask(database)
    assert silent.waited == [2]


def test_a_server_that_was_away_is_tried_by_one_at_a_time(silent: _Silent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_AWAY_S", 0.0)
    database = Database("postgresql://nowhere/matinee")
    ask(database)
    silent.meanwhile = lambda: ask(database)
    ask(database)
    assert silent.waited == [5, 5]


def test_what_edges_and_supervisors_ask_needs_no_thread_of_the_calls(tmp_path: Path) -> None:
    """Those may all wait for the database."""
    with service(tmp_path) as running:
        play = running.device(running.account("anna")).play().json()
        token = play["manifests"][0]["hls"].split("/s/")[1].split("/")[0]
        headers = {"X-Matinee-Token": token, "X-Matinee-Path": "/film/encrypted/"}

        async def asked(path: str) -> int:
            limiter = anyio.to_thread.current_default_thread_limiter()
            limiter.total_tokens = 1
            async with limiter, httpx.AsyncClient(transport=httpx.ASGITransport(running.app)) as client:
                with anyio.fail_after(30):
                    return (await client.get(f"http://testserver/api/v1{path}", headers=headers)).status_code

        assert asyncio.run(asked("/health")) == 200
        assert asyncio.run(asked("/edge-check")) == 204


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind; PostgreSQL where it is installed."""
    on_postgres = request.param == "postgresql"
    made = Database(request.getfixturevalue("postgres").blank() if on_postgres else f"sqlite:///{tmp_path / 'x.db'}")
    yield made
    made.close()


def test_no_value_of_a_statement_is_in_an_error(either: Database) -> None:
    with pytest.raises(DBAPIError, match="parameters hidden") as caught, either.read() as session:
        session.execute(text("SELECT :password FROM nowhere"), {"password": "hush"})
    assert "hush" not in str(caught.value)


def sign_out(running: Service, tokens: dict[str, str]) -> None:
    running.client(None).post("/auth/logout", {"refresh_token": tokens["refresh_token"]})


def test_signing_out_ends_the_access_token_too(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.account("a")
        login = {"email": "a@matinee.local", "password": "secret", "device_name": "x"}
        tokens, others = (running.client(None).post("/auth/login", login).json() for _ in range(2))
        client = running.client(None)
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        assert client.get("/catalog").status_code == 200
        sign_out(running, tokens)
        assert refusal(client.get("/catalog")) == (401, "token_invalid")
        client.headers["Authorization"] = f"Bearer {others['access_token']}"
        assert client.get("/catalog").status_code == 200


@pytest.mark.parametrize("password", ["password", "12345678", "qwertyuiop", "alice@example.org", "Alice Wonder"])
def test_a_password_that_is_soon_guessed_is_refused(tmp_path: Path, password: str) -> None:
    with service(tmp_path) as running:
        body = {"email": "alice@example.org", "password": password, "name": "Alice Wonder", "device_name": "x"}
        assert refusal(running.client(None).post("/auth/register", body)) == (422, "weak_password")
        body["password"] = "correct horse battery"
        assert running.client(None).post("/auth/register", body).status_code == 200


PROBE = """
import resource, socket, sys
assert resource.getrlimit(resource.RLIMIT_AS)[0] > 0, "memory"
assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] > 0, "files"
assert resource.getrlimit(resource.RLIMIT_CPU)[0] > 0, "time"
print(len(socket.if_nameindex()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has these")
def test_tools_have_limits(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    run_tool([sys.executable, "-c", PROBE], on_line=lines.append)
    assert lines == ["1"]  # a loopback that leads nowhere


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has these")
def test_what_looks_into_a_strangers_file_has_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = f"{PROBE.replace('print(', 'networks = (')}\nprint('{{\"networks\": %d}}' % networks)"
    program = tmp_path / "ffprobe"
    program.write_text(f"#!{sys.executable}\n{told}\n")
    program.chmod(0o700)
    monkeypatch.setattr(tools, "locate", lambda: tools.Tools(program, program, program))
    assert probe._ffprobe(program) == {"networks": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has these")
def test_what_encodes_a_broadcast_has_neither_endless_memory_nor_files() -> None:
    import resource

    running = encoder.Encoder(
        encoder.EncoderInput(encoder.TEST, audio=False), encoder.tracks_of([90], 10, audio=False)
    )
    try:
        for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            assert resource.prlimit(running.pid, limit)[1] != resource.RLIM_INFINITY
        assert os.read(running.pipes[0], 8)[4:] == b"ftyp", "and it encodes"
    finally:
        running.kill()
        running.wait()


def test_a_tool_that_hangs_is_ended() -> None:
    with pytest.raises(ToolFailedError, match="too long"):
        run_tool([sys.executable, "-c", "import time; time.sleep(600)"], longest_s=0.2)


def test_a_worker_outlives_its_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, swept = threading.Event(), 0

    def away(*_: object) -> None:
        nonlocal swept
        swept += 1
        if swept == 3:
            stop.set()
        raise OperationalError("SELECT 1", None, Exception("terminating connection"))

    monkeypatch.setattr(worker, "sweep", away)
    monkeypatch.setattr(worker, "_SWEEP_EVERY_S", 0.01)
    worker.run_worker(Settings(tmp_path), worker.WorkerOptions(slots=1), stop, announce=lambda _name: None)
    assert swept == 3
