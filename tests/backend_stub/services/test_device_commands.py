"""Commands to devices: who may ask, what is delivered, what is taken for an answer, and the trail of it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend_stub.clock import DAY_S
from backend_stub.db.models import Device, KioskReport
from backend_stub.services.device_commands import MAX_RESULT_BYTES, SCREENS
from backend_stub.services.retention import Retention
from tests.kit.rights import Caller, Service, SigningDevice, refusal, service, sign

STATUS = {
    "name": "foyer",
    "version": "1.0",
    "phase": "running",
    "status": "playing",
    "entry": "Welcome",
    "healthy": True,
    "screen_on": True,
    "up_s": 12.0,
    "without_picture_s": 0.0,
    "memory": 3e8,
    "disk_free": 1e10,
}
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


@pytest.fixture
def admin(running: Service) -> Caller:
    return running.client(running.account("root", role="admin"))


@pytest.fixture
def screen(running: Service) -> SigningDevice:
    return running.device(of_kiosks(running, "foyer"))


def of_kiosks(running: Service, name: str) -> str:
    account = running.account(name)
    running.context.accounts.change(account, by=None, kiosks=True)
    return account


def counted(running: Service) -> dict[str | None, float]:
    """Screens by their state, and the commands that wait for them as None."""
    return {labels.get("state"): value for _, labels, value in running.context.device_commands.gauges()}


def stamped(device: SigningDevice, **members: object) -> dict[str, object]:
    stamp = {"device_id": device.device_id, "nonce": secrets.token_urlsafe(16), "issued_at": device.clock.now()}
    return {**stamp, **members}


def ask(device: SigningDevice, **changed: object) -> httpx.Response:
    request = sign(device.key, "matinee-commands+jws", stamped(device, **{"status": STATUS, **changed}))
    return device.post("/kiosk/commands", {"request": request})


def asked(device: SigningDevice) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask(device).json()["items"]
    return items


def answer(device: SigningDevice, command_id: str, data: bytes = b"", **changed: object) -> httpx.Response:
    digest = hashlib.sha256(data).hexdigest() if data else None
    members = {"command_id": command_id, "ok": True, "message": "", "media_type": None, "sha256": digest, **changed}
    request = sign(device.key, "matinee-command-answer+jws", stamped(device, **members))
    body = {"request": request, "attachment": base64.b64encode(data).decode()}
    return device.post(f"/kiosk/commands/{command_id}/answer", body)


def issue(admin: Caller, device: SigningDevice, kind: str, **members: object) -> str:
    body = {"kind": kind, **members}
    response = admin.post(f"/admin/devices/{device.device_id}/commands", body)
    assert response.status_code == 200, response.text
    command_id: str = response.json()["id"]
    return command_id


def listed(admin: Caller, device: SigningDevice) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = admin.get(f"/admin/devices/{device.device_id}/commands").json()["items"]
    return items


def test_a_command_goes_its_way_and_leaves_a_trail(running: Service, admin: Caller, screen: SigningDevice) -> None:
    command_id = issue(admin, screen, "screenshot")
    assert [one["state"] for one in listed(admin, screen)] == ["queued"]
    for _ in range(2):  # until it is answered: the first reply may be lost
        assert [(one["id"], one["kind"]) for one in asked(screen)] == [(command_id, "screenshot")]
    assert listed(admin, screen)[0]["state"] == "delivered"
    for message in ("first", "again"):  # an answer that is sent again changes nothing
        sent = answer(screen, command_id, JPEG, media_type="image/jpeg", message=message)
        assert sent.json() == {"id": command_id, "state": "done"}
    assert asked(screen) == []
    assert listed(admin, screen)[0]["message"] == "first"
    picture = admin.get(f"/admin/commands/{command_id}/result")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert "sandbox" in picture.headers["content-security-policy"]
    trail = [one for one in admin.get("/admin/audit").json()["items"] if one["action"].startswith("command.")]
    assert [one["action"] for one in reversed(trail)] == ["command.issued", "command.delivered", "command.done"]
    assert all(one["detail"] == {"command": command_id, "kind": "screenshot"} for one in trail)
    assert all(one["subject"] == screen.device_id for one in trail)
    issuer = running.context.accounts.find("root@matinee.local")
    assert issuer is not None
    assert trail[-1]["account_id"] == issuer.id


def test_what_comes_weeks_later(running: Service, admin: Caller, screen: SigningDevice) -> None:
    week_s = 7 * 86400
    late = issue(admin, screen, "restart", expires_in_s=3600)
    given = issue(admin, screen, "logs", expires_in_s=86400)
    assert {one["id"] for one in asked(screen)} == {late, given}
    unasked = issue(admin, screen, "restart", expires_in_s=3600)
    patient = issue(admin, screen, "restart", expires_in_s=4 * week_s)
    running.clock.step(3 * week_s)
    items = asked(screen)
    assert [one["id"] for one in items] == [patient]
    assert items[0]["expires_in_s"] == week_s
    states = {one["id"]: one["state"] for one in listed(admin, screen)}
    assert states == {late: "expired", given: "expired", unasked: "expired", patient: "delivered"}
    assert answer(screen, given).json()["state"] == "done"  # it was carried out in time, and is told only now
    assert refusal(answer(screen, unasked)) == (404, "command_not_found")


def test_only_the_device_itself_may_ask(running: Service, admin: Caller, screen: SigningDevice) -> None:
    command_id = issue(admin, screen, "restart")
    asked(screen)
    other = running.device(running.account("other"))
    assert asked(other) == []
    assert refusal(answer(other, command_id)) == (404, "command_not_found")
    assert refusal(ask(SigningDevice(screen.client, screen.clock))) == (403, "device_unknown")
    assert refusal(ask(screen, device_id=other.device_id)) == (422, "bad_signed_request")
    assert refusal(screen.post("/kiosk/commands", {"request": "x"})) == (422, "bad_signed_request")
    request = sign(screen.key, "matinee-commands+jws", stamped(screen, status=STATUS))
    assert screen.post("/kiosk/commands", {"request": request}).status_code == 200
    assert refusal(screen.post("/kiosk/commands", {"request": request})) == (409, "replayed")
    skewed = ask(screen, issued_at=screen.clock.now() - 1e6)
    assert refusal(skewed) == (403, "clock_skew")
    assert skewed.json()["now_at"] == screen.clock.now()
    account = running.context.accounts.find("foyer@matinee.local")
    assert account is not None
    running.context.devices.revoke(account.id, screen.device_id)
    assert refusal(ask(screen)) == (403, "device_unknown")
    path = f"/admin/devices/{screen.device_id}/commands"
    assert refusal(admin.post(path, {"kind": "restart"})) == (404, "device_not_found")


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        (JPEG, {"media_type": "image/jpeg", "sha256": "0" * 64}),
        (JPEG, {"media_type": "text/plain"}),
        (JPEG, {"media_type": None}),
        (b"<script>", {"media_type": "image/png"}),
        (JPEG + bytes(MAX_RESULT_BYTES), {"media_type": "image/jpeg"}),
    ],
)
def test_an_attachment_that_is_not_what_was_signed(
    admin: Caller, screen: SigningDevice, data: bytes, changed: dict[str, object]
) -> None:
    command_id = issue(admin, screen, "screenshot")
    asked(screen)
    assert refusal(answer(screen, command_id, data, **changed)) == (422, "bad_attachment")
    assert listed(admin, screen)[0]["state"] == "delivered"


def test_what_cannot_be_issued_and_what_is_taken_back(admin: Caller, screen: SigningDevice) -> None:
    path = f"/admin/devices/{screen.device_id}/commands"
    assert refusal(admin.post(path, {"kind": "playlist"})) == (422, "bad_command")
    assert refusal(admin.post(path, {"kind": "restart", "playlist": "x"})) == (422, "bad_command")
    assert refusal(admin.post(path, {"kind": "format"})) == (422, "invalid_request")
    first = issue(admin, screen, "restart")
    assert admin.call("DELETE", f"/admin/commands/{first}").status_code == 204
    assert refusal(admin.call("DELETE", f"/admin/commands/{first}")) == (409, "command_delivered")
    assert [one["id"] for one in asked(screen)] == []
    assert (listed(admin, screen)[0]["state"], listed(admin, screen)[0]["message"]) == ("expired", "withdrawn")
    for _ in range(20):
        issue(admin, screen, "restart")
    assert refusal(admin.post(path, {"kind": "restart"})) == (409, "too_many_commands")
    assert refusal(admin.get(f"/admin/commands/{first}/result")) == (404, "command_not_found")


def test_old_commands_go_and_those_that_wait_stay(
    admin: Caller, screen: SigningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend_stub.services.device_commands._KEPT", 2)
    waits = issue(admin, screen, "restart")
    taken_back = []
    for _ in range(4):
        screen.clock.step(1)
        taken_back.append(issue(admin, screen, "logs"))
        admin.call("DELETE", f"/admin/commands/{taken_back[-1]}")
    assert [one["id"] for one in listed(admin, screen)] == [*reversed(taken_back[1:]), waits]


def test_pictures_of_a_screen_go_after_their_time(running: Service, admin: Caller, screen: SigningDevice) -> None:
    sent = issue(admin, screen, "screenshot")
    asked(screen)
    answer(screen, sent, JPEG, media_type="image/jpeg")
    running.clock.step(1)
    waits = issue(admin, screen, "restart", expires_in_s=31 * DAY_S)
    retention = Retention(running.context.database, running.clock)
    for days, left in ((29.0, [waits, sent]), (1.5, [waits])):
        running.clock.step(days * DAY_S)
        retention.let_go()
        assert [one["id"] for one in listed(admin, screen)] == left


def test_the_devices_with_what_screens_tell(running: Service, admin: Caller, screen: SigningDevice) -> None:
    running.device(running.account("desk"))
    issue(admin, screen, "restart")
    ask(screen)
    first, second = running.context.device_commands.devices(10)
    assert (first.device.id, first.status, first.waiting) == (screen.device_id, STATUS, 1)
    assert (second.told_at, second.status, second.waiting) == (None, {}, 0)
    now = running.clock.now()
    assert (first.screen(now), first.screen(now + 91), second.screen(now)) == ("plays", "silent", "")
    for changed, state in (({"healthy": False}, "no picture"), ({"healthy": False, "screen_on": False}, "dark")):
        ask(screen, status=STATUS | changed)
        assert running.context.device_commands.devices(10)[0].screen(now) == state


def test_as_many_screens_are_counted_as_there_are(running: Service) -> None:
    now, wall, many = running.clock.now(), of_kiosks(running, "wall"), 300
    liar = running.account("liar")
    at = {"created_at": now, "last_seen_at": now}
    states: dict[str, tuple[float, dict[str, bool]]] = {
        "plays": (now, {"screen_on": True, "healthy": True}),
        "dark": (now, {"screen_on": False, "healthy": False}),
        "no picture": (now, {"screen_on": True, "healthy": False}),
        "silent": (now - 91, {"screen_on": True, "healthy": True}),
        "of a device that was removed": (now, {"screen_on": True, "healthy": True}),
        "of somebody else's device": (now, {"screen_on": True, "healthy": True}),  # from before accounts were marked
    }
    with running.context.database.write() as session:
        for state, (told_at, status) in states.items():
            for number in range(many):
                name, removed = f"{state} {number}", now if "removed" in state else None
                account = liar if "else" in state else wall
                session.add(Device(account_id=account, id=name, name=name, public_key={}, revoked_at=removed, **at))
                session.add(KioskReport(device_id=name, told_at=told_at, status=status))
    assert counted(running) == {None: 0, **dict.fromkeys(SCREENS, many)}


def test_no_device_is_a_kiosk_by_its_own_word(running: Service, admin: Caller, screen: SigningDevice) -> None:
    viewer = running.account("viewer")
    device = running.device(viewer)
    command = issue(admin, device, "restart")
    assert [one["id"] for one in asked(device)] == [command]  # what the operator tells a device reaches it
    none = {None: 0, **dict.fromkeys(SCREENS, 0)}
    assert counted(running) == none
    known = running.context.device_commands
    assert [(one.told_at, one.status) for one in known.devices(10)] == [(None, {})] * 2
    with running.context.database.read() as session:
        assert session.get(KioskReport, device.device_id) is None
    path = f"/admin/accounts/{viewer}"
    assert refusal(device.client.call("PATCH", path, {"kiosks": True})) == (403, "role_missing")
    assert admin.call("PATCH", path, {"kiosks": True}).json()["kiosks"]
    ask(device)
    assert counted(running) == none | {None: 1, "plays": 1}
    other = running.context.devices.register(running.account("other"), "mine too", device.jwk)  # without its key
    assert other.id == device.device_id
    assert [one.email.partition("@")[0] for one in known.devices(10) if one.status] == ["viewer"]
    assert known.device(device.device_id).email == "viewer@matinee.local"
    assert not admin.call("PATCH", path, {"kiosks": False}).json()["kiosks"]
    assert counted(running) == none
    assert known.device(device.device_id).screen(running.clock.now()) == ""
    trail = [one["action"] for one in admin.get(f"/admin/audit?account_id={viewer}").json()["items"]]
    assert trail[:2] == ["account.kiosks_ended", "account.kiosks_granted"]


def test_commands_that_wait_are_counted(running: Service, admin: Caller, screen: SigningDevice) -> None:
    ask(screen)
    for kind in ("restart", "logs"):
        issue(admin, screen, kind)
    assert counted(running)[None] == 2
