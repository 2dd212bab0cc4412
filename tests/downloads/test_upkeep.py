"""What upkeep does for downloads by itself: removals that were cut off, licences that a service has forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from backend_stub.config import Settings
from backend_stub.db.models import Download, IssuedLicence
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.entitlement import ContractTerms
from downloads import checking, removal, service
from downloads.engine import access_of
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import State
from downloads.store import Store
from downloads.upkeep import KeptDownloads
from drm_client import rights as rules
from drm_client.clock import TrustedTime
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.licence_store import Removal
from drm_client.offline import OfflineLicences
from drm_client.rights import FirstPlay
from drm_client.upkeep import UpkeepReport
from player.base.errors import ErrorCode
from player.engine import Engine
from player.licensing import upkeep
from player.service.model import Account
from tests.downloads.test_service import Client, opened
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc, packager_clear
from tests.kit.playback import publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S
from ui.cli.main import main


class KilledError(Exception):
    """The process ended here."""


@pytest.fixture(autouse=True)
def _no_pass_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FIRST_S", 3600.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    with running_backend(tmp_path_factory.mktemp("service"), edges=1) as running:
        publish_media(running, packager_cenc(), "film", clear=packager_clear())
        yield running


@contextmanager
def kept_up(client: Client, site: ServerGroup) -> Iterator[Engine]:
    """An engine whose upkeep knows of the downloads, as that of the app and of a kiosk."""

    async def store() -> Store:
        return client.store

    engines: list[Engine] = []
    media = KeptDownloads(store, lambda: engines[0])
    with signed_in_engine(client.profile, site, kept_media=media) as made:
        engines.append(made)
        yield made


def one_pass(made: Engine) -> UpkeepReport:
    (report,) = made.submit(made.upkeep.run_now()).result(60)
    return report


def forget(site: ServerGroup, licence_id: str) -> None:
    """As a service whose operator has put a backup back that is older than the download."""
    with site.context.database.write() as session:
        session.execute(delete(IssuedLicence).where(IssuedLicence.id == licence_id))
        session.execute(delete(Download))


def licence_of(client: Client, folder: DownloadFolder) -> str:
    return str(service.licence_of(client.store.get(folder.id)))


def files_of(folder: DownloadFolder) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()}


def test_a_licence_that_its_service_has_forgotten_is_replaced_by_upkeep(tmp_path: Path, site: ServerGroup) -> None:
    """Nobody says "renew" at a kiosk."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with kept_up(client, site) as made:
        client.run(made, folder)
        old_id, files = licence_of(client, folder), files_of(folder)
        forget(site, old_id)
        report = one_pass(made)
        new_id, licences = licence_of(client, folder), opened(made)
        assert new_id != old_id
        assert (report.renewed, report.failed) == ((new_id,), {})
        assert licences.store.ids() == (new_id,)
        assert licences.standing(new_id).may_start
        assert one_pass(made).renewed == ()
        assert licences.store.receipts() == ()
    assert files_of(folder) == files


