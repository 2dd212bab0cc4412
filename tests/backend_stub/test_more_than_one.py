"""Two processes over one database, behind a proxy or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend_stub.cli import default_options, describe
from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerGroup, ServerGroup]]:
    folder = tmp_path_factory.mktemp("both")
    settings = Settings(folder, trusted_proxies=("127.0.0.1",), public_url="https://films.example")
    with ServerGroup(Settings(folder)) as first, ServerGroup(settings) as second:
        yield first, second


def test_no_two_edges_have_one_name(both: tuple[ServerGroup, ServerGroup]) -> None:
    first, second = both
    names = [edge.name for group in both for edge in group.edges]
    assert sorted(names) == ["edge-a", "edge-b", "edge-c", "edge-d"]
    for group in both:
        offered = {edge.pathway: edge.base_url for edge in group.context.steering.edges_for("s")}
        assert offered == {edge.name: edge.url for edge in (*first.edges, *second.edges)}


def test_an_edge_that_begins_again_takes_its_name(tmp_path: Path) -> None:
    with ServerGroup(Settings(tmp_path)) as group:
        beats = group.context.edge_beats
        here = group.edges[0]
        assert beats.claim(["edge-a"], here.url) == "edge-a"
        assert beats.claim(["edge-a", "edge-x"], "http://elsewhere") == "edge-x"
    with ServerGroup(Settings(tmp_path)) as group:
        assert [edge.name for edge in group.edges] == ["edge-a", "edge-b"]


@pytest.mark.parametrize(("role", "count"), [("api", 1), ("edge", 2), ("all", 3)])
def test_a_process_may_have_one_role(tmp_path: Path, role: str, count: int) -> None:
    with ServerGroup(Settings(tmp_path), default_options(port=0, role=role)) as group:
        assert len(describe(group)) == count


def activation(group: ServerGroup, **headers: str) -> str:
    answer = httpx.post(
        f"{group.api_url}/auth/device", json={"device_name": "TV"}, headers=headers, trust_env=False
    ).json()
    return str(answer["verification_uri"])


def test_where_to_sign_in_is_never_what_a_client_says(both: tuple[ServerGroup, ServerGroup]) -> None:
    first, second = both
    assert activation(first).startswith(f"{first.api.url}/")
    assert activation(first, Host="evil.example").startswith(f"{first.api.url}/")
    assert activation(second, Host="evil.example").startswith("https://films.example/")


def test_only_a_trusted_proxy_says_where_a_call_comes_from(both: tuple[ServerGroup, ServerGroup]) -> None:
    """The limit of sign-ins counts by address."""
    login = {"email": "nobody@matinee.local", "password": "wrong", "device_name": "x"}

    def refused(group: ServerGroup) -> list[int]:
        return [
            httpx.post(
                f"{group.api_url}/auth/login",
                json={**login, "email": f"{group.api.port}@matinee.local"},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
                trust_env=False,
            ).status_code
            for number in range(12)
        ]

    first, second = both
    assert refused(first)[-1] == 429
    assert refused(second)[-1] == 401


def test_it_says_whether_it_is_ready(both: tuple[ServerGroup, ServerGroup]) -> None:
    for name in ("health", "ready"):
        assert httpx.get(f"{both[0].api_url}/{name}", trust_env=False).json()["status"] == "ok"


def test_edges_alone_need_no_api(tmp_path: Path) -> None:
    with ServerGroup(Settings(tmp_path), ServerOptions(api_port=None)) as group:
        assert httpx.get(f"{group.edges[0].url}/health", trust_env=False).status_code == 200
