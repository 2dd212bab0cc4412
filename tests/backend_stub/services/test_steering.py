"""Which edges a playback is sent to: health, room, the operator's rules, nearness."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.problems import ProblemError
from backend_stub.services.addresses import Edge
from backend_stub.services.edge_beats import SILENT_S, EdgeHealth, EdgeReport
from backend_stub.services.reports import Outcome, ReportsInMemory
from backend_stub.services.steering import PathwayState, SteeringService, rank
from backend_stub.services.steering_rules import Audience, SteeringRule
from backend_stub.signing import UrlSigner
from tests.kit.rights import Service, SettableClock, refusal, service

EDGES = [Edge(f"edge-{letter}", f"http://{letter}") for letter in "abc"]


def steering(*reports: EdgeReport, age_s: float = 0.0) -> SteeringService:
    health = {report.pathway: EdgeHealth(report, age_s) for report in reports}
    return SteeringService(UrlSigner([b"k" * 32]), SettableClock(), lambda: EDGES, lambda: health)


def test_the_nearest_goes_first_unless_it_is_full_or_ill() -> None:
    german = EdgeReport("edge-b", "http://b", countries=("DE", "AT"))
    audience = Audience("DE")
    assert steering(german).order("s", audience) == ["edge-b", "edge-a", "edge-c"]
    assert steering(german).order("s", Audience("US")) == ["edge-a", "edge-c", "edge-b"]
    assert steering(german).order("s") == ["edge-a", "edge-b", "edge-c"]
    assert steering(german, age_s=SILENT_S).order("s", audience) == ["edge-a", "edge-c", "edge-b"]
    full = EdgeReport("edge-b", "http://b", load=0.9, countries=("DE",))
    assert steering(full).order("s", audience) == ["edge-a", "edge-c", "edge-b"]
    ill = EdgeReport("edge-a", "http://a", healthy=False)
    assert steering(full, ill).order("s", audience) == ["edge-c", "edge-b", "edge-a"]


def test_the_first_rule_that_applies_counts() -> None:
    made = steering(EdgeReport("edge-b", "http://b", healthy=False))
    made.set_rules(
        [
            SteeringRule("televisions", ("edge-c",), devices=("*tv*",)),
            SteeringRule("France", ("edge-b", "edge-c"), countries=frozenset({"FR"})),
        ]
    )
    assert made.order("s", Audience("FR", "Living room TV"))[0] == "edge-c"
    assert made.order("s", Audience("FR", "Desk")) == ["edge-c", "edge-a", "edge-b"]  # health goes before rules
    assert made.order("s", Audience("DE", "Desk"))[0] == "edge-a"


def test_a_rule_for_a_share_takes_so_many_and_always_the_same() -> None:
    made = steering()
    made.set_rules([SteeringRule("trial", ("edge-c",), share=0.25)])
    taken = [made.order(f"s{number}")[0] == "edge-c" for number in range(2000)]
    assert 430 < sum(taken) < 570
    assert taken == [made.order(f"s{number}")[0] == "edge-c" for number in range(2000)]


@pytest.mark.parametrize(
    "rules",
    [
        [SteeringRule("a", ("edge-z",))],
        [SteeringRule("a", ("edge-a",)), SteeringRule("a", ("edge-b",))],
        [SteeringRule("a", ("edge-a", "edge-a"))],
    ],
)
def test_rules_that_make_no_sense_change_nothing(rules: list[SteeringRule]) -> None:
    made = steering()
    with pytest.raises(ProblemError, match="rule a"):
        made.set_rules(rules)
    assert made.rules() == ()


@given(
    st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=6),
    st.booleans(),
    st.permutations(range(6)),
)
def test_the_healthy_go_first_whatever_is_preferred(
    edges: list[tuple[float, float, bool, bool]], shared: bool, wishes: list[int]
) -> None:
    states = [
        PathwayState(
            f"p{n}",
            weight,
            0,
            0,
            EdgeHealth(EdgeReport(f"p{n}", "http://p", load, well, countries=("DE",) if near else ("US",)), 0.0),
        )
        for n, (weight, load, well, near) in enumerate(edges)
    ]
    ranked = rank(states, "s", shared=shared, country="DE", preferred=[f"p{n}" for n in wishes[:3]])
    assert sorted(ranked, key=lambda one: one.pathway) == states
    groups = [(one.weight <= 0, one.failing, one.full) for one in ranked]
    assert groups == sorted(groups)


def blaming(edges: str, playing: int, *health: EdgeReport) -> SteeringService:
    """What is known where of each of these edges four of five accounts report a failure."""
    told = {report.pathway: EdgeHealth(report, 0.0) for report in health}
    made = SteeringService(
        UrlSigner([b"k" * 32]), SettableClock(), lambda: EDGES, lambda: told, playing=lambda: playing
    )
    made.report([Outcome(f"edge-{edge}", voice > 0, f"viewer-{voice}") for edge in edges for voice in range(5)])
    return made


def failing(made: SteeringService) -> str:
    return "".join(state.pathway[-1] for state in made.states() if state.failing)


def test_few_of_those_who_play_take_no_edge_away() -> None:
    assert failing(blaming("a", playing=80)) == "a"
    assert failing(blaming("a", playing=81)) == ""


@pytest.mark.parametrize(("liars", "others"), [(4, 4), (8, 8), (8, 150)])
def test_an_edge_that_serves_those_who_play_is_not_failing(liars: int, others: int) -> None:
    """Accounts are free: some of one play session each say that it failed."""
    made = SteeringService(UrlSigner([b"k" * 32]), SettableClock(), lambda: EDGES, playing=lambda: liars + others)
    made.report([Outcome("edge-a", voice < liars, f"viewer-{voice}") for voice in range(liars + others)])
    assert failing(made) == ""
    assert made.order("s")[0] == "edge-a"


def test_players_never_take_the_last_good_edge_away() -> None:
    """It is the one that the fewest of its players complain of."""
    assert failing(blaming("ab", playing=5)) == "ab"
    all_three = blaming("abc", playing=5)
    assert failing(all_three) == "bc"
    all_three.report([Outcome("edge-b", False, f"viewer-{voice}") for voice in range(3)])
    assert failing(all_three) == "ac"
    ill = EdgeReport("edge-c", "http://c", healthy=False)
    assert failing(blaming("a", 5, ill)) == "ac"
    assert failing(blaming("ab", 5, ill)) == "bc"
    without = blaming("ab", playing=5)
    without.set_weights({"edge-c": 0.0})
    assert failing(without) == "b"


VOICES = st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from("wxyz"), st.integers(0, 200))


@given(st.lists(VOICES, max_size=30), st.integers(1, 5))
def test_the_newest_word_of_each_account_counts_for_five_minutes(
    words: list[tuple[str, bool, str, int]], most: int
) -> None:
    reports, now, heard = ReportsInMemory(), 0, dict[str, list[tuple[int, bool, str]]]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend_stub.services.reports.MOST_VOICES", most)
        for pathway, failed, account, later in words:
            now += later
            reports.add([Outcome(pathway, failed, account)], now)
            kept = [voice for voice in heard.get(pathway, []) if voice[2] != account]
            heard[pathway] = [*kept, (now, failed, account)][-most:]
    for pathway, counts in reports.counts("ab", now).items():
        recent = [failed for at, failed, _ in heard.get(pathway, []) if at >= now - 300]
        assert counts == (len(recent), sum(recent))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("steering")) as made:
        yield made


def test_rules_over_http(running: Service) -> None:
    admin = running.client(running.account("root", role="admin"))
    rule = {"name": "all", "pathways": ["edge-a"], "countries": ["DE"], "devices": ["*"], "share": 0.5}
    assert admin.call("PUT", "/admin/steering/rules", {"rules": [rule]}).json() == {"rules": [rule]}
    unknown = {"rules": [{"name": "x", "pathways": ["edge-z"]}]}
    assert refusal(admin.call("PUT", "/admin/steering/rules", unknown)) == (422, "bad_rules")
    assert admin.get("/admin/steering/rules").json() == {"rules": [rule]}
    running.context.edge_beats.beat(EdgeReport("edge-a", "http://edge", load=0.5, countries=("DE",)))
    assert admin.get("/admin/steering").json()["items"][0]["load"] == 0.5
