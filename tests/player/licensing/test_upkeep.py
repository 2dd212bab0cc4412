"""Upkeep in the background of an engine: withdrawals, renewals and receipts arrive without anybody asking."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from drm_client.licence_store import Receipt
from drm_client.rights import RightsState
from drm_client.upkeep import DAILY_S, KeptLicenceUpkeep, UpkeepReport
from player.base.clock import SystemClock
from player.licensing import upkeep
from player.licensing.device_rights import DeviceRights
from tests.drm_client.offline_kit import Desk
from tests.kit import upkeep_days
from tests.kit.backend import running_backend
from tests.kit.playback import signed_in_engine
from tests.kit.waiting import PATIENCE_S, until, until_in_loop
from tests.player.licensing.test_device_rights import Client

_REASON = "test"


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[UpkeepReport]:
    monkeypatch.setattr(upkeep, "FIRST_S", 0.3)
    return []


def wait_for(reports: list[UpkeepReport]) -> UpkeepReport:
    return until(lambda: reports, "no pass was made")[0]


def test_a_withdrawn_title_is_withdrawn_without_anybody_asking(tmp_path: Path, reports: list[UpkeepReport]) -> None:
    """And a licence that was given back without a network is given back."""
    with running_backend(tmp_path / "service", edges=1) as group:
        with signed_in_engine(tmp_path / "profile", group) as engine:
            client = Client(group, engine)
            licence_id = client.do(client.kept())
            client.group.context.rights.revocations.revoke_licence(licence_id, _REASON, by="a" * 32)
        with signed_in_engine(tmp_path / "profile", group, on_upkeep=reports.append) as engine:
            report = wait_for(reports)
            assert (report.withdrawn, report.failed) == ((licence_id,), {})
            rights = engine.submit(engine.rights()).result(PATIENCE_S)
            assert rights is not None
            assert rights.licences.standing(licence_id).state is RightsState.REVOKED
            assert rights.upkeep.due_s() > 0


def test_an_engine_that_keeps_nothing_makes_no_pass(tmp_path: Path) -> None:
    with (
        running_backend(tmp_path / "service", edges=1) as group,
        signed_in_engine(tmp_path / "profile", group) as engine,
    ):
        assert engine.submit(engine.upkeep.run_now()).result(PATIENCE_S) == ()
        client = Client(group, engine)
        client.do(client.kept())
        (report,) = engine.submit(engine.upkeep.run_now()).result(30)
        assert report.failed == {}
        assert report.next_s >= 3600


def test_what_is_nearly_over_is_told_though_another_program_made_the_pass(
    tmp_path: Path, reports: list[UpkeepReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that ran before, or an earlier run of the app."""
    with running_backend(tmp_path / "service", edges=1) as group:
        with signed_in_engine(tmp_path / "profile", group) as engine:
            client = Client(group, engine)
            licence_id = client.do(client.kept())
            (report,) = client.do(engine.upkeep.run_now())
            assert (report.ending, report.failed) == ((), {})
        monkeypatch.setattr("drm_client.upkeep.WARN_S", 60 * DAILY_S)
        with signed_in_engine(tmp_path / "profile", group, on_upkeep=reports.append):
            (ending,) = wait_for(reports).ending
            assert ending.licence_id == licence_id


def test_every_service_is_kept_up_with_and_none_holds_up_another(tmp_path: Path, reports: list[UpkeepReport]) -> None:
    """One engine is at one service; licences of another are withdrawn all the same, while a third never answers."""
    profile = tmp_path / "profile"
    with (
        running_backend(tmp_path / "other", edges=1) as other,
        running_backend(tmp_path / "service", edges=1) as group,
    ):
        with signed_in_engine(profile, other) as engine:
            elsewhere = Client(other, engine)
            licence_id = elsewhere.do(elsewhere.kept())
            store = elsewhere.rights.licences.store
            silent = socket.create_server(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
            store.release("b" * 32, Receipt("b" * 32, "/api/v1/licences/b/release", "a.b.c", nobody))
        other.context.rights.revocations.revoke_licence(licence_id, _REASON, by="a" * 32)
        with silent, signed_in_engine(profile, group, on_upkeep=reports.append) as engine:
            client = Client(group, engine)
            client.do(client.kept())
            until(lambda: {other.api.url} <= {report.service for report in reports}, "no pass was made")
            (report,) = (one for one in reports if one.service == other.api.url)
            assert report.withdrawn == (licence_id,)
            (own,) = client.do(engine.upkeep.run_now(group.api.url))
            assert own.failed == {}
            passes = [report.service for report in reports]
            assert nobody not in passes[: passes.index(other.api.url)], "the silent one held up another"


async def test_upkeep_outlives_what_breaks_a_look_or_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that fails once, and a notice that nobody could show."""
    desk = Desk(tmp_path)
    await desk.kept()
    own = SimpleNamespace(service=desk.service, upkeep=KeptLicenceUpkeep(desk.vault, desk.licences, desk.service))
    looks, reports = list[int](), list[UpkeepReport]()

    async def rights() -> Sequence[DeviceRights]:
        looks.append(1)
        if len(looks) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return [cast(DeviceRights, own)]

    def tell(report: UpkeepReport) -> None:
        reports.append(report)
        raise RuntimeError("no notice could be shown")

    monkeypatch.setattr(desk.service, "_exchange", desk.server.exchange)
    kept_up = upkeep.LicenceUpkeep(tmp_path, rights, Hurried(), tell)
    kept_up.start()
    await until_in_loop(lambda: len(reports) > 0 and len(looks) > 2)
    assert not any(task.done() for task in kept_up._tasks.values())
    assert "broke off" in caplog.text
    await kept_up.close()
    desk.vault.close()


class Hurried(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.001)


def test_over_days_of_outages_and_restarts_what_is_due_comes_and_nothing_piles_up() -> None:
    """Sixty days are in ``make soak``."""
    upkeep_days.live(2, seed=1)
