"""From the play session to opened content keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from backend_stub.config import Settings
from backend_stub.db.models import ContentKey, PlaySession
from backend_stub.server import ServerGroup
from tests.kit.backend import (
    KEYS,
    SignedInViewer,
    base64url,
    publish_noise,
    running_backend,
    signed_in_viewer,
)

KIDS = [base64url(key.kid) for key in KEYS]


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


class TestDevices:
    def test_the_id_is_the_thumbprint(self, viewer: SignedInViewer) -> None:
        assert viewer.device_id == viewer.key.thumbprint()

    def test_registering_again_gives_the_same_id(self, viewer: SignedInViewer) -> None:
        jwk = {**viewer.key.as_dict(private=False), "kid": "mine", "use": "enc"}
        again = viewer.client.post("/devices", json={"name": "renamed", "public_key": jwk})
        assert again.json() == {"device_id": viewer.device_id, "proven": False}

    def test_bad_keys(self, viewer: SignedInViewer) -> None:
        good = viewer.key.as_dict(private=False)
        off_curve = {**good, "y": good["x"]}
        p384 = ECKey.generate_key("P-384").as_dict(private=False)
        for jwk in (off_curve, {**good, "x": "AA"}, {**good, "x": "é"}, p384, {}, {"kty": "RSA"}):
            response = viewer.client.post("/devices", json={"name": "bad", "public_key": jwk})
            assert response.status_code == 422, jwk
        assert refusal(viewer.client.post("/devices", json={"name": "bad", "public_key": off_curve})) == (
            422,
            "bad_device_key",
        )

    def test_a_revoked_device_gets_nothing(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        account = viewer.tokens["account"]
        assert isinstance(account, dict)
        group.context.devices.revoke(account["id"], viewer.device_id)
        body = {"device_id": viewer.device_id, "variant": "clear"}
        assert refusal(viewer.client.post("/play/noise", json=body)) == (403, "device_revoked")
        register = {"name": "again", "public_key": viewer.key.as_dict(private=False)}
        assert refusal(viewer.client.post("/devices", json=register)) == (403, "device_revoked")


class TestPlay:
    def test_encrypted_session(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        play: Mapping[str, Any] = viewer.play("noise")
        assert [manifest["pathway"] for manifest in play["manifests"]] == ["edge-a", "edge-b"]
        for manifest, edge in zip(play["manifests"], group.edges, strict=True):
            assert manifest["dash"].startswith(f"{edge.url}/s/")
            for kind in ("dash", "hls"):
                assert httpx.get(manifest[kind], trust_env=False).status_code == 200
        assert play["licence"] == {
            "url": f"{group.api_url}/licences",
            "system": "matinee.clearkey",
            "kids": [key.kid.hex() for key in KEYS],
            "signed_url": f"{group.api_url}/licences",
        }
        assert play["title"]["id"] == "noise"
        assert play["resume_s"] == 0
        assert play["thumbnails"] is None
        assert play["expires_at"] == pytest.approx(group.context.clock.now() + 6 * 3600, abs=60)

    def test_clear_session_needs_no_licence(self, viewer: SignedInViewer) -> None:
        play: Mapping[str, Any] = viewer.play("noise", "clear")
        assert play["licence"] is None
        assert "/noise/clear/" in play["manifests"][0]["hls"]

    def test_refusals(self, viewer: SignedInViewer) -> None:
        def play(title: str = "noise", **body: str) -> httpx.Response:
            return viewer.client.post(
                f"/play/{title}", json={"device_id": viewer.device_id, "variant": "clear", **body}
            )

        assert refusal(play(device_id="unknown")) == (403, "device_unknown")
        assert refusal(play("none")) == (404, "title_not_found")
        assert refusal(play(variant="gold")) == (422, "invalid_request")

    def test_signed_urls_expire_with_the_session(self, tmp_path: Path) -> None:
        with ServerGroup(Settings(tmp_path, play_session_s=-1)) as group:
            group.context.accounts.ensure_demo_viewer()
            publish_noise(group.settings)
            with signed_in_viewer(group) as viewer:
                play: Mapping[str, Any] = viewer.play("noise")
                assert httpx.get(play["manifests"][0]["dash"], trust_env=False).status_code == 403


class TestKeysAtRest:
    def test_no_key_lies_in_the_open(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        with group.context.database.read() as session:
            rows = list(session.scalars(select(ContentKey)))
        assert len(rows) == len(KEYS)
        files = [path for path in group.settings.data_dir.rglob("*") if path.is_file()]
        for key in KEYS:
            assert not [path for path in files if key.key in path.read_bytes()]


class TestOpenLicence:
    def test_plain_clearkey_only_for_flagged_titles(self, tmp_path: Path) -> None:
        with running_backend(tmp_path) as group:
            publish_noise(group.settings, "Closed")
            publish_noise(group.settings, "Open", open_licence=True)

            def ask(title: str) -> httpx.Response:
                request = {"kids": KIDS, "type": "temporary"}
                return httpx.post(f"{group.api_url}/clearkey/{title}", json=request, trust_env=False)

            assert refusal(ask("closed")) == (403, "licence_not_open")
            assert refusal(ask("none")) == (404, "title_not_found")
            assert ask("open").json()["keys"] == [
                {"kty": "oct", "kid": base64url(key.kid), "k": base64url(key.key)} for key in KEYS
            ]


class TestProgress:
    @staticmethod
    def report(viewer: SignedInViewer, **changed: object) -> httpx.Response:
        item = {
            "event_id": "e1",
            "title_id": "noise",
            "position_s": 5.0,
            "duration_s": 12.0,
            "watched_at": 100.0,
            "device_id": viewer.device_id,
            **changed,
        }
        return viewer.client.post("/progress", json={"items": [item]})

    def test_each_event_counts_once_and_the_latest_watched_stands(self, tmp_path: Path) -> None:
        with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
            publish_noise(group.settings)
            assert self.report(viewer).json() == {"accepted": ["e1"]}
            assert self.report(viewer, position_s=9.0, watched_at=200.0).json() == {"accepted": ["e1"]}
            assert viewer.play("noise", "clear")["resume_s"] == 5.0
            self.report(viewer, event_id="e2", position_s=3.0, watched_at=99.0)
            assert viewer.play("noise", "clear")["resume_s"] == 5.0
            self.report(viewer, event_id="e3", position_s=7.0, watched_at=101.0)
            assert viewer.play("noise", "clear")["resume_s"] == 7.0
            assert viewer.client.get("/catalog/noise").json()["progress"] == {
                "position_s": 7.0,
                "duration_s": 12.0,
                "watched_at": 101.0,
                "furthest_s": None,
            }
            self.report(viewer, event_id="e4", position_s=11.9, watched_at=9e9)
            assert viewer.play("noise", "clear")["resume_s"] == 0
            now = group.context.clock.now()
            assert viewer.client.get("/catalog/noise").json()["progress"]["watched_at"] <= now
            assert self.report(viewer, event_id="e5", title_id="gone").json() == {"accepted": ["e5"]}

    def test_malformed_items(self, viewer: SignedInViewer) -> None:
        for changed in ({"position_s": -1}, {"event_id": ""}, {"watched_at": "now"}, {"event_id": "a\0"}):
            assert refusal(self.report(viewer, **changed)) == (422, "invalid_request")
        nan = '{"items": [{"event_id": "n", "title_id": "noise", "position_s": NaN, "duration_s": 1, "watched_at": 1,'
        nan += ' "device_id": "d"}]}'
        response = viewer.client.post("/progress", content=nan, headers={"Content-Type": "application/json"})
        assert response.status_code == 422


def test_play_sessions_are_kept(group: ServerGroup, viewer: SignedInViewer) -> None:
    play = viewer.play("noise")
    with group.context.database.read() as session:
        row = session.get(PlaySession, str(play["session_id"]))
    assert row is not None
    assert (row.title_id, row.device_id, row.variant) == ("noise", viewer.device_id, "encrypted")
