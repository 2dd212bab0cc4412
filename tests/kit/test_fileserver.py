"""The static file server of the tests."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.kit.fileserver import FileServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.m4s").write_bytes(bytes(range(256)) * 400)
    (tmp_path / "secret").write_text("no")
    return tmp_path / "site"


def test_files_ranges_and_the_log(folder: Path) -> None:
    whole = (folder / "a.m4s").read_bytes()
    with FileServer(folder) as server, httpx.Client() as client:
        assert client.get(server.url("a.m4s")).content == whole
        part = client.get(server.url("a.m4s"), headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
        assert client.get(server.url("a.m4s"), headers={"Range": "bytes=-5"}).content == whole[-5:]
        assert client.get(server.url("a.m4s"), headers={"Range": "bytes=102399-"}).content == whole[-1:]
        assert client.get(server.url("a.m4s"), headers={"Range": "bytes=999999-"}).status_code == 416
        head = client.head(server.url("a.m4s"))
        assert (head.headers["content-length"], head.content) == (str(len(whole)), b"")
        assert client.get(server.url("nothing")).status_code == 404
        assert client.get(server.base + "/%2e%2e/secret").status_code == 404
        log = server.requests
        assert {request.connection for request in log} == {1}
        assert log[1].range == "bytes=10-19"


def test_a_shaped_link_takes_its_round_trips_and_its_rate(folder: Path) -> None:
    size = (folder / "a.m4s").stat().st_size
    with FileServer(folder, latency_ms=40, mbps=8) as server, httpx.Client() as client:
        began = time.monotonic()
        client.get(server.url("a.m4s"))
        first = time.monotonic() - began
        client.get(server.url("a.m4s"), headers={"Range": "bytes=0-0"})
        second = time.monotonic() - began - first
    assert first >= 2 * 0.04 + size * 8 / 8e6
    assert 0.04 <= second < first


def test_leaving_the_block_hangs_up_on_idle_connections(folder: Path) -> None:
    with httpx.Client() as client:
        with FileServer(folder) as server:
            client.get(server.url("a.m4s"))
            url = server.url("a.m4s")
        with pytest.raises(httpx.TransportError):
            client.get(url)
