"""The whole layout as processes of this machine: what ``packaging/layout/compose.yaml`` starts, by its own words.

The commands and settings of our programs are read from that file; addresses are put in the place of its names. nginx
has the file beside it. PostgreSQL, Redis and nginx are this machine's, the S3 store JuiceFS's gateway where it is
installed (``tests/soak/requirements.lock``), which keeps what it was given over a kill; else moto's, which does not.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

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
_JUICEFS = shutil.which("juicefs", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
_USER, _PASSWORD = "anybody-here", "anything-at-all"


@dataclass
class Part:
    """A process of the layout, begun again by :meth:`start` after a :meth:`kill`."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    user: str | None = None
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

    def said(self, name: str) -> str:
        return self.parts[name].log.read_text(errors="replace")[-4000:]


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
    layout.database_url = _postgres(layout)
    redis_port, store = _redis(layout), _store(layout)
    ports = {f"api-{number}": free_port() for number in range(1, apis + 1)}
    ports |= {f"edge-{number}": free_ports_in_a_row(3) for number in range(1, edges + 1)}
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
    until(lambda: _answers(f"{layout.api_url}/ready"), "the layout does not come up")
    for name, port in ports.items():
        if name.startswith("edge-"):
            until(lambda port=port: _answers(f"http://127.0.0.1:{port + 1}/health"), "the edges do not come up")  # type: ignore[misc]


def _ours(compose: Mapping[str, Any], service: str, data_dir: Path, port: int) -> list[str]:
    """The command of a service of ours, at this machine's addresses."""
    words = shlex.split(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", compose["services"][service]["command"]))
    places = {"/data": str(data_dir), "0.0.0.0": "127.0.0.1", "8400": str(port)}
    program = "from ui.cli.main import entry; entry()"
    return [sys.executable, "-c", program, *(places.get(word, word) for word in words)]


def _postgres(layout: Layout) -> str:
    tools, home = _PLACES[0], layout.folder / "postgres"
    home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(home, _owner())
    _run([tools / "initdb", "-D", home / "data", "-U", _owner(), "-A", "trust", "-E", "UTF8", "--locale=C"])
    settings = ("listen_addresses=", "max_connections=300", "shared_buffers=64MB", "fsync=off")
    words = [tools / "postgres", "-D", home / "data", "-k", home, *(w for one in settings for w in ("-c", one))]
    layout.add("postgres", [str(word) for word in words], user=_user())
    ready = [tools / "pg_isready", "-q", "-h", home]
    until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL does not come up")
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
    if _JUICEFS is not None:
        meta = f"sqlite3://{layout.folder}/objects.db"
        made = [_JUICEFS, "format", "--storage", "file", "--bucket", f"{layout.folder}/objects/", meta, BUCKET]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        words = [_JUICEFS, "gateway", meta, place, "--no-usage-report", "--cache-dir", f"{layout.folder}/cache"]
        layout.add("store", words, MINIO_ROOT_USER=_USER, MINIO_ROOT_PASSWORD=_PASSWORD)
        until(lambda: _answers(f"http://{place}/minio/health/live"), "the object store does not come up")
    else:
        program = "from moto.server import main; import sys; main(sys.argv[1:])"
        layout.add("store", [sys.executable, "-c", program, "-H", "127.0.0.1", "-p", str(port)])
        until(lambda: _answers(f"http://{place}/moto-api/"), "the object store does not come up")
        urlopen(Request(f"http://{place}/{BUCKET}", method="PUT"), timeout=60).close()
    names = {"ENDPOINT": f"http://{place}", "ACCESS_KEY_ID": _USER, "SECRET_ACCESS_KEY": _PASSWORD}
    return {f"AWS_{name}": value for name, value in names.items()}


def _nginx(layout: Layout, port: int, apis: list[int]) -> None:
    """The file of the layout, with this machine's addresses, and a place for what nginx writes."""
    state = layout.folder / "nginx"
    state.mkdir()
    text = (LAYOUT / "nginx.conf").read_text()
    servers = "\n".join(f"        server 127.0.0.1:{one} max_fails=2 fail_timeout=5s;" for one in apis)
    text = re.sub(r"        server api:8400 [^\n]*", servers, text)
    text = re.sub(r"    resolver [^\n]*\n", "", text).replace("listen 8400", f"listen 127.0.0.1:{port}")
    bodies = "".join(f"    {kind}_temp_path {state}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("http {\n", f"http {{\n    client_body_temp_path {state}/body;\n{bodies}", 1)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (state / "nginx.conf").write_text(f"{user}daemon off;\npid {state}/nginx.pid;\n{text}")
    layout.add("nginx", [str(NGINX), "-p", str(state), "-c", str(state / "nginx.conf")])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code < 300
    except httpx.HTTPError:
        return False


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def free_ports_in_a_row(count: int) -> int:
    """The first of so many ports that are free."""
    while True:
        first = free_port()
        try:
            taken = [socket.create_server(("127.0.0.1", first + number)) for number in range(1, count)]
        except OSError:
            continue
        for one in taken:
            one.close()
        return first
