"""What a device keeps, held against what the service knows; and a service that is not sure of the time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import select

from backend_stub.db.models import AuditEntry
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.rights.time_guard import (
    EARLIEST_S,
    OFF_S,
    BootClock,
    Mark,
    TimeGuard,
    is_good,
    read_boot_clock,
)
from tests.kit.rights import START, Service, SettableClock, SigningDevice, read_jws, refusal

FIVE_YEARS = 5 * 365 * 86_400.0


@pytest.fixture
def licence(running: Service, device: SigningDevice) -> dict[str, Any]:
    return running.licence(device.acquire(device.download().json()["download_id"]))


def told(running: Service, response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    header, payload = read_jws(response.json()["state"], running.service_key())
    assert header["typ"] == "matinee-state+jws"
    return payload


class TestStates:
    def test_each_licence_is_confirmed_or_is_over(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        unknown = {"licence_id": "f" * 32, "sequence": 1}
        answer = told(running, device.state(5, licence, unknown))
        assert (answer["device_id"], answer["generation"], answer["restored"]) == (device.device_id, 0, False)
        assert [one["state"] for one in answer["licences"]] == ["in_force", "unknown"]
        running.context.rights.revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
        assert told(running, device.state(6, licence))["licences"][0]["state"] == "revoked"

    def test_a_device_that_was_removed_hears_it_signed(self, running: Service, device: SigningDevice) -> None:
        assert told(running, device.state(1))["device"] == "in_use"
        device.client.call("DELETE", f"/devices/{device.device_id}")
        assert told(running, device.state(2))["device"] == "revoked"

    def test_a_licence_that_was_given_back_stays_so(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        receipt = {"receipt": device.receipt(licence)}
        device.post(f"/licences/{licence['licence_id']}/release", receipt)
        assert told(running, device.state(1, licence))["licences"][0]["state"] == "released"

    def test_a_later_version_than_the_service_remembers_is_confirmed(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        """Its operator has put a backup back. What it remembers as over stays over."""
        (said,) = told(running, device.state(1, licence | {"sequence": 5, "first_play_at": START - 5}))["licences"]
        assert (said["state"], said["sequence"], said["first_play_at"]) == ("in_force", 5, START - 5)
        (copy,) = told(running, device.state(2, licence | {"sequence": 4}))["licences"]
        assert copy["sequence"] == 5
        (absurd,) = told(running, device.state(3, licence | {"sequence": 2**31}))["licences"]
        assert absurd["sequence"] == 5
        running.context.rights.revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
        (said,) = told(running, device.state(4, licence | {"sequence": 6}))["licences"]
        assert said["state"] == "revoked"

    def test_a_first_play_is_learned_and_the_earliest_stands(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        times = ((None, None), (START - 5, START - 5), (START + 9e9, START - 5), (START, START - 5))
        for number, (said, stands) in enumerate(times):
            answer = told(running, device.state(1 + number, licence | {"first_play_at": said}))
            assert answer["licences"][0]["first_play_at"] == stands

    @pytest.mark.parametrize("rental", [True, False])
    def test_of_a_rental_a_device_learns_when_another_one_played_it(
        self, running: Service, device: SigningDevice, rental: bool
    ) -> None:
        """It knew nothing of it until its renewal was refused."""
        running.context.rights.contracts.set("film", ContractTerms(rental=rental), by=None)
        mine = running.licence(device.acquire(device.download().json()["download_id"]))
        other = SigningDevice(device.client, device.clock)
        other.register("Other")
        theirs = running.licence(other.acquire(other.download().json()["download_id"]))
        assert told(running, other.state(1, theirs | {"first_play_at": START - 50}))
        (said,) = told(running, device.state(1, mine))["licences"]
        assert said["first_play_at"] == (START - 50 if rental else None)
        running.clock.step(60 * 3600.0)
        if rental:
            refused = device.renew(mine)
            assert refusal(refused) == (403, "rental_over")
            assert "watched" in refused.json()["title"]

    def test_an_older_copy_of_a_store_is_found(
        self, running: Service, device: SigningDevice, licence: dict[str, Any]
    ) -> None:
        assert not told(running, device.state(40, licence))["restored"]
        answer = told(running, device.state(50, licence, before=39))  # it has changed often since, and says more
        assert (answer["restored"], answer["generation"]) == (True, 40)
        assert not told(running, device.state(51, licence))["restored"]
        with running.context.database.read() as session:
            rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "vault.restored")).all()
        assert [row.detail for row in rows] == [{"generation": 39, "known": 40}]

    def test_nobody_asks_for_another(self, running: Service, device: SigningDevice, licence: dict[str, Any]) -> None:
        stranger = running.device(running.account("ben"))
        assert told(running, stranger.state(1, licence))["licences"][0]["state"] == "unknown"
        assert refusal(device.state(1, licence, device_id=stranger.device_id)) == (422, "bad_signed_request")
        assert refusal(SigningDevice(running.client(None), running.clock).state(1)) == (403, "device_unknown")
        assert refusal(device.state(1, licence, issued_at=START - 301)) == (403, "clock_skew")
        first = device.state(1, licence, nonce="n" * 22)
        assert (first.status_code, refusal(device.state(1, licence, nonce="n" * 22))) == (200, (409, "replayed"))


def test_a_list_of_withdrawals_that_is_the_same_is_not_sent_again(
    running: Service, device: SigningDevice, licence: dict[str, Any]
) -> None:
    anyone = running.client(None)
    first = anyone.get("/revocations?since=0")
    anyone.headers["If-None-Match"] = first.headers["etag"]
    again = anyone.get("/revocations?since=0")
    assert (again.status_code, again.content) == (304, b"")
    running.context.rights.revocations.revoke_licence(licence["licence_id"], "test", by="a" * 32)
    assert anyone.get("/revocations?since=0").status_code == 200
    del anyone.headers["If-None-Match"]


def boot(passed_s: float, name: str = "one", *, ntp: bool = True) -> BootClock:
    return BootClock(name, passed_s, ntp)


MARK = Mark(START, boot(100.0))


@pytest.mark.parametrize(
    ("now", "clock", "mark", "good"),
    [
        (START + 60, boot(160.0), MARK, True),
        (START + 60 + 299, boot(160.0), MARK, True),
        (START + 60 + FIVE_YEARS, boot(160.0), MARK, False),
        (START + 60 - 301, boot(160.0), MARK, False),
        (START + 90 * 86_400, boot(100.0 + 90 * 86_400 - 1000), MARK, True),  # the boot's clock drifts
        (START + 86_400, boot(5.0, "two"), MARK, True),
        (START + OFF_S + 1, boot(5.0, "two"), MARK, False),
        (START - 301, boot(5.0, "two"), MARK, False),
        (START + 86_400, boot(160.0), Mark(START, boot(100.0, ntp=False)), True),  # NTP has set it right
        (START + 86_400, boot(160.0, ntp=False), Mark(START, boot(100.0, ntp=False)), False),
        (START, boot(1.0), None, True),
        (START - 86_400, boot(1.0), None, False),  # a licence was issued later than that
        (EARLIEST_S - 1, boot(1.0), None, False),
    ],
)
def test_a_clock_that_contradicts_itself_is_found(
    now: float, clock: BootClock, mark: Mark | None, good: bool
) -> None:
    assert is_good(now, clock, mark, START) is good


def test_a_service_that_is_five_years_ahead_signs_nothing_until_it_is_right(
    running: Service, device: SigningDevice, licence: dict[str, Any]
) -> None:
    passed = [100.0]
    guard = TimeGuard(running.context.database, running.clock, lambda: boot(passed[0]))
    running.context.rights.signer.check = guard.check  # type: ignore[method-assign]
    guard.mark()
    running.clock.step(FIVE_YEARS)
    for _ in range(2):
        guard.mark()  # the wrong time is not kept
        assert refusal(running.client(None).get("/time")) == (503, "clock_unsure")
        assert refusal(running.client(None).get("/revocations")) == (503, "clock_unsure")
        assert refusal(device.renew(licence)) == (503, "clock_unsure")
    running.clock.step(-FIVE_YEARS)
    passed[0] += 3600
    running.clock.step(3600)
    assert running.client(None).get("/time").status_code == 200
    assert running.licence(device.renew(licence))["sequence"] == 2


def test_a_wrong_hour_ends_no_sign_in_and_no_subscription(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five years ahead each sign-in and each paid period is over; what is deleted or forgotten then stays so."""
    passed = [100.0]
    monkeypatch.setattr(running.context.rights.time_guard, "_read", lambda: boot(passed[0]))
    context, account = running.context, running.context.accounts.get(running.account("eve", plan="free"))
    tokens = context.tokens.issue(account, "x")
    context.money.billing.order(account.id, "r" * 16, "standard", "4242424242424242")
    before = context.money.billing.holding(account.id).standing
    context.rights.time_guard.mark()
    for wrong_s in (FIVE_YEARS, -FIVE_YEARS):
        running.clock.step(wrong_s)
        with pytest.raises(ProblemError) as caught:
            context.tokens.rotate(tokens.refresh_token)
        assert (caught.value.status, caught.value.code) == (503, "clock_unsure")
        with pytest.raises(ProblemError):
            context.tokens.issue(account, "x")  # good for years, once the clock is right
        for task in ("renewals", "retention", "quality"):
            next(one for one, _ in context.upkeep._due if one.name == task).run()
        running.clock.step(-wrong_s)
    tokens = context.tokens.rotate(tokens.refresh_token)
    assert context.tokens.signed_in(tokens.access_token).account.id == account.id
    assert context.money.billing.holding(account.id).standing == before


