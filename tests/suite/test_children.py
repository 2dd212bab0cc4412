"""Servers that tests start end with the process that started them, however that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import chromium, nginx, postgres, redis
from tests.kit.children import ends_with_us, lives
from tests.kit.waiting import until

ROOT = Path(__file__).resolve().parents[2]

POSTGRES = """
from tests.kit.postgres import postgres_cluster
with postgres_cluster():
    started()
"""
REDIS = """
from tests.kit.redis import redis_server
with redis_server():
    started()
"""
NGINX = """
from pathlib import Path
from backend_stub.edge.nginx import NginxEdge
from tests.kit.nginx import nginx_process
folder = Path(sys.argv[1])
with nginx_process(NginxEdge(folder, folder / "state", "", "http://127.0.0.1:1", "http://127.0.0.1:1")):
    started()
"""
CHROMIUM = """
from pathlib import Path
from tests.kit.chromium import Chromium
with Chromium(Path(sys.argv[1])):
    started()
"""
XVFB = """
from tests.packaging.xvfb import VirtualScreen
with VirtualScreen():
    started()
"""
OURS = """
from pathlib import Path
from backend_stub.config import Settings
from tests.backend_stub.db.test_killed import served
with served(Settings(Path(sys.argv[1]))):
    started()
"""
# What it started is told by number, and then it waits to be killed.
HEAD = """
import sys, time, psutil
def started():
    print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
    time.sleep(10_000)
"""


@pytest.mark.parametrize(
    ("script", "there"),
    [
        (POSTGRES, postgres.installed()),
        (REDIS, redis.PROGRAM is not None),
        (NGINX, nginx.NGINX is not None),
        (CHROMIUM, chromium.PROGRAM is not None),
        (XVFB, True),
        (OURS, True),
    ],
    ids=["postgres", "redis", "nginx", "chromium", "xvfb", "ours"],
)
def test_a_server_ends_with_who_started_it(script: str, there: bool, tmp_path: Path) -> None:
    if not there:
        pytest.skip("it is not installed")
    command = ends_with_us(sys.executable, "-c", HEAD + script, tmp_path, by="KILL")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        servers = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()
    assert servers
    until(lambda: not any(lives(pid) for pid in servers))
