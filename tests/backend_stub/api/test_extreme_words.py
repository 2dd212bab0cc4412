"""What no client of ours sends: each is refused, on either database, and none is a fault of ours."""

from __future__ import annotations

import base64
import errno
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub import service_secrets
from backend_stub.metrics import CountCalls
from tests.backend_stub.admin.test_running import ADDRESS, Console
from tests.kit.rights import Caller, Service, refusal, service

LARGE = [2**31, 3_000_000_000, 2**53]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("extremes")) as made:
        yield made


@pytest.fixture(scope="module")
def operator_id(running: Service) -> str:
    return running.account("root", role="admin")


@pytest.fixture
def admin(running: Service, operator_id: str) -> Caller:
    return running.client(operator_id)


@pytest.mark.parametrize("number", LARGE)
def test_numbers_that_no_row_has(running: Service, admin: Caller, number: int) -> None:
    for caller, path in ((running.client(None), "/revocations?since="), (admin, "/admin/audit?before=")):
        assert refusal(caller.get(f"{path}{number}")) == (422, "invalid_request")
        assert caller.get(f"{path}{2**31 - 1}").status_code == 200


@pytest.mark.parametrize("number", LARGE)
def test_numbers_that_no_row_has_on_a_page(running: Service, operator_id: str, number: int) -> None:
    console = Console(running, operator_id)
    assert console.get(f"/audit?before={number}").status_code == 422
    assert console.get(f"/audit?before={2**31 - 1}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/accounts?email=%00a",
        "/catalog/%00",
        "/search?q=a%00b",
        "/catalog?cursor=%00",
        "/revocations?since=%00",
    ],
)
def test_a_nul_in_an_address(admin: Caller, path: str) -> None:
    assert refusal(admin.get(path)) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["/titles?after=%00", f"/sessions/{'0' * 32}/x%00", "/accounts?q=%00"])
def test_a_nul_in_the_address_of_a_page(running: Service, operator_id: str, path: str) -> None:
    assert Console(running, operator_id).get(path).status_code == 422


@pytest.mark.parametrize(
    ("order", "place"), [("", [1, "\ud800"]), ("order=title&", ["\ud800", "x"]), ("order=title&", ["x", "\udfff"])]
)
def test_half_a_character_in_a_cursor(admin: Caller, order: str, place: list[object]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    assert refusal(admin.get(f"/catalog?{order}cursor={cursor}")) == (400, "bad_cursor")


@pytest.mark.logs_errors
def test_a_key_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with service(tmp_path) as alone:
        operator = alone.client(alone.account("root", role="admin"))
        with monkeypatch.context() as patch:
            patch.setattr(service_secrets.os, "fsync", full)
            answers = [operator.post("/admin/keys/rotation", {"key": key}) for key in ("master", "url-signing")]
        assert [refusal(one) for one in answers] == [(503, "disk_full")] * 2
        assert operator.post("/admin/keys/rotation", {"key": "master"}).status_code == 200


def test_methods_that_nobody_knows_are_one(running: Service) -> None:
    counted = Caller(CountCalls(running.app, running.context.metrics), running.runner, ADDRESS, {})
    for method in ("GET", *(f"X{number}" for number in range(20))):
        counted.call(method, "http://testserver/api/v1/time")
    text = running.context.metrics.text([])
    assert set(re.findall(r'matinee_requests_total\{method="(\w+)"', text)) == {"GET", "other"}
