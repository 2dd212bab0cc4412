"""The whole layout as it is written down: its commands and settings are ones that the program has."""

from __future__ import annotations

import dataclasses
import inspect
import re
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from backend_stub import config, master_keys
from backend_stub.db import patience
from player.net.model import RequestKind
from player.net.policy import POLICIES
from tests.kit import layout
from tests.kit.children import ends_with_us
from tests.kit.waiting import until
from ui.cli.main import build_parser

PACKAGING = Path(__file__).parents[2] / "packaging"
_SILENT_S = 1
UNITS = [PACKAGING / "systemd" / f"matinee-{name}.service" for name in ("api", "edge", "worker")]


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((PACKAGING / "layout" / "compose.yaml").read_text()))


def commands() -> list[str]:
    ours = [one["command"] for one in compose()["services"].values() if "build" in one]
    units = [re.search(r"^ExecStart=/usr/bin/matinee (.*)$", unit.read_text(), re.MULTILINE) for unit in UNITS]
    return [*ours, *(found[1] for found in units if found)]


@pytest.mark.parametrize("command", commands())
def test_each_command_is_one_of_ours(command: str) -> None:
    words = shlex.split(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", command))
    args = build_parser(words[0]).parse_args(words)
    assert args.command == words[0]


def test_there_is_one_for_each_role_in_both_forms() -> None:
    assert sorted(command.split()[0] for command in commands()) == ["serve"] * 4 + ["worker"] * 2
    assert sorted(re.findall(r"--role (\w+)", " ".join(commands()))) == ["api", "api", "edge", "edge"]


def test_each_setting_is_one_that_is_read() -> None:
    told = "\n".join(inspect.getsource(module) for module in (config, master_keys))
    names = [name for name in compose()["x-matinee"]["environment"] if name.startswith("MATINEE_")]
    assert [name for name in names if f'"{name}"' not in told] == []
    assert len(names) > 5
    assert len(dataclasses.fields(config.Settings)) > len(names)


def test_who_is_reached_by_viewers_themselves_believes_no_proxy() -> None:
    """What is bound to a network would else be good from anywhere."""
    services = compose()["services"]
    for one in services.values():
        if one.get("ports") and "MATINEE_DATABASE_URL" in (told := one.get("environment", {})):
            assert told == compose()["x-matinee"]["environment"] | {"MATINEE_TRUSTED_PROXIES": ""}
    assert services["edge"]["ports"]
    assert "ports" not in services["api"]


def test_whatever_a_setting_names_is_there() -> None:
    services, settings = compose()["services"], compose()["x-matinee"]["environment"]
    bucket = urlsplit(settings["MATINEE_STORE_URL"]).hostname
    known = {*services, bucket, None, "localhost"}
    told = (re.sub(r"\$\{\w+:(?:-([^}]*)|\?)\}", r"\1", str(value)) for value in settings.values())
    assert {urlsplit(value).hostname for value in told if "//" in value} - known == set()
    assert services["bucket"]["command"].endswith(f"store/{bucket}")
    for one in services.values():
        assert set(one.get("depends_on", ())) <= set(services)


def test_what_has_to_be_told_is_documented() -> None:
    told = set(re.findall(r"\$\{(\w+):\?\}", (PACKAGING / "layout" / "compose.yaml").read_text()))
    guide = (PACKAGING.parent / "docs" / "guide-operator.md").read_text(encoding="utf-8")
    assert [name for name in told if f"`{name}`" not in guide] == []
    assert "DATABASE_PASSWORD" in told


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_come_back_and_let_responses_end(unit: Path) -> None:
    text = unit.read_text()
    assert "\nRestart=always\n" in text
    assert "\nStartLimitIntervalSec=0\n" in text
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[0]) > 20
    for name in re.findall(r"^Requires=(\S+)$", text, re.MULTILINE):
        ports = re.findall(r"^ListenStream=0\.0\.0\.0:(\d+)$", (unit.parent / name).read_text(), re.MULTILINE)
        port = int(re.findall(r"--port (\d+)", text)[0])
        edges = int((re.findall(r"--edges (\d+)", text) or ["0"])[0])
        wanted = [port + 1 + number for number in range(edges)] or [port]
        assert [int(one) for one in ports] == wanted


