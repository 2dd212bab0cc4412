"""What belongs to one account is nobody else's, and a device that was taken back may do nothing: on every route.

Routes that name such a thing are found in the OpenAPI document; one that is new is missed here until it has its body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from tests.kit.api_document import api_document
from tests.kit.rights import Service, SigningDevice, refusal, service

OWNED = ("session_id", "profile_id", "device_id", "licence_id")
DAY_S = 86400.0
Route = tuple[str, str]


@dataclass
class Owner:
    """An account with one of everything."""

    device: SigningDevice
    ids: dict[str, str]
    licence: dict[str, Any]


def heartbeat_body(_device: SigningDevice, _owner: Owner) -> object:
    return {"position_s": 1.0, "state": "playing"}


def signed(send: Callable[[SigningDevice, Owner], httpx.Response]) -> Callable[[SigningDevice, Owner], object]:
    """The body that a helper of the kit makes for a signed call."""

    def body(device: SigningDevice, owner: Owner) -> object:
        caught: list[object] = []
        client = device.client
        device.client = cast(Any, Catcher(caught))
        try:
            send(device, owner)
        finally:
            device.client = client
        return caught[0]

    return body


@dataclass
class Catcher:
    """Stands for a client and keeps what was to be sent."""

    caught: list[object]

    def post(self, _path: str, body: object) -> None:
        self.caught.append(body)


BODIES: dict[Route, Callable[[SigningDevice, Owner], object]] = {
    ("patch", "/profiles/{profile_id}"): lambda _device, _owner: {"name": "Mine"},
    ("delete", "/profiles/{profile_id}"): lambda _device, _owner: None,
    ("post", "/profiles/{profile_id}/selection"): lambda _device, _owner: {"pin": None},
    ("delete", "/devices/{device_id}"): lambda _device, _owner: None,
    ("post", "/play/{session_id}/heartbeat"): heartbeat_body,
    ("post", "/play/{session_id}/addresses"): lambda _device, _owner: {},
    ("post", "/play/{session_id}/end"): lambda _device, _owner: {},
    ("post", "/licences/{licence_id}/renewal"): signed(lambda device, owner: device.renew(owner.licence)),
}
DEVICE_BODIES: dict[Route, Callable[[SigningDevice, Owner], object]] = {
    ("post", "/play/{title_id}"): lambda device, _owner: {"device_id": device.device_id, "variant": "encrypted"},
    ("post", "/download/{title_id}"): lambda device, _owner: {"device_id": device.device_id, "variant": "clear"},
    ("post", "/play/{session_id}/heartbeat"): heartbeat_body,
    ("post", "/play/{session_id}/addresses"): lambda _device, _owner: {},
    ("post", "/licences"): signed(lambda device, owner: device.acquire(owner.ids["session_id"], type="streaming")),
    ("post", "/licences/{licence_id}/renewal"): BODIES["post", "/licences/{licence_id}/renewal"],
}
NEEDS_NO_GOOD_DEVICE = {("post", "/play/{session_id}/end")}


def closed_routes(wanted: Callable[[str, str], bool]) -> set[Route]:
    """The routes with a token, but for the administrative ones, by their path and the name of their body."""
    found = set()
    for path, methods in api_document()["paths"].items():
        short = path.removeprefix("/api/v1")
        for method, operation in methods.items():
            body = str(operation.get("requestBody", ""))
            if "security" in operation and not short.startswith("/admin/") and wanted(short, body):
                found.add((method, short))
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("ownership")) as made:
        yield made


@pytest.fixture
def owner(running: Service, request: pytest.FixtureRequest) -> Owner:
    account = running.account(request.node.name)
    device = running.device(account)
    download = device.download(variant="encrypted").json()["download_id"]
    licence = running.licence(device.acquire(download))
    running.clock.step(25 * DAY_S)  # it can be renewed now
    session = device.play().json()["session_id"]
    profile = device.post("/profiles", {"name": "Kim", "maturity": 18, "pin": None}).json()["id"]
    ids = {
        "session_id": session,
        "profile_id": profile,
        "device_id": device.device_id,
        "licence_id": licence["licence_id"],
        "title_id": "film",
    }
    return Owner(device, ids, licence)


def send(device: SigningDevice, owner: Owner, route: Route, body: object) -> httpx.Response:
    return device.client.call(route[0].upper(), route[1].format(**owner.ids), body)


def test_every_route_that_names_something_owned_is_tried() -> None:
    owned = closed_routes(lambda path, _body: any(f"{{{name}}}" in path for name in OWNED))
    assert owned == set(BODIES)
    devices = closed_routes(
        lambda path, body: (
            "{session_id}" in path
            or any(
                schema in body
                for schema in ("PlayRequest", "DownloadGrantRequest", "SignedRequest", "LicenceRequest")
            )
        )
    )
    assert devices == set(DEVICE_BODIES) | NEEDS_NO_GOOD_DEVICE


@pytest.mark.parametrize("route", sorted(BODIES))
def test_what_is_somebody_elses_is_not_found(running: Service, owner: Owner, route: Route) -> None:
    other = running.device(running.account(f"other {running.clock.now()} {route}"))
    answer = send(other, owner, route, BODIES[route](other, owner))
    assert answer.status_code == 404, answer.text
    own = send(owner.device, owner, route, BODIES[route](owner.device, owner))
    assert own.status_code in {200, 204}, own.text


@pytest.mark.parametrize("route", sorted(DEVICE_BODIES))
def test_a_device_that_was_taken_back_is_refused(running: Service, owner: Owner, route: Route) -> None:
    body = DEVICE_BODIES[route]
    assert send(owner.device, owner, route, body(owner.device, owner)).status_code == 200
    operator = running.client(running.account(f"operator {running.clock.now()} {route}", role="admin"))
    path = f"/admin/devices/{owner.device.device_id}/revocation"
    assert operator.post(path, {"reason": "stolen"}).status_code == 204
    answer = send(owner.device, owner, route, body(owner.device, owner))
    assert refusal(answer) == (403, "device_revoked")
