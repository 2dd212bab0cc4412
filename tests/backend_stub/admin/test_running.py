"""What administrators run from the operator's pages: accounts, payments, steering; and what publishers may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.routing import APIRoute

from backend_stub.admin import PREFIX
from backend_stub.payments.local import GOOD_CARD
from tests.backend_stub.admin.seen import png
from tests.kit.rights import Caller, Service, service

ADDRESS = "192.0.2.1"
OTHERS = {
    "device_id": "A" * 43,
    "title_id": "film",
    "kind": "logo",
    "season": "1",
}  # parameters that are no 32 hexadecimal digits


class Console:
    """An operator's sign-in; paths are below ``/console``."""

    def __init__(self, running: Service, account_id: str) -> None:
        account = running.context.accounts.get(account_id)
        assert account is not None
        token = running.context.tokens.issue(account, "console").refresh_token
        self._running, self._cookie = running, {"Cookie": f"matinee_console={token}"}

    def _send(self, path: str, content_type: str, body: bytes) -> httpx.Response:
        headers = {**self._cookie, "Content-Type": content_type}
        caller = Caller(self._running.app, self._running.runner, ADDRESS, headers)
        return caller.send_form(f"http://testserver{PREFIX}{path}", body)

    def _seal(self) -> str:
        seal = re.search(r'name="seal" value="(\w+)"', self.get("/titles").text)
        assert seal is not None
        return seal[1]

    def get(self, path: str) -> httpx.Response:
        caller = Caller(self._running.app, self._running.runner, ADDRESS, self._cookie)
        return caller.call("GET", f"http://testserver{PREFIX}{path}")

    def post(self, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        form = urlencode({"seal": self._seal(), **(fields or {})}).encode()
        return self._send(path, "application/x-www-form-urlencoded", form)

    def send_file(self, path: str, data: bytes, seal: str | None = None) -> httpx.Response:
        """As a browser sends a form with a file."""
        fields = httpx.Request(
            "POST", "http://x", data={"seal": seal or self._seal()}, files={"file": ("a.png", data)}
        )
        return self._send(path, fields.headers["Content-Type"], fields.read())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("running")) as made:
        yield made


@pytest.fixture(scope="module")
def operator_id(running: Service) -> str:
    return running.account("root", role="admin")


@pytest.fixture
def admin(running: Service, operator_id: str) -> Console:
    return Console(running, operator_id)


def test_an_account_is_found_and_changed(running: Service, admin: Console) -> None:
    subject = running.account("subject", "basic")
    assert "subject@matinee.local" in admin.get("/accounts?q=SUBJ").text
    assert "No account fits" in admin.get("/accounts?q=nobody%25").text
    path = f"/accounts/{subject}"
    sent = admin.post(path, {"role": "publisher", "state": "closed", "country": "de"})
    assert sent.headers["location"] == PREFIX + path
    changed = running.context.accounts.get(subject)
    assert changed is not None
    assert (changed.role, changed.active, changed.country) == ("publisher", False, "DE")
    for fields, kiosks in (({"screens": "kiosks"}, True), ({"country": "AT"}, True), ({"screens": "devices"}, False)):
        assert admin.post(path, fields).status_code == 303
        changed = running.context.accounts.get(subject)
        assert changed is not None
        assert changed.kiosks == kiosks
        assert ('<option value="kiosks" selected>' in admin.get(path).text) == kiosks
    assert admin.post(f"{path}/plan", {"plan": "premium"}).status_code == 303
    assert running.context.money.subscriptions.current(subject)[0].name == "premium"
    for below, fields in (("", {"role": "owner"}), ("", {"country": "Germany"}), ("/plan", {"plan": "gold"})):
        assert admin.post(path + below, fields).status_code == 422
    nobody = "/accounts/" + "0" * 32
    for below in ("", "/plan", "/sign-out"):
        assert admin.post(nobody + below, {"plan": "basic"}).status_code == 404
    assert admin.get(nobody).status_code == 404
    actions = {entry.action for entry in running.context.audit_log.page(None, 9, subject)}
    assert {"account.closed", "account.role_given", "account.country_set"} <= actions


def test_nobody_takes_their_own_rights_away(admin: Console, operator_id: str) -> None:
    for fields in ({"role": "viewer"}, {"state": "closed"}):
        assert admin.post(f"/accounts/{operator_id}", fields).status_code == 403
    assert admin.post(f"/accounts/{operator_id}", {"country": "AT"}).status_code == 303


