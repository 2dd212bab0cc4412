"""Restarts that refuse nobody."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from backend_stub.config import Settings
from backend_stub.handover import GivesAway, TakenSockets, socket_path, sockets_of_systemd
from backend_stub.server import ServerGroup, ServerOptions
from tests.kit.children import ends_with_us
from tests.kit.waiting import PATIENCE_S, until

SERVE = """
import sys
from pathlib import Path
from backend_stub import cli
from backend_stub.config import Settings
options = cli.default_options(edges=1, port=int(sys.argv[2]))
announce = lambda group: print(group.api_url, flush=True)
cli.serve(Settings(Path(sys.argv[1])), options, announce=announce, take_over=len(sys.argv) > 3)
print("ended", flush=True)
"""


@contextmanager
def served(folder: Path, port: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = ends_with_us(sys.executable, "-c", SERVE, folder, str(port), *more, by="KILL")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


_BETWEEN_S = 0.02  # the callers are not to keep the processor from those whom they ask


class Callers:
    """Ask over and over, some over connections that stay open, some over new ones."""

    def __init__(self, url: str) -> None:
        self.failures: list[str] = []
        self.answers = 0
        self._url = url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(kept,)) for kept in (True, True, False, False)]
        for thread in self._threads:
            thread.start()

    def _ask(self, kept: bool) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if kept else 0)
        with httpx.Client(trust_env=False, limits=limits, timeout=PATIENCE_S) as client:
            while not self._stop.wait(_BETWEEN_S):
                try:
                    answer = client.get(self._url)
                    self.answers += answer.status_code == 200
                    if answer.status_code != 200:
                        self.failures.append(str(answer.status_code))
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)


def test_a_new_process_takes_over_and_nobody_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as old:
        url = first_line(old)
        callers = Callers(f"{url}/time")
        try:
            until(lambda: callers.answers > 20, "nobody is answered")
            assert stat.S_IMODE(socket_path(tmp_path, port).stat().st_mode) == 0o600
            with served(tmp_path, port, "over") as new:
                assert first_line(new) == url
                assert first_line(old) == "ended"
                assert old.wait(PATIENCE_S) == 0
                before = callers.answers
                until(lambda: callers.answers > before + 20, "the new process does not answer")
                with served(tmp_path, port, "over") as third:  # and again, from the one that took over
                    assert first_line(third) == url
                    assert first_line(new) == "ended"
                    before = callers.answers
                    until(lambda: callers.answers > before + 20, "the third process does not answer")
                    callers.end()
        finally:
            callers.end()
    assert callers.failures == []


def test_one_that_does_not_begin_to_serve_takes_nothing(tmp_path: Path) -> None:
    taken = threading.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        path = socket_path(tmp_path, port)
        with GivesAway(path, {port: listener}, taken.set):
            first = TakenSockets(path)
            assert list(first.listeners) == [port]
            first._line.close()
            for one in first.listeners.values():
                one.close()
            second = TakenSockets(path)
            assert not taken.is_set()
            second.ready()
            assert taken.wait(PATIENCE_S)
            for one in second.listeners.values():
                one.close()
        assert not path.exists()


def test_where_nobody_serves_there_is_nothing_to_take(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no service runs here"):
        TakenSockets(tmp_path / "x.sock")


def test_a_polite_end_lets_responses_end(tmp_path: Path) -> None:
    with served(tmp_path, free_port()) as process:
        url = first_line(process)
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            assert client.get(f"{url}/time").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
            assert first_line(process) == "ended"


def test_systemds_sockets_are_for_the_process_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert sockets_of_systemd() == {}


SERVED_BY_SYSTEMD = """
import gc, os, sys
from pathlib import Path
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "2"
from backend_stub import cli
from backend_stub.config import Settings
from backend_stub.server import ServerOptions
options = ServerOptions(api_port=int(sys.argv[4]), edge_ports=(int(sys.argv[5]),))
told = lambda group: print(group.api_url, gc.get_freeze_count() > 10**5, flush=True)
cli.serve(Settings(Path(sys.argv[3])), options, announce=told)
"""


def test_systemd_keeps_the_sockets(tmp_path: Path) -> None:
    """As ``systemd-socket-activate`` would start it: the listeners are 3 and 4, and are there before it."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in listeners]
    words = [
        sys.executable,
        "-c",
        SERVED_BY_SYSTEMD,
        *(str(one.fileno()) for one in listeners),
        tmp_path,
        *map(str, ports),
    ]
    with subprocess.Popen(
        ends_with_us(*words, by="KILL"),
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[one.fileno() for one in listeners],
    ) as process:
        try:
            url, set_aside = first_line(process).split()
            assert url == f"http://127.0.0.1:{ports[0]}/api/v1"
            assert set_aside == "True"  # what lives as long as the process is not looked through again and again
            for port, path in zip(ports, ("/api/v1/health", "/health"), strict=True):
                assert httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).status_code == 200
        finally:
            process.kill()
    for one in listeners:
        one.close()


def test_one_that_took_another_port_is_found_by_the_port_that_it_was_to_have(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = int(somebody.getsockname()[1])
        options = ServerOptions(api_port=port, edge_ports=())
        with ServerGroup(Settings(tmp_path), options) as first:
            handed = {wanted: one.dup() for wanted, one in first.listeners().items()}
            assert list(handed) == [port] != [first.api.port]
            with ServerGroup(Settings(tmp_path), replace(options, inherited=handed)) as second:
                assert (second.api.port, second.api.wanted_port) == (first.api.port, port)
                assert list(second.listeners()) == [port]