def test_a_licence_that_the_vault_lost_comes_back_with_a_renewal(tmp_path: Path, site: ServerGroup) -> None:
    """A vault from before the download was put back. A licence that was given back meanwhile stays so."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with kept_up(client, site) as made:
        client.run(made, folder)
        licences, kept_id, files = opened(made), licence_of(client, folder), files_of(folder)
        licences.store.release(kept_id, None)
        renewed = made.submit(service.renew(client.store.get(folder.id), licences, access_of(made))).result(30)
        assert renewed == kept_id == licence_of(client, folder)
        assert licences.standing(kept_id).may_start
        licences.store.drop_use(kept_id, folder.id)
        licences.remove(kept_id)
        assert made.submit(licences.send_receipts()).result(30) == 1
        again = made.submit(service.renew(client.store.get(folder.id), licences, access_of(made)))
        with pytest.raises(DrmError) as caught:
            again.result(30)
        assert caught.value.code is DrmErrorCode.NO_LICENCE
        assert licences.store.ids() == ()
    assert files_of(folder) == files


def test_a_lost_licence_that_another_program_has_again_is_not_had_twice(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the service's word and the lock of the download, another program notes another licence."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with kept_up(client, site) as made:
        client.run(made, folder)
        licences, kept_id, access = opened(made), licence_of(client, folder), access_of(made)
        is_in_force = OfflineLicences.is_in_force

        async def and_meanwhile(own: OfflineLicences, licence_id: str) -> bool:
            said = await is_in_force(own, licence_id)
            service.note_licence(folder, "another")
            return said

        monkeypatch.setattr(OfflineLicences, "is_in_force", and_meanwhile)
        licences.store.release(kept_id, None)
        assert not made.submit(access.replace_lost(client.store.get(folder.id), licences)).result(30)
        assert (licences.store.ids(), licence_of(client, folder)) == ((), "another")


def test_an_app_and_a_kiosk_keep_up_with_one_vault_at_once(tmp_path: Path, site: ServerGroup) -> None:
    """Both find that a licence was forgotten, and a removal that was cut off, while both renew another one."""
    client = Client(tmp_path, site)
    forgotten, goes = client.add("clear"), client.add()
    with kept_up(client, site) as app, kept_up(client, site) as kiosk:
        client.run(app, forgotten)
        client.run(kiosk, goes)
        licences, old_id, gone_id = opened(app), licence_of(client, forgotten), licence_of(client, goes)
        assert gone_id in opened(kiosk).store.ids()
        forget(site, old_id)
        place = str(client.store.root.resolve())
        licences.store.plan_removal(Removal(goes.id, (gone_id,), "removed", place, ("killed",)))
        passes = [made.submit(made.upkeep.run_now()) for _ in range(2) for made in (app, kiosk)]
        wait(passes, 60)
        reports = [report for one in passes for report in one.result()]
        reports += [one_pass(app), one_pass(kiosk)]
        assert [report.failed for report in reports[-2:]] == [{}, {}]
        new_id = licence_of(client, forgotten)
        assert new_id != old_id
        for made in (app, kiosk):
            assert opened(made).store.ids() == (new_id,)
            assert opened(made).standing(new_id).may_start
            assert (opened(made).store.receipts(), opened(made).store.removals()) == ((), ())
        assert sum(report.given_back for report in reports) >= 1
        assert client.store.ids() == (forgotten.id,)


def test_the_first_play_of_a_rental_goes_on_in_the_licence_that_replaces_it(
    tmp_path: Path, site: ServerGroup
) -> None:
    """Who has watched has no more time, though the service knows nothing of it either."""
    site.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
    try:
        client = Client(tmp_path, site)
        folder = client.add("clear")
        with kept_up(client, site) as made:
            client.run(made, folder)
            licences, old_id = opened(made), licence_of(client, folder)
            licences.open(old_id, KeyRing())
            held = licences.store.get(old_id)
            held.clear()
            first = held.rights.first_play
            assert first is not None
            first = FirstPlay(TrustedTime(first.time.at_s - 600, first.time.certain_s - 600), settled=True)
            licences.store.put(held.with_rights(replace(held.rights, first_play=first)))
            ends_s = rules.playback_ends_at(licences.store.get(old_id).rights)
            forget(site, old_id)
            assert one_pass(made).failed == {}
            new = licences.store.get(licence_of(client, folder))
            assert new.licence_id != old_id
            assert new.rights.first_play == first
            assert rules.playback_ends_at(new.rights) == ends_s
            one_pass(made)  # the service hears of it
            with site.context.database.read() as session:
                row = session.get(IssuedLicence, new.licence_id)
                assert row is not None
                assert row.first_play_at == first.time.at_s
    finally:
        site.context.rights.contracts.set("film", ContractTerms(), by=None)


@pytest.mark.parametrize("why", ["another account", "withdrawn", "over"])
def test_upkeep_replaces_nothing_that_nobody_would_ask_for(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Another account of the household gets no copy of all that was downloaded here, and what was over stays so."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with kept_up(client, site) as made:
        client.run(made, folder)
        licences, old_id = opened(made), licence_of(client, folder)
        held = licences.store.get(old_id)
        held.clear()
        if why == "another account":
            account = made.submit(made.require_service().account()).result(PATIENCE_S)
            assert account is not None

            async def another() -> Account:
                return replace(account, id="another")

            monkeypatch.setattr(made.service, "account", another)
        elif why == "withdrawn":
            licences.store.put(replace(held, rights=replace(held.rights, revoked=True), keys=()))
        else:
            judge = rules.judge
            end_s = held.rights.policy.issued_at + 400 * 86_400.0
            over = TrustedTime(end_s, end_s)
            monkeypatch.setattr(
                rules, "judge", lambda rights, _now, *more, **named: judge(rights, over, *more, **named)
            )
        forget(site, old_id)
        report = one_pass(made)
        assert (report.renewed, report.failed) == ((), {})
        assert licences.store.ids() == (old_id,)
        assert licence_of(client, folder) == old_id


def test_a_first_play_while_a_licence_is_replaced_counts(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program begins to play the old one when its rights were carried over already."""
    site.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
    try:
        client = Client(tmp_path, site)
        folder = client.add("clear")
        with kept_up(client, site) as made:
            client.run(made, folder)
            licences, old_id, noted = opened(made), licence_of(client, folder), service.note_licence
            forget(site, old_id)

            def played(*given: Any) -> None:
                licences.open(old_id, KeyRing())
                noted(*given)

            monkeypatch.setattr(service, "note_licence", played)
            assert one_pass(made).failed == {}
            assert licences.store.ids() == (licence_of(client, folder),) != (old_id,)
            assert rules.first_play_at(licences.store.get(licence_of(client, folder)).rights) is not None
    finally:
        site.context.rights.contracts.set("film", ContractTerms(), by=None)


