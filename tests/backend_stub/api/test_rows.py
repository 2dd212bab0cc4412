"""The rows of the first screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend_stub.clock import DAY_S, SystemClock
from backend_stub.db.models import PlaySession, Title
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.entitlement import ContractTerms, Viewing
from backend_stub.services.row_queries import RowQueries
from backend_stub.services.rows import KEPT_S, LeftOut, Row, RowMaker, Rows, Shown
from tests.kit.rights import START, Caller, Service, SettableClock, publish_ladder, service

OTHERS = ("alpha", "beta")
LONG_S = 60.0  # a budget that no machine uses up


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        for title_id in OTHERS:
            publish_ladder(made.context.settings, title_id)
        queries = RowQueries(
            made.context.database,
            made.clock,
            made.context.titles.catalog,
            made.context.my_list,
            made.context.titles.views,
        )
        patient = [RowMaker(maker.name, LONG_S, maker.make) for maker in queries.makers()]
        made.context.titles.rows._makers = patient
        yield made


@pytest.fixture
def account(running: Service) -> str:
    return running.account("anna")


def shown(caller: Caller) -> dict[str, list[str]]:
    """Title ids by row; no row was left out."""
    answer: dict[str, Any] = caller.get("/rows").json()
    assert answer["left_out"] == []
    return {row["row"]: [title["id"] for title in row["titles"]] for row in answer["items"]}


def view(running: Service, account: str, title_id: str, profiles: int = 1) -> None:
    for number in range(profiles):
        play = PlaySession(account_id=account, title_id=title_id, created_at=running.clock.now() - 60)
        running.context.titles.views.playing(play, f"p{number}")
    assert running.context.titles.views.write()


def report(caller: Caller, title_id: str, position_s: float, at: float) -> None:
    item = {"event_id": f"{title_id}{position_s}", "title_id": title_id, "device_id": "tv"}
    numbers = {"position_s": position_s, "duration_s": 1000.0, "watched_at": at}
    assert caller.post("/progress", {"items": [item | numbers]}).status_code == 200


class TestTheRows:
    def test_who_did_nothing_sees_what_is_new(self, running: Service, account: str) -> None:
        rows = shown(running.client(account))
        assert list(rows) == ["new"]
        assert sorted(rows["new"]) == ["alpha", "beta", "film"]

    def test_titles_that_were_begun_go_on(self, running: Service, account: str) -> None:
        caller = running.client(account)
        report(caller, "film", 10.0, START - 9)
        report(caller, "alpha", 20.0, START - 5)
        report(caller, "beta", 980.0, START - 1)  # seen
        assert shown(caller)["continue"] == ["alpha", "film"]
        assert "continue" not in shown(running.client(running.account("bert")))
        row = caller.get("/rows").json()["items"][0]
        assert row["titles"][0]["progress"]["position_s"] == 20.0

    def test_a_title_that_was_only_glimpsed_does_not_go_on(self, running: Service, account: str) -> None:
        caller = running.client(account)
        report(caller, "film", 9.0, START - 9)
        assert "continue" not in shown(caller)

    def test_my_list(self, running: Service, account: str) -> None:
        caller = running.client(account)
        for at, title_id in enumerate(("alpha", "film")):
            caller.call("PUT", f"/list/{title_id}", {"listed": True, "changed_at": START - 9 + at})
        assert shown(caller)["list"] == ["film", "alpha"]

    def test_views_of_others_make_a_trend_that_passes(self, running: Service, account: str) -> None:
        view(running, account, "alpha", 5)
        running.clock.step(9 * DAY_S)  # three half-lives: 5 are worth 0.6
        view(running, account, "beta")
        assert shown(running.client(running.account("bert")))["trending"] == ["beta", "alpha"]
        running.clock.step(25 * DAY_S)
        assert shown(running.client(running.account("carl")))["trending"] == ["beta"]

    def test_the_rows_stand_in_their_order(self, running: Service, account: str) -> None:
        caller = running.client(account)
        report(caller, "film", 10.0, START - 9)
        caller.call("PUT", "/list/film", {"listed": True, "changed_at": START})
        view(running, account, "film")
        assert list(shown(caller)) == ["continue", "list", "trending", "new"]

    def test_only_titles_on_offer_to_this_profile(self, running: Service, account: str) -> None:
        caller = running.client(account)
        profile = caller.post("/profiles", {"name": "Kid", "maturity": 6, "pin": None}).json()["id"]
        token = caller.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        caller.headers["Authorization"] = f"Bearer {token}"
        for title_id in ("film", *OTHERS):
            report(caller, title_id, 10.0, START - 9)
            caller.call("PUT", f"/list/{title_id}", {"listed": True, "changed_at": START})
            view(running, account, title_id)
        running.context.rights.contracts.set("film", ContractTerms(countries=frozenset({"JP"})), by=None)
        with running.context.database.write() as session:
            session.get_one(Title, "alpha").maturity = 16
        assert shown(caller) == {row: ["beta"] for row in ("continue", "list", "trending", "new")}


class TestLeavingOut:
    ONE = Shown([WatchedTitle(Title(id="film"), None)])

    def fine(self, _viewing: Viewing) -> Shown:
        return self.ONE

    def broken(self, _viewing: Viewing) -> Shown:
        raise ValueError("a fault of ours")

    @pytest.mark.logs_errors
    def test_a_slow_row_and_one_that_fails_take_no_other_with_them(self) -> None:
        goes_on = threading.Event()

        def slow(_viewing: Viewing) -> Shown:
            goes_on.wait(LONG_S)
            return self.ONE

        makers = [
            RowMaker("continue", 0.01, slow),
            RowMaker("list", LONG_S, self.broken),
            RowMaker("new", LONG_S, self.fine),
        ]
        rows = Rows(makers, SystemClock())
        try:
            screen = rows.first_screen(Viewing("a"))
        finally:
            goes_on.set()
            rows.close()
        assert screen.rows == [Row("new", self.ONE)]
        assert screen.left_out == [LeftOut("continue", "slow"), LeftOut("list", "failed")]

    def test_rows_that_hang_leave_others_out_and_end_nothing(self) -> None:
        goes_on = threading.Event()

        def slow(_viewing: Viewing) -> Shown:
            goes_on.wait(LONG_S)
            return self.ONE

        rows = Rows([RowMaker("continue", 0.0, slow)], SystemClock())
        try:
            for _ in range(20):  # more than there are threads
                assert rows.first_screen(Viewing("a")).left_out == [LeftOut("continue", "slow")]
        finally:
            goes_on.set()
            rows.close()

    @pytest.mark.logs_errors
    def test_what_was_seen_last_stands_in_for_a_while(self) -> None:
        broken, clock = False, SettableClock()

        def make(viewing: Viewing) -> Shown:
            return self.broken(viewing) if broken else self.ONE

        rows = Rows([RowMaker("picks", LONG_S, make)], clock)
        seen = rows.first_screen(Viewing("a"))
        broken = True
        assert rows.first_screen(Viewing("a")) == seen
        assert rows.first_screen(Viewing("b")).left_out == [LeftOut("picks", "failed")]
        assert rows.first_screen(Viewing("a", maturity=6)).rows == []
        clock.step(KEPT_S)
        assert rows.first_screen(Viewing("a")).left_out == [LeftOut("picks", "failed")]
        rows.close()

    @pytest.mark.logs_errors
    def test_the_answer_says_what_was_left_out(self, running: Service, account: str) -> None:
        running.context.titles.rows._makers = [RowMaker("trending", LONG_S, self.broken)]
        answer = running.client(account).get("/rows")
        assert answer.status_code == 200
        assert answer.json() == {"items": [], "left_out": [{"row": "trending", "reason": "failed"}]}
