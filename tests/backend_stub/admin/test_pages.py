"""The operator's pages: who may see them, that nothing that others wrote gets in as markup, and that forms work."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend_stub.cli import ensure_admin
from backend_stub.jobs.model import NewJob, NewTask
from backend_stub.jobs.store import Jobs
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.backend_stub.admin.seen import HOSTILE, Seen, fill
from tests.kit.backend import fault_document, running_backend
from tests.kit.chromium import PROGRAM, Chromium
from tests.kit.rights import Caller, service


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with running_backend(tmp_path_factory.mktemp("console")) as group:
        yield fill(group)


class Browser:
    """Keeps cookies and follows nothing; paths are below ``/console``."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.cookies = client.cookies

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"/console{path}")

    def post(self, path: str, data: dict[str, str], headers: dict[str, str] | None = None) -> httpx.Response:
        return self.client.post(f"/console{path}", data=data, headers=headers)


@pytest.fixture
def browser(seen: Seen) -> Iterator[Browser]:
    """Nobody is signed in yet."""
    with httpx.Client(base_url=seen.group.api.url, trust_env=False, timeout=60) as client:
        yield Browser(client)


@pytest.fixture
def admin(seen: Seen, browser: Browser) -> Browser:
    assert sign_in(browser, seen.email, seen.password).headers["location"] == "/console"
    return browser


def sign_in(browser: Browser, email: str, password: str, **headers: str) -> httpx.Response:
    return browser.post("/sign-in", data={"email": email, "password": password}, headers=headers)


