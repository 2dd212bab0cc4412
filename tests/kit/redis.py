"""A Redis server of the tests' own, where Debian's redis-tools are installed: on a free port, with nothing on disk.

In a process of its own: a fake inside ours would bring a Lua beside the one of libmpv.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.children import ends_with_us
from tests.kit.waiting import PATIENCE_S, until

# Debian puts the server into redis-tools under this name too (and a link to it and the system's service into
# redis-server, which nobody needs here). It goes by the name it is started under.
PROGRAM = shutil.which("redis-server") or shutil.which("redis-check-rdb")
_TRIES = 5


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a server; the test is skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("Redis is not installed")
    with tempfile.TemporaryDirectory(prefix="matinee-redis-") as name:
        process, port = _start(Path(name))
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE_S)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    assert PROGRAM is not None
    server = folder / "redis-server"
    server.symlink_to(PROGRAM)
    said = b""
    for _ in range(_TRIES):  # somebody else may take the port meanwhile
        port = _free_port()
        words = [server, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen(ends_with_us(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if _answers(process, port):
            return process, port
        process.kill()
        said, _ = process.communicate(timeout=PATIENCE_S)
    raise AssertionError(said.decode())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it came up: it answers, and has not ended because somebody else has its port."""

    def answers() -> bool:
        if process.poll() is not None:
            return True
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    until(answers, "Redis does not come up")
    return process.poll() is None
