"""Device-bound licences of version 2: what is given to whom, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select

from backend_stub.db.models import ContentKey
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.streams import AHEAD_S, BEAT_S, SILENT_S
from tests.kit.backend import open_licence_jwe
from tests.kit.rights import (
    INFO,
    KIDS,
    START,
    Service,
    SigningDevice,
    publish_ladder,
    read_jws,
    refusal,
    sign,
)

DAY = 86400.0
AUDIO, SD, HD, UHD = KIDS


def test_a_streaming_licence_says_what_it_is(running: Service, device: SigningDevice) -> None:
    play = device.play().json()
    assert play["licence"]["kids"] == KIDS
    answer = device.post(
        play["licence"]["signed_url"],
        {
            "request": sign(
                device.key,
                "matinee-licence-request+jws",
                device.request(type="streaming", session_id=play["session_id"], nonce="n" * 22),
            )
        },
    )
    licence = running.licence(answer)
    assert device.keys_in(answer) == KIDS
    header, key_set = open_licence_jwe(answer.json()["jwe"], device.key)
    assert (header["sid"], key_set["type"]) == (play["session_id"], "temporary")
    digest = hashlib.sha256(answer.json()["jwe"].encode()).digest()
    assert licence["jwe_sha256"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (licence["type"], licence["session_id"], licence["sequence"]) == ("streaming", play["session_id"], 1)
    assert (licence["nonce"], licence["device_id"], licence["title_id"]) == ("n" * 22, device.device_id, "film")
    assert (licence["issued_at"], licence["expires_at"]) == (START, START + 90)
    assert licence["renewal"]["until_at"] == play["expires_at"] == START + 6 * 3600
    assert licence["play_s"] is None
    assert licence["keys"][HD] == {"label": "HD", "max_height": 1080, "hdcp": "none"}
    assert licence["withheld"] == {}
    assert licence["plan"]["name"] == "premium"


def test_a_download_gets_a_persistent_licence(running: Service, device: SigningDevice) -> None:
    grant = device.download().json()
    assert grant["licence"]["kids"] == KIDS
    assert grant["manifests"][0]["dash"].startswith("http://edge/s/")
    assert grant["policy"]["expires_at"] == START + 30 * DAY
    answer = device.acquire(grant["download_id"])
    licence = running.licence(answer)
    assert (licence["type"], licence["expires_at"], licence["play_s"]) == ("persistent", START + 30 * DAY, 2 * DAY)
    assert licence["renewal"]["from_at"] == START + 24 * DAY
    assert licence["renewal"]["until_at"] == START + 44 * DAY
    _, key_set = open_licence_jwe(answer.json()["jwe"], device.key)
    assert key_set["type"] == "persistent-license"


def test_a_clear_download_gets_rights_and_no_keys(running: Service, device: SigningDevice) -> None:
    grant = device.download(variant="clear").json()
    assert grant["licence"]["kids"] == []
    answer = device.acquire(grant["download_id"], kids=[])
    licence = running.licence(answer)
    assert answer.json()["jwe"] is None
    assert (licence["jwe_sha256"], licence["keys"], licence["variant"]) == (None, {}, "clear")


def test_only_the_device_opens_the_keys(device: SigningDevice) -> None:
    answer = device.acquire(device.download().json()["download_id"])
    with pytest.raises(JoseError):
        open_licence_jwe(answer.json()["jwe"], ECKey.generate_key("P-256"))


@pytest.mark.parametrize(
    ("plan", "given", "height"),
    [("basic", [AUDIO, SD], 576), ("standard", [AUDIO, SD, HD], 1080), ("premium", KIDS, None)],
)
def test_a_plan_gets_the_keys_it_pays_for(running: Service, plan: str, given: list[str], height: int | None) -> None:
    device = running.device(running.account("ben", plan))
    grant = device.download().json()
    assert grant["licence"]["kids"] == given
    assert grant["policy"]["max_height"] == height
    answer = device.acquire(grant["download_id"])
    assert device.keys_in(answer) == given
    assert running.licence(answer)["withheld"] == {kid: "plan" for kid in KIDS if kid not in given}
    beyond = [kid for kid in KIDS if kid not in given]
    if beyond:
        assert refusal(device.acquire(grant["download_id"], kids=[AUDIO, *beyond])) == (403, "not_entitled")
        play = device.play().json()
        assert play["licence"]["kids"] == given


def test_a_smaller_download_needs_fewer_keys(device: SigningDevice) -> None:
    assert device.download(max_height=480).json()["licence"]["kids"] == [AUDIO, SD]
    assert device.download(max_height=720).json()["licence"]["kids"] == [AUDIO, SD, HD]


def test_outputs_that_are_not_protected_get_no_high_quality(running: Service, device: SigningDevice) -> None:
    rights = ContractTerms(hdcp={"HD": "1.4", "UHD": "2.2"})
    running.context.rights.contracts.set("film", rights, by=None)
    session_id = device.download().json()["download_id"]
    answer = device.acquire(session_id)
    assert device.keys_in(answer) == [AUDIO, SD]
    assert running.licence(answer)["withheld"] == {HD: "hdcp", UHD: "hdcp"}
    better = device.acquire(session_id, info={**INFO, "hdcp": "1.4"})
    assert device.keys_in(better) == [AUDIO, SD, HD]
    assert refusal(device.acquire(session_id, kids=[UHD])) == (403, "hdcp_too_low")


def test_keys_that_the_title_does_not_have(running: Service, device: SigningDevice) -> None:
    session_id = device.download().json()["download_id"]
    stranger = "ab" * 16
    assert running.licence(device.acquire(session_id, kids=[SD, stranger]))["withheld"] == {stranger: "unknown"}
    assert refusal(device.acquire(session_id, kids=[stranger])) == (404, "key_not_found")


class TestRefusedRequests:
    def test_an_unproven_device(self, running: Service) -> None:
        device = SigningDevice(running.client(running.account("cleo")), running.clock)
        unproven = device.post("/devices", {"name": "x", "public_key": device.jwk}).json()
        assert unproven == {"device_id": device.device_id, "proven": False}
        assert refusal(device.download()) == (403, "device_unproven")
        play = device.play().json()
        streaming = device.acquire(play["session_id"], type="streaming")
        assert refusal(streaming) == (403, "device_unproven")
        assert device.register().json()["proven"]
        assert device.download().status_code == 200

    def test_a_request_counts_once(self, running: Service, device: SigningDevice) -> None:
        session_id = device.download().json()["download_id"]
        request = sign(device.key, "matinee-licence-request+jws", device.request(session_id=session_id))
        assert device.post("/licences", {"request": request}).status_code == 200
        assert refusal(device.post("/licences", {"request": request})) == (409, "replayed")
        running.clock.step(290)
        assert refusal(device.post("/licences", {"request": request})) == (409, "replayed")
        running.clock.step(11)
        assert refusal(device.post("/licences", {"request": request})) == (403, "clock_skew")

    def test_a_refused_request_cannot_be_sent_again_later(self, running: Service, device: SigningDevice) -> None:
        session_id = device.download().json()["download_id"]
        running.context.rights.revocations.revoke_title("film", "test", by="x")
        request = sign(device.key, "matinee-licence-request+jws", device.request(session_id=session_id))
        assert refusal(device.post("/licences", {"request": request}))[0] == 403
        running.context.rights.revocations.restore_title("film", by="x")
        assert refusal(device.post("/licences", {"request": request})) == (409, "replayed")

    @pytest.mark.parametrize("skew", [-301.0, 301.0])
    def test_a_wrong_clock_is_told_the_time(self, running: Service, device: SigningDevice, skew: float) -> None:
        nonce = "q" * 22
        answer = device.acquire("0" * 32, issued_at=START + skew, nonce=nonce)
        assert refusal(answer) == (403, "clock_skew")
        assert answer.json()["now_at"] == START
        header, time = read_jws(answer.json()["time"], running.service_key())
        assert (header["typ"], time) == ("matinee-time+jws", {"v": 2, "now_at": START, "nonce": nonce})

    @pytest.mark.parametrize("skew", [-299.0, 299.0])
    def test_a_clock_that_is_nearly_right_will_do(self, device: SigningDevice, skew: float) -> None:
        session_id = device.download().json()["download_id"]
        assert device.acquire(session_id, issued_at=START + skew).status_code == 200

    def test_what_is_not_signed_right(self, running: Service, device: SigningDevice) -> None:
        session_id = device.download().json()["download_id"]
        other = ECKey.generate_key("P-256")
        payload = device.request(session_id=session_id)
        kind = "matinee-licence-request+jws"
        forged = [
            sign(other, kind, payload, kid=device.device_id),
            sign(device.key, "matinee-renewal+jws", payload),
            sign(device.key, kind, {**payload, "v": 1}),
            sign(device.key, kind, {**payload, "device_id": other.thumbprint()}),
            sign(device.key, kind, {**payload, "nonce": "short"}),
            sign(device.key, kind, {**payload, "issued_at": "now"}),
            sign(device.key, kind, {name: value for name, value in payload.items() if name != "kids"}),
            "abc",
            "a.b.c",
        ]
        good = sign(device.key, kind, payload)
        head, body, signature = good.split(".")
        forged += [f"{head}.{body}.", f"{head}.{body}A.{signature}", f"{head}..{signature}"]
        for request in forged:
            assert refusal(device.post("/licences", {"request": request})) == (422, "bad_signed_request"), request
        assert device.post("/licences", {"request": good}).status_code == 200

    def test_another_algorithm_is_not_taken(self, device: SigningDevice) -> None:
        from joserfc import jws
        from joserfc.jwk import OctKey

        header = {"alg": "HS256", "typ": "matinee-licence-request+jws", "kid": device.device_id}
        request = jws.serialize_compact(header, b"{}", OctKey.import_key(str(device.jwk)), algorithms=["HS256"])
        assert refusal(device.post("/licences", {"request": request})) == (422, "bad_signed_request")

    def test_a_stranger_gets_nothing(self, running: Service, device: SigningDevice) -> None:
        session_id = device.download().json()["download_id"]
        thief = running.device(running.account("thief"))
        assert refusal(thief.acquire(session_id)) == (404, "session_not_found")
        licence = running.licence(device.acquire(session_id))
        assert refusal(thief.renew(licence)) == (404, "licence_not_found")
        stolen = sign(device.key, "matinee-licence-request+jws", device.request(session_id=session_id))
        assert refusal(thief.post("/licences", {"request": stolen})) == (403, "device_unknown")
        second = running.device(running.context.accounts.find("anna@matinee.local").id)  # type: ignore[union-attr]
        assert refusal(second.acquire(session_id)) == (403, "device_mismatch")

    def test_media_of_another_title(self, running: Service, device: SigningDevice) -> None:
        session_id = device.download().json()["download_id"]
        assert device.acquire(session_id, pssh=pssh_of(SD, HD)).status_code == 200
        assert refusal(device.acquire(session_id, pssh=pssh_of(SD, "cd" * 16))) == (422, "bad_pssh")
        for broken in ("!", "AAAA", base64.b64encode(b"\0" * 40).decode()):
            assert refusal(device.acquire(session_id, pssh=broken)) == (422, "bad_pssh"), broken

    def test_a_session_that_ended(self, running: Service, device: SigningDevice) -> None:
        first = device.play().json()
        publish_ladder(running.context.settings, "other")
        device.play("other")
        ended = device.acquire(first["session_id"], type="streaming")
        assert refusal(ended) == (409, "session_ended")
        second = device.play().json()
        assert device.acquire(second["session_id"], type="streaming").status_code == 200
        # The same title on the same device again, for new addresses: a licence on its way is still given.
        assert device.acquire(first["session_id"], type="streaming").status_code == 200
        running.clock.step(6 * 3600 + 1)
        assert refusal(device.acquire(second["session_id"], type="streaming")) == (403, "session_expired")

    def test_a_session_of_the_other_kind(self, device: SigningDevice) -> None:
        play, grant = device.play().json(), device.download().json()
        assert refusal(device.acquire(play["session_id"], type="persistent")) == (404, "session_not_found")
        assert refusal(device.acquire(grant["download_id"], type="streaming")) == (404, "session_not_found")


class TestRenewal:
    @pytest.fixture
    def licence(self, running: Service, device: SigningDevice) -> dict[str, Any]:
        return running.licence(device.acquire(device.download().json()["download_id"]))

    def test_it_begins_the_clocks_anew(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        running.clock.step(25 * DAY)
        answer = device.renew(licence, first_play_at=START + DAY)
        renewed = running.licence(answer)
        assert (renewed["licence_id"], renewed["sequence"]) == (licence["licence_id"], 2)
        assert renewed["expires_at"] == START + 55 * DAY
        assert renewed["first_play_at"] is None
        assert device.keys_in(answer) == KIDS

    def test_it_is_possible_for_a_while_after_the_end(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        running.clock.step(43 * DAY)
        assert device.renew(licence).status_code == 200

    def test_and_then_no_more(self, running: Service, device: SigningDevice, licence: dict[str, Any]) -> None:
        running.clock.step(45 * DAY)
        assert refusal(device.renew(licence)) == (403, "renewal_closed")
        assert refusal(device.acquire(licence["session_id"])) == (403, "renewal_closed")

    def test_a_lost_answer_is_asked_for_again(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        assert device.renew(licence).status_code == 200
        stale = device.renew(licence)
        assert refusal(stale) == (409, "stale_sequence")
        again = device.renew(licence, sequence=stale.json()["sequence"])
        assert running.licence(again)["sequence"] == 3
        assert refusal(device.renew(licence, sequence=2**30 + 1)) == (422, "bad_signed_request")

    def test_a_service_with_an_older_memory_goes_on_from_what_the_device_holds(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        """Its operator has put a backup back, and the licence was renewed since."""
        renewed = running.licence(device.renew(licence, sequence=7))
        assert renewed["sequence"] == 8
        assert refusal(device.renew(licence)) == (409, "stale_sequence")  # an older copy is found still
        running.context.rights.revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
        assert refusal(device.renew(licence, sequence=9)) == (403, "licence_revoked")

    def test_a_rental_keeps_its_first_play(self, running: Service, device: SigningDevice) -> None:
        running.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
        licence = running.licence(device.acquire(device.download().json()["download_id"]))
        running.clock.step(DAY)
        renewed = running.licence(device.renew(licence, first_play_at=START + 100))
        assert renewed["first_play_at"] == START + 100
        later = running.licence(device.renew(renewed, first_play_at=START + 5000))
        assert later["first_play_at"] == START + 100
        running.clock.step(DAY + 100)
        assert refusal(device.renew(later)) == (403, "rental_over")
        assert refusal(device.acquire(licence["session_id"])) == (403, "rental_over")

    @pytest.mark.parametrize("how", ["receipt", "give back", "another device"])
    def test_a_rental_goes_on_with_its_next_download(self, running: Service, device: SigningDevice, how: str) -> None:
        """Neither a receipt, nor a place given back, nor another device of the account starts its hours again."""
        running.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
        licence = running.licence(device.acquire(device.download().json()["download_id"]))
        running.clock.step(DAY)
        played = licence | {"first_play_at": START + 100}
        next_one = device
        if how == "receipt":
            receipt = {"receipt": device.receipt(licence, first_play_at=START + 100)}
            assert device.post(f"/licences/{licence['licence_id']}/release", receipt).status_code == 200
        else:
            assert device.state(1, played).status_code == 200
        if how == "give back":
            assert device.client.call("DELETE", f"/downloads/{licence['session_id']}").status_code == 204
        elif how == "another device":
            next_one = SigningDevice(device.client, device.clock)
            next_one.register()
        begun = running.licence(next_one.acquire(next_one.download().json()["download_id"]))
        assert begun["licence_id"] != licence["licence_id"]
        assert begun["first_play_at"] == START + 100
        running.clock.step(DAY + 100)  # its 48 hours are over
        assert refusal(next_one.acquire(next_one.download().json()["download_id"])) == (403, "rental_over")
        running.clock.step(90 * DAY)
        later = running.licence(device.acquire(device.download().json()["download_id"]))
        assert later["first_play_at"] is None  # rented again

    def test_a_title_that_leaves_is_not_renewed_beyond_that(self, running: Service, device: SigningDevice) -> None:
        running.context.rights.contracts.set("film", ContractTerms(available_until=START + 5 * DAY), by=None)
        licence = running.licence(device.acquire(device.download().json()["download_id"]))
        assert (licence["expires_at"], licence["renewal"]) == (START + 5 * DAY, None)
        assert refusal(device.renew(licence)) == (403, "renewal_closed")

    def test_a_plan_that_ends_ends_the_licence(self, running: Service) -> None:
        account = running.account("dora")
        running.context.money.subscriptions.give(account, "premium", ends_at=START + 2 * DAY)
        device = running.device(account)
        licence = running.licence(device.acquire(device.download().json()["download_id"]))
        assert licence["expires_at"] == START + 2 * DAY
        running.clock.step(3 * DAY)
        assert refusal(device.renew(licence)) == (403, "plan_missing")
        running.context.money.subscriptions.give(account, "basic")
        answer = device.renew(licence)
        assert device.keys_in(answer) == [AUDIO, SD]

    def test_new_keys_of_the_title_come_with_it(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        from backend_stub.master_keys import MasterKeys
        from backend_stub.services.content_keys import KeyVault, PlainKey

        new = PlainKey("HD", b"\x77" * 16, b"\x78" * 16)
        vault = KeyVault(MasterKeys(running.context.settings.secrets_dir))
        with running.context.database.write() as session:
            vault.store(session, "film", [new])
        answer = device.renew(licence, kids=[*KIDS, new.kid.hex()])
        assert set(device.keys_in(answer)) == {*KIDS, new.kid.hex()}


def test_a_title_with_other_rights_is_left_alone(running: Service, device: SigningDevice) -> None:
    publish_ladder(running.context.settings, "other")
    running.context.rights.contracts.set("film", replace(ContractTerms(), download=False), by=None)
    assert refusal(device.download()) == (403, "download_not_allowed")
    assert device.download("other").status_code == 200


def pssh_of(*kids: str) -> str:
    """A ``pssh`` box of version 1 of the common system that names these keys."""
    system = bytes.fromhex("1077efecc0b24d02ace33c1e52e2fb4b")
    body = b"".join([system, struct.pack(">I", len(kids)), *map(bytes.fromhex, kids), struct.pack(">I", 0)])
    return base64.b64encode(struct.pack(">I4sI", 12 + len(body), b"pssh", 1 << 24) + body).decode()


@pytest.mark.logs_errors
def test_a_row_of_keys_that_was_moved_gives_no_licence(running: Service, device: SigningDevice) -> None:
    session_id = device.play().json()["session_id"]
    with running.context.database.write() as session:
        for row in session.scalars(select(ContentKey)):
            row.label = "UHD" if row.label == "SD" else row.label
    assert refusal(device.acquire(session_id, type="streaming")) == (500, "key_damaged")


class TestWithHeartbeats:
    """The keys of a play session live as long as it has its place."""

    def acquire(self, device: SigningDevice, play: dict[str, Any]) -> httpx.Response:
        return device.acquire(play["session_id"], type="streaming")

    def test_they_are_given_again_while_it_beats(self, running: Service, device: SigningDevice) -> None:
        play = device.play().json()
        for _ in range(5):
            assert running.licence(self.acquire(device, play))["expires_at"] == running.clock.now() + SILENT_S
            running.clock.step(BEAT_S)
            assert device.beat(play["session_id"]).status_code == 200

    def test_without_heartbeats_they_end(self, running: Service, device: SigningDevice) -> None:
        play = device.play().json()
        running.clock.step(SILENT_S)
        assert refusal(self.acquire(device, play)) == (403, "session_expired")

    def test_those_given_ahead_end_in_a_minute(self, running: Service, device: SigningDevice) -> None:
        play = device.play(ahead=True).json()
        running.clock.step(20)
        assert running.licence(self.acquire(device, play))["expires_at"] == running.clock.now() + AHEAD_S - 20
        running.clock.step(AHEAD_S)
        assert refusal(self.acquire(device, play)) == (403, "session_expired")
        assert device.beat(play["session_id"]).status_code == 200
        assert running.licence(self.acquire(device, play))["expires_at"] == running.clock.now() + SILENT_S

    def test_more_screens_than_the_plan_has_get_none_for_long(self, running: Service) -> None:
        """Whoever began more without a heartbeat has keys for a minute."""
        account = running.account("many", "basic")
        devices = [running.device(account) for _ in range(4)]
        plays = [device.play(ahead=True).json() for device in devices]
        running.clock.step(AHEAD_S)
        answers = [device.beat(play["session_id"]) for device, play in zip(devices, plays, strict=True)]
        assert [answer.status_code for answer in answers] == [200, 403, 403, 403]
        licences = [self.acquire(device, play) for device, play in zip(devices, plays, strict=True)]
        assert [answer.status_code for answer in licences] == [200, 403, 403, 403]


def test_there_is_no_way_to_keys_but_the_signed_one(running: Service, device: SigningDevice) -> None:
    session_id = device.play().json()["session_id"]
    body = {"kids": [], "type": "temporary", "device_id": device.device_id}
    assert device.post(f"/licence/{session_id}", body).status_code == 404