def seal(page: httpx.Response) -> str:
    found = re.search(r'name="seal" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


PAGES = (
    *("", "?hours=1", "?hours=168", "/sessions", "/titles", "/devices", "/jobs", "/faults", "/audit"),
    *("/steering", "/accounts", "/accounts?q=payer", "/payments"),
)
DETAILS = ("session", "device", "job", "account", "title")


@pytest.mark.parametrize("path", ["/steering", "/faults"])
def test_pages_of_edges_have_plots_of_what_each_was_used_for(admin: Browser, path: str) -> None:
    text = admin.get(path).text
    drawn = re.findall(r'<svg class="plot".*?</svg>', text, re.DOTALL)
    assert len(drawn) == 2
    assert all('<path class="curve a"' in one for one in drawn)  # of edge-a, over which something was played


@pytest.mark.parametrize("path", ["/sessions", "/titles", "/devices", "/jobs", "/accounts", "/payments", "/audit"])
def test_every_list_is_searched_and_has_a_plot_over_time(seen: Seen, admin: Browser, path: str) -> None:
    whole, none = admin.get(path).text, admin.get(f"{path}?q=nobody-has-this").text
    for text in (whole, none):
        assert 'role="search"' in text
        assert '<svg class="plot"' in text
        assert text.count("<tr>") <= 52
    assert "colspan=" not in whole
    assert "colspan=" in none  # nothing fits
    assert 'value="nobody-has-this"' in none
    assert re.search(r"(No \w+|Nothing) fits\.|Nothing yet", none)  # and not that nothing is there at all


@pytest.mark.parametrize("path", [*PAGES, *DETAILS])
def test_every_page_is_there_and_nothing_gets_in_as_markup(seen: Seen, admin: Browser, path: str) -> None:
    path = seen.paths.get(path, path)
    page = admin.get(path)
    assert page.status_code == 200, page.text
    assert "<script>" not in page.text
    assert HOSTILE not in page.text
    assert " style=" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    if path in ("", "/sessions", "/titles", "/accounts", *seen.paths.values()):
        assert html.escape(HOSTILE) in page.text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


@pytest.mark.parametrize("path", [*PAGES, *DETAILS, "/commands/" + "0" * 32 + "/result"])
def test_others_see_nothing(seen: Seen, browser: Browser, path: str) -> None:
    path = seen.paths.get(path, path)
    assert browser.get(path).headers["location"] == "/console/sign-in"
    browser.cookies.set("matinee_console", "x" * 43, path="/console")
    assert browser.get(path).headers["location"] == "/console/sign-in"
    browser.cookies.clear()
    account = seen.group.context.accounts.ensure_demo_viewer()
    token = seen.group.context.tokens.issue(account, "tv").refresh_token
    browser.cookies.set("matinee_console", token, path="/console")
    refused = browser.get(path)
    assert refused.status_code == 403
    assert "Sign out" not in refused.text


def test_signing_in_and_out(seen: Seen, browser: Browser) -> None:
    assert sign_in(browser, seen.email, "wrong").status_code == 401
    assert sign_in(browser, DEMO_EMAIL, DEMO_PASSWORD).status_code == 403
    assert sign_in(browser, seen.email, seen.password, origin="https://elsewhere.test").status_code == 403
    assert not browser.cookies
    cookie = sign_in(browser, seen.email, seen.password).headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/console"))
    value = browser.cookies["matinee_console"]
    page = browser.get("")
    assert browser.post("/sign-out", data={"seal": seal(page)}).headers["location"] == "/console/sign-in"
    browser.cookies.set("matinee_console", value, path="/console")
    assert browser.get("").headers["location"] == "/console/sign-in"  # also for whoever kept the cookie


def test_a_role_that_is_taken_away_is_gone_at_once(seen: Seen, browser: Browser) -> None:
    accounts = seen.group.context.accounts
    second = accounts.register("second@example.org", "second", "a password", role="admin")
    sign_in(browser, "second@example.org", "a password")
    assert browser.get("").status_code == 200
    accounts.change(second.id, by=None, role="publisher")
    assert browser.get("").headers["location"] == "/console/titles"
    accounts.change(second.id, by=None, role="viewer")
    assert browser.get("").status_code == 403
    seen.group.context.tokens.sign_out_everywhere(second.id)
    assert browser.get("").headers["location"] == "/console/sign-in"


def test_forms_need_their_seal(seen: Seen, admin: Browser) -> None:
    job = seen.paths["job"]
    forms = ("/sign-out", "/faults", "/faults/end", f"{seen.paths['device']}/commands", f"{job}/retry")
    for path in (*forms, f"{job}/cancellation", seen.paths["account"]):
        for sent in ({}, {"seal": "0" * 64}):
            assert admin.post(path, data={"kind": "restart", **sent}).status_code == 403, path
    good = {"seal": seal(admin.get("")), "kind": "restart"}
    elsewhere = admin.post(
        f"{seen.paths['device']}/commands", data=good, headers={"origin": "https://elsewhere.test"}
    )
    assert elsewhere.status_code == 403
    assert "queued" not in admin.get(seen.paths["device"]).text


def test_commands_are_given_and_taken_back(seen: Seen, admin: Browser) -> None:
    device = seen.paths["device"]
    fields = {"seal": seal(admin.get(device)), "expires_in_s": "3600"}
    for kind, playlist in (("restart", "ignored"), ("playlist", '[[entry]]\r\ntitle = "a"\r\n')):
        sent = admin.post(f"{device}/commands", data={**fields, "kind": kind, "playlist": playlist})
        assert sent.headers["location"] == f"/console{device}"
    commands = seen.group.context.device_commands.of_device(seen.device_id)
    queued = {one.kind: one for one in commands if one.state == "queued"}
    assert queued["playlist"].playlist == '[[entry]]\ntitle = "a"\n'
    assert queued["restart"].expires_at - queued["restart"].issued_at == 3600
    for one in queued.values():
        assert admin.post(f"{device}/commands/{one.id}/withdrawal", data=fields).status_code == 303
    assert admin.post(f"{device}/commands/{one.id}/withdrawal", data=fields).status_code == 409
    assert admin.post(f"{device}/commands", data={**fields, "kind": "format"}).status_code == 422
    assert admin.post(f"{device}/commands", data={**fields, "kind": "playlist"}).status_code == 422
    unknown = f"/devices/{'A' * 43}"
    assert admin.get(unknown).status_code == 404
    assert admin.post(f"{unknown}/commands", data={**fields, "kind": "logs"}).status_code == 404
    result = admin.get(f"/commands/{seen.logs_id}/result")
    assert (result.text, result.headers["content-type"]) == (HOSTILE, "text/plain; charset=utf-8")
    assert "sandbox" in result.headers["content-security-policy"]


def test_switches_make_edges_misbehave(seen: Seen, admin: Browser) -> None:
    fields = {"seal": seal(admin.get("/faults"))}
    edge = seen.group.edges[0].url
    assert admin.post("/faults", data={**fields, "edge edge-a": "errors", "edge edge-b": ""}).status_code == 303
    assert httpx.get(edge, trust_env=False, timeout=60).status_code == 503
    assert re.search(r'<option value="errors" selected>.*?</option>', admin.get("/faults").text)
    bad = admin.post("/faults", data={**fields, "document": '{"version": 1, "rules": [{"<b>": 1}]}'})
    assert bad.status_code == 422
    assert "<b>" not in bad.text
    assert httpx.get(edge, trust_env=False, timeout=60).status_code == 503  # the one before stays
    own = fault_document({"match": {"pathway": "edge-a"}, "fault": {"type": "status", "status": 418}})
    assert admin.post("/faults", data={**fields, "document": own}).status_code == 303
    assert httpx.get(edge, trust_env=False, timeout=60).status_code == 418
    assert "of your own" in admin.get("/faults").text
    everything = fault_document({"fault": {"type": "status", "status": 500}})
    assert admin.post("/faults", data={**fields, "document": everything}).status_code == 303
    assert httpx.get(seen.group.api_url + "/health", trust_env=False, timeout=60).status_code == 500
    assert admin.post("/faults/end", data=fields).status_code == 303  # the way out stays open
    assert httpx.get(edge, trust_env=False, timeout=60).status_code == 403


def test_jobs_are_stopped(seen: Seen, admin: Browser) -> None:
    jobs = Jobs(seen.group.context.database, seen.group.context.clock)
    path = f"/jobs/{jobs.submit(NewJob('encode', 'Film', 'other', {}), [NewTask('probe', 'probe')])}"
    fields = {"seal": seal(admin.get(path))}
    assert "waiting" in admin.get(path).text
    assert admin.post(f"{path}/cancellation", data=fields).headers["location"] == f"/console{path}"
    assert "cancelled" in admin.get(path).text
    assert admin.post(f"{path}/retry", data=fields).status_code == 303
    nothing = f"/jobs/{'0' * 32}"
    assert admin.get(nothing).status_code == 404
    assert admin.post(f"{nothing}/retry", data=fields).status_code == 404


def test_what_is_not_there_is_a_page_too(seen: Seen, admin: Browser) -> None:
    for path, status in (
        ("?hours=5", 422),
        ("/sessions?before=x", 422),
        ("/devices/x", 422),
        (f"/sessions/{'0' * 32}/x", 404),
        ("/commands/" + "0" * 32 + "/result", 404),
    ):
        page = admin.get(path)
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8"), path


@pytest.mark.skipif(PROGRAM is None, reason="Debian's chromium is not installed")
def test_the_pages_in_a_browser(seen: Seen, tmp_path: Path) -> None:
    base = f"{seen.group.api.url}/console"
    with Chromium(tmp_path / "profile") as browser:
        browser.open(base)
        assert browser.run("location.pathname") == "/console/sign-in"
        browser.run(f"document.querySelector('[name=email]').value = {seen.email!r}")
        browser.run(f"document.querySelector('[name=password]').value = {seen.password!r}")
        browser.click("document.querySelector('main button')")
        assert browser.run("document.querySelector('h1').textContent") == "Overview"
        assert browser.run("document.querySelectorAll('svg.plot').length") == 4
        assert browser.run("getComputedStyle(document.querySelector('header')).backgroundColor") == "rgb(20, 23, 30)"
        assert browser.run("document.cookie") == ""  # no script can read it
        for path in PAGES:
            size = {"width": 420, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            browser.tell("Emulation.setDeviceMetricsOverride", **size)
            browser.open(base + path)
            assert browser.run("document.documentElement.scrollWidth") <= 420, path
        browser.tell("Emulation.clearDeviceMetricsOverride")
        browser.open(base + seen.paths["session"])
        assert browser.run("document.querySelector('h1').textContent") == HOSTILE
        assert browser.run("document.querySelectorAll('.lane path.curve').length") == 3
        assert browser.run("document.querySelector('time').title").endswith(" UTC")
        browser.open(base + seen.paths["device"])
        assert (
            browser.run("document.querySelector('.shot').decode().then(() => document.images[0].naturalWidth)") == 8
        )
        browser.click("document.querySelector('[value=logs]')")
        assert browser.run("document.querySelector('.state.queued').textContent") == "queued"
        browser.run("window.confirm = () => false")
        browser.run("document.querySelector('[value=restart]').click()")  # asked first, and the answer is no
        browser.open(base + seen.paths["device"])
        assert browser.run("document.querySelectorAll('.state.queued').length") == 1
        assert browser.said == []


def test_the_operator_is_made_by_the_command_line(seen: Seen, browser: Browser) -> None:
    viewer = seen.group.context.accounts.ensure_demo_viewer()
    ensure_admin(seen.group, "third@example.org", "a password")
    ensure_admin(seen.group, "third@example.org", "another one, which changes nothing")
    assert sign_in(browser, "third@example.org", "a password").status_code == 303
    assert viewer.role == "viewer"
    ensure_admin(seen.group, DEMO_EMAIL, DEMO_PASSWORD)
    assert sign_in(browser, DEMO_EMAIL, DEMO_PASSWORD).status_code == 303
    seen.group.context.accounts.change(viewer.id, by=None, role="viewer")


def test_without_servers_there_are_no_faults_to_switch(tmp_path: Path) -> None:
    with service(tmp_path) as made:
        operator = made.context.accounts.register("root@example.org", "root", "a password", role="admin")
        token = made.context.tokens.issue(operator, "x").refresh_token
        caller = Caller(made.app, made.runner, "192.0.2.1", {"Cookie": f"matinee_console={token}"})
        assert caller.call("GET", "http://testserver/console/faults").status_code == 404
        assert caller.call("GET", "http://testserver/console").status_code == 200
