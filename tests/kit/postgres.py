"""A PostgreSQL cluster of the tests' own, where a server is installed: made in a moment, thrown away at the end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import create_engine

from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from tests.kit.children import ends_with_us
from tests.kit.waiting import PATIENCE_S, until

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_TEMPLATE = "matinee_template"
_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=400",
    "listen_addresses=",
)


class Cluster:
    """A running server that only listens on a socket in its own folder; ``tools`` has ``pg_dump`` and its like."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self.tools = tools
        self._folder = folder
        self._made: dict[Path, str] = {}
        self._count = 0

    def blank(self, encoding: str = "UTF8") -> str:
        """The URL of a new database with nothing in it."""
        return self._create(f"template0 ENCODING '{encoding}'")

    def database_for(self, data_dir: Path) -> str:
        """The URL of the database of a data folder: the same one each time, at first with the newest schema."""
        if data_dir not in self._made:
            if not self._made:
                self._make_template()
            self._made[data_dir] = self._create(_TEMPLATE)
        return self._made[data_dir]

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{_owner()}@/{name}?host={self._folder}"

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """All processes of the server stand still: it neither answers nor goes away."""
        server = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        processes = [server, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _make_template(self) -> None:
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(self.url(_TEMPLATE))
        upgrade(database)
        database.close()

    def _create(self, template: str) -> str:
        self._count += 1
        name = f"matinee_{self._count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def installed() -> bool:
    """Whether there is a server, and a driver for it."""
    return bool(_PLACES) and importlib.util.find_spec("psycopg") is not None


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """The test is skipped where there is no server, or no driver for it."""
    if not installed():
        pytest.skip("PostgreSQL is not installed, or no driver for it")
    folder = Path(tempfile.mkdtemp(prefix="matinee-pg-"))
    data, tools = folder / "data", _PLACES[0]
    try:
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, _owner())
        _run([tools / "initdb", "-D", data, "-U", _owner(), "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        words: list[object] = [tools / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        words += [word for setting in _FAST for word in ("-c", setting)]
        with (folder / "log").open("wb") as log, _server(words, log) as process:
            _wait_until_it_answers(process, tools, folder)
            yield Cluster(tools, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def service_on(cluster: Cluster) -> Iterator[None]:
    """Whatever opens the service of a data folder meanwhile finds its database in the cluster."""

    def database(settings: Settings) -> str:
        return settings.database_url or cluster.database_for(settings.data_dir)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "database", property(database))
        yield


@contextmanager
def _server(words: list[object], log: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    """At SIGQUIT it ends at once, with all that belongs to it."""
    process = subprocess.Popen(
        ends_with_us(*words, by="QUIT"),
        user=_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE_S)


def _wait_until_it_answers(process: subprocess.Popen[bytes], tools: Path, folder: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text(errors="replace")
        return subprocess.run([tools / "pg_isready", "-q", "-h", folder], check=False).returncode == 0

    until(answers, "PostgreSQL does not come up")


def _owner() -> str:
    """Whom the server runs as."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _user() -> str | None:
    """Whom to become for that."""
    return _owner() if os.geteuid() == 0 else None


def _run(command: list[str | Path]) -> None:
    ran = subprocess.run(
        command, user=_user(), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")
