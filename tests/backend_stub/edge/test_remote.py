"""An edge elsewhere: ranked with the service's own, it serves what they serve, and is forgotten in its silence."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest

from backend_stub.config import Settings
from backend_stub.edge import remote
from backend_stub.edge.gate import RemoteGate
from backend_stub.edge.remote import AnnounceError, RemoteEdge, RemoteEdgeOptions
from backend_stub.http_server import Tick
from backend_stub.problems import ProblemError
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.edge_beats import FORGOTTEN_S
from backend_stub.services.edge_gate import AWAY_S
from backend_stub.services.steering_rules import Audience
from backend_stub.signing import EdgeGrant
from tests.kit.backend import publish_noise
from tests.kit.rights import SettableClock
from tests.kit.waiting import until
from ui.cli.main import main


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory, clock: SettableClock) -> Iterator[ServerGroup]:
    settings = Settings(tmp_path_factory.mktemp("service"))
    publish_noise(settings)
    with ServerGroup(settings, ServerOptions(edge_ports=(0,)), clock) as running:
        yield running


def options(group: ServerGroup, **changes: object) -> RemoteEdgeOptions:
    values = {"name": "edge-paris", "api_url": group.api_url, "token": group.context.secrets.edge_token}
    return RemoteEdgeOptions(**{**values, "countries": ("FR",), **changes})  # type: ignore[arg-type]


def address(group: ServerGroup, edge: RemoteEdge) -> str:
    token = group.context.url_signer.sign(EdgeGrant("noise", "", group.context.clock.now() + 1e6, "clear"))
    return f"{edge.url}/s/{token}/noise/clear/manifest.mpd"


def test_an_edge_that_announces_itself_is_one_of_the_services(group: ServerGroup, clock: SettableClock) -> None:
    steering = group.context.steering
    with RemoteEdge(options(group), clock) as edge, httpx.Client(trust_env=False) as client:
        assert steering.order("s", Audience("FR")) == ["edge-paris", "edge-a"]
        assert [one.base_url for one in steering.edges_for("s")] == [group.edges[0].url, edge.url]
        answers = [client.get(address(group, edge)) for _ in range(2)]
        assert [(one.status_code, one.headers["x-cache"]) for one in answers] == [(200, "MISS"), (200, "HIT")]
        assert answers[0].content == client.get(address(group, edge).replace(edge.url, group.edges[0].url)).content
        assert client.get(address(group, edge).replace("manifest", "m%C3%A9nu%0Atwo")).status_code == 404
        group.context.signing_keys.rotate_urls(by=None)
        edge.announce()
        assert client.get(address(group, edge)).status_code == 200
        assert client.get(f"{edge.url}/s/forged.token/noise/clear/manifest.mpd").status_code == 403
    clock.step(FORGOTTEN_S)
    assert steering.order("s", Audience("FR")) == ["edge-a"]


def test_an_address_by_a_new_key_is_good_before_the_next_beat(group: ServerGroup, clock: SettableClock) -> None:
    with RemoteEdge(options(group, name="edge-rome"), clock) as edge, httpx.Client(trust_env=False) as client:
        before = address(group, edge)
        group.context.signing_keys.rotate_urls(by=None)
        assert client.get(address(group, edge)).status_code == 200
        assert client.get(before).status_code == 200, "the key before still counts"


@pytest.fixture
def pause(clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge that waits moves the clock on."""

    async def step(seconds: float) -> None:
        clock.step(seconds)

    monkeypatch.setattr(remote, "_pause", step)


