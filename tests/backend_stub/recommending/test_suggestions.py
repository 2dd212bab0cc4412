"""Suggestions: tastes that were planted are found, and there are some where nothing is known."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend_stub.clock import DAY_S, day_of
from backend_stub.db.models import DailyView, RecommendationRun, SimilarTitles, Title, ViewerPicks
from backend_stub.recommending.factors import factorise
from backend_stub.recommending.feedback import Viewer, read_feedback
from backend_stub.services.entitlement import Viewing
from backend_stub.services.rows import RowMaker
from backend_stub.services.title_credits import Credits
from tests.kit.rights import START, Caller, Service, service

needs_implicit = pytest.mark.skipif(importlib.util.find_spec("implicit") is None, reason="implicit is not installed")
TASTES = ("crime", "love", "space")
OF_EACH = 20


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    """A service with twenty titles of each taste, ``crime-0`` and so on, and no other."""
    with service(tmp_path) as made:
        with made.context.database.write() as session:
            session.get_one(Title, "film").published_at = None
            session.add_all(film(f"{taste}-{number}") for taste in TASTES for number in range(OF_EACH))
        rows = made.context.titles.rows
        rows._makers = [RowMaker(maker.name, 60.0, maker.make) for maker in rows._makers]
        yield made


def film(title_id: str) -> Title:
    return Title(
        id=title_id,
        title=title_id,
        synopsis="",
        year=2000,
        duration_s=60.0,
        heights=[],
        variants=["clear"],
        open_licence=False,
        published_at=START - 1,
    )


def audience(running: Service, of_each: int = 12, titles: int = 8) -> dict[str, list[str]]:
    """Accounts by taste, each of which has watched some of its titles and one of another taste."""
    pick = random.Random(5)
    made: dict[str, list[str]] = {}
    for taste in TASTES:
        for number in range(of_each):
            account = running.account(f"{taste}{number}")
            made.setdefault(taste, []).append(account)
            stray = pick.choice([other for other in TASTES if other != taste])
            watched = [f"{taste}-{at}" for at in pick.sample(range(OF_EACH), titles)]
            watch(running, account, [*watched, f"{stray}-{pick.randrange(OF_EACH)}"])
    return made


def watch(running: Service, account: str, titles: list[str], profile_id: str = "", days_ago: int = 0) -> None:
    day = day_of(running.clock.now()) - days_ago
    with running.context.database.write() as session:
        session.add_all(DailyView(day=day, title_id=one, account_id=account, profile_id=profile_id) for one in titles)


def share(title_ids: list[str], taste: str) -> float:
    return sum(one.startswith(taste) for one in title_ids) / len(title_ids)


def rows(caller: Caller) -> dict[str, Any]:
    return {row["row"]: row for row in caller.get("/rows").json()["items"]}


def ids(row: dict[str, Any]) -> list[str]:
    return [title["id"] for title in row["titles"]]


@needs_implicit
def test_planted_tastes_are_found(running: Service) -> None:
    viewers = audience(running)
    made = running.context.titles.suggestions.make()
    assert (made.method, made.viewers, made.titles >= 55) == ("factors", 36, True)
    with running.context.database.read() as session:
        picks = {row.account_id: row.title_ids for row in session.scalars(select(ViewerPicks))}
        similar = {row.title_id: row.title_ids for row in session.scalars(select(SimilarTitles))}
    of_taste = [share(picks[one][:8], taste) for taste, accounts in viewers.items() for one in accounts]
    assert sum(of_taste) / len(of_taste) > 0.9
    alike = [share(others[:8], title_id.split("-")[0]) for title_id, others in similar.items()]
    assert sum(alike) / len(alike) > 0.9
    assert all(title_id not in others for title_id, others in similar.items())


@needs_implicit
def test_the_rows_show_them_and_say_why(running: Service) -> None:
    account = audience(running)["crime"][0]
    running.context.titles.suggestions.make()
    running.clock.step(DAY_S)
    watch(running, account, ["space-0"])
    shown = rows(running.client(account))
    with running.context.database.read() as session:
        met = set(session.scalars(select(DailyView.title_id).where(DailyView.account_id == account)))
    assert shown["because"]["because"] == {"id": "space-0", "title": "space-0"}
    assert share(ids(shown["because"])[:5], "space") > 0.7
    assert share(ids(shown["picks"])[:5], "crime") > 0.7
    assert not met & {*ids(shown["because"]), *ids(shown["picks"])}
    assert shown["new"]["because"] is None


@needs_implicit
def test_a_later_run_takes_the_place_of_the_one_before(running: Service) -> None:
    viewers = audience(running)
    for _ in range(2):
        running.context.titles.suggestions.make()
    with running.context.database.write() as session:
        assert len(session.scalars(select(RecommendationRun)).all()) == 1
        run = RecommendationRun(started_at=START, method="factors", viewers=0, titles=0)  # one that was killed
        session.add(run)
    assert "picks" in rows(running.client(viewers["love"][0]))


@needs_implicit
def test_the_same_feedback_gives_the_same_and_little_gives_little(running: Service) -> None:
    audience(running, of_each=4)
    with running.context.database.read() as session:
        feedback = read_feedback(session, START)
    assert factorise(feedback, 5) == factorise(feedback, 5)
    one = {Viewer("a", ""): {"x": 1.0, "y": 1.0}}
    assert (factorise(one, 5).picks, factorise(one, 5).similar) == ({}, {})
    assert factorise({}, 5).picks == {}


def test_what_counts_and_for_whom(running: Service) -> None:
    account = running.account("anna")
    watch(running, account, ["crime-1"], "kid", days_ago=90)
    running.context.my_list.change(Viewing(account), "love-1", listed=True, changed_at=START)
    report = {"event_id": "e", "title_id": "space-1", "position_s": 15.0, "duration_s": 60.0, "watched_at": START}
    caller = running.client(account)
    assert caller.post("/progress", {"items": [report | {"device_id": "tv"}]}).status_code == 200
    with running.context.database.read() as session:
        feedback = read_feedback(session, START)
    assert feedback[Viewer(account, "kid")] == {"crime-1": pytest.approx(0.5)}
    assert feedback[Viewer(account, "")] == {
        "crime-1": pytest.approx(0.5),
        "love-1": 0.5,
        "space-1": pytest.approx(0.25),
    }


class TestByGenre:
    @pytest.fixture(autouse=True)
    def genres(self, running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        """The library is not there."""
        monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
        for taste in TASTES:
            for number in range(OF_EACH):
                running.context.titles.credits.set(f"{taste}-{number}", Credits(genres=[taste, "film"]), by=None)

    def test_the_run_says_so_and_the_rows_go_by_genre(self, running: Service) -> None:
        account = audience(running, of_each=1, titles=3)["love"][0]
        assert running.context.titles.suggestions.make().method == "genres"
        shown = rows(running.client(account))
        assert share(ids(shown["because"])[:15], shown["because"]["because"]["id"].split("-")[0]) == 1
        assert share(ids(shown["picks"])[:15], "love") == 1

    def test_each_profile_has_its_own(self, running: Service) -> None:
        caller = running.client(running.account("home"))
        account = running.context.accounts.find("home@matinee.local")
        assert account is not None
        profiles = {}
        for name, titles in (("ann", ["crime-1", "crime-2"]), ("ben", ["love-1", "love-2"])):
            profile = caller.post("/profiles", {"name": name, "maturity": 18, "pin": None}).json()["id"]
            watch(running, account.id, titles, profile)
            profiles[name] = caller.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        for name, taste in (("ann", "crime"), ("ben", "love")):
            caller.headers["Authorization"] = f"Bearer {profiles[name]}"
            shown = rows(caller)
            assert share(ids(shown["picks"])[:15], taste) == share(ids(shown["because"])[:15], taste) == 1

    def test_who_did_nothing_gets_no_suggestions(self, running: Service) -> None:
        assert set(rows(running.client(running.account("new")))) == {"new", "genre"}
