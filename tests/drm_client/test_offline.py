"""Kept licences against a service in memory: acquired, judged, renewed, withdrawn, given back."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from drm_client import signed
from drm_client.clock import UNSAVED_S
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import LicenceCall
from drm_client.licence_store import LicenceStore
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply, RefusedError
from drm_client.rights import RightsState
from drm_client.trust import MAX_KEYS
from drm_client.trusted_service import TrustedService
from drm_client.vault import FILE_NAME
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.licence_server import (
    ADDRESS,
    AUDIO,
    DAY,
    HD,
    HOUR,
    KEYS,
    SD,
    START,
    LicenceServer,
    Offline,
    Payload,
    Terms,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def playable(desk: Desk, licence_id: str) -> bool:
    """Whether a playback may begin, with the right keys."""
    ring = KeyRing()
    try:
        desk.licences.open(licence_id, ring)
    except DrmError:
        assert ring.kids() == ()
        return False
    assert all(ring.get(kid).value == KEYS[kid] for kid in (AUDIO, SD))
    ring.clear()
    return True


async def test_a_licence_is_kept_and_plays_without_a_network(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.server.online = False
    desk.reopen()
    assert desk.licences.find("the-film") == (licence_id,)
    assert desk.licences.standing(licence_id).sentence == "You have 2 days left to watch this."
    assert playable(desk, licence_id)
    assert desk.licences.standing(licence_id).state is RightsState.STARTED
    request = desk.server.requests[0]
    assert request["info"]["hdcp"] == "none"
    assert (request["type"], request["session_id"]) == ("persistent", "download-1")
    assert request["kids"] == [AUDIO.hex(), SD.hex()]
    whole = (desk.folder / FILE_NAME).read_bytes()
    assert not any(key in whole or key.hex().encode() in whole for key in KEYS.values())


async def test_it_ends_when_its_time_is_up_and_a_renewal_brings_it_back(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.machine.run(48 * HOUR)
    with pytest.raises(DrmError) as caught:
        desk.licences.open(licence_id, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_EXPIRED
    assert caught.value.fields["state"] == "expired"
    await desk.licences.renew(licence_id)
    assert desk.server.requests[-1]["sequence"] == 1
    assert desk.licences.standing(licence_id).remaining_s == 48 * HOUR
    assert playable(desk, licence_id)


async def test_a_rental_ends_so_long_after_its_first_play(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(play_s=3 * HOUR, rental=True, grace_s=HOUR))
    licence_id = await desk.kept()
    desk.machine.run(HOUR)
    watching = desk.licences.open(licence_id, KeyRing()).standing
    assert watching.remaining_s == 4 * HOUR
    desk.machine.run(3 * HOUR)
    assert not playable(desk, licence_id)
    running = desk.licences.standing(licence_id, watching_since_s=START + HOUR)
    assert (running.state, running.remaining_s) == (RightsState.GRACE, HOUR)
    await desk.licences.renew(licence_id)
    assert desk.server.requests[-1]["first_play_at"] == START + HOUR
    assert desk.licences.standing(licence_id).state is RightsState.PLAYED_OUT


async def test_the_clock_can_be_set_as_one_likes_within_a_boot(desk: Desk) -> None:
    licence_id = await desk.kept()
    for error_s in (-900 * DAY, 900 * DAY):
        desk.machine.wall_error_s = error_s
        desk.machine.run(HOUR)
        assert desk.licences.standing(licence_id).state is RightsState.READY
    desk.machine.wall_error_s = -900 * DAY
    desk.machine.run(48 * HOUR)
    assert not playable(desk, licence_id)


async def test_a_forward_jump_is_healed_by_asking_the_service_for_its_time(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.machine.wall_error_s = 900 * DAY
    desk.machine.restart(HOUR)
    standing = desk.licences.standing(licence_id)
    assert (standing.state, standing.provisional) == (RightsState.EXPIRED, True)
    now = await desk.service.ask_time()
    assert now.at_s == desk.machine.real.at_s
    assert desk.licences.standing(licence_id).remaining_s == 47 * HOUR
    assert playable(desk, licence_id)


async def test_a_first_play_under_a_wrong_date_is_set_right_with_the_clock(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(play_s=2 * HOUR))
    licence_id = await desk.kept()
    desk.machine.wall_error_s = 20 * HOUR
    desk.machine.restart()
    assert playable(desk, licence_id)
    desk.machine.run(HOUR)
    await desk.service.ask_time()
    assert desk.licences.standing(licence_id).playback_s == pytest.approx(HOUR, abs=1)


async def test_a_renewal_with_a_wrong_clock_learns_the_time_first(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.machine.wall_error_s = 20 * DAY
    desk.machine.restart(30 * HOUR)
    await desk.licences.renew(licence_id)
    assert "/time" in desk.server.calls
    assert not desk.server.skewed
    assert desk.licences.standing(licence_id).remaining_s == 48 * HOUR


async def test_an_answer_that_was_lost_does_not_stop_the_next_renewal(desk: Desk) -> None:
    licence_id = await desk.kept()
    lost: Callable[[dict[str, Any]], dict[str, Any]] = lambda _answer: {"licence": "", "jwe": None}  # noqa: E731
    desk.server.swap = lost
    with pytest.raises(DrmError):
        await desk.licences.renew(licence_id)
    desk.server.swap = lambda answer: answer
    await desk.licences.renew(licence_id)
    assert desk.licences.store.get(licence_id).rights.policy.sequence == 3
    assert playable(desk, licence_id)


async def test_new_keys_come_with_a_renewal(desk: Desk) -> None:
    licence_id = await desk.kept()
    await desk.licences.renew(licence_id, [HD])
    ring = KeyRing()
    desk.licences.open(licence_id, ring)
    assert ring.get(HD).value == KEYS[HD]


async def test_withheld_keys_are_told_and_asked_for_again(desk: Desk) -> None:
    desk.server.terms.withheld = {HD.hex(): "plan"}
    kept = await desk.licences.acquire(replace(ORDER, kids=(AUDIO, SD, HD)))
    assert dict(kept.rights.policy.withheld) == {HD: "plan"}
    assert set(kept.rights.policy.keys) == {AUDIO, SD}
    desk.server.terms.withheld = {}
    await desk.licences.renew(kept.licence_id)
    assert HD in desk.licences.store.get(kept.licence_id).rights.policy.keys


async def test_a_clear_title_has_rights_and_no_keys(desk: Desk) -> None:
    kept = await desk.licences.acquire(replace(ORDER, kids=()))
    ring = KeyRing()
    assert desk.licences.open(kept.licence_id, ring).standing.may_play
    assert ring.kids() == ()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("device_id", "another"),
        ("session_id", "download-2"),
        ("nonce", "an-older-one"),
        ("type", "streaming"),
        ("title_id", "another-film"),
        ("sequence", 0),
        ("keys", {HD.hex(): {"label": "HD", "max_height": 1080, "hdcp": "none"}}),
        ("jwe_sha256", None),
        ("jwe_sha256", "AAAA"),
        ("v", 3),
        ("issued_at", -1),
        ("issued_at", 1e300),
        ("expires_at", "soon"),
        ("expires_at", True),
        ("licence_id", "../../etc"),
        ("keys", {"xyz": {}}),
        ("keys", {AUDIO.hex(): 5}),
        ("keys", []),
        ("withheld", None),
        ("rental", "no"),
        ("renewal", {"url": 5}),
        ("output", {"hdcp": "9.9", "analogue": True, "mirror": True}),
        ("plan", {"name": None}),
        ("type", "for ever"),
    ],
)
async def test_a_licence_for_another_is_not_taken(desk: Desk, member: str, value: object) -> None:
    desk.server.tamper = lambda payload: payload.update({member: value})
    with pytest.raises(DrmError) as caught:
        await desk.licences.acquire(ORDER)
    assert caught.value.code is DrmErrorCode.LICENCE_UNTRUSTED
    assert desk.licences.store.ids() == ()


async def test_a_recorded_answer_is_not_taken_a_second_time(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    desk.server.swap = lambda answer: answers.append(answer) or answers[0]
    await desk.licences.acquire(ORDER)
    for again in (desk.licences.acquire(ORDER), desk.licences.renew(desk.licences.store.ids()[0])):
        with pytest.raises(DrmError, match="nonce"):
            await again


async def test_keys_cannot_be_put_under_another_policy(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    desk.server.swap = lambda answer: answers.append(answer) or {**answer, "jwe": answers[0]["jwe"]}
    await desk.licences.acquire(ORDER)
    with pytest.raises(DrmError, match="another keys"):
        await desk.licences.acquire(ORDER)


def _forged(token: str, **header: object) -> str:
    parts = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
    parts[0] = base64.urlsafe_b64encode(json.dumps({**decoded, **header}).encode()).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: _forged(token, alg="none"),
        lambda token: _forged(token, alg="HS256"),
        lambda token: _forged(token, typ="matinee-time+jws"),
        lambda token: _forged(token, kid=5),
        lambda token: token[:-4] + "AAAA",
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda token: token.replace(".", ".A", 1),
        lambda _token: 5,
        lambda _token: "",
    ],
)
async def test_what_is_not_signed_by_the_service_is_not_taken(desk: Desk, forge: Callable[[str], object]) -> None:
    desk.server.swap = lambda answer: {**answer, "licence": forge(answer["licence"])}
    with pytest.raises(DrmError) as caught:
        await desk.licences.acquire(ORDER)
    assert caught.value.code is DrmErrorCode.LICENCE_UNTRUSTED


def test_a_statement_is_bounded() -> None:
    with pytest.raises(DrmError):
        signed.verify("x" * (signed.MAX_CHARS + 1), signed.TIME, {}.get)


async def test_the_services_key_is_pinned_and_rotates_by_endorsement(desk: Desk) -> None:
    await desk.kept()
    for _ in range(3):
        desk.server.rotate()
    await desk.kept()  # the chain is followed
    assert desk.server.calls.count("/keys") == 2
    await desk.kept()
    assert desk.server.calls.count("/keys") == 2
    impostor = LicenceServer(desk.device.public_jwk(), desk.machine.real)
    desk.server.signers, desk.server.endorsements = impostor.signers, []
    with pytest.raises(DrmError) as caught:
        await desk.kept()
    assert caught.value.code is DrmErrorCode.LICENCE_UNTRUSTED
    desk.server.rotate()  # an endorsement by an impostor makes nobody trusted
    with pytest.raises(DrmError):
        await desk.kept()


async def test_a_device_that_was_away_for_years_of_rotations_follows_the_chain(desk: Desk) -> None:
    await desk.kept()
    for _ in range(MAX_KEYS - 1):
        desk.server.rotate()
    await desk.kept()


async def test_a_recorded_time_does_not_turn_back_what_the_wall_clock_added(desk: Desk) -> None:
    await desk.kept()
    old = desk.server.sign("matinee-time+jws", {"now_at": START, "nonce": None})
    desk.machine.restart(40 * HOUR)
    before = desk.clock.now()
    answer = desk.server._answer
    desk.server._answer = lambda path, query, body: (
        (200, {"token": old}) if path == "/time" else answer(path, query, body)
    )  # type: ignore[method-assign]
    with pytest.raises(DrmError, match="older time"):
        await desk.service.ask_time()
    assert desk.clock.now() == before


async def test_a_withdrawn_licence_plays_no_more(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.server.revoked.add(licence_id)
    assert playable(desk, licence_id)  # until the service is heard
    with pytest.raises(RefusedError) as caught:
        await desk.licences.renew(licence_id)
    assert caught.value.code is DrmErrorCode.LICENCE_REVOKED
    assert desk.licences.standing(licence_id).state is RightsState.REVOKED
    assert desk.licences.store.get(licence_id).keys == ()
    assert not playable(desk, licence_id)


@pytest.mark.parametrize("says", ["licence_revoked", "device_revoked", "title_revoked", "licence_released"])
async def test_a_refusal_that_nobody_signed_takes_nothing_away(desk: Desk, says: str) -> None:
    """Whatever stands between the device and its service can refuse in its name."""
    licence_id = await desk.kept()

    def refuse(*_asked: object) -> tuple[int, dict[str, object]]:
        return 403, {"code": says, "title": "No."}

    for between in ("_renew", "_state"):  # at first the service itself is heard, and says that it is in force
        cut = patch.multiple(desk.server, **{"_renew": refuse, between: refuse})
        with cut, pytest.raises(RefusedError):
            await desk.licences.renew(licence_id)
        assert playable(desk, licence_id)


async def test_a_receipt_stays_until_its_service_has_heard_it(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.licences.remove(licence_id)
    others = [
        (403, {"title": "Blocked by your network."}),
        (403, {"code": "licence_revoked"}),
        (200, {"portal": "Please sign in."}),
        (200, {"licence_id": "b" * 32}),
    ]
    for answer in others:
        with patch.object(desk.server, "_answer", lambda *_asked, answer=answer: answer), pytest.raises(DrmError):
            await desk.licences.send_receipts()
    assert await desk.licences.send_receipts() == 1
    desk.licences.remove(await desk.kept())
    unknown = (404, {"code": "licence_not_found", "title": "There is no such licence."})
    with patch.object(desk.server, "_answer", lambda *_asked: unknown):
        assert await desk.licences.send_receipts() == 1


@pytest.mark.parametrize("forged", [(200, None), (404, "licence_not_found"), (422, "bad_signed_request")])
async def test_over_plain_http_a_receipt_stays_until_the_service_signs_it(
    desk: Desk, forged: tuple[int, str | None]
) -> None:
    service = TrustedService("http://box.example", desk.vault, desk.clock, desk.server.exchange)
    licences = OfflineLicences(desk.vault, desk.device, service)
    licence_id = (await licences.acquire(ORDER)).licence_id
    licences.remove(licence_id)
    honest = desk.server._answer

    def between(path: str, query: Any, body: Any) -> tuple[int, dict[str, object]]:
        status, code = forged
        said = {"licence_id": path.split("/")[2], "released_at": 1.0} if code is None else {"code": code}
        return (status, said) if path.endswith("/release") else honest(path, query, body)

    with patch.object(desk.server, "_answer", between):
        assert await licences.send_receipts() == 0
    assert licence_id not in desk.server.released
    assert await licences.send_receipts() == 1
    assert licence_id in desk.server.released
    licences.remove((await licences.acquire(ORDER)).licence_id)
    desk.server.licences.clear()  # the service was restored from a backup, and knows of none
    with patch.object(desk.server, "_answer", between):
        assert await licences.send_receipts() == 1


async def test_what_finds_an_older_copy_confirms_the_rest_at_once(desk: Desk) -> None:
    """Over plain HTTP a removal asks for the service's word. It found out that the vault is an older copy, and the
    program ended: without a network nothing played any more."""
    service = TrustedService("http://box.example", desk.vault, desk.clock, desk.server.exchange)
    licences = OfflineLicences(desk.vault, desk.device, service)
    stays, goes = [(await licences.acquire(ORDER)).licence_id for _ in range(2)]
    desk.server.generation = 2**50  # it was told of more changes than this vault knows of
    licences.remove(goes)
    assert await licences.send_receipts() == 1
    desk.server.online = False
    assert licences.standing(stays).state is RightsState.READY


async def test_a_service_that_calls_every_vault_an_older_copy_is_asked_once_more_at_most(desk: Desk) -> None:
    def state(asked: dict[str, Any]) -> Any:
        desk.server.generation = asked["before"] + 2**30
        return honest(asked)

    honest = desk.server._state
    with patch.object(desk.server, "_state", state):
        assert not await desk.licences.is_device_removed()
    assert desk.server.calls.count("/licences/state") == 2


@pytest.mark.parametrize("state", ["answered", "refused"])
async def test_only_a_signed_word_says_that_the_device_was_removed(desk: Desk, state: str) -> None:
    """Of an account that is gone the list alone still says so."""
    unknown = (403, {"code": "device_unknown", "title": "No account has this device."})
    with patch.object(desk.server, "_state", desk.server._state if state == "answered" else lambda _asked: unknown):
        assert not await desk.licences.is_device_removed()
        desk.server.revoked_devices.append(desk.device.device_id)
        assert await desk.licences.is_device_removed()


async def test_a_title_that_is_downloaded_twice_keeps_the_keys_of_both(desk: Desk) -> None:
    """The service goes on with the one licence; the second download is of another quality."""
    desk.server.goes_on = True
    first = await desk.licences.acquire(ORDER)
    second = await desk.licences.acquire(replace(ORDER, kids=(AUDIO, HD)))
    assert (second.licence_id, second.rights.policy.sequence) == (first.licence_id, 2)
    ring = KeyRing()
    desk.licences.open(first.licence_id, ring)
    assert set(ring.kids()) == {AUDIO, SD, HD}


async def test_lists_of_what_was_withdrawn_are_read_once(desk: Desk) -> None:
    first, second = await desk.kept(), await desk.kept()
    assert await desk.licences.check_revocations() == ()
    desk.server.revoked.add(first)
    assert await desk.licences.check_revocations() == (first,)
    assert await desk.licences.check_revocations() == ()
    assert (playable(desk, first), playable(desk, second)) == (False, True)
    desk.server.revoked_titles.append({"title_id": "the-film", "at": desk.machine.real.at_s})
    desk.machine.run(HOUR)
    third = await desk.kept()
    assert await desk.licences.check_revocations() == (second,)
    assert playable(desk, third)


async def test_a_title_that_was_withdrawn_under_a_future_clock_withdraws_no_later_licence(desk: Desk) -> None:
    """It was given back since, and the clock is right again; a new device reads the list from its beginning."""
    desk.server.revoked_titles.append({"title_id": "the-film", "at": desk.machine.real.at_s + 5 * 365 * DAY})
    old, new = await desk.kept(), await desk.kept()
    desk.server.revoked.add(old)
    assert (await desk.licences.confirm_states()).withdrawn == (old,)
    assert await desk.licences.check_revocations() == ()
    assert (playable(desk, old), playable(desk, new)) == (False, True)


async def test_a_list_that_is_shorter_than_what_was_read_is_read_from_its_beginning(desk: Desk) -> None:
    """The operator has put a backup back; what is withdrawn afterwards has numbers that were read before."""
    kept = await desk.kept()
    desk.server.revoked_devices += ["another", "and-another"]
    assert await desk.licences.check_revocations() == ()
    desk.server.revoked_devices.clear()
    desk.server.revoked.add(kept)
    assert await desk.licences.check_revocations() == (kept,)


async def test_a_list_that_became_shorter_and_has_grown_again_is_read_from_its_beginning(desk: Desk) -> None:
    """As above, but the client looks when there are as many entries again, or more."""
    kept, another = await desk.kept(), await desk.kept()
    desk.server.revoked_devices += ["another", "and-another"]
    assert await desk.licences.check_revocations() == ()
    desk.server.revoked_devices.clear()
    desk.server.list_at = lambda serial: START + HOUR + serial if serial else None
    desk.server.revoked |= {kept, "f" * 32}
    assert await desk.licences.check_revocations() == (kept,)
    calls = len(desk.server.calls)
    assert await desk.licences.check_revocations() == ()
    assert len(desk.server.calls) == calls + 1, "it is read whole each time"
    desk.server.revoked.add(another)
    assert await desk.licences.check_revocations() == (another,)


async def test_a_list_that_could_not_be_noted_is_asked_for_again(desk: Desk) -> None:
    """A full disk at that moment; the tag of an answer says nothing of what became of it."""
    kept = await desk.kept()
    desk.server.revoked.add(kept)
    full = DrmError(DrmErrorCode.STORE_UNUSABLE, "full", recoverable=True)
    with patch.object(LicenceStore, "put", side_effect=full), pytest.raises(DrmError):
        await desk.licences.check_revocations()
    assert playable(desk, kept)
    assert await desk.licences.check_revocations() == (kept,)


@pytest.mark.parametrize("kept_as", [b"2", b"[2, null]"])
async def test_a_place_in_the_list_without_its_time_is_read_once_more(desk: Desk, kept_as: bytes) -> None:
    """A vault of an earlier version; and a service that says no times, as earlier ones."""
    kept = await desk.kept()
    desk.server.revoked |= {kept, "f" * 32}
    desk.vault.put("revocations", ADDRESS, kept_as)
    with patch.object(desk.server, "list_at", lambda _serial: None):
        assert await desk.licences.check_revocations() == ()
    assert await desk.licences.check_revocations() == (kept,)


async def test_a_licence_is_given_back_without_a_network(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.server.online = False
    desk.licences.remove(licence_id)
    assert desk.licences.store.ids() == ()
    with pytest.raises(DrmError) as caught:
        desk.licences.open(licence_id, KeyRing())
    assert caught.value.code is DrmErrorCode.NO_LICENCE
    desk.reopen()
    with pytest.raises(Offline):
        await desk.licences.send_receipts()
    desk.server.online = True
    assert await desk.licences.send_receipts() == 1
    assert desk.server.released[licence_id]["reason"] == "removed"
    assert await desk.licences.send_receipts() == 0
    desk.licences.remove(licence_id)  # twice is once


async def test_a_service_that_signs_another_of_its_names_is_asked_where_it_was_found(desk: Desk) -> None:
    """It moved to a new domain, or its operator set another public address. The old one still leads to it."""
    asked: list[str] = []
    exchange = desk.server.exchange

    async def note(call: LicenceCall) -> LicenceReply:
        asked.append(call.url)
        return await exchange(call)

    def rename(payload: Payload) -> None:
        renewal, release = payload["renewal"], payload["release_url"]
        payload["renewal"] = {**renewal, "url": f"https://new-name.example{renewal['url']}"}
        payload["release_url"] = f"https://new-name.example{release}"

    desk.server.tamper = rename
    with patch.object(desk.service, "_exchange", note):
        licence_id = await desk.kept()
        await desk.licences.renew(licence_id)
        desk.licences.remove(licence_id)
        assert await desk.licences.send_receipts() == 1
    assert [url for url in asked if not url.startswith(f"{ADDRESS}/api/v1/")] == []
    assert licence_id in desk.server.released


async def test_renewing_before_a_trip_tells_each_outcome(desk: Desk) -> None:
    good, bad = await desk.kept(), await desk.kept()
    desk.server.revoked.add(bad)
    assert (await desk.licences.renew_all(due_only=True)).renewed == ()
    done = await desk.licences.renew_all()
    assert done.renewed == (good,)
    assert list(done.failed) == [bad]
    desk.machine.run(25 * HOUR)
    assert (await desk.licences.renew_all(due_only=True)).renewed == (good,)


async def test_an_old_copy_of_the_folder_plays_nothing_until_the_service_confirms(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(play_s=2 * HOUR))
    licence_id = await desk.kept()
    desk.vault.close()
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "backup")
    desk.reopen()
    assert playable(desk, licence_id)
    desk.vault.close()
    shutil.copy(tmp_path / "backup", tmp_path / FILE_NAME)
    desk.reopen()
    standing = desk.licences.standing(licence_id)
    assert (standing.state, standing.renewal_due) == (RightsState.UNCONFIRMED, True)
    assert not playable(desk, licence_id)
    await desk.service.ask_time()  # the time alone confirms nothing
    assert not playable(desk, licence_id)
    await desk.licences.renew(licence_id)
    assert playable(desk, licence_id)


async def test_a_clock_that_was_tampered_with_makes_licences_wait_for_the_service(desk: Desk) -> None:
    licence_id = await desk.kept()
    database = sqlite3.connect(desk.folder / FILE_NAME)
    with database:
        database.execute("DELETE FROM entries WHERE kind = 'clock'")
    database.close()
    assert not playable(desk, licence_id)
    assert desk.licences.standing(licence_id).state is RightsState.UNCONFIRMED
    await desk.licences.renew(licence_id)
    assert playable(desk, licence_id)


async def test_a_damaged_licence_is_named_never_plays_and_can_be_replaced(desk: Desk) -> None:
    bad, good = await desk.kept(), await desk.kept()
    database = sqlite3.connect(desk.folder / FILE_NAME)
    with database:
        database.execute("UPDATE entries SET sealed = zeroblob(400) WHERE name = ?", (bad,))
    database.close()
    assert [one.name for one in desk.vault.check()] == [bad]
    with pytest.raises(DrmError) as caught:
        desk.licences.standing(bad)
    assert caught.value.code is DrmErrorCode.STORE_DAMAGED
    assert desk.licences.find("the-film") == (good,)
    desk.licences.remove(bad)
    assert desk.vault.check() == ()


async def test_another_device_cannot_use_it(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.device = DeviceIdentity.create()
    error = desk.refused()
    assert error is not None
    assert error.code is DrmErrorCode.STORE_DAMAGED
    assert licence_id


async def test_a_licence_of_a_newer_program_is_refused_with_a_sentence(desk: Desk) -> None:
    licence_id = await desk.kept()
    text = desk.vault.get("licence", licence_id)
    assert text is not None
    desk.vault.put("licence", licence_id, json.dumps({**json.loads(text), "v": 9}).encode())
    with pytest.raises(DrmError, match="update") as caught:
        desk.licences.standing(licence_id)
    assert caught.value.code is DrmErrorCode.STORE_NEWER


async def test_a_simulation_is_made_of_the_kept_licence(desk: Desk) -> None:
    licence_id = await desk.kept()
    moments = desk.licences.simulate(licence_id, [START + HOUR])
    assert [str(one.standing.state) for one in moments] == ["ready", "ready", "ready", "expired", "expired"]
    assert desk.licences.standing(licence_id).state is RightsState.READY


async def test_no_text_shows_secrets(desk: Desk) -> None:
    kept = await desk.licences.acquire(ORDER)
    licence = desk.licences.store.get(kept.licence_id)
    shown = repr([kept, licence, ORDER, desk.licences, desk.vault, licence.rights])
    assert licence.document not in shown
    assert not any(key.hex() in shown or repr(bytes(key)) in shown for key in KEYS.values())
    assert bytes(kept.keys[0].value) == bytes(16)  # zeroed once it is in the vault


async def test_a_service_that_is_unwell_is_asked_again_later(desk: Desk) -> None:
    desk.server._answer = lambda *_call: (503, {"code": "internal", "title": "Later."})  # type: ignore[method-assign]
    with pytest.raises(RefusedError) as caught:
        await desk.kept()
    assert (caught.value.code, caught.value.recoverable) == (DrmErrorCode.LICENCE_UNREACHABLE, True)


@pytest.mark.parametrize("watched_s", [30.0, 59.0, 61.0, 5000.0])
async def test_killing_the_program_and_setting_the_clock_back_hides_nothing_of_a_playback(
    desk: Desk, watched_s: float
) -> None:
    """The state is saved once a minute; a restart after a playback counts for as much."""
    licence_id = await desk.kept()
    assert playable(desk, licence_id)
    for _ in range(int(watched_s)):
        desk.machine.run(1.0)
        desk.clock.now()
    desk.machine.wall_error_s = -900 * DAY
    desk.machine.restart(DAY)
    desk.reopen()
    assert START + watched_s <= desk.clock.now().at_s <= START + watched_s + UNSAVED_S
    after = desk.clock.now().at_s
    desk.machine.restart()
    desk.reopen()
    assert desk.clock.now().at_s == after  # nothing was played since
    await desk.service.ask_time()
    assert desk.clock.now().at_s == desk.machine.real.at_s


async def test_a_licence_plays_for_its_own_account(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    licence_id = await desk.kept()
    for account_id, plays in (("a1", True), ("a2", False), (None, True)):
        ring = KeyRing()
        licences = desk.licences.seen_by(account_id)
        if plays:
            licences.open(licence_id, ring)
            assert ring.get(SD).value == KEYS[SD]
            continue
        with pytest.raises(DrmError, match="another account") as caught:
            licences.open(licence_id, ring)
        assert caught.value.code is DrmErrorCode.NO_LICENCE
        assert ring.kids() == ()


async def test_a_service_that_knows_nothing_of_a_licence_takes_nothing_away(desk: Desk) -> None:
    """Its database may come from a backup; only a licence that was given back is one that an old copy brought."""
    desk.server.terms = Terms(renew_after_s=0.0)
    licence_id = await desk.kept()
    held = desk.server.licences[licence_id]

    def unknown(_licence_id: str, _asked: object) -> tuple[int, dict[str, object]]:
        return 404, {"code": "licence_not_found", "title": "There is no such licence."}

    with patch.object(desk.server, "_renew", unknown), pytest.raises(DrmError) as refused:
        await desk.licences.renew(licence_id)
    assert refused.value.code is DrmErrorCode.NO_LICENCE
    assert licence_id in desk.licences.store.ids()
    desk.server.released[licence_id] = held
    with pytest.raises(DrmError):
        await desk.licences.renew(licence_id)
    assert licence_id not in desk.licences.store.ids()


@pytest.mark.parametrize("jump_s", [HOUR, -HOUR])
async def test_a_change_to_or_from_summer_time_takes_nothing_away(desk: Desk, jump_s: float) -> None:
    """Of a machine that shows it by setting its clock (a clock of local time shared with another system, a wrong
    zone). While it runs nothing happens; a boot in between may cost that hour until the next contact."""
    licence_id = await desk.kept()
    before = desk.licences.standing(licence_id).remaining_s
    assert before == 48 * HOUR
    desk.machine.wall_error_s = jump_s
    assert desk.licences.standing(licence_id).remaining_s == before
    await desk.licences.confirm_states()
    assert desk.licences.standing(licence_id).remaining_s == before
    desk.machine.wall_error_s = 0.0
    desk.licences.standing(licence_id)
    desk.machine.restart(60.0)
    desk.machine.wall_error_s = jump_s
    desk.reopen()
    left_s = desk.licences.standing(licence_id).remaining_s
    assert left_s is not None
    assert before - 60.0 - HOUR <= left_s <= before
    assert desk.licences.standing(licence_id).may_start
    await desk.service.ask_time()
    assert desk.licences.standing(licence_id).remaining_s == before - 60.0