@pytest.mark.usefixtures("pause")
def test_made_up_addresses_make_an_edge_ask_once_a_second(
    group: ServerGroup, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RemoteEdge(options(group, name="edge-oslo"), clock) as edge, httpx.Client(trust_env=False) as client:
        asked: list[float] = []
        monkeypatch.setattr(edge, "_beat", lambda **_about: asked.append(clock.now()))
        expired = group.context.url_signer.sign(EdgeGrant("noise", "", clock.now() - 1, "clear"))
        assert client.get(f"{edge.url}/s/{expired}/noise/clear/manifest.mpd").status_code == 403
        assert asked == [], "its key is known"
        for step in (0, 0, 0.5, 1, 0):
            clock.step(step)
            assert client.get(f"{edge.url}/s/made.up/noise/clear/manifest.mpd").status_code == 403
        assert [later - before for before, later in pairwise(asked)] == [1, 1, 1, 1]


@pytest.mark.usefixtures("pause")
def test_who_comes_within_that_second_by_a_new_key_waits_it_out(group: ServerGroup, clock: SettableClock) -> None:
    with RemoteEdge(options(group, name="edge-wien"), clock) as edge, httpx.Client(trust_env=False) as client:
        assert client.get(f"{edge.url}/s/made.up/noise/clear/manifest.mpd").status_code == 403
        group.context.signing_keys.rotate_urls(by=None)
        assert client.get(address(group, edge)).status_code == 200


def test_made_up_addresses_do_not_hide_that_an_edge_fails(
    group: ServerGroup, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend_stub.edge.remote.Tick", lambda every_s, _beat: Tick(every_s, lambda: None))
    with RemoteEdge(options(group, name="edge-riga"), clock) as edge, httpx.Client(trust_env=False) as client:
        assert edge._meter is not None
        monkeypatch.setattr(edge._meter, "_answers", 4)
        monkeypatch.setattr(edge._meter, "_failures", 4)
        for _ in range(20):
            clock.step(1)
            assert client.get(f"{edge.url}/s/made.up/noise/clear/manifest.mpd").status_code == 403
        edge.announce()
        assert not group.context.edge_beats.latest()["edge-riga"].report.healthy


def test_not_everybody_is_an_edge(group: ServerGroup, clock: SettableClock) -> None:
    for changes, word in (
        ({"token": "wrong"}, "token is missing or wrong"),
        ({"name": "edge-a"}, "edge of this name itself"),
        ({"api_url": "http://127.0.0.1:1/api/v1"}, "cannot be reached"),
        ({"api_url": f"{group.edges[0].url}/health"}, "does not take this edge"),
    ):
        with pytest.raises(AnnounceError, match=word):
            RemoteEdge(options(group, **changes), clock).start()


def test_the_command_serves_until_it_is_ended(
    group: ServerGroup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["edge", "--announce", group.api.url, "--name", "edge-x", "--port", "0"]
    monkeypatch.delenv("MATINEE_EDGE_TOKEN", raising=False)
    assert main(words) != 0
    monkeypatch.setenv("MATINEE_EDGE_TOKEN", "wrong")
    assert main(words) == 4
    assert "token is missing or wrong" in capsys.readouterr().err
    monkeypatch.setenv("MATINEE_EDGE_TOKEN", group.context.secrets.edge_token)
    ended = threading.Thread(target=_end_when_announced, args=(group, "edge-x"))
    ended.start()
    assert main([*words, "--near", "DE,AT"]) == 0
    ended.join()
    assert capsys.readouterr().out.startswith("edge-x  http://127.0.0.1:")
    assert group.context.edge_beats.latest()["edge-x"].report.countries == ("DE", "AT")


def _end_when_announced(group: ServerGroup, name: str) -> None:
    try:
        until(lambda: name in group.context.edge_beats.latest())
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def test_while_the_service_is_away_what_stood_goes_on_and_nothing_else() -> None:
    """Also by a token that was renewed meanwhile. A service whose database is away answers 503."""
    clock, answers, asked = SettableClock(), iter([204, 503, 204, 403]), 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(next(answers), headers={"Cache-Control": "max-age=5"})

    async def all_of_it() -> None:
        gate = RemoteGate("http://service/api/v1", clock)
        gate._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        known, unknown = (EdgeGrant("film", name, clock.now() + 1e6, "encrypted") for name in ("known", "unknown"))
        assert await gate.stands(known, "token")
        clock.step(5)
        assert await gate.stands(known, "renewed")
        for _ in range(5):
            assert await gate.stands(known, "renewed again")
            with pytest.raises(ProblemError) as refused:
                await gate.stands(unknown, "other token")
            assert (refused.value.status, int(refused.value.headers["Retry-After"])) == (503, 3)
        assert asked == 2
        clock.step(AWAY_S)
        assert await gate.stands(unknown, "other token")
        clock.step(5)
        assert not await gate.stands(known, "token")

    asyncio.run(all_of_it())
