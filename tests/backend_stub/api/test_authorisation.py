"""Every route asks for what it says: a token, a role, an open account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.api_document import api_document
from tests.kit.rights import Service, refusal, service

PUBLIC = {
    ("post", "/auth/login"),
    ("post", "/auth/register"),
    ("post", "/auth/password-reset"),
    ("post", "/auth/password-reset/confirmation"),
    ("post", "/auth/device"),
    ("post", "/auth/device/token"),
    ("post", "/auth/refresh"),
    ("post", "/auth/logout"),
    ("get", "/posters/{title_id}.jpg"),
    ("get", "/artwork/{title_id}/{name}"),
    ("get", "/steering/{session_id}"),
    ("get", "/steering/{session_id}/master.m3u8"),
    ("get", "/steering/{session_id}/manifest.mpd"),
    ("post", "/clearkey/{title_id}"),
    ("post", "/licences/{licence_id}/release"),
    ("post", "/licences/state"),
    ("get", "/revocations"),
    ("post", "/kiosk/commands"),
    ("post", "/kiosk/commands/{command_id}/answer"),
    ("get", "/edge-check"),
    ("post", "/edges/beats"),
    ("get", "/keys"),
    ("get", "/time"),
    ("get", "/health"),
    ("get", "/ready"),
    ("get", "/plans"),
    ("post", "/payments/webhook"),
}
FOR_PUBLISHERS = ("/admin/titles/", "/admin/jobs", "/admin/uploads")
EXAMPLES = {
    "title_id": "film",
    "session_id": "0" * 32,
    "licence_id": "0" * 32,
    "account_id": "0" * 32,
    "profile_id": "0" * 32,
    "command_id": "0" * 32,
    "job_id": "0" * 32,
    "download_id": "0" * 32,
    "upload_id": "0" * 32,
    "version": "1",
    "name": "poster-" + "0" * 16 + ".jpg",
    "kind": "poster",
    "season": "1",
    "payment_id": "0" * 32,
    "device_id": "A" * 43,
}


def routes() -> list[tuple[str, str]]:
    paths = api_document()["paths"]
    return [(method, path.removeprefix("/api/v1")) for path, methods in paths.items() for method in methods]


CLOSED = [route for route in routes() if route not in PUBLIC]
ADMINISTRATIVE = [route for route in CLOSED if route[1].startswith("/admin/")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("authorisation")) as made:
        yield made


@pytest.fixture(scope="module")
def accounts(running: Service) -> dict[str, str]:
    return {role: running.account(role, role=role) for role in ("viewer", "publisher", "admin")}


def call(running: Service, account: str | None, method: str, path: str, token: str | None = None) -> tuple[int, str]:
    """Status and code of a call with no body worth the name; a role is looked at before the body is."""
    caller = running.client(account)
    if token is not None:
        caller.headers["Authorization"] = token
    response = caller.call(method.upper(), path.format(**EXAMPLES), {} if method != "get" else None)
    return refusal(response) if response.status_code >= 400 else (response.status_code, "")


def test_the_public_routes_are_these() -> None:
    assert set(routes()) >= PUBLIC
    assert len(ADMINISTRATIVE) > 8


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_no_token_a_wrong_one_and_a_closed_account(running: Service, method: str, path: str) -> None:
    assert call(running, None, method, path) == (401, "token_missing")
    for token in ("Bearer x", "Bearer a.b.c"):
        assert call(running, None, method, path, token) == (401, "token_invalid")
    account = running.context.accounts.find("closed@matinee.local")
    if account is None:
        account_id = running.account("closed")
        account = running.context.accounts.change(account_id, by=None, active=False)
    assert call(running, account.id, method, path) == (403, "account_closed")


@pytest.mark.parametrize(("method", "path"), ADMINISTRATIVE)
def test_administrative_calls_need_their_role(
    running: Service, accounts: dict[str, str], method: str, path: str
) -> None:
    missing = (403, "role_missing")
    assert call(running, accounts["viewer"], method, path) == missing
    publisher = call(running, accounts["publisher"], method, path)
    assert (publisher == missing) == (not path.startswith(FOR_PUBLISHERS))
    assert call(running, accounts["admin"], method, path) != missing


def test_a_token_of_a_role_given_away_counts_no_more(running: Service) -> None:
    account = running.account("former", role="admin")
    caller = running.client(account)
    assert caller.get("/admin/audit").status_code == 200
    running.context.accounts.change(account, by=None, role="viewer")
    assert refusal(caller.get("/admin/audit")) == (403, "role_missing")


class TestAdministration:
    def test_accounts(self, running: Service, accounts: dict[str, str]) -> None:
        admin = running.client(accounts["admin"])
        subject = running.account("subject", "basic")
        found = admin.get("/admin/accounts?email=subject@matinee.local").json()
        assert (found["id"], found["plan"], found["role"]) == (subject, "basic", "viewer")
        changed = admin.call("PATCH", f"/admin/accounts/{subject}", {"role": "publisher", "country": "DE"}).json()
        assert (changed["role"], changed["country"], changed["active"]) == ("publisher", "DE", True)
        given = admin.call("PUT", f"/admin/accounts/{subject}/plan", {"plan": "premium", "ends_at": 2e9}).json()
        assert (given["plan"], given["plan_ends_at"]) == ("premium", 2e9)
        for path, method, body in (
            (f"/admin/accounts/{'0' * 32}", "PATCH", {}),
            (f"/admin/accounts/{'0' * 32}/plan", "PUT", {"plan": "basic"}),
            ("/admin/accounts?email=nobody", "GET", None),
        ):
            assert refusal(admin.call(method, path, body)) == (404, "account_not_found")
        own = admin.call("PATCH", f"/admin/accounts/{accounts['admin']}", {"role": "viewer"})
        assert refusal(own) == (403, "own_account")

    def test_rights_of_a_title(self, running: Service, accounts: dict[str, str]) -> None:
        publisher = running.client(accounts["publisher"])
        rights = publisher.get("/admin/titles/film/rights").json()
        assert (rights["free"], rights["countries"], rights["licence_s"]) == (False, [], 30 * 86400)
        rights |= {"countries": ["DE", "AT"], "hdcp": {"UHD": "2.2"}, "rental": True}
        set_ = publisher.call("PUT", "/admin/titles/film/rights", rights)
        assert set_.json() == rights | {"countries": ["AT", "DE"]}
        assert publisher.get("/admin/titles/film/rights").json() == set_.json()
        for method, body in (("GET", None), ("PUT", rights)):
            assert refusal(publisher.call(method, "/admin/titles/none/rights", body)) == (404, "title_not_found")

    def test_the_audit_trail_names_who_and_no_secret(self, running: Service, accounts: dict[str, str]) -> None:
        admin = running.client(accounts["admin"])
        assert admin.post("/admin/keys/rotation", {"key": "master"}).status_code == 200
        page = admin.get("/admin/audit?limit=1").json()
        assert page["items"][0]["action"] == "key.master_replaced"
        assert page["items"][0]["account_id"] == accounts["admin"]
        older = admin.get(f"/admin/audit?before={page['next_before']}&action=account.registered").json()
        assert {item["action"] for item in older["items"]} == {"account.registered"}
        assert all(item["id"] < page["next_before"] for item in older["items"])
