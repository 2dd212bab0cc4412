"""Publishers edit what is said of a title: its words, its pictures, the names of its seasons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from backend_stub.services.publishing import PublishedTitle, publish
from tests.backend_stub.admin.seen import png
from tests.kit.backend import stage_title
from tests.kit.rights import Caller, Service, refusal, service

JPEG = b"\xff\xd8\xff\xe0 not much of a picture"


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("editing")) as made:
        yield made


@pytest.fixture
def publisher(running: Service) -> Caller:
    return running.client(running.account("publisher", role="publisher"))


@pytest.fixture
def viewer(running: Service) -> Caller:
    return running.client(running.account("viewer"))


def put_picture(publisher: Caller, kind: str, data: bytes, title_id: str = "film") -> httpx.Response:
    url = f"http://testserver/api/v1/admin/titles/{title_id}/artwork/{kind}"
    return publisher._send("PUT", url, content=data)


def shown(viewer: Caller, title_id: str = "film") -> dict[str, Any]:
    body: dict[str, Any] = viewer.get(f"/catalog/{title_id}").json()
    return body


def test_words_are_changed_and_found_at_once(running: Service, publisher: Caller, viewer: Caller) -> None:
    def found(words: str) -> list[str]:
        return [title["id"] for title in viewer.get(f"/search?q={words}").json()["items"]]

    name = shown(viewer)["title"]
    assert found(name) == ["film"]
    change = {"title": "Quartz Meridian", "synopsis": "A clock.", "year": 1999}
    assert publisher.call("PATCH", "/admin/titles/film", change).json()["title"] == "Quartz Meridian"
    body = shown(viewer)
    assert (body["title"], body["synopsis"], body["year"]) == ("Quartz Meridian", "A clock.", 1999)
    assert found("meridian") == ["film"]
    assert found(f"{name} clock") == [], "its words of before are forgotten"
    running.clock.step(1)
    publisher.call("PATCH", "/admin/titles/film", {"synopsis": "A sundial."})
    assert found("quartz sundial") == ["film"]
    assert shown(viewer)["year"] == 1999, "what is not named stays"
    assert refusal(publisher.call("PATCH", "/admin/titles/none", {})) == (404, "title_not_found")
    assert publisher.call("PATCH", "/admin/titles/film", {"title": ""}).status_code == 422


def test_pictures_are_put_replaced_and_removed(running: Service, publisher: Caller, viewer: Caller) -> None:
    nothing = {"backdrop_url": None, "clip_url": None, "focal": None, "logo_url": None, "still_url": None}
    assert shown(viewer)["artwork"] == nothing
    made = shown(viewer)["poster_url"]
    for kind in ("poster", "backdrop", "logo", "still"):
        assert put_picture(publisher, kind, png(4, 3)).status_code == 200
    body = shown(viewer)
    addresses = [body["poster_url"], *(body["artwork"][f"{kind}_url"] for kind in ("backdrop", "logo", "still"))]
    assert len(set(addresses)) == 4
    nobody = Caller(running.app, running.runner, "192.0.2.9", {})
    for address in addresses:
        answer = nobody.call("GET", address)
        assert (answer.content, answer.headers["content-type"]) == (png(4, 3), "image/png")
        assert "immutable" in answer.headers["cache-control"]
    assert put_picture(publisher, "backdrop", JPEG).status_code == 200
    fresh = shown(viewer)["artwork"]["backdrop_url"]
    assert fresh != body["artwork"]["backdrop_url"], "caches may keep an address for ever"
    assert nobody.call("GET", fresh).headers["content-type"] == "image/jpeg"
    assert nobody.call("GET", body["artwork"]["backdrop_url"]).status_code == 404
    for kind in ("poster", "backdrop", "logo", "still", "still"):
        assert publisher.call("DELETE", f"/admin/titles/film/artwork/{kind}").status_code == 200
    assert (shown(viewer)["artwork"], shown(viewer)["poster_url"]) == (nothing, made)
    assert list((running.context.settings.media_dir / "film" / "art").iterdir()) == []


def test_a_clip_is_an_mp4_and_nothing_else_is(running: Service, publisher: Caller, viewer: Caller) -> None:
    clip = b"\0\0\0\x18ftypisom" + bytes(40)
    for kind, data in (("clip", JPEG), ("clip", b""), ("poster", clip)):
        assert refusal(put_picture(publisher, kind, data)) == (422, "bad_picture")
    assert put_picture(publisher, "clip", clip).status_code == 200
    nobody = Caller(running.app, running.runner, "192.0.2.9", {})
    answer = nobody.call("GET", shown(viewer)["artwork"]["clip_url"])
    assert (answer.content, answer.headers["content-type"]) == (clip, "video/mp4")


def test_what_is_no_picture_is_refused(publisher: Caller) -> None:
    for data in (b"", b"GIF89a", b"<svg/>"):
        assert refusal(put_picture(publisher, "poster", data)) == (422, "bad_picture")
    assert refusal(put_picture(publisher, "poster", JPEG, "none")) == (404, "title_not_found")
    assert put_picture(publisher, "banner", JPEG).status_code == 422
    too_large = put_picture(publisher, "poster", JPEG + b" " * (1 << 20))
    assert refusal(too_large) == (413, "too_large")


def test_seasons_have_names(publisher: Caller, viewer: Caller) -> None:
    series = publisher.post("/admin/titles/series", {"title": "Tides", "synopsis": "", "year": 2020}).json()["id"]
    place = {"place": {"series_id": series, "season": 2, "number": 1}}
    assert publisher.call("PUT", "/admin/titles/film/place", place).status_code == 204

    def names() -> list[tuple[int, str]]:
        seasons = viewer.get(f"/catalog/{series}/episodes").json()["seasons"]
        return [(season["season"], season["name"]) for season in seasons]

    assert names() == [(2, "")]
    for name in ("Ebb", "Flood", ""):
        assert publisher.call("PUT", f"/admin/titles/{series}/seasons/2", {"name": name}).status_code == 204
        assert names() == [(2, name)]
    assert refusal(publisher.call("PUT", "/admin/titles/film/seasons/1", {"name": "x"})) == (404, "title_not_found")


def test_pictures_of_the_film_come_with_it_and_those_of_publishers_stay(
    running: Service, publisher: Caller, viewer: Caller
) -> None:
    settings = running.context.settings

    def publish_again(picture: bytes) -> None:
        folder = stage_title(settings, "Noise", ("clear",), segment_bytes=100)
        (folder / "backdrop.jpg").write_bytes(picture)
        (folder / "still.jpg").write_bytes(picture)
        publish(settings, PublishedTitle("Noise", folder, 12.0, (240,), title_id="noise", replace=True))

    publish_again(JPEG)
    artwork = shown(viewer, "noise")["artwork"]
    assert artwork["logo_url"] is None
    for kind in ("backdrop", "still"):
        assert viewer.call("GET", artwork[f"{kind}_url"]).content == JPEG
    home = settings.media_dir / "noise"
    assert sorted(path.name for path in home.iterdir()) == ["art", "clear", "poster.jpg"]
    put_picture(publisher, "backdrop", png(4, 3), "noise")
    publish_again(JPEG + b" of a later version")
    assert viewer.call("GET", shown(viewer, "noise")["artwork"]["backdrop_url"]).content == png(4, 3)
