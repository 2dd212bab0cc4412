from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select
from starlette.requests import Request

from backend_stub.api.auth import checked_sign_in
from backend_stub.config import RateLimit, Settings
from backend_stub.context import open_context
from backend_stub.db.models import Account, AuditEntry, RefreshToken
from backend_stub.problems import ProblemError
from backend_stub.server import ServerGroup
from tests.kit.backend import SignedInViewer
from tests.kit.rights import Caller, Service, service

DEMO = {"email": "demo@matinee.local", "password": "demo", "device_name": "test"}


@pytest.fixture
def client(group: ServerGroup) -> Iterator[httpx.Client]:
    group.context.attempts.login.forgive("127.0.0.1 demo@matinee.local")
    with httpx.Client(base_url=group.api_url, trust_env=False) as made:
        yield made


def code_of(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:matinee:problem:{body['code']}"
    assert body["title"]
    return response.status_code, body["code"]


def test_sign_in(client: httpx.Client) -> None:
    body = client.post("/auth/login", json={**DEMO, "email": " Demo@Matinee.LOCAL "}).json()
    assert body["account"]["email"] == "demo@matinee.local"
    assert body["expires_in_s"] == 900
    assert client.get("/catalog", headers={"Authorization": f"Bearer {body['access_token']}"}).status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@matinee.local"}])
def test_wrong_credentials_look_alike(client: httpx.Client, wrong: dict[str, str]) -> None:
    assert code_of(client.post("/auth/login", json={**DEMO, **wrong})) == (401, "wrong_credentials")


@pytest.mark.parametrize(
    "body", [{}, {**DEMO, "password": 5}, {**DEMO, "more": 1}, {**DEMO, "device_name": "a\0b"}, [], None]
)
def test_malformed_sign_in(client: httpx.Client, body: object) -> None:
    assert code_of(client.post("/auth/login", json=body)) == (422, "invalid_request")


def test_no_value_is_repeated_in_a_complaint(client: httpx.Client) -> None:
    response = client.post("/auth/login", json={**DEMO, "password": {"secret": "hunter2"}})
    assert response.status_code == 422
    assert "hunter2" not in response.text


def test_password_is_stored_as_argon2id(group: ServerGroup) -> None:
    account = group.context.accounts.find("demo@matinee.local")
    assert account is not None
    assert account.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Basic ZGVtbzpkZW1v", "Bearer é"])
def test_missing_and_broken_access_tokens(client: httpx.Client, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    response = client.get("/catalog", headers={name: value.encode("latin-1") for name, value in headers.items()})
    assert code_of(response)[0] == 401
    assert response.headers["www-authenticate"] == "Bearer"


def family_of(viewer: SignedInViewer) -> str:
    """The sign-in that a viewer's access token is of."""
    payload = str(viewer.tokens["access_token"]).split(".")[1]
    family: str = json.loads(base64.urlsafe_b64decode(payload + "=="))["fam"]
    return family


def forged(group: ServerGroup, viewer: SignedInViewer, key: bytes, **claims: object) -> str:
    account = group.context.accounts.find("demo@matinee.local")
    assert account is not None
    now = group.context.clock.now()
    return jwt.encode(
        {"alg": "HS256"},
        {"iss": "matinee", "sub": account.id, "fam": family_of(viewer), "exp": now + 60, **claims},
        OctKey.import_key(key),
    )


def test_forged_expired_and_foreign_access_tokens(group: ServerGroup, viewer: SignedInViewer) -> None:
    key = group.context.secrets.token_signing

    def answer(token: str) -> httpx.Response:
        return viewer.client.get("/catalog", headers={"Authorization": f"Bearer {token}"})

    assert answer(forged(group, viewer, key)).status_code == 200
    assert code_of(answer(forged(group, viewer, b"k" * 32))) == (401, "token_invalid")
    assert code_of(answer(forged(group, viewer, key, exp=1))) == (401, "token_expired")
    assert code_of(answer(forged(group, viewer, key, iss="other"))) == (401, "token_invalid")
    assert code_of(answer(forged(group, viewer, key, sub="nobody"))) == (401, "token_invalid")


def test_refresh_rotates_and_a_reused_token_ends_the_family(group: ServerGroup, viewer: SignedInViewer) -> None:
    def refresh(token: object) -> httpx.Response:
        return viewer.client.post("/auth/refresh", json={"refresh_token": token})

    first = viewer.tokens["refresh_token"]
    second = refresh(first).json()["refresh_token"]
    third = refresh(second).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert code_of(refresh(first)) == (401, "refresh_reused")
    assert code_of(refresh(third)) == (401, "refresh_invalid")
    with group.context.database.read() as session:
        actions = list(session.scalars(select(AuditEntry.action)))
        stored = list(session.scalars(select(RefreshToken.token_hash)))
    assert "session.refresh_reused" in actions
    assert first not in stored


def test_an_answer_lost_on_the_way_does_not_end_the_sign_in(viewer: SignedInViewer) -> None:
    def refresh(token: object) -> httpx.Response:
        return viewer.client.post("/auth/refresh", json={"refresh_token": token})

    first = viewer.tokens["refresh_token"]
    lost = refresh(first).json()["refresh_token"]
    second = refresh(first).json()["refresh_token"]
    third = refresh(second).json()["refresh_token"]
    assert code_of(refresh(lost)) == (401, "refresh_reused")  # somebody had it after all
    assert code_of(refresh(third)) == (401, "refresh_invalid")


def test_unknown_refresh_token(client: httpx.Client) -> None:
    assert code_of(client.post("/auth/refresh", json={"refresh_token": "x"})) == (401, "refresh_invalid")


def test_logout_ends_the_family(viewer: SignedInViewer) -> None:
    token = {"refresh_token": viewer.tokens["refresh_token"]}
    assert viewer.client.post("/auth/logout", json=token).status_code == 204
    assert viewer.client.post("/auth/logout", json=token).status_code == 204
    assert code_of(viewer.client.post("/auth/refresh", json=token)) == (401, "refresh_invalid")


def test_a_closed_account_is_shut_out_at_once(group: ServerGroup, client: httpx.Client) -> None:
    account = group.context.accounts.register("closed@matinee.local", "Closed", "secret")
    login = {"email": "closed@matinee.local", "password": "secret", "device_name": "x"}
    tokens = client.post("/auth/login", json=login).json()
    group.context.accounts.change(account.id, by=None, active=False)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert code_of(client.get("/catalog", headers=bearer)) == (403, "account_closed")
    assert code_of(client.post("/auth/login", json=login)) == (403, "account_closed")
    refresh = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert code_of(refresh) == (403, "account_closed")


def test_too_many_attempts(tmp_path: Path) -> None:
    settings = Settings(tmp_path, login_limit=RateLimit(attempts=2, window_s=30))
    with ServerGroup(settings) as group, httpx.Client(base_url=group.api_url, trust_env=False) as client:
        answers = [client.post("/auth/login", json={**DEMO, "password": "guess"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert code_of(answers[2]) == (429, "too_many_attempts")
        assert 25 <= int(answers[2].headers["retry-after"]) <= 30
        assert client.post("/auth/login", json={**DEMO, "email": "other@matinee.local"}).status_code == 401


class TestLockout:
    @pytest.fixture
    def running(self, tmp_path: Path) -> Iterator[Service]:
        with service(tmp_path, lockout=RateLimit(attempts=3, window_s=900)) as made:
            made.context.accounts.register("ada@example.org", "Ada", "her password")
            yield made

    def sign_in(self, running: Service, host: int, password: str, email: str = "ada@example.org") -> httpx.Response:
        caller = Caller(running.app, running.runner, f"192.0.2.{host}", {})
        return caller.post("/auth/login", {"email": email, "password": password, "device_name": "x"})

    def test_wrong_passwords_lock_an_account_wherever_they_come_from(self, running: Service) -> None:
        token = self.sign_in(running, 9, "her password").json()["access_token"]
        for host in range(3):
            assert code_of(self.sign_in(running, host, "wrong"))[0] == 401
        locked = self.sign_in(running, 9, "her password")
        assert code_of(locked) == (429, "too_many_attempts")
        assert locked.headers["retry-after"] == "900"
        signed_in = Caller(running.app, running.runner, "192.0.2.9", {"Authorization": f"Bearer {token}"})
        assert signed_in.get("/catalog").status_code == 200, "who is signed in goes on"
        change = {"password": "her password", "new_password": "another password", "device_name": "x"}
        assert code_of(signed_in.post("/auth/password", change))[0] == 429
        assert [entry.action for entry in running.context.audit_log.page(None, 4)] == [
            "account.locked",
            *["session.refused"] * 3,
        ]
        running.clock.step(901)
        assert self.sign_in(running, 9, "her password").status_code == 200

    def test_the_addresses_of_one_line_count_together(self, running: Service) -> None:
        """A line has 2**64 of IPv6, and each would have tries of its own."""

        def ask(host: str, number: int) -> int:
            body = {"email": f"ada-{number}@example.org"}
            return Caller(running.app, running.runner, host, {}).post("/auth/password-reset", body).status_code

        assert [ask(f"2001:db8:1:2::{number:x}", number) for number in range(1, 32)] == [204] * 30 + [429]
        assert ask("2001:db8:1:3::1", 99) == 204

    def test_the_right_one_begins_to_count_anew(self, running: Service) -> None:
        for password in ("wrong", "wrong", "her password", "wrong", "wrong", "her password"):
            assert self.sign_in(running, 1, password).status_code == (200 if password == "her password" else 401)

    def test_an_account_that_is_not_there_locks_as_one_that_is(self, running: Service) -> None:
        answers = [self.sign_in(running, host, "wrong", "nobody@example.org").status_code for host in range(4)]
        assert answers == [401, 401, 401, 429]

    def test_tries_at_once_are_no_more_than_the_limit(
        self, running: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All of them have arrived before the first password is compared."""
        accounts, tried, came = running.context.accounts, [], iter(range(100, 107))
        authenticate = accounts.authenticate

        def next_one_first(email: str, password: str) -> Account:
            tried.append(password)
            for host in came:
                guess(host)
            return authenticate(email, password)

        def guess(host: int) -> int:
            request = Request({"type": "http", "client": (f"192.0.2.{host}", 1)})
            with pytest.raises(ProblemError) as refused:
                checked_sign_in(running.context, request, "ada@example.org", "wrong")
            return refused.value.status

        monkeypatch.setattr(accounts, "authenticate", next_one_first)
        assert guess(99) == 401
        assert len(tried) == 3
        assert self.sign_in(running, 1, "her password").status_code == 429

    @pytest.mark.parametrize("error", [ProblemError(403, "account_closed", ""), OSError()])
    def test_what_is_no_wrong_password_locks_nothing(
        self, running: Service, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def fail(_email: str, _password: str) -> Account:
            raise error

        request = Request({"type": "http", "client": ("192.0.2.1", 1)})
        with monkeypatch.context() as patch:
            patch.setattr(running.context.accounts, "authenticate", fail)
            for _ in range(4):
                with pytest.raises(type(error)):
                    checked_sign_in(running.context, request, "ada@example.org", "x")
        assert self.sign_in(running, 1, "her password").status_code == 200


class TestNetworkLockout:
    @pytest.fixture
    def running(self, tmp_path: Path) -> Iterator[Service]:
        with service(tmp_path, network_tries="3") as made:
            made.context.accounts.register("ada@example.org", "Ada", "her password")
            yield made

    def sign_in(self, running: Service, host: str, email: str, password: str = "wrong") -> httpx.Response:
        caller = Caller(running.app, running.runner, host, {})
        return caller.post("/auth/login", {"email": email, "password": password, "device_name": "x"})

    def test_one_address_tries_no_more_of_many_accounts(self, running: Service) -> None:
        """One password for each of many accounts reaches the limit of none of them."""
        hosts = [f"2001:db8:1:2::{number:x}" for number in range(5)]
        answers = [self.sign_in(running, host, f"viewer-{host}@example.org") for host in hosts]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert answers[-1].headers["retry-after"] == "900"
        assert self.sign_in(running, hosts[0], "ada@example.org", "her password").status_code == 429
        assert self.sign_in(running, "2001:db8:1:3::1", "ada@example.org", "her password").status_code == 200
        running.clock.step(901)
        assert self.sign_in(running, hosts[0], "ada@example.org", "her password").status_code == 200

    def test_a_household_signs_in_as_often_as_it_likes(self, running: Service) -> None:
        assert self.sign_in(running, "192.0.2.1", "grandpa@example.org").status_code == 401
        for _ in range(5):
            assert self.sign_in(running, "192.0.2.1", "ada@example.org", "her password").status_code == 200
        answers = [self.sign_in(running, "192.0.2.1", "grandpa@example.org").status_code for _ in range(3)]
        assert answers == [401, 401, 429], "and a right password forgives no wrong one of another account"

    def test_an_account_that_is_locked_takes_no_try_of_the_address(self, running: Service) -> None:
        for _ in range(20):
            running.context.attempts.lockout.attempt("ada@example.org", running.clock.monotonic())
        for _ in range(4):
            assert self.sign_in(running, "192.0.2.1", "ada@example.org").status_code == 429
        assert self.sign_in(running, "192.0.2.1", "bob@example.org").status_code == 401

    @pytest.mark.parametrize("number", ["0", "many", "-1", "\u0663", "1000000"])
    def test_a_number_that_is_none_is_refused_with_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str
    ) -> None:
        monkeypatch.setenv("MATINEE_NETWORK_TRIES", number)
        with pytest.raises(ValueError, match="MATINEE_NETWORK_TRIES must be a whole number"):
            open_context(Settings(tmp_path))
        monkeypatch.setenv("MATINEE_NETWORK_TRIES", "500")
        assert Settings(tmp_path).network_lockout.attempts == 500