@pytest.mark.parametrize("wrong_s", [390 * 86_400.0, -390 * 86_400.0, 3600.0])
def test_of_several_machines_one_that_is_wrong_makes_no_other_unsure(
    running: Service, monkeypatch: pytest.MonkeyPatch, wrong_s: float
) -> None:
    """One that was 390 days ahead was believed. Then the others signed nothing any more."""
    database, said, boots = running.context.database, [0.0], dict.fromkeys(("one", "two", "three"), 100.0)
    monkeypatch.setattr(TimeGuard, "_database_s", lambda _guard, _session: said[0])

    def guard(name: str, off_s: float = 0.0) -> TimeGuard:
        clock = SettableClock(running.clock.now() + off_s)
        return TimeGuard(database, clock, lambda: boot(boots[name], name))

    def pass_time(seconds: float) -> None:
        running.clock.step(seconds)
        said[0] += seconds
        boots.update({name: at + seconds for name, at in boots.items()})

    guard("one").mark()
    pass_time(60)
    guard("two", wrong_s).mark()
    assert not guard("two", wrong_s).is_sure()
    assert guard("one").is_sure()
    guard("three").mark()
    pass_time(60)
    assert guard("three").is_sure()
    assert guard("one").is_sure()
    pass_time(86_400.0)  # nobody was at work for a day
    boots["four"] = 5.0
    guard("four").mark()
    assert guard("four").is_sure()
    guard("two", wrong_s).confirm()  # the operator's word counts for those that come
    assert guard("two", wrong_s).is_sure()
    boots["five"] = 5.0
    assert not guard("five").is_sure()


