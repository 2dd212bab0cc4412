"""What a plan limits: devices, streams, downloads; and where and when a title may be watched."""

from __future__ import annotations

import pytest

from backend_stub.services.entitlement import ContractTerms
from tests.kit.backend import base64url
from tests.kit.rights import LADDER, START, Service, SigningDevice, publish_ladder, read_jws, refusal, sign

DAY = 86400.0


class TestDevices:
    def test_a_challenge_counts_once_and_for_its_account(self, running: Service, device: SigningDevice) -> None:
        other = SigningDevice(device.client, running.clock)
        stranger = running.device(running.account("ben"))
        kind = "matinee-device+jws"

        def register(proof: str) -> tuple[int, str]:
            answer = other.post("/devices", {"name": "x", "public_key": other.jwk, "proof": proof})
            return refusal(answer) if answer.status_code >= 400 else (200, answer.json()["proven"])

        def challenge(of: SigningDevice) -> str:
            text: str = of.post("/devices/challenge", {}).json()["challenge"]
            return text

        claim = {"challenge": challenge(device), "device_id": other.device_id}
        bad = (422, "bad_proof")
        assert register(sign(device.key, kind, claim)) == bad
        assert register(sign(other.key, kind, {**claim, "device_id": device.device_id})) == bad
        assert register(sign(other.key, kind, {**claim, "challenge": challenge(stranger)})) == bad
        assert register(sign(other.key, "matinee-release+jws", claim)) == bad
        assert register(sign(other.key, kind, claim)) == (200, True)
        assert register(sign(other.key, kind, claim)) == bad
        late = {"challenge": challenge(device), "device_id": other.device_id}
        running.clock.step(301)
        assert register(sign(other.key, kind, late)) == bad

    def test_the_plan_limits_them(self, running: Service) -> None:
        account = running.account("ben", "free")
        devices = [running.device(account) for _ in range(2)]
        running.clock.step(1)
        third = SigningDevice(running.client(account), running.clock)
        refused = third.register()
        assert refusal(refused) == (403, "device_limit")
        assert refused.json()["limit"] == 2
        assert {one["device_id"] for one in refused.json()["devices"]} == {one.device_id for one in devices}
        assert devices[0].register("renamed").status_code == 200  # not a new one
        listed = third.client.get("/devices").json()
        assert (listed["limit"], listed["items"][0]["name"]) == (2, "renamed")
        assert third.client.call("DELETE", f"/devices/{devices[0].device_id}").status_code == 204
        assert third.register().status_code == 200
        assert refusal(devices[0].register()) == (403, "device_revoked")

    def test_only_its_own_account_takes_a_device_away(self, running: Service, device: SigningDevice) -> None:
        stranger = running.client(running.account("ben"))
        path = f"/devices/{device.device_id}"
        assert refusal(stranger.call("DELETE", path)) == (404, "device_not_found")
        assert device.play().status_code == 200


class TestStreams:
    def test_the_plan_limits_them(self, running: Service) -> None:
        account = running.account("ben", "standard")
        phone, tablet, tv = (running.device(account) for _ in range(3))
        first = phone.play().json()
        running.clock.step(10)
        assert tablet.play(variant="clear").status_code == 200
        refused = tv.play()
        assert refusal(refused) == (403, "stream_limit")
        assert refused.json()["limit"] == 2
        assert refused.json()["streams"] == [
            {"device_id": phone.device_id, "name": "Desk", "title": "Film", "since_at": START},
            {"device_id": tablet.device_id, "name": "Desk", "title": "Film", "since_at": START + 10},
        ]
        assert tablet.play().status_code == 200  # in place of its own
        assert phone.post(f"/play/{first['session_id']}/end", {}).status_code == 204
        assert phone.post(f"/play/{first['session_id']}/end", {}).status_code == 204
        assert tv.play().status_code == 200

    def test_heartbeats_keep_a_place_and_silence_gives_it_up(self, running: Service) -> None:
        account = running.account("ben", "basic")
        phone, tv = running.device(account), running.device(account)
        session_id = phone.play().json()["session_id"]
        for _ in range(4):
            running.clock.step(80)
            beat = phone.post(f"/play/{session_id}/heartbeat", {"position_s": 1.0, "state": "paused"})
            assert beat.json() == {"next_in_s": 30.0, "expires_at": START + 6 * 3600}
            assert refusal(tv.play()) == (403, "stream_limit")
        running.clock.step(91)
        assert tv.play().status_code == 200

    def test_one_that_is_fetched_ahead_takes_its_place_with_its_first_heartbeat(self, running: Service) -> None:
        account = running.account("ben", "basic")
        here, elsewhere = running.device(account), running.device(account)
        playing = here.play().json()["session_id"]
        following = here.play(ahead=True).json()["session_id"]
        assert here.beat(playing).status_code == 200  # it goes on
        assert elsewhere.play(ahead=True).status_code == 200  # takes nothing from anybody
        assert refusal(elsewhere.play()) == (403, "stream_limit")
        assert here.beat(following).status_code == 200
        assert refusal(here.beat(playing)) == (409, "session_ended")

    def test_a_replaced_session_is_told(self, running: Service, device: SigningDevice) -> None:
        session_id = device.play().json()["session_id"]
        device.play()
        beat = {"position_s": 0.0, "state": "playing"}
        assert refusal(device.post(f"/play/{session_id}/heartbeat", beat)) == (409, "session_ended")
        stranger = running.device(running.account("ben"))
        for call, body in (("heartbeat", beat), ("end", {})):
            answer = stranger.post(f"/play/{session_id}/{call}", body)
            assert refusal(answer) == (404, "session_not_found")


