from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backend_stub.server import ServerGroup
from backend_stub.services.publishing import unpublish
from tests.kit.backend import SignedInViewer, publish_noise, running_backend, signed_in_viewer


def test_title(group: ServerGroup, viewer: SignedInViewer) -> None:
    title = viewer.client.get("/catalog/noise").json()
    published_at = title.pop("published_at")
    assert abs(published_at - group.context.clock.now()) < 600
    assert title == {
        "id": "noise",
        "kind": "film",
        "title": "Noise",
        "synopsis": "Nothing to see.",
        "year": 2024,
        "duration_s": 12.0,
        "poster_url": f"{group.api_url}/posters/noise.jpg",
        "maturity": 0,
        "heights": [240, 480],
        "variants": ["encrypted", "clear"],
        "progress": None,
        "episode": None,
        "markers": {"intro": None, "credits_s": None},
        "trailer_id": None,
        "languages": {"audio": [], "text": []},
        "artwork": {"backdrop_url": None, "clip_url": None, "focal": None, "logo_url": None, "still_url": None},
        "thumb": None,
    }


def test_poster_needs_no_token(group: ServerGroup) -> None:
    response = httpx.get(f"{group.api_url}/posters/noise.jpg", trust_env=False)
    assert response.headers["content-type"] == "image/jpeg"
    assert response.content == (group.settings.media_dir / "noise" / "poster.jpg").read_bytes()
    assert httpx.get(f"{group.api_url}/posters/none.jpg", trust_env=False).status_code == 404


@pytest.mark.parametrize("title_id", ["none", "a" * 64])
def test_unknown_title(viewer: SignedInViewer, title_id: str) -> None:
    response = viewer.client.get(f"/catalog/{title_id}")
    assert (response.status_code, response.json()["code"]) == (404, "title_not_found")


@pytest.mark.parametrize("title_id", ["Noise", "%00", "a b", "a" * 65, "-a"])
def test_what_is_no_title_id(viewer: SignedInViewer, title_id: str) -> None:
    assert viewer.client.get(f"/catalog/{title_id}").status_code == 422


@pytest.mark.parametrize("cursor", ["x", "W10=", "WzEsMl0=", "é"])
def test_bad_cursor(viewer: SignedInViewer, cursor: str) -> None:
    response = viewer.client.get("/catalog", params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


def test_pages_hold_every_title_once_newest_first(tmp_path: Path) -> None:
    with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
        ids = [publish_noise(group.settings, f"Title {number}") for number in range(5)]
        found: list[str] = []
        cursor = None
        sizes = []
        while True:
            params = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
            page = viewer.client.get("/catalog", params=params).json()
            found += [item["id"] for item in page["items"]]
            sizes.append(len(page["items"]))
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == ids[::-1]
        assert sizes == [2, 2, 1]
        unpublish(group.settings, ids[2])
        assert len(viewer.client.get("/catalog").json()["items"]) == 4
        assert viewer.client.get(f"/catalog/{ids[2]}").json()["code"] == "title_not_found"
        play = viewer.client.post(f"/play/{ids[2]}", json={"device_id": viewer.device_id, "variant": "clear"})
        assert (play.status_code, play.json()["code"]) == (404, "title_not_found")
