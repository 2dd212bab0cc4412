"""What the account's devices keep: listed with the plan's limits, and given back from another device."""

from __future__ import annotations

from tests.kit.rights import Service, refusal


def test_a_download_is_given_back_from_another_device(running: Service) -> None:
    account = running.account("ben")
    laptop, phone = running.device(account), running.device(account)
    grant = laptop.download().json()
    licence = running.licence(laptop.acquire(grant["download_id"]))
    listed = phone.client.get("/downloads").json()
    (item,) = listed["items"]
    assert (item["download_id"], item["device_id"], item["title_id"]) == (
        grant["download_id"], laptop.device_id, "film",
    )  # fmt: skip
    assert {"device_limit", "title_limit"} < set(listed)

    path = f"/downloads/{grant['download_id']}"
    stranger = running.client(running.account("eve"))
    assert stranger.get("/downloads").json()["items"] == []
    assert refusal(stranger.call("DELETE", path)) == (404, "download_not_found")
    for _ in range(2):
        assert phone.client.call("DELETE", path).status_code == 204
    assert phone.client.get("/downloads").json()["items"] == []
    state = laptop.state(1, licence).json()["state"]
    assert '"revoked"' in _payload(state), "the device that keeps it learns so"
    assert refusal(laptop.renew(licence))[0] == 403
    again = laptop.download().json()
    assert again["download_id"] != grant["download_id"], "it may be available again"


def test_a_place_of_the_plan_is_free_at_once(running: Service) -> None:
    account = running.account("ann")
    first = running.device(account)
    limit = first.client.get("/downloads").json()["device_limit"]
    devices = [first, *(running.device(account) for _ in range(limit))]
    for device in devices[:-1]:
        assert device.download().status_code == 200
    assert refusal(devices[-1].download()) == (403, "download_device_limit")
    (mine,) = [one for one in first.client.get("/downloads").json()["items"] if one["device_id"] == first.device_id]
    assert devices[-1].client.call("DELETE", f"/downloads/{mine['download_id']}").status_code == 204
    assert devices[-1].download().status_code == 200


def test_a_download_that_never_got_its_licence_keeps_no_place(running: Service) -> None:
    """Nobody gives it back: it failed before there was anything to keep."""
    account = running.account("cleo")
    device = running.device(account)
    first = device.download().json()["download_id"]
    running.clock.step(6000)
    assert device.download().json()["download_id"] == first  # it goes on, and counts for two hours again
    running.clock.step(6000)
    assert len(device.client.get("/downloads").json()["items"]) == 1
    running.clock.step(1201)
    assert device.client.get("/downloads").json()["items"] == []
    licence = running.licence(device.acquire(device.download().json()["download_id"]))
    running.clock.step(licence["expires_at"] - running.clock.now() - 60)
    assert len(device.client.get("/downloads").json()["items"]) == 1


def _payload(token: str) -> str:
    import base64

    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