def test_sign_ins_are_ended_and_devices_removed(running: Service, admin: Console) -> None:
    account_id = running.account("lost")
    device = running.device(account_id)
    path = f"/accounts/{account_id}"
    assert device.device_id in admin.get(path).text
    assert admin.post(f"{path}/devices/{device.device_id}/removal").status_code == 303
    assert device.play(variant="clear").json()["code"] == "device_revoked"
    assert admin.post(f"{path}/devices/{'B' * 43}/removal").status_code == 404
    assert device.client.get("/catalog").status_code == 200
    running.clock.step(1)
    assert admin.post(f"{path}/sign-out").status_code == 303
    assert device.client.get("/catalog").status_code == 401


def test_a_payment_is_given_back_once(running: Service, admin: Console) -> None:
    account_id = running.account("payer", "free")
    running.context.money.billing.order(account_id, "first", "standard", GOOD_CARD)
    payment = running.context.money.billing.payments(account_id, None, 1)[0]
    assert "payer@matinee.local" in admin.get("/payments").text
    assert "9.99 EUR" in admin.get(f"/accounts/{account_id}").text
    for _ in range(2):  # pressed twice
        assert admin.post(f"/payments/{payment.id}/refund").headers["location"] == f"{PREFIX}/payments"
        assert running.context.money.subscriptions.current(account_id)[0].name == "free"
    assert running.context.money.billing.payments(account_id, None, 1)[0].state == "refunded"
    assert admin.post(f"/payments/{'0' * 32}/refund").status_code == 404


def test_weights_of_steering(running: Service, admin: Console) -> None:
    steering = running.context.steering
    assert admin.post("/steering/weights", {"weight edge-a": "2.5"}).status_code == 303
    assert [state.weight for state in steering.states()] == [2.5]
    for wrong in ("much", "-1", "nan"):
        assert admin.post("/steering/weights", {"weight edge-a": wrong}).status_code == 422
    assert [state.weight for state in steering.states()] == [2.5]
    assert admin.post("/steering/weights").status_code == 303
    assert [state.weight for state in steering.states()] == [1.0]


def test_rules_of_steering(running: Service, admin: Console) -> None:
    def row(number: int, **members: str) -> dict[str, str]:
        return {f"rule {number} {member}": value for member, value in members.items()}

    good = row(0, name="televisions", pathways="edge-a", countries="de at", devices="TV*, *screen", share="0.5")
    assert admin.post("/steering/rules", good).headers["location"] == f"{PREFIX}/steering"
    (kept,) = running.context.steering.rules()
    assert (kept.pathways, kept.countries) == (("edge-a",), frozenset({"DE", "AT"}))
    assert (kept.devices, kept.share) == (("TV*", "*screen"), 0.5)
    shown = admin.get("/steering").text
    assert all(f'value="{value}"' in shown for value in ("televisions", "edge-a", "AT DE", "TV*, *screen", "0.5"))
    for wrong in ({"pathways": "edge-c"}, {"pathways": ""}, {"countries": "Austria"}, {"share": "2"}, {"share": "x"}):
        second = row(1, name="second", **{"pathways": "edge-a", **wrong})
        refused = admin.post("/steering/rules", good | second)
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True), wrong
        assert 'value="second"' in refused.text, "what was written is still there"
    assert tuple(running.context.steering.rules()) == (kept,)
    assert admin.post("/steering/rules").status_code == 303
    assert tuple(running.context.steering.rules()) == ()


def test_a_title_is_edited(running: Service) -> None:
    publisher = Console(running, running.account("editor", role="publisher"))
    page = publisher.get("/titles/film").text
    assert 'action="/console/titles/film"' in page
    fields = {
        "title": "A <Film>",
        "synopsis": "Long.",
        "year": "2001",
        "genres": "Drama comedy",
        "people": "director: Ada Lovelace\nActor: Bo: the Second\n\n",
        "maturity": "12",
        "countries": "de at",
        "available_from": "2026-01-02 03:04",
        "available_until": "",
        "free": "yes",
    }
    assert publisher.post("/titles/film", fields).headers["location"] == f"{PREFIX}/titles/film"
    context = running.context
    title, named, rights = (
        context.titles.editing.get("film"),
        context.titles.editing.credits("film"),
        context.rights.contracts.get("film"),
    )
    assert (title.title, title.synopsis, title.year, title.maturity) == ("A <Film>", "Long.", 2001, 12)
    assert list(named.genres) == ["comedy", "drama"]
    assert [(one.job, one.name) for one in named.people] == [
        ("director", "Ada Lovelace"),
        ("actor", "Bo: the Second"),
    ]
    assert (rights.countries, rights.free, rights.available_until) == (frozenset({"DE", "AT"}), True, None)
    shown = publisher.get("/titles/film").text
    assert all(text in shown for text in ("A &lt;Film&gt;", "comedy drama", "2026-01-02 03:04", "AT DE", "actor: Bo"))
    for wrong in (
        {"title": ""},
        {"year": "soon"},
        {"people": "Ada"},
        {"genres": "?"},
        {"maturity": "5"},
        {"countries": "Germany"},
        {"available_from": "tomorrow"},
    ):
        refused = publisher.post("/titles/film", {**fields, "synopsis": "Other.", **wrong})
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True), wrong
        assert "Other." in refused.text, "what was written is still there"
    assert context.titles.editing.get("film").synopsis == "Long."
    assert publisher.post("/titles/none", fields).status_code == 404
    assert publisher.post(
        "/titles/film", {**fields, "maturity": "0", "countries": "", "available_from": ""}
    ).is_redirect


