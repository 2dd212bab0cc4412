"""Series, trailers and markers: what publishers put together, and what viewers see of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend_stub.db.models import PlaySession, Title
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.publishing import PublishedTitle, PublishError, publish, unpublish
from backend_stub.services.rows import RowMaker
from backend_stub.services.title_credits import Credits, Person
from backend_stub.services.title_relations import Belonging
from backend_stub.services.title_structure import Markers
from tests.kit.backend import stage_title
from tests.kit.rights import LADDER, START, Caller, Service, SigningDevice, refusal, service

LENGTH_S = 1200.0
MISSING = (404, "title_not_found")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        rows = made.context.titles.rows
        rows._makers = [RowMaker(maker.name, 60.0, maker.make) for maker in rows._makers]  # on a busy machine too
        yield made


@pytest.fixture
def viewer(running: Service) -> Caller:
    return running.client(running.account("anna", "premium"))


@pytest.fixture
def publisher(running: Service) -> Caller:
    return running.client(running.account("paul", role="publisher"))


def issue(running: Service, title_id: str, belonging: Belonging) -> str:
    settings = running.context.settings
    staged = stage_title(settings, title_id, segment_bytes=10)
    name = title_id.capitalize()
    return publish(
        settings, PublishedTitle(name, staged, LENGTH_S, (240,), LADDER, title_id=title_id, belonging=belonging)
    )


@pytest.fixture
def season(running: Service) -> list[str]:
    """Two episodes of a first season and one of a second, published out of their order."""
    for season, number in ((2, 1), (1, 2), (1, 1)):
        markers = Markers((10.0, 70.0), 1100.0)
        issue(running, f"s{season}e{number}", Belonging("The Mill", season, number, markers=markers))
    return ["s1e1", "s1e2", "s2e1"]


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json()["items"]]


def seasons(viewer: Caller) -> dict[int, list[str]]:
    answer = viewer.get("/catalog/the-mill/episodes").json()
    return {one["season"]: [item["id"] for item in one["episodes"]] for one in answer["seasons"]}


def row(viewer: Caller, name: str) -> list[dict[str, Any]]:
    items = viewer.get("/rows").json()["items"]
    return next((item["titles"] for item in items if item["row"] == name), [])


def watched(viewer: Caller, title_id: str, position_s: float, at: float) -> None:
    item = {"event_id": f"{title_id}{at}", "title_id": title_id, "device_id": "tv"}
    numbers = {"position_s": position_s, "duration_s": LENGTH_S, "watched_at": at}
    assert viewer.post("/progress", {"items": [item | numbers]}).status_code == 200


@pytest.mark.usefixtures("season")
class TestTheCatalogue:
    def test_a_series_stands_in_lists_and_its_episodes_do_not(self, viewer: Caller) -> None:
        assert ids(viewer.get("/catalog")) == ["the-mill", "film"]
        assert ids(viewer.get("/search?q=mill")) == ["the-mill"]
        assert ids(viewer.get("/search?q=s1e1")) == ["s1e1"]
        (episode,) = viewer.get("/search?q=s1e1").json()["items"]
        assert episode["episode"]["series_title"] == "The Mill"
        assert [title["id"] for title in row(viewer, "new")] == ["the-mill", "film"]
        series = viewer.get("/catalog/the-mill").json()
        assert (series["kind"], series["title"], series["variants"]) == ("series", "The Mill", [])
        assert viewer.get(series["poster_url"]).content == viewer.get("/posters/s2e1.jpg").content

    def test_its_seasons(self, viewer: Caller) -> None:
        assert seasons(viewer) == {1: ["s1e1", "s1e2"], 2: ["s2e1"]}
        watched(viewer, "s1e2", 300.0, START - 9)
        episode = viewer.get("/catalog/the-mill/episodes").json()["seasons"][0]["episodes"][1]
        place = {"series_id": "the-mill", "series_title": "The Mill", "season": 1, "number": 2}
        assert (episode["kind"], episode["episode"], episode["progress"]["position_s"]) == ("episode", place, 300.0)
        for path in ("/catalog/film/episodes", "/catalog/none/episodes"):
            assert refusal(viewer.get(path)) == MISSING

    def test_its_episodes_come_in_pages(self, viewer: Caller, season: list[str]) -> None:
        path, seen = "/catalog/the-mill/episodes?limit=1", list[str]()
        after = ""
        while after is not None:
            page = viewer.get(path + (f"&after={after}" if after else "")).json()
            seen += [item["id"] for one in page["seasons"] for item in one["episodes"]]
            assert sum(len(one["episodes"]) for one in page["seasons"]) <= 1
            after = page["next_after"]
        assert seen == season
        for wrong in ("after=x", "after=1", "limit=0", "limit=1001"):
            assert viewer.get(f"/catalog/the-mill/episodes?{wrong}").status_code == 422

    def test_markers_of_one_title(self, viewer: Caller) -> None:
        markers = {"intro": {"start_s": 10.0, "end_s": 70.0}, "credits_s": 1100.0}
        assert viewer.get("/catalog/s1e1").json()["markers"] == markers
        assert viewer.get("/catalog/film").json()["markers"] == {"intro": None, "credits_s": None}
        assert viewer.get("/catalog").json()["items"][0]["markers"] is None

    def test_what_is_unpublished_is_gone_from_its_series(self, running: Service, viewer: Caller) -> None:
        settings = running.context.settings
        unpublish(settings, "s1e2")
        assert seasons(viewer) == {1: ["s1e1"], 2: ["s2e1"]}
        issue(running, "again", Belonging("The Mill", 1, 2))  # its place is free
        assert seasons(viewer)[1] == ["s1e1", "again"]
        unpublish(settings, "the-mill")
        for path in ("/catalog/the-mill", "/catalog/s1e1", "/catalog/the-mill/episodes"):
            assert refusal(viewer.get(path)) == MISSING
        assert ids(viewer.get("/catalog")) == ["film"]

    def test_a_series_is_there_while_an_episode_is(self, running: Service, viewer: Caller, season: list[str]) -> None:
        for title_id in season:
            assert "the-mill" in ids(viewer.get("/catalog"))
            unpublish(running.context.settings, title_id)
        assert refusal(viewer.get("/catalog/the-mill")) == MISSING

    def test_what_is_deleted_is_gone_and_a_version_shown_again_is_back(
        self, running: Service, viewer: Caller
    ) -> None:
        versions = running.context.titles.versions
        for title_id in ("s1e1", "s1e2"):
            unpublish(running.context.settings, title_id)
        versions.delete("s2e1", by=None)
        assert refusal(viewer.get("/catalog/the-mill")) == MISSING
        versions.select("s1e2", 1, by=None)
        assert seasons(viewer) == {1: ["s1e2"]}
        versions.delete("the-mill", by=None)
        for title_id in ("the-mill", "s1e2"):
            assert refusal(viewer.get(f"/catalog/{title_id}")) == MISSING
            assert not (running.context.settings.media_dir / title_id).exists()

    def test_a_place_is_given_once(self, running: Service) -> None:
        with pytest.raises(PublishError, match="season 1, episode 2"):
            issue(running, "other", Belonging("The Mill", 1, 2))
        assert (running.context.settings.staging_dir / "other" / "poster.jpg").is_file()

    def test_credits_of_a_title_that_is_published(self, running: Service, viewer: Caller) -> None:
        told = Credits(["drama"], [Person("Ada", "director")])
        issue(running, "told", Belonging(credits=told))
        assert viewer.get("/catalog/told/credits").json()["people"] == [{"name": "Ada", "job": "director"}]


@pytest.mark.usefixtures("season")
class TestTheRules:
    def test_rights_and_rating_of_a_series_are_those_of_its_episodes(
        self, running: Service, viewer: Caller, publisher: Caller
    ) -> None:
        running.context.rights.contracts.set("the-mill", ContractTerms(countries=frozenset({"JP"})), by=None)
        issue(running, "late", Belonging("The Mill", 3, 1))
        assert "the-mill" not in ids(viewer.get("/catalog"))
        for title_id in ("s1e1", "late"):
            assert publisher.get(f"/admin/titles/{title_id}/rights").json()["countries"] == ["JP"]
        running.context.rights.contracts.set("s1e2", ContractTerms(), by=None)  # one of them is on offer here
        assert "the-mill" not in ids(viewer.get("/catalog"))  # its own rights count too
        running.context.rights.contracts.set("the-mill", ContractTerms(), by=None)
        running.context.rights.contracts.set("s1e1", ContractTerms(available_from=START + 1e6), by=None)
        assert seasons(viewer) == {1: ["s1e2"], 2: ["s2e1"], 3: ["late"]}
        running.context.rights.contracts.rate("the-mill", 16, by=None)
        profile = viewer.post("/profiles", {"name": "Kid", "maturity": 12, "pin": None}).json()["id"]
        token = viewer.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        viewer.headers["Authorization"] = f"Bearer {token}"
        assert ids(viewer.get("/catalog")) == ["film"]
        assert refusal(viewer.get("/catalog/the-mill/episodes")) == (403, "maturity")

    def test_a_series_is_taken_back_with_its_episodes(self, running: Service, viewer: Caller) -> None:
        running.context.rights.revocations.revoke_title("the-mill", "a quarrel", by="x")
        assert ids(viewer.get("/catalog")) == ["film"]
        device = SigningDevice(viewer, running.clock)
        device.register()
        assert refusal(device.play("s1e1")) == (403, "title_revoked")
        running.context.rights.revocations.restore_title("the-mill", by="x")
        assert device.play("s1e1").status_code == 200
        assert refusal(device.play("the-mill")) == (404, "variant_not_found")

    def test_views_of_episodes_are_those_of_the_series(self, running: Service, viewer: Caller) -> None:
        account = running.account("bert")
        for title_id in ("s1e1", "s1e2"):
            play = PlaySession(account_id=account, title_id=title_id, created_at=running.clock.now() - 60)
            running.context.titles.views.playing(play, "p")
        assert running.context.titles.views.write()
        assert [title["id"] for title in row(viewer, "trending")] == ["the-mill"]


@pytest.mark.usefixtures("season")
class TestGoingOn:
    def test_the_next_episode_follows_one_that_was_seen(self, viewer: Caller) -> None:
        def going_on() -> list[str]:
            return [title["id"] for title in row(viewer, "continue")]

        watched(viewer, "s1e1", 300.0, START - 90)
        assert going_on() == ["s1e1"]
        watched(viewer, "s1e1", 1100.0, START - 80)  # its credits
        assert going_on() == ["s1e2"]
        watched(viewer, "film", 300.0, START - 75)
        watched(viewer, "s1e2", 300.0, START - 70)
        assert going_on() == ["s1e2", "film"]
        watched(viewer, "s1e2", 1190.0, START - 60)
        assert going_on() == ["s2e1", "film"]  # the first of the next season
        watched(viewer, "s2e1", 1190.0, START - 50)
        assert going_on() == ["film"]

    def test_the_play_answer_names_what_comes_next(self, running: Service, viewer: Caller) -> None:
        device = SigningDevice(viewer, running.clock)
        device.register()
        watched(viewer, "s1e2", 1105.0, START - 9)
        answer = device.play("s1e2").json()
        assert (answer["resume_s"], answer["title"]["markers"]["credits_s"]) == (0.0, 1100.0)
        following = answer["next_episode"]
        assert (following["id"], following["episode"]["season"], following["episode"]["number"]) == ("s2e1", 2, 1)
        assert following["poster_url"].endswith("/posters/s2e1.jpg")
        running.context.rights.contracts.set("s1e2", ContractTerms(available_from=START + 1e6), by=None)
        assert device.play("s1e1").json()["next_episode"]["id"] == "s2e1"  # what is not on offer is passed over
        assert device.play("s2e1").json()["next_episode"] is None
        assert device.play("film").json()["next_episode"] is None


def test_a_channel_is_no_film(running: Service) -> None:
    issue(running, "quiet", Belonging(credits=Credits(["nature"], []), channel=True))
    caller = running.client(running.account("fred"))
    assert ids(caller.get("/catalog")) == ["film"]
    assert ids(caller.get("/catalog?order=title")) == ["film"]
    assert caller.get("/genres").json()["items"] == []
    assert ids(caller.get("/search?q=quiet")) == []
    assert [one["id"] for one in row(caller, "new")] == ["film"]
    assert caller.get("/catalog/quiet").json()["kind"] == "channel"


class TestTrailers:
    def test_who_sees_a_title_may_watch_its_trailer(self, running: Service) -> None:
        issue(running, "teaser", Belonging(trailer_of="film"))
        caller = running.client(running.account("fred", "free"))
        device = SigningDevice(caller, running.clock)
        device.register()
        assert caller.get("/catalog/film").json()["trailer_id"] == "teaser"
        assert ids(caller.get("/catalog")) == ["film"]
        assert refusal(device.play("film")) == (403, "plan_missing")
        assert device.play("teaser").status_code == 200
        with running.context.database.write() as session:
            session.get_one(Title, "film").maturity = 18
        profile = caller.post("/profiles", {"name": "Kid", "maturity": 12, "pin": None}).json()["id"]
        token = caller.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        caller.headers["Authorization"] = f"Bearer {token}"
        assert refusal(device.play("teaser")) == (403, "maturity")
        unpublish(running.context.settings, "film")
        assert refusal(device.play("teaser")) == MISSING

    def test_an_episode_without_one_has_that_of_its_series(
        self, running: Service, season: list[str], viewer: Caller
    ) -> None:
        issue(running, "teaser", Belonging(trailer_of="the-mill"))
        assert viewer.get("/catalog/s1e2").json()["trailer_id"] == "teaser"


class TestPublishers:
    def test_they_put_a_series_together(self, running: Service, publisher: Caller, viewer: Caller) -> None:
        made = publisher.post("/admin/titles/series", {"title": "Harbour", "synopsis": "Ships.", "year": 2020})
        assert (made.json()["id"], made.json()["kind"]) == ("harbour", "series")
        again = publisher.post("/admin/titles/series", {"title": "Harbour"})
        assert refusal(again) == (409, "name_taken")
        assert refusal(viewer.get("/catalog/harbour")) == MISSING
        place = {"series_id": "harbour", "season": 1, "number": 1}
        issue(running, "other", Belonging())
        assert publisher.call("PUT", "/admin/titles/film/place", {"place": place}).status_code == 204
        taken = publisher.call("PUT", "/admin/titles/other/place", {"place": place})
        assert refusal(taken) == (409, "place_taken")
        assert ids(viewer.get("/catalog")) == ["other", "harbour"]
        publisher.call("PUT", "/admin/titles/film/place", {"place": {**place, "number": 2}})
        assert viewer.get("/catalog/film").json()["episode"]["number"] == 2
        publisher.call("PUT", "/admin/titles/film/place", {"place": None})
        assert ids(viewer.get("/catalog")) == ["other", "film"]

    def test_they_set_trailers_and_markers(self, running: Service, publisher: Caller, viewer: Caller) -> None:
        issue(running, "teaser", Belonging())
        assert publisher.call("PUT", "/admin/titles/teaser/trailer", {"of": "film"}).status_code == 204
        assert viewer.get("/catalog/film").json()["trailer_id"] == "teaser"
        assert publisher.call("PUT", "/admin/titles/teaser/trailer", {"of": None}).status_code == 204
        assert sorted(ids(viewer.get("/catalog"))) == ["film", "teaser"]
        markers = {"intro": {"start_s": 1.0, "end_s": 2.5}, "credits_s": 1000.0}
        assert publisher.call("PUT", "/admin/titles/teaser/markers", markers).json() == markers
        nothing = {"intro": None, "credits_s": None}
        assert publisher.call("PUT", "/admin/titles/teaser/markers", nothing).json() == nothing

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("place", {"place": {"series_id": "film", "season": 1, "number": 1}}, (409, "no_series")),
            ("trailer", {"of": "film"}, (409, "no_title")),
            ("trailer", {"of": "none"}, (409, "no_title")),
            ("markers", {"intro": {"start_s": 9.0, "end_s": 3.0}, "credits_s": None}, (409, "bad_markers")),
            ("markers", {"intro": None, "credits_s": 1e6}, (409, "bad_markers")),
            ("markers", {"intro": None, "credits_s": 0.0}, (409, "bad_markers")),
        ],
    )
    def test_what_cannot_be(self, publisher: Caller, path: str, body: object, code: tuple[int, str]) -> None:
        assert refusal(publisher.call("PUT", f"/admin/titles/film/{path}", body)) == code
        assert refusal(publisher.call("PUT", f"/admin/titles/none/{path}", body)) == MISSING

    @pytest.mark.usefixtures("season")
    def test_a_series_is_neither_episode_nor_trailer(self, publisher: Caller) -> None:
        for path, body in (("place", {"place": None}), ("trailer", {"of": "film"})):
            refused = publisher.call("PUT", f"/admin/titles/the-mill/{path}", body)
            assert refusal(refused) == (409, "wrong_kind")


class TestNewVersions:
    def test_an_episode_that_is_published_anew_keeps_its_place(
        self, running: Service, season: list[str], viewer: Caller
    ) -> None:
        settings = running.context.settings
        for belonging, place in ((Belonging(), (1, 2)), (Belonging("The Mill", 1, 9), (1, 9))):
            staged = stage_title(settings, f"again{place[1]}", ("clear",), segment_bytes=10)
            anew = PublishedTitle(
                "S", staged, 900.0, (240,), title_id="s1e2", replace=True, belonging=belonging, audio=["eng"]
            )
            assert publish(settings, anew) == "s1e2"
            shown = viewer.get("/catalog/s1e2").json()
            assert (shown["episode"]["season"], shown["episode"]["number"]) == place
            assert (shown["kind"], shown["duration_s"]) == ("episode", 900.0)
            assert shown["languages"] == {"audio": ["eng"], "text": []}
        assert "the-mill" in ids(viewer.get("/catalog"))
