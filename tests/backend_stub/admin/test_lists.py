"""The operator's lists in pages: each row stands on one page, once, also where many have the same moment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

import pytest

from backend_stub.db.models import Account, Device, Job, KioskReport, Payment, Quality
from backend_stub.db.models.base import Base
from backend_stub.services.quality import CDNS_OF_A_SESSION
from tests.backend_stub.admin.test_running import Console
from tests.kit.rights import START, Service, service

MANY = 120  # of one moment: by pages of 50 a page ends among them twice
KIOSKS = 70


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with service(tmp_path_factory.mktemp("lists")) as running:
        operator = running.account("root", role="admin")
        fill(running)
        yield Console(running, operator)


def fill(running: Service) -> None:
    with running.context.database.write() as session:
        for number in range(MANY):
            session.add(account(number))
        session.flush()
        for number in range(MANY):
            session.add_all([device(number), job(number), payment(number), *playback(number)])
        for number in range(KIOSKS):
            session.add(KioskReport(device_id=f"{number:043}", told_at=START, status={}))


def account(number: int) -> Account:
    email = f"row-{number}@matinee.local"
    return Account(
        id=f"{number:032x}", email=email, name="", password_hash="", active=True, created_at=START, kiosks=True
    )


def device(number: int) -> Device:
    seen = {"name": f"row-{number}", "public_key": {}, "created_at": START, "last_seen_at": START}
    return Device(account_id=f"{number:032x}", id=f"{number:043}", **seen)


def job(number: int) -> Job:
    asked = {"kind": "title", "key": str(number), "name": f"row-{number}", "state": "done", "priority": 0, "host": ""}
    return Job(id=f"{number:032x}", **asked, created_at=START, finished_at=START, spec={}, result={})


def payment(number: int) -> Payment:
    order = {"request_id": "1", "kind": "subscribe", "plan": "basic", "amount_cents": 1, "state": "paid"}
    card = {"card_token": "", "card_last4": "4242"}
    return Payment(id=f"{number:032x}", account_id=f"{number:032x}", **order, **card, created_at=START)


def playback(number: int) -> list[Base]:
    """Two CDNs: the second an hour later, for some."""
    of = {
        "account_id": f"{number:032x}",
        "session_id": "s",
        "title_id": f"row-{number}",
        "device_id": "",
        "app_version": "",
    }
    sums = {"played_s": 1.0, "stalled_s": 0.0, "stalls": 0, "bits": 1.0, "errors": 0}
    later = number % 3 * 3600
    return [
        Quality(**of, **sums, pathway=str(cdn), started_at=START + later * cdn) for cdn in range(CDNS_OF_A_SESSION)
    ]


@pytest.mark.parametrize("path", ["/accounts", "/devices", "/devices?q=row", "/jobs", "/payments", "/sessions"])
def test_each_row_stands_on_one_page(admin: Console, path: str) -> None:
    assert in_all_pages(admin, path) == Counter(range(MANY))


def in_all_pages(admin: Console, path: str) -> Counter[int]:
    """How often each row stands on a page, of which none is long."""
    seen: Counter[int] = Counter()
    first = path
    while path:
        page = admin.get(path)
        assert page.status_code == 200, path
        rows = {int(number) for number in re.findall(r"\brow-(\d+)\b", page.text)}
        assert 0 < len(rows) <= 50, path
        seen.update(rows)
        older = re.search(r'<p class="more"><a href="([^"]+)"', page.text)
        path = first.partition("?")[0] + unescape(older[1]) if older else ""
    return seen


def test_kiosks_come_first(admin: Console) -> None:
    page = admin.get("/devices").text
    assert {int(number) for number in re.findall(r"\brow-(\d+)\b", page)} <= set(range(KIOSKS))


def test_a_device_is_named_by_its_id_and_its_account(admin: Console) -> None:
    """Its name is what it says itself."""
    page = admin.get("/devices").text
    devices = re.findall(r'/devices/([^"]+)">', page)
    accounts = re.findall(r'<td class="code">([^<]+)</td><td class="name"><a href="[^"]+/accounts/\w+">[^<]+@', page)
    assert devices
    assert accounts == [device[:8] for device in devices]
    assert re.search(r'/accounts/\w+">[^<]+@', admin.get(f"/devices/{devices[0]}").text)


@pytest.mark.parametrize("wrong", ["x", "-1", "nan", "1e400", "1,%00", "9" * 30])
def test_a_place_is_a_moment_and_an_id(admin: Console, wrong: str) -> None:
    assert admin.get(f"/accounts?before={wrong}").status_code == 422