class TestDownloads:
    def test_asking_again_gives_the_same_with_new_addresses(self, running: Service, device: SigningDevice) -> None:
        first = device.download().json()
        running.clock.step(3600)
        again = device.download().json()
        assert again["download_id"] == first["download_id"]
        assert again["urls_expire_at"] == first["urls_expire_at"] + 3600
        assert again["manifests"] != first["manifests"]
        assert device.download(variant="clear").json()["download_id"] != first["download_id"]

    def test_the_plan_limits_devices(self, running: Service) -> None:
        account = running.account("ben", "basic")
        phone, tablet = running.device(account), running.device(account)
        grant = phone.download().json()
        refused = tablet.download()
        assert refusal(refused) == (403, "download_device_limit")
        assert [one["device_id"] for one in refused.json()["devices"]] == [phone.device_id]
        licence = running.licence(phone.acquire(grant["download_id"]))
        phone.post(f"/licences/{licence['licence_id']}/release", {"receipt": phone.receipt(licence)})
        assert tablet.download().status_code == 200

    def test_the_plan_limits_titles(self, running: Service) -> None:
        device = running.device(running.account("ben", "basic"))
        for number in range(15):
            publish_ladder(running.context.settings, f"film-{number}")
            assert device.download(f"film-{number}").status_code == 200
        refused = device.download()
        assert (refusal(refused), refused.json()["limit"]) == ((403, "download_title_limit"), 15)
        running.clock.step(50 * DAY)  # a download that nobody renewed makes room
        assert device.download().status_code == 200

    def test_the_free_plan_has_none(self, running: Service) -> None:
        running.context.rights.contracts.set("film", ContractTerms(free=True), by=None)
        device = running.device(running.account("ben", "free"))
        assert refusal(device.download()) == (403, "download_not_allowed")
        assert device.play().status_code == 200

    def test_a_device_taken_away_counts_no_more(self, running: Service) -> None:
        account = running.account("ben", "basic")
        phone, tablet = running.device(account), running.device(account)
        phone.download()
        running.context.devices.revoke(account, phone.device_id)
        assert tablet.download().status_code == 200


class TestOffer:
    def test_a_title_that_needs_a_plan(self, running: Service) -> None:
        device = running.device(running.account("ben", "free"))
        assert refusal(device.play()) == (403, "plan_missing")
        assert refusal(device.download()) == (403, "plan_missing")

    def test_a_plan_counts_while_it_runs(self, running: Service) -> None:
        account = running.account("ben", "free")
        running.context.money.subscriptions.give(account, "standard", ends_at=START + 60)
        device = running.device(account)
        assert device.play().json()["expires_at"] == START + 60
        running.clock.step(60)
        assert refusal(device.play()) == (403, "plan_missing")
        with pytest.raises(LookupError):
            running.context.money.subscriptions.give(account, "gold")
        with pytest.raises(LookupError):
            running.context.money.subscriptions.give("nobody", "basic")

    def test_countries(self, running: Service) -> None:
        account = running.account("ben")
        running.context.rights.contracts.set("film", ContractTerms(countries=frozenset({"DE", "AT"})), by=None)
        german, elsewhere = running.device(account, "10.1.2.3"), running.device(account)
        assert german.play().status_code == 200
        assert refusal(elsewhere.play()) == (403, "not_in_region")
        assert [len(one.client.get("/catalog").json()["items"]) for one in (german, elsewhere)] == [1, 0]
        running.context.accounts.change(account, by=None, country="AT")  # counts where the network is unknown
        assert elsewhere.play().status_code == 200
        assert len(elsewhere.client.get("/catalog").json()["items"]) == 1
        running.context.rights.contracts.set("film", ContractTerms(countries=frozenset({"AT"})), by=None)
        assert refusal(german.play()) == (403, "not_in_region")
        assert elsewhere.play().status_code == 200

    def test_open_keys_hold_to_countries_too(self, running: Service, device: SigningDevice) -> None:
        from backend_stub.db.models import Title

        with running.context.database.write() as session:
            session.get_one(Title, "film").open_licence = True
        body = {"kids": [base64url(LADDER[0].kid)], "type": "temporary"}
        assert device.post("/clearkey/film", body).status_code == 200
        running.context.rights.contracts.set("film", ContractTerms(countries=frozenset({"DE"})), by=None)
        assert refusal(device.post("/clearkey/film", body)) == (403, "not_in_region")

    def test_the_window(self, running: Service, device: SigningDevice) -> None:
        rights = ContractTerms(available_from=START + 100, available_until=START + 200)
        running.context.rights.contracts.set("film", rights, by=None)
        early = device.play()
        assert (refusal(early), early.json()["available_from"]) == ((403, "not_yet_available"), START + 100)
        assert device.client.get("/catalog").json()["items"] == []
        running.clock.step(100)
        assert device.play().json()["expires_at"] == START + 200
        assert len(device.client.get("/catalog").json()["items"]) == 1
        grant = device.download().json()
        assert (grant["policy"]["expires_at"], grant["urls_expire_at"]) == (START + 200, START + 200)
        running.clock.step(100)
        assert refusal(device.play()) == (403, "no_longer_available")
        assert refusal(device.acquire(grant["download_id"])) == (403, "no_longer_available")
        assert device.client.get("/catalog").json()["items"] == []


def test_the_time_is_signed(running: Service) -> None:
    anyone = running.client(None)
    answer = anyone.get("/time?nonce=" + "t" * 22).json()
    header, time = read_jws(answer["token"], running.service_key())
    assert (answer["now_at"], header["typ"]) == (START, "matinee-time+jws")
    assert time == {"v": 2, "now_at": START, "nonce": "t" * 22}
    _, time = read_jws(anyone.get("/time").json()["token"], running.service_key())
    assert time["nonce"] is None
    assert refusal(anyone.get("/time?nonce=x")) == (422, "invalid_request")