def test_a_title_is_withdrawn_and_shown_again(running: Service) -> None:
    publisher = Console(running, running.account("withdrawer", role="publisher"))
    for shown in (False, True):
        assert publisher.post("/titles/film/shown", {"shown": "yes" if shown else "no"}).status_code == 303
        assert (running.context.titles.editing.get("film").published_at is not None) == shown
        assert ("Withdraw it" in publisher.get("/titles/film").text) == shown
    assert running.context.audit_log.page(None, 1)[0].action == "title.version"


def test_a_picture_is_sent_and_removed(running: Service) -> None:
    publisher = Console(running, running.account("painter", role="publisher"))
    picture = png(5, 4) + b"\r\n--not-a-boundary\r\n\x00\xff\x1c\x85\r"
    assert publisher.send_file("/titles/film/artwork/backdrop", picture).status_code == 303
    name = running.context.titles.editing.get("film").artwork["backdrop"]
    assert running.context.titles.artwork.path("film", name).read_bytes() == picture
    assert name in publisher.get("/titles/film").text
    assert publisher.send_file("/titles/film/artwork/backdrop", b"no picture").status_code == 422
    assert publisher.send_file("/titles/film/artwork/backdrop", picture, seal="0").status_code == 403
    assert publisher.post("/titles/film/artwork/backdrop", {"remove": "yes"}).status_code == 303
    assert running.context.titles.editing.get("film").artwork == {}


def test_a_season_is_named(running: Service) -> None:
    publisher = Console(running, running.account("namer", role="publisher"))
    series = running.context.titles.belongings.make_series("Tides", "", 2020, by=None)
    assert "It has no episode yet" in publisher.get(f"/titles/{series.id}").text
    assert publisher.post(f"/titles/{series.id}/seasons/1", {"name": " Ebb "}).status_code == 303
    assert 'value="Ebb"' in publisher.get(f"/titles/{series.id}").text
    assert publisher.post(f"/titles/{series.id}/seasons/1", {"name": "x" * 201}).status_code == 422
    assert publisher.post("/titles/film/seasons/1", {"name": "x"}).status_code == 404


def console_routes(running: Service) -> list[tuple[str, str]]:
    """Every page and form of the application, but for the way in and out."""
    found = []

    def walk(routes: Any) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.extend((method, route.path) for method in route.methods)
            else:
                walk(getattr(getattr(route, "original_router", route), "routes", None) or [])

    walk(running.app.routes)
    return [
        (method, path.removeprefix(PREFIX))
        for method, path in found
        if path.startswith(PREFIX) and not path.startswith((f"{PREFIX}/static/", f"{PREFIX}/sign-"))
    ]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: OTHERS.get(name[1], "0" * 32), path)


def test_a_publisher_sees_titles_and_jobs_and_nothing_else(running: Service) -> None:
    publisher = Console(running, running.account("publisher", role="publisher"))
    page = publisher.get("/titles")
    assert re.findall(r'<a href="/console(/\w+)"', page.text.split("</nav>")[0]) == ["/titles", "/jobs"]
    assert publisher.get("").headers["location"] == f"{PREFIX}/titles"
    routes = console_routes(running)
    assert len(routes) > 25
    for method, path in routes:
        answer = publisher.get(filled(path)) if method == "GET" else publisher.post(filled(path))
        allowed = path == "" or path.startswith(("/titles", "/jobs"))
        assert (answer.status_code == 403) != allowed, (method, path, answer.status_code)


def test_every_page_asks_who_is_there(running: Service) -> None:
    nobody = Caller(running.app, running.runner, ADDRESS, {})
    for method, path in console_routes(running):
        answer = nobody.call(method, f"http://testserver{PREFIX}{filled(path)}")
        assert answer.headers["location"] == f"{PREFIX}/sign-in", (method, path)
