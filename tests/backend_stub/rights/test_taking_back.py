"""Receipts, recalls, the signed list of them, and the service's keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend_stub.db.models import AuditEntry, Revocation
from backend_stub.service_secrets import load_or_create, replace_licence_key
from backend_stub.services.rights.revocation import MAX_ENTRIES
from backend_stub.services.rights.signatures import MAX_KEYS, ServiceSigner
from tests.kit.rights import START, Service, SigningDevice, read_jws, refusal


@pytest.fixture
def licence(running: Service, device: SigningDevice) -> dict[str, Any]:
    return running.licence(device.acquire(device.download().json()["download_id"]))


def listed(running: Service, since: int = 0) -> dict[str, Any]:
    header, payload = read_jws(
        running.client(None).get(f"/revocations?since={since}").json()["list"], running.service_key()
    )
    assert header["typ"] == "matinee-revocations+jws"
    return payload


class TestRelease:
    def test_it_comes_late_twice_and_without_a_sign_in(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        receipt = device.receipt(licence, reason="evicted")
        path = f"/licences/{licence['licence_id']}/release"
        running.clock.step(5 * 86400)
        anyone = running.client(None)
        first = anyone.post(path, {"receipt": receipt})
        assert first.json() == {"licence_id": licence["licence_id"], "released_at": START}
        running.clock.step(10)
        assert anyone.post(path, {"receipt": receipt}).json() == first.json()
        other = anyone.post(path, {"receipt": device.receipt(licence, reason="removed")})
        assert other.json() == first.json()
        assert refusal(device.renew(licence)) == (403, "licence_released")
        assert refusal(device.acquire(licence["session_id"])) == (403, "renewal_closed")
        with running.context.database.read() as session:
            rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "licence.released")).all()
        assert [row.detail["reason"] for row in rows] == ["evicted"]

    def test_times_that_cannot_be_are_put_right(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        receipt = device.receipt(licence, released_at=START + 1e6)
        path = f"/licences/{licence['licence_id']}/release"
        assert running.client(None).post(path, {"receipt": receipt}).json()["released_at"] == START

    def test_nobody_else_can_give_it_back(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        stranger = running.device(running.account("ben"))
        path = f"/licences/{licence['licence_id']}/release"
        assert refusal(stranger.post(path, {"receipt": stranger.receipt(licence)})) == (422, "bad_signed_request")
        changed = device.receipt({**licence, "licence_id": "0" * 32})
        assert refusal(stranger.post(path, {"receipt": changed})) == (422, "bad_signed_request")
        unknown = f"/licences/{'0' * 32}/release"
        assert refusal(stranger.post(unknown, {"receipt": changed})) == (404, "licence_not_found")
        assert device.renew(licence).status_code == 200

    def test_a_device_that_was_taken_away_still_gives_back(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        device.client.call("DELETE", f"/devices/{device.device_id}")
        path = f"/licences/{licence['licence_id']}/release"
        assert running.client(None).post(path, {"receipt": device.receipt(licence)}).status_code == 200


class TestRecall:
    def test_a_device_taken_away_loses_its_licences(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        device.client.call("DELETE", f"/devices/{device.device_id}")
        assert refusal(device.renew(licence)) == (403, "device_revoked")
        revoked = listed(running)
        assert (revoked["licences"], revoked["devices"]) == ([licence["licence_id"]], [])
        assert listed(running, revoked["serial"])["licences"] == []

    def test_a_forbidden_device_is_refused_everywhere(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        admin = running.client(running.account("root", role="admin"))
        path = f"/admin/devices/{device.device_id}/revocation"
        for _ in range(2):
            assert admin.post(path, {"reason": "cracked"}).status_code == 204
        revoked = listed(running)
        assert (revoked["devices"], revoked["licences"]) == ([device.device_id], [])
        assert refusal(device.play()) == (403, "device_revoked")
        moved = SigningDevice(running.client(running.account("ben")), running.clock, device.key)
        assert refusal(moved.register()) == (403, "device_revoked")

    def test_a_title_taken_back_and_given_again(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        publisher = running.client(running.account("pub", role="publisher"))
        running.clock.step(5)
        assert publisher.post("/admin/titles/film/revocation", {"reason": "rights"}).status_code == 204
        assert listed(running)["titles"] == [{"title_id": "film", "at": START + 5}]
        assert refusal(device.play()) == (403, "title_revoked")
        assert refusal(device.renew(licence)) == (403, "licence_revoked")
        assert device.client.get("/catalog").json()["items"] == []
        assert publisher.call("DELETE", "/admin/titles/film/revocation").status_code == 204
        assert refusal(device.renew(licence)) == (403, "licence_revoked")
        fresh = device.download().json()["download_id"]
        assert fresh != licence["session_id"]
        assert running.licence(device.acquire(fresh))["licence_id"] != licence["licence_id"]

    def test_a_title_taken_back_under_a_clock_that_was_ahead_takes_no_later_licences(
        self, running: Service, device: SigningDevice
    ) -> None:
        publisher = running.client(running.account("pub", role="publisher"))
        running.clock.step(3600)
        assert publisher.post("/admin/titles/film/revocation", {"reason": "rights"}).status_code == 204
        running.clock.step(-3000)
        assert publisher.call("DELETE", "/admin/titles/film/revocation").status_code == 204
        running.clock.step(5)
        fresh = running.licence(device.acquire(device.download().json()["download_id"]))
        [entry] = listed(running)["titles"]
        assert entry["title_id"] == "film"
        assert entry["at"] < fresh["issued_at"]

    def test_one_licence(self, running: Service, device: SigningDevice, licence: dict[str, Any]) -> None:
        admin = running.client(running.account("root", role="admin"))
        path = f"/admin/licences/{licence['licence_id']}/revocation"
        assert admin.post(path, {"reason": "mistake"}).status_code == 204
        assert admin.post(path, {"reason": "mistake"}).status_code == 204
        assert listed(running)["licences"] == [licence["licence_id"]]
        assert refusal(device.renew(licence)) == (403, "licence_revoked")

    def test_the_list_comes_in_parts(self, running: Service) -> None:
        with running.context.database.write() as session:
            session.add_all(
                Revocation(kind="licence", subject=f"{number:032x}", at=START, reason="") for number in range(1001)
            )
        first = listed(running)
        assert (len(first["licences"]), first["more"]) == (MAX_ENTRIES, True)
        rest = listed(running, first["serial"])
        assert (len(rest["licences"]), rest["more"]) == (1, False)


class TestServiceKeys:
    def test_they_are_published(self, running: Service) -> None:
        answer = running.client(None).get("/keys").json()
        assert answer == {"keys": [running.service_key()], "endorsements": []}
        assert "d" not in answer["keys"][0]

    def test_an_old_key_vouches_for_a_new_one(self, tmp_path: Path) -> None:
        before = ServiceSigner(load_or_create(tmp_path).licence_signing).public_keys()
        for _ in range(2):
            replace_licence_key(tmp_path)
        signer = ServiceSigner(load_or_create(tmp_path).licence_signing)
        keys = signer.public_keys()
        assert len({key["kid"] for key in keys}) == 3
        assert keys[-1:] == before
        trusted = keys[-1]
        for newer, endorsement in zip(keys[-2::-1], signer.endorsements(START)[::-1], strict=True):
            header, payload = read_jws(endorsement, trusted)
            assert (header["typ"], payload["jwk"]) == ("matinee-key+jws", newer)
            trusted = newer
        assert trusted == keys[0]

    def test_no_more_keys_are_published_than_a_client_reads(self) -> None:
        signer = ServiceSigner([bytes([number]) * 32 for number in range(1, MAX_KEYS + 10)])
        assert (len(signer.public_keys()), len(signer.endorsements(START))) == (MAX_KEYS, MAX_KEYS - 1)

    def test_an_operator_replaces_the_key_of_a_running_service(self, running: Service) -> None:
        before = running.service_key()
        answer = running.client(running.account("chief", role="admin")).post(
            "/admin/keys/rotation", {"key": "licence-signing"}
        )
        answer.raise_for_status()
        told = running.client(None).get("/keys").json()
        assert [key["kid"] for key in told["keys"]] == [answer.json()["key_id"], before["kid"]]
        header, payload = read_jws(told["endorsements"][0], before)
        assert (header["typ"], payload["jwk"]) == ("matinee-key+jws", told["keys"][0])


def test_a_list_that_is_shorter_than_what_was_read_says_so(running: Service, licence: dict[str, Any]) -> None:
    running.context.rights.revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
    last = listed(running)["serial"]
    assert listed(running, last)["serial"] == last
    assert listed(running, last + 5)["serial"] == last


def test_a_list_names_its_entries_by_their_times(running: Service, licence: dict[str, Any]) -> None:
    """After a backup was put back another entry may have the same serial."""
    revocations = running.context.rights.revocations
    revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
    first = listed(running)
    tag = revocations.version(first["serial"])
    assert (first["since_at"], first["at"]) == (None, START)
    again = listed(running, first["serial"])
    assert (again["since_at"], again["at"]) == (START, START)
    with running.context.database.write() as session:
        session.execute(update(Revocation).values(kind="device", subject="f" * 32, at=START + 60))
    assert listed(running, first["serial"])["since_at"] == START + 60
    assert revocations.version(first["serial"]) != tag
