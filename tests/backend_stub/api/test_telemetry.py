"""Telemetry, quality, metrics, steering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.db.keyset import Place
from backend_stub.server import ServerGroup
from backend_stub.services.addresses import Edge
from backend_stub.services.edge_beats import EdgeReport
from backend_stub.services.quality import percentile
from backend_stub.services.reports import Outcome, ReportsInMemory
from backend_stub.services.retention import Retention
from backend_stub.services.steering import PathwayState, SteeringService, rank
from backend_stub.services.telemetry import SESSIONS_OF_AN_ACCOUNT
from backend_stub.signing import UrlSigner
from tests.kit.rights import START, Caller, Service, SettableClock, SigningDevice, refusal, service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


@pytest.fixture
def viewer(running: Service) -> Caller:
    return running.client(running.account("anna"))


def event(event_id: str, kind: str = "beat", **members: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "session_id": "s1",
        "kind": kind,
        "at": START,
        "title_id": "film",
        "device_id": "tv",
        "pathway": "edge-a",
        "app_version": "1.0",
        "startup_s": None,
        "played_s": 0.0,
        "stalled_s": 0.0,
        "stalls": 0,
        "bits": 0.0,
        "error": None,
        **members,
    }


def playing(running: Service, name: str) -> SigningDevice:
    """A device of a new account that plays the film."""
    device = running.device(running.account(name))
    assert device.play().status_code == 200
    return device


class TestTelemetry:
    def quality(self, running: Service, query: str = "") -> list[dict[str, Any]]:
        admin = running.context.accounts.find("root@matinee.local")
        account = admin.id if admin else running.account("root", role="admin")
        items: list[dict[str, Any]] = running.client(account).get(f"/admin/quality{query}").json()["items"]
        return items

    def test_each_event_counts_once(self, running: Service, viewer: Caller) -> None:
        events = [
            event("1", "start", startup_s=0.5),
            event("2", played_s=90.0, stalled_s=10.0, stalls=2, bits=9e7),
            event("2", played_s=90.0, stalled_s=10.0, stalls=2, bits=9e7),
        ]
        for _ in range(3):
            answer = viewer.post("/telemetry", {"items": events})
            assert answer.json() == {"accepted": ["1", "2", "2"]}
        assert self.quality(running) == [
            {
                "name": "",
                "playbacks": 1,
                "startup_p50_s": 0.5,
                "startup_p95_s": 0.5,
                "rebuffer_ratio": 0.1,
                "bitrate_bps": 1e6,
                "errors": 0,
                "played_s": 90.0,
            }
        ]

    def test_an_account_sends_so_many_events_at_a_time(self, running: Service, viewer: Caller) -> None:
        """Also of sessions that are known: they are kept for a month."""
        limit = running.context.settings.telemetry_limit
        for start in range(0, limit.attempts, 500):
            items = [event(f"{start + number}") for number in range(500)]
            assert viewer.post("/telemetry", {"items": items}).status_code == 200
        refused = viewer.post("/telemetry", {"items": [event("more")]})
        assert refusal(refused) == (429, "too_many_attempts")
        assert int(refused.headers["retry-after"]) > 0
        other = running.client(running.account("bert"))
        assert other.post("/telemetry", {"items": [event("more")]}).status_code == 200
        running.clock.step(limit.window_s)
        assert viewer.post("/telemetry", {"items": [event("more")]}).json() == {"accepted": ["more"]}

    def test_quality_by_cdn(self, running: Service, viewer: Caller) -> None:
        events = [event(f"a{n}", "start", session_id=f"a{n}", startup_s=n / 10) for n in range(1, 21)]
        events += [event("b", "error", session_id="b", pathway="edge-b", error="net.timeout")]
        viewer.post("/telemetry", {"items": events})
        first, second = self.quality(running, "?by=pathway")
        assert (first["name"], first["playbacks"]) == ("edge-a", 20)
        assert (first["startup_p50_s"], first["startup_p95_s"]) == (1.0, 1.9)
        assert (second["name"], second["errors"], second["rebuffer_ratio"]) == ("edge-b", 1, None)
        running.clock.step(7200)
        assert self.quality(running, "?hours=1")[0]["playbacks"] == 0

    def test_the_same_events_by_each_of_what_they_name(self, running: Service, viewer: Caller) -> None:
        def playback(session: str, startup_s: float, played_s: float, stalled_s: float, **named: str) -> None:
            events = [
                event(f"{session}-1", "start", session_id=session, startup_s=startup_s, **named),
                event(f"{session}-2", session_id=session, played_s=played_s, bits=2e6 * played_s, **named),
                event(f"{session}-3", "end", session_id=session, stalled_s=stalled_s, stalls=1, **named),
            ]
            viewer.post("/telemetry", {"items": events})

        playback("a", 0.5, 90.0, 10.0, title_id="film", device_id="tv", app_version="1.0")
        playback("b", 1.5, 60.0, 0.0, title_id="film", device_id="phone", app_version="1.1")
        playback("c", 2.5, 50.0, 50.0, title_id="show", device_id="tv", app_version="1.1")
        found = {
            by: {
                one["name"]: (one["playbacks"], one["startup_p50_s"], one["startup_p95_s"], one["rebuffer_ratio"])
                for one in self.quality(running, f"?by={by}")
            }
            for by in ("all", "title_id", "device_id", "app_version", "pathway")
        }
        assert found["all"] == {"": (3, 1.5, 2.5, 60 / 260)}
        assert found["pathway"] == {"edge-a": (3, 1.5, 2.5, 60 / 260)}
        assert found["title_id"] == {"film": (2, 0.5, 1.5, 10 / 160), "show": (1, 2.5, 2.5, 0.5)}
        assert found["device_id"] == {"tv": (2, 0.5, 2.5, 60 / 200), "phone": (1, 1.5, 1.5, 0.0)}
        assert found["app_version"] == {"1.0": (1, 0.5, 0.5, 0.1), "1.1": (2, 1.5, 2.5, 50 / 160)}
        assert self.quality(running)[0]["bitrate_bps"] == 2e6

    def test_a_session_is_kept_with_its_events_until_they_are_too_old(self, running: Service, viewer: Caller) -> None:
        events = [
            event("1", "start", startup_s=0.5),
            event("2", at=START + 10, played_s=10.0, bits=2e7, height=720, buffer_s=8.5),
            event("3", "error", at=START + 12, pathway="edge-b", error="net.timeout"),
        ]
        running.clock.step(20)
        for batch in (events[:2], events[1:], events):
            viewer.post("/telemetry", {"items": batch})
        account = running.context.accounts.find("anna@matinee.local")
        assert account is not None
        played, kept, email = running.context.insight.session(account.id, "s1")
        assert (played.title, played.pathways, played.errors) == ("Film", ("edge-a", "edge-b"), 1)
        assert email == account.email
        assert [(one.kind, one.at, one.height, one.buffer_s) for one in kept] == [
            ("start", START, None, None),
            ("beat", START + 10, 720, 8.5),
            ("error", START + 12, None, None),
        ]
        assert running.context.insight.sessions() == [played]
        assert (
            running.context.insight.sessions(before=Place(START))
            == running.context.insight.sessions(title_id="x")
            == []
        )
        running.clock.step(31 * 86400)
        Retention(running.context.database, running.clock).let_go()
        assert running.context.insight.session(account.id, "s1")[1] == []
        running.clock.step(60 * 86400)
        Retention(running.context.database, running.clock).let_go()
        assert running.context.insight.sessions() == []

    def test_ids_count_for_each_account(self, running: Service, viewer: Caller) -> None:
        other = running.client(running.account("ben"))
        for one in (viewer, other):
            one.post("/telemetry", {"items": [event("1", played_s=1.0)]})
        assert self.quality(running)[0]["playbacks"] == 2

    def test_names_that_players_make_up_are_no_edges(self, running: Service, viewer: Caller) -> None:
        """They would fill the memory of the service and of whoever scrapes it."""
        running.context.edge_beats.beat(EdgeReport("edge-a", "http://edge"))
        names = [f"edge-{n}" for n in range(50)] + ["edge-a"]
        device = playing(running, "ben")
        of = {"device_id": device.device_id}
        device.post(
            "/telemetry", {"items": [event(one, "start", session_id=one, pathway=one, **of) for one in names]}
        )
        reports = running.context.steering._reports
        assert isinstance(reports, ReportsInMemory)
        assert list(reports._voices) == ["edge-a"]
        metrics = running.client(None)
        metrics.headers["Authorization"] = f"Bearer {running.context.secrets.admin_token}"
        playbacks = [
            line
            for line in metrics.get("http://testserver/metrics").text.splitlines()
            if "matinee_playbacks{" in line
        ]
        assert playbacks == ['matinee_playbacks{pathway="edge-a"} 1.0']

    def test_one_session_does_not_hide_the_others(self, running: Service, viewer: Caller) -> None:
        """Who tells of very many CDNs would fill the operator's page, and end it."""
        others = [event(f"o{n}", "start", session_id=f"o{n}", at=START - 100 - n) for n in range(60)]
        many = [event(f"m{n}", "start", session_id="many", pathway=f"cdn-{n}", played_s=1.0) for n in range(400)]
        for items in (others, many):
            assert len(viewer.post("/telemetry", {"items": items}).json()["accepted"]) == len(items)
        page = running.context.insight.sessions(limit=50)
        assert [one.session_id for one in page] == ["many", *(f"o{n}" for n in range(49))]
        assert (len(page[0].pathways), page[0].played_s) == (4, 400.0)

    def test_players_that_fail_on_an_edge_count_against_it(self, running: Service) -> None:
        state = running.context.steering.states()[0]
        assert (state.pathway, state.blamed) == ("edge-a", 0.0)
        for number in range(4):
            device = playing(running, f"viewer-{number}")
            device.post("/telemetry", {"items": [event("1", "error", device_id=device.device_id, error="x")]})
        state = running.context.steering.states()[0]
        assert (state.blamed, state.failing) == (1.0, False), "it is the only edge"
        running.clock.step(301)
        assert running.context.steering.states()[0].blamed == 0.0

    def test_who_was_given_no_edge_says_nothing_of_one(self, running: Service) -> None:
        """Accounts are free. Also a session of another title, on another device or of ten minutes ago is none."""
        for number in range(4):
            other = running.client(running.account(f"never-played-{number}"))
            other.post("/telemetry", {"items": [event("1", "error", at=running.clock.now())]})
            device = playing(running, f"played-else-{number}")
            of = {"at": running.clock.now(), "device_id": device.device_id}
            lies = [event("1", "error", at=of["at"]), event("2", "error", title_id="other", **of)]
            device.post("/telemetry", {"items": lies})
            running.clock.step(600)
            late = event("3", "error", at=running.clock.now(), device_id=device.device_id)
            device.post("/telemetry", {"items": [late]})
        assert running.context.steering.states()[0].reports == 0

    def test_one_account_takes_no_edge_from_the_others(self, running: Service) -> None:
        """However often it reports, also before others did, and of whatever session."""
        for number in range(4):
            other = playing(running, f"viewer-{number}")
            other.post("/telemetry", {"items": [event("1", device_id=other.device_id)]})
        liar = playing(running, "liar")
        for batch in range(2):
            numbers = range(batch * 500, batch * 500 + 500)
            of = {"device_id": liar.device_id, "error": "x"}
            lies = [event(f"{n}", "error", session_id=f"s{n}", **of) for n in numbers]
            assert len(liar.post("/telemetry", {"items": lies}).json()["accepted"]) == 500
        state = running.context.steering.states()[0]
        assert (state.reports, state.failures, state.blamed) == (5, 1, 0.0)

    def test_what_was_met_long_ago_is_no_news_of_an_edge(self, running: Service) -> None:
        """A player without a network keeps its events until it has one."""
        device = playing(running, "ben")
        items = [
            event("1", "error", at=START - 301, error="x", device_id=device.device_id),
            event("3", at=START, device_id=device.device_id),
            event("2", "error", at=START - 9, device_id=device.device_id),
        ]
        device.post("/telemetry", {"items": items[:1]})
        assert running.context.steering.states()[0].reports == 0
        device.post("/telemetry", {"items": items[1:]})
        state = running.context.steering.states()[0]
        assert (state.reports, state.failures) == (1, 0), "the newest counts, in whatever order they come"

    def test_an_account_invents_no_sessions_without_end(self, running: Service, viewer: Caller) -> None:
        """What is too much is taken, so that it is not sent again, and does not count. Known sessions go on."""

        def report(session: int) -> None:
            one = event(f"{session}-{running.clock.now()}", session_id=f"s{session}", at=running.clock.now())
            assert len(viewer.post("/telemetry", {"items": [one]}).json()["accepted"]) == 1

        many = [event(f"e{n}", session_id=f"s{n}", at=START - 3600 * n) for n in range(160)]
        many += [event(f"f{n}", session_id=f"t{n}") for n in range(300)]
        assert len(viewer.post("/telemetry", {"items": many}).json()["accepted"]) == 460
        assert len(running.context.insight.sessions(limit=1000)) == SESSIONS_OF_AN_ACCOUNT
        report(0)
        report(1000)
        assert len(running.context.insight.sessions(limit=1000)) == SESSIONS_OF_AN_ACCOUNT
        running.clock.step(3601)
        report(1000)
        assert len(running.context.insight.sessions(limit=1000)) == SESSIONS_OF_AN_ACCOUNT + 1

    def test_events_are_not_of_any_age(self, running: Service, viewer: Caller) -> None:
        """What is older than players keep it does not count. What lies ahead happened now."""
        ages = {"0": 0.0, "old": 8 * 86400.0, "past": START, "kept": 6 * 86400.0, "ahead": -3600.0}
        items = [event(name, session_id=name, at=START - age_s) for name, age_s in ages.items()]
        assert len(viewer.post("/telemetry", {"items": items}).json()["accepted"]) == 5
        found = {one.session_id: one.started_at for one in running.context.insight.sessions()}
        assert found == {"0": START, "ahead": START, "kept": START - 6 * 86400}