def test_the_operator_settles_which_time_it_is(running: Service) -> None:
    guard = TimeGuard(running.context.database, running.clock, lambda: boot(100.0))
    guard.mark()
    running.clock.step(3600)
    with pytest.raises(ProblemError):
        guard.check()
    TimeGuard(running.context.database, running.clock, lambda: boot(100.0)).confirm()  # another process
    guard.check()


def test_the_machines_own_clock_is_read() -> None:
    first, second = read_boot_clock(), read_boot_clock()
    assert first.boot_id == second.boot_id
    assert 0 < first.boottime_s <= second.boottime_s


_READ = "from backend_stub.services.rights.time_guard import *; b = read_boot_clock(); print(b.boot_id, b.boottime_s)"


def test_a_service_in_a_time_namespace_is_another_machine(running: Service) -> None:
    """Its clock since boot is another one. In a container the service was not sure of the time."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not here")
    command = ["unshare", "--user", "--map-root-user", "--time", "--boottime", "864000", "--fork", sys.executable]
    done = subprocess.run([*command, "-c", _READ], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode and done.stderr.startswith("unshare:"):
        pytest.skip(f"no time namespaces here: {done.stderr.strip()}")
    boot_id, boottime_s = done.stdout.split()
    within = BootClock(boot_id, float(boottime_s), synchronised=False)
    outside = read_boot_clock()
    assert within.boottime_s > outside.boottime_s + 800_000
    guard = TimeGuard(running.context.database, running.clock, lambda: outside)
    guard.mark()
    inside = TimeGuard(running.context.database, running.clock, lambda: within)
    assert inside.is_sure()
    inside.mark()
    assert inside.is_sure()
    assert guard.is_sure()
