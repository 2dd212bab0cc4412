"""Genres and people of titles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend_stub.services.publishing import unpublish
from tests.kit.rights import Caller, Service, publish_ladder, refusal, service

ADA = {"name": "Ada Löv", "job": "director"}
BOB = {"name": "Bob", "job": "actor"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        for title_id in ("alpha", "beta"):
            publish_ladder(made.context.settings, title_id)
        yield made


@pytest.fixture
def publisher(running: Service) -> Caller:
    return running.client(running.account("paul", role="publisher"))


@pytest.fixture
def viewer(running: Service) -> Caller:
    return running.client(running.account("anna"))


def credit(publisher: Caller, title_id: str, genres: list[str], *people: dict[str, str]) -> Any:
    body = {"genres": genres, "people": people}
    return publisher.call("PUT", f"/admin/titles/{title_id}/credits", body).json()


def ids(viewer: Caller, path: str) -> list[str]:
    answer = viewer.get(path)
    assert answer.status_code == 200, answer.text
    return [title["id"] for title in answer.json()["items"]]


class TestCredits:
    def test_what_a_publisher_sets_is_what_viewers_see(self, publisher: Caller, viewer: Caller) -> None:
        assert viewer.get("/catalog/film/credits").json() == {"genres": [], "people": []}
        credit(publisher, "film", ["western", "drama", "drama"], BOB, ADA, BOB)
        shown = {"genres": ["drama", "western"], "people": [BOB, ADA]}
        assert viewer.get("/catalog/film/credits").json() == shown
        assert credit(publisher, "film", ["drama"], ADA) == {"genres": ["drama"], "people": [ADA]}
        assert viewer.get("/catalog/film/credits").json() == {"genres": ["drama"], "people": [ADA]}

    def test_a_person_may_have_two_jobs(self, publisher: Caller) -> None:
        both = [ADA, {**ADA, "job": "actor"}]
        assert credit(publisher, "film", [], *both)["people"] == both

    def test_unknown_titles(self, running: Service, publisher: Caller, viewer: Caller) -> None:
        missing = (404, "title_not_found")
        assert refusal(viewer.get("/catalog/none/credits")) == missing
        body = {"genres": [], "people": []}
        assert refusal(publisher.call("PUT", "/admin/titles/none/credits", body)) == missing
        unpublish(running.context.settings, "film")
        assert refusal(viewer.get("/catalog/film/credits")) == missing

    @pytest.mark.parametrize(
        "changed",
        [
            {"genres": ["Drama"]},
            {"genres": ["a"] * 21},
            {"people": [{"name": "", "job": "actor"}]},
            {"people": [{"name": "x", "job": "caterer"}]},
            {"more": 1},
        ],
    )
    def test_what_is_no_credit_is_refused(self, publisher: Caller, changed: dict[str, Any]) -> None:
        body = {"genres": [], "people": [], **changed}
        assert refusal(publisher.call("PUT", "/admin/titles/film/credits", body)) == (422, "invalid_request")

    def test_the_audit_trail_says_who_set_them(self, running: Service, publisher: Caller) -> None:
        credit(publisher, "film", ["drama"])
        admin = running.client(running.account("root", role="admin"))
        item = admin.get("/admin/audit?action=title.credits_set").json()["items"][0]
        paul = running.context.accounts.find("paul@matinee.local")
        assert paul is not None
        assert (item["subject"], item["account_id"]) == ("film", paul.id)


class TestNarrowing:
    @pytest.fixture(autouse=True)
    def _credited(self, publisher: Caller) -> None:
        credit(publisher, "alpha", ["drama"], ADA)
        credit(publisher, "beta", ["drama", "western"], BOB)
        credit(publisher, "film", ["western"], ADA, BOB)

    def test_the_catalogue(self, viewer: Caller) -> None:
        assert sorted(ids(viewer, "/catalog?genre=drama")) == ["alpha", "beta"]
        assert sorted(ids(viewer, "/catalog?person=Ada%20L%C3%B6v")) == ["alpha", "film"]
        assert ids(viewer, "/catalog?genre=western&person=Ada%20L%C3%B6v") == ["film"]
        assert ids(viewer, "/catalog?genre=war") == []
        assert ids(viewer, "/catalog?person=ada") == []

    def test_pages_of_a_genre_hold_every_title_once(self, viewer: Caller) -> None:
        found, cursor = [], ""
        while True:
            page = viewer.get(f"/catalog?genre=drama&limit=1{cursor}").json()
            found += [title["id"] for title in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(found) == ["alpha", "beta"]

    def test_the_search(self, viewer: Caller) -> None:
        assert ids(viewer, "/search?q=film") == ["film"]
        assert ids(viewer, "/search?q=film&genre=western") == ["film"]
        assert ids(viewer, "/search?q=film&genre=drama") == []
        assert ids(viewer, "/search?q=film&person=Bob") == ["film"]
        assert ids(viewer, "/search?q=film&person=Eve") == []
