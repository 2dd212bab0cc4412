"""The whole layout as processes of this machine: what ``packaging/layout/compose.yaml`` starts, by its own words.

The commands and settings of our programs are read from that file; addresses are put in the place of its names. nginx
has the file beside it. PostgreSQL, Redis and nginx are this machine's, the S3 store is ``tests.kit.object_store``.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.kit import redis
from tests.kit.children import ends_with_us
from tests.kit.nginx import NGINX
from tests.kit.postgres import _PLACES, _owner, _run, _user
from tests.kit.waiting import until

LAYOUT = Path(__file__).parents[2] / "packaging" / "layout"
BUCKET = "films"
_OWN_PORTS = range(15_000, 30_000)
_USER, _PASSWORD = "anybody-here", "anything-at-all"


@dataclass
class Part:
    """A process of the layout, begun again by :meth:`start` after a :meth:`kill`."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    user: str | None = None
    answers: Callable[[], bool] = lambda: True
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ends_with_us(*self.command, by="KILL"),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                cwd="/",
                start_new_session=True,
            )

    def kill(self) -> None:
        """``kill -9`` of the process and all it began."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def whole_log(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Layout:
    folder: Path
    parts: dict[str, Part] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    api_url: str = ""  # that of nginx
    database_url: str = ""

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def add(self, name: str, command: list[str], *, user: str | None = None, **environment: str) -> Part:
        part = Part(name, command, {**os.environ, **environment}, self.folder / f"{name}.log", user)
        self.parts[name] = part
        part.start()
        return part

    def until_up(self, answers: Callable[[], bool], name: str) -> None:
        """Wait for a part. Raises AssertionError with what it said where it ends, or does not answer."""

        self.parts[name].answers = answers

        def known() -> bool:
            return not self.parts[name].alive or answers()

        try:
            until(known)
        except AssertionError:
            raise AssertionError(f"{name} does not answer: {self.said(name)}") from None
        assert self.parts[name].alive, f"{name} ended: {self.said(name)}"

    def said(self, name: str) -> str:
        return self.parts[name].whole_log()[-4000:]


@contextmanager
def running_layout(folder: Path, *, apis: int = 2, edges: int = 2, workers: int = 1) -> Iterator[Layout]:
    """Everything up and ready; skipped where a server is missing."""
    if not _PLACES or redis.PROGRAM is None or NGINX is None:
        pytest.skip("PostgreSQL, Redis or nginx is not installed")
    layout = Layout(folder)
    folder.chmod(0o755)
    try:
        _begin(layout, apis, edges, workers)
        yield layout
    finally:
        for part in reversed(layout.parts.values()):
            part.kill()


def _begin(layout: Layout, apis: int, edges: int, workers: int) -> None:
    compose: dict[str, Any] = yaml.safe_load((LAYOUT / "compose.yaml").read_text())
    layout.database_url = _postgres(layout, shlex.split(compose["services"]["postgres"]["command"]))
    redis_port, store = _redis(layout), _store(layout)
    ports = {f"api-{number}": free_port() for number in range(1, apis + 1)}
    ports |= {f"edge-{number}": free_port(3) for number in range(1, edges + 1)}
    nginx_port = free_port()
    layout.api_url = f"http://127.0.0.1:{nginx_port}/api/v1"
    settings = {name: str(value) for name, value in compose["x-matinee"]["environment"].items()}
    settings |= {
        "MATINEE_DATABASE_URL": layout.database_url,
        "MATINEE_WAKE_URL": settings["MATINEE_WAKE_URL"].replace("redis:6379", f"127.0.0.1:{redis_port}"),
        "MATINEE_SHARED_URL": settings["MATINEE_SHARED_URL"].replace("redis:6379", f"127.0.0.1:{redis_port}"),
        "MATINEE_PUBLIC_URL": f"http://127.0.0.1:{nginx_port}",
        "MATINEE_TRUSTED_PROXIES": "127.0.0.1/32",
        "MATINEE_MAIL_URL": "",
        "MATINEE_MASTER_KEY": secrets.token_hex(32),
        **store,
    }
    layout.environment = settings
    for name, port in ports.items():
        layout.add(name, _ours(compose, name.partition("-")[0], layout.data_dir, port), **settings)
    for number in range(1, workers + 1):
        layout.add(f"worker-{number}", _ours(compose, "worker", layout.data_dir, 0), **settings)
    _nginx(layout, nginx_port, [port for name, port in ports.items() if name.startswith("api-")])
    layout.until_up(lambda: _answers(f"{layout.api_url}/ready"), "nginx")
    for name, port in ports.items():
        health = f"{port}/api/v1/ready" if name.startswith("api-") else f"{port + 1}/health"
        layout.until_up(partial(_answers, f"http://127.0.0.1:{health}"), name)


def _ours(compose: Mapping[str, Any], service: str, data_dir: Path, port: int) -> list[str]:
    """The command of a service of ours, at this machine's addresses."""
    words = shlex.split(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", compose["services"][service]["command"]))
    places = {"/data": str(data_dir), "0.0.0.0": "127.0.0.1", "8400": str(port)}
    program = "from ui.cli.main import entry; entry()"
    return [sys.executable, "-c", program, *(places.get(word, word) for word in words)]


def _postgres(layout: Layout, command: list[str]) -> str:
    tools, home = _PLACES[0], layout.folder / "postgres"
    home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(home, _owner())
    _run([tools / "initdb", "-D", home / "data", "-U", _owner(), "-A", "trust", "-E", "UTF8", "--locale=C"])
    words = [tools / command[0], *command[1:], "-D", home / "data", "-k", home, "-c", "listen_addresses="]
    layout.add("postgres", [str(word) for word in words], user=_user())
    ready = [tools / "pg_isready", "-q", "-h", home]
    layout.until_up(lambda: subprocess.run(ready, check=False).returncode == 0, "postgres")
    _run([tools / "createdb", "-h", home, "-U", _owner(), "matinee"])
    return f"postgresql://{_owner()}@/matinee?host={home}"


def _redis(layout: Layout) -> int:
    server = layout.folder / "redis-server"
    server.symlink_to(str(redis.PROGRAM))
    port = free_port()
    layout.add(
        "redis",
        [str(server), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
    )
    return port


def _store(layout: Layout) -> dict[str, str]:
    """How the S3 store is reached."""
    port = free_port()
    place = f"127.0.0.1:{port}"
    program = [sys.executable, "-m", "tests.kit.object_store", str(port), BUCKET, f"{layout.folder}/objects"]
    layout.add("store", program, PYTHONPATH=str(LAYOUT.parents[1]))
    layout.until_up(lambda: _answers(f"http://{place}/moto-api/"), "store")
    names = {"ENDPOINT": f"http://{place}", "ACCESS_KEY_ID": _USER, "SECRET_ACCESS_KEY": _PASSWORD}
    return {f"AWS_{name}": value for name, value in names.items()}


def _nginx(layout: Layout, port: int, apis: list[int]) -> None:
    state = layout.folder / "nginx"
    layout.add("nginx", [str(NGINX), "-p", str(state), "-c", str(nginx_file(state, port, apis))])


def nginx_file(state: Path, port: int, apis: list[int]) -> Path:
    """The file of the layout, with this machine's addresses, and a place for what nginx writes."""
    state.mkdir()
    text = (LAYOUT / "nginx.conf").read_text()
    servers = "\n".join(f"        server 127.0.0.1:{one} max_fails=2 fail_timeout=5s;" for one in apis)
    text = re.sub(r"        server api:8400 [^\n]*", servers, text)
    text = re.sub(r"    resolver [^\n]*\n", "", text).replace("listen 8400", f"listen 127.0.0.1:{port}")
    bodies = "".join(f"    {kind}_temp_path {state}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("http {\n", f"http {{\n    client_body_temp_path {state}/body;\n{bodies}", 1)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (state / "nginx.conf").write_text(f"{user}daemon off;\npid {state}/nginx.pid;\n{text}")
    return state / "nginx.conf"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code < 300
    except httpx.HTTPError:
        return False


def free_port(count: int = 1) -> int:
    """The first of so many ports in a row that are free, of those that the system gives to no outgoing connection:
    who comes back after a kill finds them as they were."""
    while True:
        first = _OWN_PORTS.start + secrets.randbelow(len(_OWN_PORTS) - count)
        with ExitStack() as taken, suppress(OSError):
            for port in range(first, first + count):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