@pytest.mark.parametrize("at", ["carry_over", "hand_over"])
def test_a_replacement_that_was_cut_off_is_finished_by_upkeep(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    client = Client(tmp_path, site)
    folder = client.add("clear")

    def die(*_given: object) -> None:
        raise KilledError

    with kept_up(client, site) as made:
        client.run(made, folder)
        licences = opened(made)
        old_id = licence_of(client, folder)
        forget(site, old_id)
        replacing = access_of(made).replace_forgotten(client.store.get(folder.id), licences)
        with monkeypatch.context() as patch:
            patch.setattr(OfflineLicences, at, die)
            with pytest.raises(KilledError):
                made.submit(replacing).result(30)
        assert len(licences.store.ids()) == 2
        assert one_pass(made).failed == {}
        new_id = licence_of(client, folder)
        assert new_id != old_id
        assert licences.store.ids() == (new_id,)
        assert licences.store.uses(new_id) == (folder.id,)


def test_what_was_cut_off_while_its_licence_was_replaced_is_removed_whole(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new licence is in the vault, and no note names it yet."""
    client = Client(tmp_path, site)
    folder = client.add("clear")

    def die(*_given: object) -> None:
        raise KilledError

    with kept_up(client, site) as made:
        client.run(made, folder)
        licences = opened(made)
        forget(site, licence_of(client, folder))
        replacing = access_of(made).replace_forgotten(client.store.get(folder.id), licences)
        with monkeypatch.context() as patch:
            patch.setattr(OfflineLicences, "carry_over", die)
            with pytest.raises(KilledError):
                made.submit(replacing).result(30)
        assert len(licences.store.ids()) == 2
        removal.remove(client.store, folder.id, licences)
        assert (client.store.ids(), licences.store.ids()) == ((), ())


def test_a_removal_while_a_licence_is_replaced_is_refused(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the new licence would stay without its download."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    carried, refused = OfflineLicences.carry_over, list[ErrorCode]()
    with kept_up(client, site) as made:
        client.run(made, folder)
        licences = opened(made)
        forget(site, licence_of(client, folder))

        def removed_meanwhile(kept: OfflineLicences, old_id: str, new_id: str) -> None:
            try:
                removal.remove(client.store, folder.id, licences)
            except DownloadError as error:
                refused.append(error.code)
            carried(kept, old_id, new_id)

        with monkeypatch.context() as patch:
            patch.setattr(OfflineLicences, "carry_over", removed_meanwhile)
            one_pass(made)
        assert set(refused) == {ErrorCode.DOWNLOAD_BUSY}
        assert licences.store.ids() == (licence_of(client, folder),)
        removal.remove(client.store, folder.id, licences)
        assert (client.store.ids(), licences.store.ids()) == ((), ())


def test_a_removal_that_was_cut_off_is_finished_by_upkeep(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same pass its licence goes back."""
    client = Client(tmp_path, site)
    folder = client.add("clear")

    def die(*_given: object) -> None:
        raise KilledError

    with kept_up(client, site) as made:
        client.run(made, folder)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "remove", die)
            with pytest.raises(KilledError):
                removal.remove(client.store, folder.id, opened(made))
        assert one_pass(made).given_back == 1
        assert client.store.ids() == ()
        assert opened(made).store.removals() == ()


@pytest.mark.skipif(
    os.environ.get("MATINEE_TEST_DATABASE") == "postgresql", reason="PostgreSQL has tools of its own for backups"
)
def test_after_a_backup_was_put_back_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the real commands: one title was downloaded and renewed before and after it, another only after."""
    data, saved = tmp_path / "service", tmp_path / "saved"
    with running_backend(data, edges=1) as before:
        publish_media(before, packager_cenc(), "film", clear=packager_clear())
        client = Client(tmp_path, before)
        early, late = client.add(), client.add("clear")
        ports = before.api.port, [edge.port for edge in before.edges]
        with kept_up(client, before) as made:
            licences = opened(made)
            client.run(made, early)
            assert main(["backup", str(saved), "--media", "--data", str(data)]) == 0
            client.run(made, late)
            early_id, late_id = licence_of(client, early), licence_of(client, late)
            made.submit(licences.renew(early_id)).result(30)
            renewed = licences.store.get(early_id).rights.policy.sequence
    files = files_of(early) | files_of(late)
    restored = tmp_path / "restored"
    assert main(["backup", str(saved), "--restore", "--data", str(restored)]) == 0
    assert "Restored" in capsys.readouterr().out
    options = ServerOptions(api_port=ports[0], edge_ports=ports[1])
    with ServerGroup(Settings(restored), options) as after, kept_up(client, after) as made:
        licences = opened(made)
        report = one_pass(made)
        new_id = licence_of(client, late)
        assert (report.failed, report.renewed, report.withdrawn) == ({}, (new_id,), ())
        assert new_id != late_id
        made.submit(licences.renew(early_id)).result(30)
        assert licences.store.get(early_id).rights.policy.sequence > renewed
        assert set(licences.store.ids()) == {early_id, new_id}
        for folder in (early, late):
            assert checking.verify(client.store.get(folder.id), licences=licences).sound
            assert licences.standing(licence_of(client, folder)).may_start
            assert client.store.get(folder.id).ledger.state is State.COMPLETE
    assert files_of(early) | files_of(late) == files
