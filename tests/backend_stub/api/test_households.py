"""Registration, passwords, signing out everywhere, televisions, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from backend_stub.config import RateLimit
from tests.kit.rights import Caller, Service, SigningDevice, refusal, service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, register_limit=RateLimit(attempts=6, window_s=600)) as made:
        yield made


def caller(running: Service, token: str) -> Caller:
    made = running.client(None)
    made.headers["Authorization"] = f"Bearer {token}"
    return made


class TestAccounts:
    NEW = {"email": "New@Example.org", "password": "long enough", "name": "New", "device_name": "Desk"}  # noqa: RUF012

    def test_registering_gives_a_free_account(self, running: Service) -> None:
        anyone = running.client(None)
        tokens = anyone.post("/auth/register", self.NEW).json()
        assert tokens["account"]["email"] == "new@example.org"
        assert running.context.money.subscriptions.current(tokens["account"]["id"])[0].name == "free"
        assert caller(running, tokens["access_token"]).get("/catalog").status_code == 200
        assert refusal(anyone.post("/auth/register", self.NEW)) == (409, "email_taken")
        for change in ({"email": "nobody"}, {"email": "a b@c"}, {"password": "short"}):
            assert refusal(anyone.post("/auth/register", {**self.NEW, **change})) == (422, "invalid_request")

    def test_registrations_are_limited(self, running: Service) -> None:
        anyone = running.client(None)
        answers = [anyone.post("/auth/register", {**self.NEW, "email": f"{n}@x"}) for n in range(7)]
        assert [one.status_code for one in answers] == [200] * 6 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0

    def test_a_new_password_ends_every_other_sign_in(self, running: Service) -> None:
        anyone = running.client(None)
        first = anyone.post("/auth/register", self.NEW).json()
        running.clock.step(1)
        body = {"password": "wrong", "new_password": "another one", "device_name": "x"}
        here = caller(running, first["access_token"])
        assert refusal(here.post("/auth/password", body)) == (401, "wrong_credentials")
        changed = here.post("/auth/password", {**body, "password": self.NEW["password"]}).json()
        assert refusal(here.get("/catalog")) == (401, "token_invalid")
        spent = anyone.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
        assert refusal(spent) == (401, "refresh_invalid")
        assert caller(running, changed["access_token"]).get("/catalog").status_code == 200
        login = {"email": self.NEW["email"], "device_name": "x"}
        assert refusal(anyone.post("/auth/login", {**login, "password": "long enough"}))[0] == 401
        assert anyone.post("/auth/login", {**login, "password": "another one"}).status_code == 200

    def test_signing_out_everywhere(self, running: Service) -> None:
        account = running.account("anna")
        one, other = running.client(account), running.client(account)
        running.clock.step(1)
        assert one.post("/auth/logout-everywhere", {}).status_code == 204
        for each in (one, other):
            assert refusal(each.get("/catalog")) == (401, "token_invalid")
        assert running.client(account).get("/catalog").status_code == 200


class TestTelevision:
    @pytest.fixture
    def code(self, running: Service) -> dict[str, Any]:
        body: dict[str, Any] = running.client(None).post("/auth/device", {"device_name": "TV"}).json()
        return body

    def ask(self, running: Service, code: dict[str, Any]) -> httpx.Response:
        return running.client(None).post("/auth/device/token", {"device_code": code["device_code"]})

    def approve(self, running: Service, code: str, *, approve: bool = True) -> httpx.Response:
        account = running.context.accounts.find("anna@matinee.local")
        account_id = account.id if account else running.account("anna")
        return running.client(account_id).post("/auth/device/approval", {"user_code": code, "approve": approve})

    def test_it_is_signed_in_once(self, running: Service, code: dict[str, Any]) -> None:
        assert code["verification_uri_complete"].endswith(f"/activate?user_code={code['user_code']}")
        assert refusal(self.ask(running, code)) == (400, "authorization_pending")
        typed = code["user_code"].lower().replace("-", " ")
        assert self.approve(running, typed).json() == {"device_name": "TV"}
        assert refusal(self.approve(running, typed)) == (404, "code_not_found")
        running.clock.step(5)
        tokens = self.ask(running, code).json()
        assert caller(running, tokens["access_token"]).get("/catalog").status_code == 200
        running.clock.step(5)
        assert refusal(self.ask(running, code)) == (400, "expired_token")

    def test_asking_too_often(self, running: Service, code: dict[str, Any]) -> None:
        self.ask(running, code)
        running.clock.step(4)
        assert refusal(self.ask(running, code)) == (400, "slow_down")
        running.clock.step(6)
        assert refusal(self.ask(running, code)) == (400, "slow_down")  # the interval is ten seconds now
        running.clock.step(15)
        assert refusal(self.ask(running, code)) == (400, "authorization_pending")

    def test_denied_and_expired(self, running: Service, code: dict[str, Any]) -> None:
        assert self.approve(running, code["user_code"], approve=False).status_code == 200
        assert refusal(self.ask(running, code)) == (400, "access_denied")
        second = running.client(None).post("/auth/device", {"device_name": "TV"}).json()
        running.clock.step(600)
        assert refusal(self.approve(running, second["user_code"])) == (404, "code_not_found")
        assert refusal(self.ask(running, second)) == (400, "expired_token")

    def test_guessing_codes_is_limited(self, running: Service) -> None:
        refusals = [refusal(self.approve(running, "BBBB-BBBB")) for _ in range(11)]
        assert refusals == [(404, "code_not_found")] * 10 + [(429, "too_many_attempts")]

    def test_the_page(self, running: Service, code: dict[str, Any]) -> None:
        running.account("anna")
        page = running.client(None).get(code["verification_uri_complete"])
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert code["user_code"] in page.text
        fields = {"user_code": code["user_code"], "email": "anna@matinee.local", "decision": "approve"}

        def send(**changed: str) -> httpx.Response:
            form = urlencode({**fields, **changed}).encode()
            return running.client(None).send_form(code["verification_uri"], form)

        wrong = send(password="wrong")
        assert (wrong.status_code, "is wrong" in wrong.text) == (401, True)
        evil = send(password="wrong", user_code='"><script>')
        assert "<script>" not in evil.text
        assert send(password="secret").text.count("TV is signed in now.") == 1
        assert self.ask(running, code).status_code == 200
        for junk in (b"\xff\xfe", b"&".join(b"a%d=1" % n for n in range(99)), b""):
            assert running.client(None).send_form(code["verification_uri"], junk).status_code == 401


class TestProfiles:
    @pytest.fixture
    def anna(self, running: Service) -> Caller:
        return running.client(running.account("anna"))

    def select(self, running: Service, by: Caller, profile: dict[str, Any], pin: str | None = None) -> Caller:
        answer = by.post(f"/profiles/{profile['id']}/selection", {"pin": pin})
        assert answer.status_code == 200, answer.text
        return caller(running, answer.json()["access_token"])

    def test_a_child_sees_what_it_may(self, running: Service, anna: Caller) -> None:
        child = anna.post("/profiles", {"name": "Kim", "maturity": 6, "pin": None}).json()
        running.context.rights.contracts.rate("film", 12, by=None)
        kim = self.select(running, anna, child)
        assert kim.get("/profiles").json()["current"] == child["id"]
        assert kim.get("/catalog").json()["items"] == []
        device = SigningDevice(kim, running.clock)
        device.register()
        assert refusal(device.play()) == (403, "maturity")
        assert refusal(device.download()) == (403, "maturity")
        for page in ("", "/credits", "/episodes"):
            assert refusal(device.client.get(f"/catalog/film{page}")) == (403, "maturity")
        running.context.rights.contracts.rate("film", 6, by=None)
        assert len(kim.get("/catalog").json()["items"]) == 1
        assert device.play().status_code == 200
        assert refusal(kim.post("/profiles", {"name": "x", "maturity": 18})) == (403, "profile_not_allowed")
        gone = kim.call("DELETE", f"/profiles/{child['id']}")
        assert refusal(gone) == (403, "profile_not_allowed")

    def test_a_pin_keeps_others_out(self, running: Service, anna: Caller) -> None:
        grown_up = anna.post("/profiles", {"name": "Anna", "maturity": 18, "pin": "1234"}).json()
        plain = {"avatar": "", "kids": False, "audio_language": "", "text_language": "", "autoplay": True}
        assert grown_up == {"id": grown_up["id"], "name": "Anna", "maturity": 18, "has_pin": True, **plain}
        path = f"/profiles/{grown_up['id']}/selection"
        for pin in (None, "0000", "4321", "12345"):
            assert refusal(anna.post(path, {"pin": pin})) == (403, "wrong_pin")
        self.select(running, anna, grown_up, "1234")
        wrong = [refusal(anna.post(path, {"pin": "0000"})) for _ in range(6)]
        assert wrong == [(403, "wrong_pin")] * 5 + [(429, "too_many_attempts")]
        assert refusal(anna.post(path, {"pin": "1234"})) == (429, "too_many_attempts")

    def test_a_selection_lives_through_a_refresh(self, running: Service) -> None:
        tokens = running.client(None).post("/auth/register", TestAccounts.NEW).json()
        owner = caller(running, tokens["access_token"])
        child = owner.post("/profiles", {"name": "Kim", "maturity": 0}).json()
        self.select(running, owner, child)
        renewed = running.client(None).post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json()
        assert caller(running, renewed["access_token"]).get("/profiles").json()["current"] == child["id"]
        owner.call("DELETE", f"/profiles/{child['id']}")
        assert refusal(caller(running, renewed["access_token"]).get("/catalog")) == (401, "token_invalid")

    def test_limits_and_strangers(self, running: Service, anna: Caller) -> None:
        made = [anna.post("/profiles", {"name": f"{n}", "maturity": 0}) for n in range(9)]
        assert [one.status_code for one in made] == [200] * 8 + [409]
        assert {one["name"] for one in anna.get("/profiles").json()["items"]} == {str(n) for n in range(8)}
        stranger = running.client(running.account("ben"))
        path = f"/profiles/{made[0].json()['id']}"
        assert refusal(stranger.call("DELETE", path)) == (404, "profile_not_found")
        assert refusal(stranger.post(f"{path}/selection", {})) == (404, "profile_not_found")
        assert anna.call("DELETE", path).status_code == 204
