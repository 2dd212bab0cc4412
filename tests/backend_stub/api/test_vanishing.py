"""An account is deleted in the middle of a call: the call is refused, and nothing fails.

Each call is made again and again: the account goes before its second transaction, then before its third, until the
call ends before its turn comes. ``tests/soak/test_vanishing.py`` does so before each statement.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from backend_stub.db.database import Database
from backend_stub.payments.local import GOOD_CARD
from tests.backend_stub.api.test_ownership import signed
from tests.kit.rights import Service, SigningDevice, service

_MOST = 12  # transactions of a call


@dataclass
class Household:
    """An account with one of everything, and a title that it watches."""

    device: SigningDevice
    account_id: str
    email: str
    title_id: str
    refresh_token: str
    ids: dict[str, str]

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.device.client.call(method, path.format(**self.ids), body)


def progress(home: Household) -> object:
    item = {"event_id": secrets.token_hex(8), "title_id": home.title_id, "device_id": home.device.device_id}
    return {"items": [{**item, "position_s": 1.0, "duration_s": 9.0, "watched_at": home.device.clock.now()}]}


def telemetry(home: Household) -> object:
    item = {"event_id": secrets.token_hex(8), "session_id": "s", "title_id": home.title_id, "kind": "start"}
    item |= {"device_id": home.device.device_id, "app_version": "1", "pathway": "edge-a"}
    times = {"at": home.device.clock.now(), "startup_s": 1.0, "played_s": 0.0, "stalled_s": 0.0}
    return {"items": [{**item, **times, "stalls": 0, "bits": 0.0}]}


def licence(home: Household) -> object:
    caught = signed(lambda device, _owner: device.acquire(home.ids["session_id"], type="streaming"))
    return caught(home.device, None)  # type: ignore[arg-type] -- nobody else's is asked for


CALLS: dict[str, Callable[[Household], object]] = {
    "POST /auth/login": lambda home: {"email": home.email, "password": "secret", "device_name": "x"},
    "POST /auth/refresh": lambda home: {"refresh_token": home.refresh_token},
    "POST /auth/logout-everywhere": lambda _: {},
    "POST /auth/password": lambda _: {
        "password": "secret",
        "new_password": "a longer one of these",
        "device_name": "x",
    },
    "POST /auth/email-verification": lambda _: {},
    "GET /account/export": lambda _: None,
    "POST /account/deletion": lambda _: {"password": "secret"},
    "POST /account/subscription": lambda _: {"request_id": "r" * 16, "plan": "basic", "card_number": GOOD_CARD},
    "POST /profiles": lambda _: {"name": "Kim", "maturity": 18, "pin": None},
    "PATCH /profiles/{profile_id}": lambda _: {"name": "Mine"},
    "DELETE /profiles/{profile_id}": lambda _: None,
    "POST /profiles/{profile_id}/selection": lambda _: {"pin": None},
    "POST /devices/challenge": lambda _: {},
    "POST /devices": lambda home: {"name": "TV", "public_key": home.device.jwk},
    "DELETE /devices/{device_id}": lambda _: None,
    "PUT /list/{title_id}": lambda home: {"listed": True, "changed_at": home.device.clock.now()},
    "PUT /thumbs/{title_id}": lambda _: {"thumb": 1},
    "DELETE /continue/{title_id}": lambda _: None,
    "POST /progress": progress,
    "DELETE /progress": lambda _: None,
    "POST /telemetry": telemetry,
    "GET /rows": lambda _: None,
    "POST /play/{title_id}": lambda home: {"device_id": home.device.device_id, "variant": "encrypted"},
    "POST /play/{session_id}/heartbeat": lambda _: {"position_s": 1.0, "state": "playing"},
    "POST /play/{session_id}/addresses": lambda _: {},
    "POST /download/{title_id}": lambda home: {"device_id": home.device.device_id, "variant": "encrypted"},
    "POST /licences": licence,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("vanishing")) as made:
        yield made


def household(running: Service, call: str, title_id: str = "film") -> Household:
    """With no more than the call needs."""
    name, ids = secrets.token_hex(6), {}
    account = running.account(name)
    device = running.device(account)
    if "{session_id}" in call or call == "POST /licences":
        ids["session_id"] = device.play(title_id).json()["session_id"]
    if "{profile_id}" in call:
        ids["profile_id"] = device.post("/profiles", {"name": "Lee", "maturity": 18, "pin": None}).json()["id"]
    row = running.context.accounts.get(account)
    assert row is not None
    token = running.context.tokens.issue(row, "x").refresh_token
    ids |= {"device_id": device.device_id, "title_id": title_id}
    return Household(device, account, f"{name}@matinee.local", title_id, token, ids)


class Meanwhile:
    """Deletes an account before the transaction of this number begins; ``came`` says whether there was such a one."""

    def __init__(self, patch: pytest.MonkeyPatch, database: Database, number: int, account_id: str) -> None:
        self.came = False
        self._database, self._left, self._account_id = database, number, account_id
        for name in ("read", "write", "snapshot"):
            patch.setattr(Database, name, self._counting(getattr(Database, name)))

    def _counting(self, begin: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
        def counted(database: Database) -> AbstractContextManager[Any]:
            self._left -= 1
            if self._left == 0:
                self.came = True
                with self._database.engine.begin() as connection:
                    connection.execute(text("DELETE FROM ledger_cards"))
                    connection.execute(text("DELETE FROM accounts WHERE id = :id"), {"id": self._account_id})
            return begin(database)

        return counted


@pytest.mark.parametrize("call", CALLS)
def test_an_account_that_is_deleted_meanwhile_is_refused(running: Service, call: str) -> None:
    method, _, path = call.partition(" ")
    for number in range(2, _MOST):
        home = household(running, call)
        body = CALLS[call](home)
        with pytest.MonkeyPatch.context() as patch:
            meanwhile = Meanwhile(patch, running.context.database, number, home.account_id)
            answer = home.call(method, path, body)
        if not meanwhile.came:
            return
        assert answer.status_code < 500, (number, answer.text)
    raise AssertionError(f"{call} takes more than {_MOST} transactions")
