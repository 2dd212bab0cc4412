"""From the play session to opened content keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select

from backend_stub.config import Settings
from backend_stub.db.models import AuditEntry, ContentKey, PlaySession
from backend_stub.server import ServerGroup
from tests.kit.backend import (
    KEYS,
    SignedInViewer,
    base64url,
    open_licence_jwe,
    publish_noise,
    running_backend,
    signed_in_viewer,
)

KIDS = [base64url(key.kid) for key in KEYS]


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def licence_request(viewer: SignedInViewer, play: Mapping[str, Any], **changed: object) -> httpx.Response:
    body = {"kids": KIDS, "type": "temporary", "device_id": viewer.device_id, **changed}
    return viewer.client.post(play["licence"]["url"], json=body)


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
        play = viewer.play("noise")
        account = viewer.tokens["account"]
        assert isinstance(account, dict)
        group.context.devices.revoke(account["id"], viewer.device_id)
        assert refusal(licence_request(viewer, play)) == (403, "device_revoked")
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
            "url": f"{group.api_url}/licence/{play['session_id']}",
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
                assert refusal(licence_request(viewer, play)) == (403, "session_expired")


class TestDeviceLicence:
    def test_keys_open_only_on_the_device(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        play: Mapping[str, Any] = viewer.play("noise")
        response = licence_request(viewer, play)
        assert response.headers["content-type"] == "application/jose+json"
        body = response.json()
        assert body["policy"] == {"type": "streaming", "expires_at": play["expires_at"]}
        header, key_set = open_licence_jwe(body["jwe"], viewer.key)
        assert (header["alg"], header["enc"], header["sid"]) == ("ECDH-ES+A256KW", "A256GCM", play["session_id"])
        assert key_set == {
            "keys": [{"kty": "oct", "kid": base64url(key.kid), "k": base64url(key.key)} for key in KEYS],
            "type": "temporary",
        }
        with pytest.raises(JoseError):
            open_licence_jwe(body["jwe"], ECKey.generate_key("P-256"))
        for key in KEYS:
            assert base64url(key.key) not in response.text

    def test_only_the_keys_asked_for(self, viewer: SignedInViewer) -> None:
        response = licence_request(viewer, viewer.play("noise"), kids=[KIDS[1], base64url(b"?" * 16)])
        _, key_set = open_licence_jwe(response.json()["jwe"], viewer.key)
        keys = key_set["keys"]
        assert isinstance(keys, list)
        assert [key["kid"] for key in keys] == [KIDS[1]]

    def test_refusals(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        play = viewer.play("noise")
        assert refusal(licence_request(viewer, play, kids=["AAAA"])) == (422, "bad_kid")
        assert refusal(licence_request(viewer, play, kids=["é" * 16])) == (422, "bad_kid")
        assert refusal(licence_request(viewer, play, kids=[base64url(b"?" * 16)])) == (404, "key_not_found")
        assert refusal(licence_request(viewer, play, kids=[])) == (422, "invalid_request")
        assert refusal(licence_request(viewer, play, device_id="other")) == (403, "device_mismatch")
        clear = {"licence": {"url": f"/licence/{viewer.play('noise', 'clear')['session_id']}"}}
        assert refusal(licence_request(viewer, clear)) == (404, "key_not_found")
        unknown = {"licence": {"url": f"/licence/{'0' * 32}"}}
        assert refusal(licence_request(viewer, unknown)) == (404, "session_not_found")

    def test_another_account_cannot_use_the_session(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        play: Mapping[str, Any] = viewer.play("noise")
        if group.context.accounts.find("thief@matinee.local") is None:
            group.context.accounts.register("thief@matinee.local", "Thief", "secret")
        login = {"email": "thief@matinee.local", "password": "secret", "device_name": "x"}
        token = viewer.client.post("/auth/login", json=login).json()["access_token"]
        body = {"kids": KIDS, "type": "temporary", "device_id": viewer.device_id}
        stolen = viewer.client.post(play["licence"]["url"], json=body, headers={"Authorization": f"Bearer {token}"})
        assert refusal(stolen) == (404, "session_not_found")
        anonymous = httpx.post(play["licence"]["url"], json=body, trust_env=False)
        assert refusal(anonymous) == (401, "token_missing")

    def test_audit_names_no_key(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        play: Mapping[str, Any] = viewer.play("noise")
        licence_request(viewer, play)
        with group.context.database.read() as session:
            rows = list(session.scalars(select(AuditEntry).where(AuditEntry.subject == play["session_id"])))
        assert [row.action for row in rows] == ["play.started", "licence.issued"]
        assert rows[1].detail == {"title": "noise", "device": viewer.device_id, "keys": 2}


class TestKeysAtRest:
    def test_no_key_lies_in_the_open(self, group: ServerGroup, viewer: SignedInViewer) -> None:
        with group.context.database.read() as session:
            rows = list(session.scalars(select(ContentKey)))
        assert len(rows) == len(KEYS)
        files = [path for path in group.settings.data_dir.rglob("*") if path.is_file()]
        for key in KEYS:
            assert not [path for path in files if key.key in path.read_bytes()]

    @pytest.mark.logs_errors
    def test_a_moved_row_gives_no_licence(self, tmp_path: Path) -> None:
        with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
            publish_noise(group.settings)
            play = viewer.play("noise")
            with group.context.database.write() as session:
                for row in session.scalars(select(ContentKey)):
                    row.label = "UHD"
            assert refusal(licence_request(viewer, play)) == (500, "key_damaged")


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
