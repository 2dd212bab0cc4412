"""Two processes over one database, behind a proxy or not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import cast

import httpx
import pytest
from joserfc.jwk import ECKey

from backend_stub.cli import default_options, describe
from backend_stub.config import RateLimit, Settings
from backend_stub.context import open_context
from backend_stub.db.database import Database, put
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import Account, OperatorSetting
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.entitlement import Viewing
from backend_stub.services.reports import Outcome
from backend_stub.services.shared import SharedReports, SharedStore, SharedWindow
from tests.kit.backend import publish_noise
from tests.kit.postgres import Cluster
from tests.kit.redis import redis_server
from tests.kit.rights import SettableClock
from tests.kit.waiting import until


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


def test_addresses_are_secure_behind_a_proxy_that_says_nothing_of_tls(both: tuple[ServerGroup, ServerGroup]) -> None:
    """It keeps the name, and its network is not among the trusted ones."""
    assert activation(both[1], Host="films.example").startswith("https://films.example/")


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


def test_of_two_that_start_at_once_one_makes_the_demo_viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = open_context(Settings(tmp_path)), open_context(Settings(tmp_path))
    find = second.accounts.find

    def late(email: str) -> Account | None:
        monkeypatch.undo()
        found = find(email)
        first.accounts.ensure_demo_viewer()
        return found

    monkeypatch.setattr(second.accounts, "find", late)
    account = second.accounts.ensure_demo_viewer()
    assert account.id == first.accounts.ensure_demo_viewer().id
    for one in (first, second):
        one.close()


def test_what_one_takes_back_the_edges_of_the_other_know(postgres: Cluster, tmp_path: Path) -> None:
    """Neither clock moves: nothing that an edge remembers grows old."""
    settings = Settings(tmp_path, database_url=postgres.database_for(tmp_path))
    publish_noise(settings)
    with (
        closing(open_context(settings, clock=SettableClock())) as here,
        closing(open_context(settings, clock=SettableClock())) as there,
    ):
        there.database.taken_back.start(settings.database)
        account = here.accounts.ensure_demo_viewer()
        device = here.devices.register(account.id, "x", ECKey.generate_key("P-256").as_dict(private=False)).id
        grants = [here.play.start(Viewing(account.id), "noise", device, "clear").grant for _ in range(2)]
        until(lambda: there.edge_gate.stands(grants[1]) and there.edge_gate.at_once(grants[1]), "it does not stand")
        here.streams.end(account.id, grants[1].session_id)
        until(lambda: not there.edge_gate.stands(grants[1]), "the other process is not told")


def test_what_two_write_at_once_is_there_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(database)
    for value in (1, 2):
        with database.write() as session:
            put(session, OperatorSetting(name="x", value=value, changed_at=float(value)))
    with database.read() as session:
        assert session.get_one(OperatorSetting, "x").value == 2
    database.close()


def test_it_says_whether_it_is_ready(both: tuple[ServerGroup, ServerGroup]) -> None:
    for name in ("health", "ready"):
        assert httpx.get(f"{both[0].api_url}/{name}", trust_env=False).json()["status"] == "ok"


def test_edges_alone_need_no_api(tmp_path: Path) -> None:
    with ServerGroup(Settings(tmp_path), ServerOptions(api_port=None)) as group:
        assert httpx.get(f"{group.edges[0].url}/health", trust_env=False).status_code == 200


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory, shared: str) -> Iterator[tuple[ServerGroup, ServerGroup]]:
    settings = Settings(tmp_path_factory.mktemp("sharing"), shared_url=shared)
    with ServerGroup(settings) as first, ServerGroup(settings) as second:
        yield first, second


def sign_in(group: ServerGroup, email: str) -> httpx.Response:
    login = {"email": email, "password": "wrong", "device_name": "x"}
    return httpx.post(f"{group.api_url}/auth/login", json=login, trust_env=False)


def test_attempts_at_one_api_count_at_the_other(sharing: tuple[ServerGroup, ServerGroup]) -> None:
    codes = [sign_in(sharing[number % 2], "guessed@matinee.local").status_code for number in range(12)]
    assert codes == [401] * 10 + [429] * 2
    refused = sign_in(sharing[0], "guessed@matinee.local")
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_what_players_report_to_one_api_steers_at_the_other(sharing: tuple[ServerGroup, ServerGroup]) -> None:
    first, second = (group.context.steering for group in sharing)
    worst = second.order("s")[0]
    first.report([Outcome(worst, True, f"viewer-{number}") for number in range(6)])
    until(lambda: second.order("s")[-1] == worst, "the reports do not arrive")
    assert next(state for state in second.states() if state.pathway == worst).reports == 6


def test_each_account_has_one_voice_about_an_edge(shared: str) -> None:
    """Its newest one, for five minutes, whichever API it reports to."""
    here, there = (SharedReports(SharedStore(shared)) for _ in range(2))
    here.add([Outcome("edge-v", True, "liar")] * 500 + [Outcome("edge-v", False, "anna")], 1000.0)
    there.add([Outcome("edge-v", True, "ben"), Outcome("edge-v", False, "ben")], 1100.0)
    assert here.counts(["edge-v", "edge-w"], 1101.0) == {"edge-v": (3, 1), "edge-w": (0, 0)}
    here.add([Outcome("edge-v", True, "anna")], 1200.0)
    assert there.counts(["edge-v"], 1300.0) == {"edge-v": (3, 2)}
    assert there.counts(["edge-v"], 1401.0) == {"edge-v": (1, 1)}


def test_an_edge_that_is_new_has_no_reports_yet() -> None:
    """Asked for while another thread is asking Redis for it."""

    class Asking:
        def ask(self, _call: object) -> None:
            assert reports.counts(["edge-new"], 1000.0) == {"edge-new": (0, 0)}

    reports = SharedReports(cast(SharedStore, Asking()))
    reports.counts(["edge-new"], 1000.0)


class TestSharedWindow:
    def test_two_count_as_one(self, shared: str) -> None:
        limit = RateLimit(attempts=2, window_s=30)
        a, b = (SharedWindow(SharedStore(shared), "two", limit) for _ in range(2))
        assert [a.attempt("k", 0), b.attempt("k", 0)] == [None, None]
        assert 29 < (b.wait("k", 0) or 0) <= 30
        assert 29 < (a.attempt("k", 0) or 0) <= 30
        assert a.attempt("other", 0) is None
        b.forgive("k")
        assert a.wait("k", 0) is None

    def test_many_at_once_count_as_many(self, shared: str) -> None:
        window = SharedWindow(SharedStore(shared), "lots", RateLimit(attempts=3, window_s=30))
        assert [window.attempt("k", 0, 0), window.attempt("k", 0, 2), window.attempt("k", 0, 3)] == [None] * 3
        assert 29 < (window.wait("k", 0) or 0) <= 30

    def test_an_attempt_that_is_given_back_counts_nowhere(self, shared: str) -> None:
        limit = RateLimit(attempts=2, window_s=30)
        a, b = (SharedWindow(SharedStore(shared), "back", limit) for _ in range(2))
        assert [a.attempt("k", 0), a.attempt("k", 0)] == [None, None]
        a.give_back("k")
        a.give_back("unknown")
        assert b.attempt("k", 0) is None
        assert b.attempt("k", 0) is not None

    def test_the_window_slides_and_leaves_nothing(self, shared: str) -> None:
        store = SharedStore(shared)
        window = SharedWindow(store, "short", RateLimit(attempts=1, window_s=0.1))
        assert window.attempt("k", 0) is None
        until(lambda: window.attempt("k", 0) is None, "the window does not slide")
        until(lambda: store.ask(lambda redis: redis.keys("matinee:limit:short:*")) == [], "the key stays")

    def test_of_many_at_once_no_more_than_the_limit_go_on(self, shared: str) -> None:
        window = SharedWindow(SharedStore(shared), "many", RateLimit(attempts=5, window_s=60))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: window.attempt("k", 0), range(40)))
        assert answers.count(None) == 5

    def test_redis_learns_no_address(self, shared: str) -> None:
        store = SharedStore(shared)
        SharedWindow(store, "private", RateLimit(1, 60)).attempt("somebody@films.example", 0)
        assert not [key for key in store.ask(lambda redis: redis.keys("*")) if "somebody" in key]

    def test_without_redis_each_counts_its_own(self, caplog: pytest.LogCaptureFixture) -> None:
        with redis_server() as url:
            store = SharedStore(url)
            window = SharedWindow(store, "away", RateLimit(attempts=2, window_s=60))
            reports = SharedReports(store)
            assert window.attempt("k", 0) is None
        reports.add([Outcome("edge-a", True, "anna")], 1000.0)
        assert reports.counts(["edge-a", "edge-b"], 1001.0) == {"edge-a": (1, 1), "edge-b": (0, 0)}
        assert window.attempt("k", 1) is None
        assert window.attempt("k", 2) == 58
        assert len(caplog.records) == 1  # one warning, not one per call

    @pytest.mark.parametrize("url", ["http://h", "redis:/x"])
    def test_what_is_no_address_of_redis_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="redis://"):
            SharedStore(url)