@given(st.lists(st.floats(0, 100), min_size=1).map(sorted), st.floats(0.01, 1))
def test_percentiles_are_values_that_were_there(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_metrics_for_prometheus(group: ServerGroup) -> None:
    httpx.get(f"{group.api_url}/time", trust_env=False)
    address = f"{group.api.url}/metrics"
    assert httpx.get(address, trust_env=False).status_code == 401
    headers = {"Authorization": f"Bearer {group.admin_token}"}
    answer = httpx.get(address, headers=headers, trust_env=False)
    assert answer.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
    lines = answer.text.splitlines()
    assert any(line.startswith('matinee_requests_total{method="GET",route="/time",status="200"}') for line in lines)
    assert 'matinee_pathway_weight{pathway="edge-a"} 1.0' in lines
    assert len([line for line in lines if line.startswith("matinee_request_seconds_bucket")]) == 11


class TestSteering:
    EDGES = tuple(Edge(f"edge-{name}", f"http://{name}") for name in "abc")

    @pytest.fixture
    def steering(self) -> SteeringService:
        return SteeringService(UrlSigner([b"k" * 32]), SettableClock(), lambda: self.EDGES)

    def test_the_edges_stand_in_their_own_order(self, steering: SteeringService) -> None:
        assert {tuple(steering.order(f"s{n}")) for n in range(20)} == {("edge-a", "edge-b", "edge-c")}

    def test_weights_share_viewers_out(self, steering: SteeringService) -> None:
        steering.set_weights({"edge-a": 3.0, "edge-b": 1.0, "edge-c": 0.0})
        orders = [steering.order(f"s{n}") for n in range(2000)]
        first = Counter(order[0] for order in orders)
        assert 0.70 < first["edge-a"] / 2000 < 0.80
        assert {order[2] for order in orders} == {"edge-c"}
        assert orders == [steering.order(f"s{n}") for n in range(2000)]

    def test_failing_edges_go_behind(self, steering: SteeringService) -> None:
        for number in range(8):
            steering.report([Outcome("edge-a", number % 3 > 0, f"viewer-{number}")])
        assert steering.order("s") == ["edge-b", "edge-c", "edge-a"]

    @given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 9), st.integers(0, 9)), max_size=6), st.booleans())
    def test_nothing_is_ever_left_out(self, given_: list[tuple[float, int, int]], shared: bool) -> None:
        states = [PathwayState(f"p{n}", weight, max(a, b), min(a, b)) for n, (weight, a, b) in enumerate(given_)]
        ranked = rank(states, "s", shared=shared)
        assert sorted(state.pathway for state in ranked) == [state.pathway for state in states]
        out = [state.weight <= 0 for state in ranked]
        assert out == sorted(out)

    def test_the_manifest(self, running: Service) -> None:
        device: SigningDevice = running.device(running.account("anna"))
        url = device.play().json()["steering"]["url"]
        anyone = running.client(None)
        manifest = anyone.get(f"{url}&_HLS_pathway=%22edge-a%22&_HLS_throughput=5000000").json()
        assert manifest == {
            "VERSION": 1,
            "TTL": 30,
            "RELOAD-URI": url,
            "PATHWAY-PRIORITY": ["edge-a"],
            "SERVICE-LOCATION-PRIORITY": ["edge-a"],
        }
        other = device.play().json()["session_id"]
        moved = url.replace(url.split("/steering/")[1][:32], other)
        assert refusal(anyone.get(moved)) == (403, "bad_signature")
        running.clock.step(6 * 3600)
        assert refusal(anyone.get(url)) == (403, "bad_signature")

    def test_the_operator_sets_weights(self, running: Service, viewer: Caller) -> None:
        admin = running.client(running.account("root", role="admin"))
        body = {"weights": {"edge-a": 0.5}}
        state = {"pathway": "edge-a", "weight": 0.5, "reports": 0, "failures": 0, "failing": False}
        state |= {"load": None, "bits_per_s": None, "countries": []}
        assert admin.call("PUT", "/admin/steering", body).json() == {"items": [state]}
        assert admin.get("/admin/steering").json() == {"items": [state]}
        assert refusal(viewer.call("PUT", "/admin/steering", body)) == (403, "role_missing")