def test_no_secret_goes_into_the_image() -> None:
    """The builder reads this file; the image takes the whole tree, and ``.env`` lies beside the layout."""
    built_by = PACKAGING.parent / compose()["x-matinee"]["build"]["dockerfile"]
    ignored = built_by.with_name(f"{built_by.name}.dockerignore").read_text().splitlines()
    assert {"**/.env", ".git", ".venv"} <= set(ignored)


def test_an_api_that_says_nothing_is_left_for_the_other(tmp_path: Path) -> None:
    """It takes every call, as a process does that stands still: the system's queue accepts for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent, an_api() as other, nginx(tmp_path, silent, other) as ask:
        assert [ask("GET", "/api/v1/ready").status_code for _ in range(4)] == [200] * 4


def test_what_may_not_happen_twice_is_asked_of_one_api(tmp_path: Path) -> None:
    """A payment, say: the one that says nothing may have begun with it."""
    with socket.create_server(("127.0.0.1", 0)) as silent, an_api() as other, nginx(tmp_path, silent, other) as ask:
        for number in range(4):
            ask("POST", f"/api/v1/account/card?{number}")
        unheard = {word for call in waiting_at(silent) if (word := call.split()[1]).startswith("/api/v1/account")}
        assert unheard
        assert not unheard & {path for _, path in other.asked}


def test_a_film_that_goes_to_the_store_and_a_job_that_is_followed_take_their_time(tmp_path: Path) -> None:
    """The first sends nothing before the film is there, the other nothing while nothing changes."""
    with an_api() as slow, nginx(tmp_path, slow) as ask:
        slow.wait_s = 1.5 * _SILENT_S
        assert ask("POST", "/api/v1/admin/jobs").status_code == 200
        assert ask("GET", "/api/v1/admin/jobs/1/events").status_code == 200
        assert ask("GET", "/api/v1/catalog").status_code == 503


def test_without_any_api_callers_are_told_to_come_again(tmp_path: Path) -> None:
    with an_api() as gone:
        pass
    with nginx(tmp_path, gone) as ask:
        for method, path in (("GET", "/api/v1/catalog"), ("POST", "/api/v1/admin/jobs")):
            answer = ask(method, path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.json()["status"], answer.json()["code"]) == (503, "service_unavailable")


class Api(ThreadingHTTPServer):
    """Answers every call with 200, after ``wait_s``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.wait_s = 0.0
        self.ended = threading.Event()
        self.asked: list[tuple[str, str]] = []


class _Answers(BaseHTTPRequestHandler):
    server: Api

    def answer(self) -> None:
        self.server.asked.append((self.command, self.path))
        self.server.ended.wait(self.server.wait_s)
        with suppress(OSError):
            self.send_response(200)
            self.end_headers()

    do_GET = do_POST = answer  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def an_api() -> Iterator[Api]:
    with Api() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield api
        finally:
            api.ended.set()
            api.shutdown()
            thread.join()


@contextmanager
def nginx(folder: Path, *apis: socket.socket | Api) -> Iterator[Callable[[str, str], httpx.Response]]:
    """As in the layout before these, but that players' calls get a second. Asks it."""
    if layout.NGINX is None:
        pytest.skip("nginx is not installed")
    port = layout.free_port()
    ports = [api.server_port if isinstance(api, Api) else api.getsockname()[1] for api in apis]
    file = layout.nginx_file(folder / "nginx", port, ports)
    text, waits = re.subn(r"proxy_read_timeout (\d+)s;", f"proxy_read_timeout {_SILENT_S}s;", file.read_text())
    assert waits == 1
    file.write_text(text)
    process = subprocess.Popen(ends_with_us(str(layout.NGINX), "-p", str(file.parent), "-c", str(file)))

    def ask(method: str, path: str) -> httpx.Response:
        return httpx.request(method, f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=60)

    def listens() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    try:
        until(listens)
        yield ask
    finally:
        process.terminate()
        process.wait()


def waiting_at(silent: socket.socket) -> Iterator[str]:
    """The calls that nobody has taken from there."""
    silent.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            connection, _ = silent.accept()
            with connection:
                yield connection.recv(65_536).decode()


def test_nginx_waits_longer_than_a_call_for_a_silent_database_and_less_long_than_a_player() -> None:
    waits = re.findall(r"proxy_read_timeout (\d+)s;", (PACKAGING / "layout" / "nginx.conf").read_text())
    assert patience.REACH_S < float(waits[0]) < POLICIES[RequestKind.API].first_byte_s
