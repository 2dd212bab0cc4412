"""Thumbs, what is put away, the history, profiles that change, and lists by genre and by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.clock import DAY_S
from backend_stub.db.models import Title
from backend_stub.services.newest_titles import KEPT_S
from backend_stub.services.rows import RowMaker
from backend_stub.services.title_credits import Credits
from tests.kit.rights import START, Caller, Service, publish_ladder, refusal, service

TITLES = ("alpha", "beta", "film", "gamma", "delta")
LONG_S = 60.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        for title_id in TITLES:
            if title_id != "film":
                publish_ladder(made.context.settings, title_id)
        rows = made.context.titles.rows
        rows._makers = [RowMaker(maker.name, LONG_S, maker.make) for maker in rows._makers]
        yield made


@pytest.fixture
def caller(running: Service) -> Caller:
    return running.client(running.account("anna"))


def of_genre(running: Service, genre: str, *title_ids: str) -> None:
    for title_id in title_ids:
        running.context.titles.credits.set(title_id, Credits([genre]), by=None)


def row(caller: Caller, name: str) -> list[list[str]]:
    items = caller.get("/rows").json()["items"]
    return [[title["id"] for title in item["titles"]] for item in items if item["row"] == name]


def watch(caller: Caller, title_id: str, position_s: float, at: float) -> None:
    item = {"event_id": f"{title_id}{at}", "title_id": title_id, "device_id": "tv"}
    numbers = {"position_s": position_s, "duration_s": 1000.0, "watched_at": at}
    assert caller.post("/progress", {"items": [item | numbers]}).status_code == 200


def as_profile(running: Service, caller: Caller, profile_id: str, pin: str | None = None) -> Caller:
    answer = caller.post(f"/profiles/{profile_id}/selection", {"pin": pin})
    assert answer.status_code == 200, answer.text
    other = running.client(None)
    other.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return other


class TestThumbs:
    def test_a_thumb_is_kept_and_can_be_taken_back(self, caller: Caller) -> None:
        assert caller.get("/catalog/film").json()["thumb"] is None
        for thumb in ("up", "down", None):
            assert caller.call("PUT", "/thumbs/film", {"thumb": thumb}).json() == {"thumb": thumb}
            assert caller.get("/catalog/film").json()["thumb"] == thumb
        assert refusal(caller.call("PUT", "/thumbs/none", {"thumb": "up"})) == (404, "title_not_found")

    def test_what_is_liked_leads_to_its_like_and_what_is_not_never_comes_up(
        self, running: Service, caller: Caller
    ) -> None:
        of_genre(running, "drama", "alpha", "beta", "film", "gamma")
        caller.call("PUT", "/thumbs/film", {"thumb": "up"})
        assert sorted(row(caller, "picks")[0]) == ["alpha", "beta", "gamma"]
        caller.call("PUT", "/thumbs/gamma", {"thumb": "down"})
        assert sorted(row(caller, "picks")[0]) == ["alpha", "beta"]
        assert "gamma" not in row(caller, "genre")[0]

    def test_a_title_with_a_thumb_down_gives_no_reason(self, running: Service, caller: Caller) -> None:
        of_genre(running, "drama", "alpha", "beta", "film")
        watch(caller, "film", 900.0, START - 9)
        assert row(caller, "because")
        caller.call("PUT", "/thumbs/film", {"thumb": "down"})
        assert not row(caller, "because")


class TestGoingOn:
    def test_what_is_put_away_comes_back_when_it_is_watched_again(self, running: Service, caller: Caller) -> None:
        watch(caller, "film", 100.0, START - 9)
        watch(caller, "alpha", 100.0, START - 8)
        assert caller.call("DELETE", "/continue/film").status_code == 204
        assert row(caller, "continue") == [["alpha"]]
        assert caller.get("/catalog/film").json()["progress"]["position_s"] == 100.0
        running.clock.step(60)
        watch(caller, "film", 200.0, running.clock.now())
        assert row(caller, "continue") == [["film", "alpha"]]

    def test_a_title_is_forgotten_alone(self, caller: Caller) -> None:
        watch(caller, "film", 100.0, START - 9)
        watch(caller, "alpha", 990.0, START - 8)
        history = caller.get("/history").json()["items"]
        assert [(one["title"]["id"], one["watched_at"]) for one in history] == [
            ("alpha", START - 8),
            ("film", START - 9),
        ]
        assert caller.call("DELETE", "/progress/film").status_code == 204
        assert [one["title"]["id"] for one in caller.get("/history").json()["items"]] == ["alpha"]

    def test_the_history_of_another_profile_stays(self, running: Service, caller: Caller) -> None:
        made = caller.post("/profiles", {"name": "Ben", "maturity": 18}).json()["id"]
        ben = as_profile(running, caller, made)
        watch(caller, "film", 100.0, START - 9)
        watch(ben, "film", 200.0, START - 8)
        ben.call("DELETE", "/progress/film")
        assert ben.get("/history").json()["items"] == []
        assert len(caller.get("/history").json()["items"]) == 1


class TestProfiles:
    def test_a_profile_is_changed(self, caller: Caller) -> None:
        one = caller.post("/profiles", {"name": "Ben", "maturity": 12, "avatar": "fox", "kids": True}).json()
        assert (one["avatar"], one["kids"], one["autoplay"], one["has_pin"]) == ("fox", True, True, False)
        changes = {"name": "Benno", "avatar": "owl", "autoplay": False, "text_language": "de", "pin": "1234"}
        changed = caller.call("PATCH", f"/profiles/{one['id']}", changes).json()
        assert changed == {
            **one,
            "name": "Benno",
            "avatar": "owl",
            "autoplay": False,
            "text_language": "de",
            "has_pin": True,
        }
        assert caller.call("PATCH", f"/profiles/{one['id']}", {"pin": None}).json()["has_pin"] is False
        assert refusal(caller.call("PATCH", f"/profiles/{'0' * 32}", {"name": "x"})) == (404, "profile_not_found")

    def test_a_child_changes_how_it_watches_and_nothing_else(self, running: Service, caller: Caller) -> None:
        made = caller.post("/profiles", {"name": "Kid", "maturity": 6, "kids": True}).json()["id"]
        kid = as_profile(running, caller, made)
        assert kid.call("PATCH", f"/profiles/{made}", {"avatar": "owl"}).status_code == 200
        for change in ({"maturity": 18}, {"kids": False}, {"pin": None}, {"avatar": "owl", "name": "Boss"}):
            assert refusal(kid.call("PATCH", f"/profiles/{made}", change)) == (403, "profile_not_allowed")
        other = caller.post("/profiles", {"name": "Ada", "maturity": 18}).json()["id"]
        assert refusal(kid.call("PATCH", f"/profiles/{other}", {"avatar": "owl"})) == (403, "profile_not_allowed")

    def test_a_pin_leads_out_of_a_kids_profile_and_none_in(self, running: Service, caller: Caller) -> None:
        kid_id = caller.post("/profiles", {"name": "Kid", "maturity": 6, "kids": True, "pin": "4242"}).json()["id"]
        ada_id = caller.post("/profiles", {"name": "Ada", "maturity": 18}).json()["id"]
        boss_id = caller.post("/profiles", {"name": "Boss", "maturity": 18, "pin": "9999"}).json()["id"]
        kid = as_profile(running, caller, kid_id)
        for target, pin in ((ada_id, None), (ada_id, "1111"), (boss_id, "4242")):
            assert refusal(kid.post(f"/profiles/{target}/selection", {"pin": pin})) == (403, "wrong_pin")
        as_profile(running, kid, ada_id, "4242")
        as_profile(running, as_profile(running, caller, kid_id), boss_id, "9999")

    def test_guesses_at_the_way_out_are_limited_whoever_is_wanted(self, running: Service, caller: Caller) -> None:
        kid_id = caller.post("/profiles", {"name": "Kid", "maturity": 6, "kids": True, "pin": "4242"}).json()["id"]
        others = [caller.post("/profiles", {"name": name, "maturity": 18}).json()["id"] for name in "abcdef"]
        kid = as_profile(running, caller, kid_id)
        answers = [refusal(kid.post(f"/profiles/{one}/selection", {"pin": "0000"}))[0] for one in others]
        assert answers[:4] == [403] * 4
        assert answers[-1] == 429

    def test_what_needs_no_pin_forgives_no_guess(self, running: Service, caller: Caller) -> None:
        kid_id = caller.post("/profiles", {"name": "Kid", "maturity": 6, "kids": True}).json()["id"]
        boss_id = caller.post("/profiles", {"name": "Boss", "maturity": 18, "pin": "9999"}).json()["id"]
        kid = as_profile(running, caller, kid_id)
        answers = []
        for number in range(6):
            answers.append(refusal(kid.post(f"/profiles/{boss_id}/selection", {"pin": f"{number:04}"}))[0])
            assert kid.post(f"/profiles/{kid_id}/selection", {"pin": None}).status_code == 200
        assert answers == [403] * 5 + [429]


class TestLists:
    def test_genre_rows_begin_with_what_is_liked(self, running: Service, caller: Caller) -> None:
        of_genre(running, "drama", "alpha", "beta", "film")
        of_genre(running, "nature", "gamma", "delta")
        assert [item["genre"] for item in caller.get("/rows").json()["items"] if item["row"] == "genre"] == ["drama"]
        for title_id in ("alpha", "film"):
            of_genre(running, "nature", title_id)
        running.clock.step(KEPT_S)
        assert caller.get("/genres").json() == {"items": ["drama", "nature"]}
        rows = caller.get("/rows").json()["items"]
        assert [item["genre"] for item in rows if item["row"] == "genre"] == ["nature"]

    def test_by_name_page_by_page(self, caller: Caller) -> None:
        found, cursor = [], ""
        while True:
            page = caller.get(f"/catalog?order=title&limit=2{cursor}").json()
            found += [title["title"] for title in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == sorted(found)
        assert len(found) == len(TITLES)
        newest = caller.get("/catalog?limit=2").json()["next_cursor"]
        assert refusal(caller.get(f"/catalog?order=title&limit=2&cursor={newest}")) == (400, "bad_cursor")

    def test_a_new_episode_is_shown_until_it_is_seen_or_old(self, running: Service, caller: Caller) -> None:
        series = caller_series(running)
        assert row(caller, "episodes") == [[series]]
        watch(caller, series, 990.0, START - 1)
        assert not row(caller, "episodes")
        running.clock.step(40 * DAY_S)
        assert not row(running.client(running.account("bert")), "episodes")


def caller_series(running: Service) -> str:
    """A series of one episode, which is returned."""
    from backend_stub.db.models import Episode

    with running.context.database.write() as session:
        title = session.get_one(Title, "delta")
        title.kind, title.published_at = "episode", running.clock.now()
        now = title.published_at
        show = Title(
            id="show", kind="series", title="Show", synopsis="", year=2026, duration_s=0.0, heights=[], variants=[],
            open_licence=False, published_at=now, languages={}, artwork={},
        )  # fmt: skip
        session.add(show)
        session.flush()
        session.add(Episode(title_id="delta", series_id="show", season=1, number=1))
    return "delta"
