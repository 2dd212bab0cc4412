"""Verify and repair cover the request and the licence of a download too; removing leaves neither half."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from backend_stub.db.models import Download, IssuedLicence
from backend_stub.server import ServerGroup
from downloads import checking, removal, request, rights, service
from downloads.engine import access_of
from downloads.errors import DownloadError
from downloads.model import DownloadChoice, DownloadOrigin, State
from downloads.store import Store
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from drm_client.licence_store import LicenceStore, Removal
from drm_client.rights import RightsState
from drm_client.vault import FILE_NAME, Vault
from player.base.errors import ErrorCode, ServiceError
from tests.downloads.test_service import Client, opened
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc, packager_clear
from tests.kit.playback import publish_media, signed_in_engine

_LICENCE_ROW = "UPDATE entries SET sealed = x'00' WHERE kind = 'licence'"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    with running_backend(tmp_path_factory.mktemp("service")) as running:
        publish_media(running, packager_cenc(), "film", clear=packager_clear())
        yield running


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("request", checking.REQUEST),
        ("licence", service.LICENCE_NOTE),
        ("no licence", service.LICENCE_NOTE),
        ("vault", checking.LICENCE),
        ("no vault", checking.LICENCE),
    ],
)
def test_a_damaged_request_or_licence_is_found_and_mended_without_new_media(
    tmp_path: Path,
    site: ServerGroup,
    part: str,
    named: str,
) -> None:
    client = Client(tmp_path, site)
    folder = client.add()
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
    if part == "no licence":
        (folder.path / "licence").unlink()
    elif part == "vault":
        with sqlite3.connect(client.profile / FILE_NAME) as database:
            database.execute(_LICENCE_ROW)
        database.close()
    elif part == "no vault":
        with rights.kept_licences(client.profile, FileKeyStore(client.profile)) as kept:
            kept.store.release(str(service.licence_of(folder)), None)
    else:
        flip(folder.path / part)
    files = {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()}
    with signed_in_engine(client.profile, site) as made:
        licences = opened(made)
        broken = client.store.find(folder.id)
        assert [one.what for one in checking.verify(broken, licences=licences).findings] == [named]
        assert [one.what for one in checking.prepare_repair(broken, licences=licences).findings] == [named]
        assert client.run(made, client.store.find(folder.id)) is State.COMPLETE
        assert checking.verify(client.store.find(folder.id), licences=licences).sound
        standing = rights.standing_of(client.store.get(folder.id), licences)
        assert standing is not None
        assert standing.may_start
    assert {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()} == files
    assert request.read(folder).origin == DownloadOrigin(title_id="film", service=site.api.url)


def test_a_title_that_was_withdrawn_and_given_back_is_repaired_without_new_media(
    tmp_path: Path, site: ServerGroup
) -> None:
    client = Client(tmp_path, site)
    folder = client.add()
    revocations = site.context.rights.revocations
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licences = opened(made)
        licence_id = str(service.licence_of(folder))
        files = {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()}
        revocations.revoke_title("film", "by mistake", by="")
        try:
            with pytest.raises(DrmError):
                made.submit(licences.renew(licence_id)).result(30)
            assert licences.standing(licence_id).state is RightsState.REVOKED
            # While it is withdrawn the repair asks in vain, and the media stays.
            assert checking.verify(client.store.find(folder.id), licences=licences).sound
            checking.prepare_repair(client.store.find(folder.id), licences=licences)
            with pytest.raises(ServiceError):
                client.run(made, client.store.find(folder.id))
        finally:
            revocations.restore_title("film", by="")
        checking.prepare_repair(client.store.find(folder.id), licences=licences)
        assert client.run(made, client.store.find(folder.id)) is State.COMPLETE
        standing = rights.standing_of(client.store.get(folder.id), licences)
        assert standing is not None
        assert standing.may_start
    assert {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()} == files


@pytest.mark.parametrize("how", ["renew", "repair"])
def test_a_licence_that_its_service_has_forgotten_is_replaced_without_new_media(
    tmp_path: Path, site: ServerGroup, how: str
) -> None:
    """The operator has put a backup back that is older than the download."""
    client = Client(tmp_path, site)
    folder = client.add()
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licences, access = opened(made), access_of(made)
        old_id = str(service.licence_of(folder))
        assert not made.submit(access.replace_forgotten(folder, licences)).result(30)
        with site.context.database.write() as session:
            session.execute(delete(IssuedLicence).where(IssuedLicence.id == old_id))
            session.execute(delete(Download))
        files = {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()}
        if how == "renew":
            made.submit(service.renew(folder, licences, access)).result(30)
        else:
            assert made.submit(access.replace_forgotten(folder, licences)).result(30)
        new_id = str(service.licence_of(client.store.get(folder.id)))
        assert new_id != old_id
        assert licences.standing(new_id).may_start
        assert licences.store.ids() == (new_id,)
        assert licences.store.uses(new_id) == (folder.id,)
        made.submit(service.renew(folder, licences)).result(30)
    assert {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()} == files


def test_a_queued_download_has_no_licence_yet_and_is_not_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", FileKeyStore(tmp_path))
    folder = store.create("film", "film")
    request.write(folder, request.DownloadRequest(DownloadOrigin(title_id="film"), DownloadChoice()))
    assert checking.verify(folder).sound
    with rights.kept_licences(tmp_path, FileKeyStore(tmp_path)) as licences:
        assert rights.standing_of(store.get(folder.id), licences) is None
        assert checking.verify(folder, licences=licences).sound
    with pytest.raises(DownloadError) as caught:
        service.licence_of(folder)
    assert caught.value.code is ErrorCode.DOWNLOAD_INCOMPLETE


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("at", ["before the files", "after the files", "before the licence", "after the licence"])
def test_a_removal_that_is_cut_off_is_finished_later(
    tmp_path: Path,
    site: ServerGroup,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    """Neither files without a licence nor a licence without files stay."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licence_id = str(service.licence_of(folder))
        licences = opened(made)

        def die(*_arguments: object) -> None:
            raise Killed

        remove, release = Store.remove, type(licences).remove
        with monkeypatch.context() as patch:
            if at == "before the files":
                patch.setattr(Store, "remove", die)
            elif at == "after the files":
                patch.setattr(Store, "remove", lambda *given: (remove(*given), die()))
            elif at == "before the licence":
                patch.setattr(type(licences), "remove", die)
            else:
                patch.setattr(type(licences), "remove", lambda *given: (release(*given), die()))
            with pytest.raises(Killed):
                removal.remove(client.store, folder.id, licences)
        there = folder.id in client.store.ids()
        assert there is (at == "before the files")
        assert not there or (licence_id in licences.store.ids())
        removal.finish(client.store, licences)
        assert folder.id not in client.store.ids()
        assert licence_id not in licences.store.ids()
        assert [one.licence_id for one in licences.store.receipts()] == [licence_id]
        removal.finish(client.store, licences)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["one store", "two stores"])
@pytest.mark.parametrize("cut_off", [False, True], ids=["", "cut off"])
def test_a_title_that_was_downloaded_twice_keeps_its_licence_until_both_are_removed(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch, cut_off: bool, elsewhere: bool
) -> None:
    client = Client(tmp_path, site)
    one, here = client.add("clear"), client.store
    if elsewhere:
        client.store = Store(tmp_path / "elsewhere", FileKeyStore(client.profile))
    other = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        for folder in (one, other):
            client.run(made, folder)
        licence_id = str(service.licence_of(one))
        assert service.licence_of(other) == licence_id
        licences = opened(made)

        def die(*_arguments: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            if cut_off:
                patch.setattr(removal, "_give_back", die)
            with pytest.raises(Killed) if cut_off else contextlib.nullcontext():
                removal.remove(here, one.id, licences)
        removal.finish(here, licences)
        assert licences.standing(licence_id).may_start
        assert licences.store.receipts() == ()
        removal.remove(client.store, other.id, licences)
        assert [receipt.licence_id for receipt in licences.store.receipts()] == [licence_id]


def test_a_removal_that_is_finished_later_gives_back_what_came_meanwhile(tmp_path: Path, site: ServerGroup) -> None:
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        licences = opened(made)
        place = str(client.store.root.resolve())
        licences.store.plan_removal(Removal(folder.id, (), "removed", place))  # it was queued, and had no licence yet
        client.run(made, folder)
        elsewhere = Store(tmp_path / "another", FileKeyStore(client.profile))
        assert removal.finish(elsewhere, licences) == 0
        licence_id = str(service.licence_of(folder))
        assert removal.finish(client.store, licences) == 1
        assert (client.store.ids(), licences.store.ids()) == ((), ())
        assert [one.licence_id for one in licences.store.receipts()] == [licence_id]


@pytest.mark.parametrize(
    ("reason", "shared"), [("SQLITE_FULL", True), ("ENOSPC", True), ("SQLITE_FULL", False), ("SQLITE_BUSY", True)]
)
def test_on_a_full_disk_a_download_can_be_removed(
    tmp_path: Path, site: ServerGroup, monkeypatch: pytest.MonkeyPatch, reason: str, *, shared: bool
) -> None:
    """Its media makes the room in which the vault notes it. Where the vault is only busy, or its disk is another one,
    nothing goes."""
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licences, plan_removal = opened(made), LicenceStore.plan_removal

        def full(store: LicenceStore, planned: Removal) -> Removal:
            if any((folder.path / "items").glob("*")):
                raise DrmError(DrmErrorCode.STORE_UNUSABLE, "The disk is full.", reason=reason)
            return plan_removal(store, planned)

        monkeypatch.setattr(LicenceStore, "plan_removal", full)
        assert licences.store.shares_disk(folder.path)
        if not shared:
            monkeypatch.setattr(Vault, "shares_disk", lambda *_given: False)
        if reason == "SQLITE_BUSY" or not shared:
            with pytest.raises(DrmError):
                removal.remove(client.store, folder.id, licences)
            assert checking.verify(client.store.get(folder.id), licences=licences).sound
        else:
            removal.remove(client.store, folder.id, licences)
            assert (client.store.ids(), licences.store.ids()) == ((), ())


def test_a_download_that_is_being_downloaded_keeps_its_licence(tmp_path: Path, site: ServerGroup) -> None:
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licences = opened(made)
        with folder.running(), pytest.raises(DownloadError) as caught:
            removal.remove(client.store, folder.id, licences)
        assert caught.value.code is ErrorCode.DOWNLOAD_BUSY
        removal.finish(client.store, licences)
        assert licences.standing(str(service.licence_of(folder))).may_start


def test_a_licence_whose_note_is_damaged_is_given_back_too(tmp_path: Path, site: ServerGroup) -> None:
    client = Client(tmp_path, site)
    folder = client.add("clear")
    with signed_in_engine(client.profile, site) as made:
        client.run(made, folder)
        licences = opened(made)
        flip(folder.path / "licence")
        removal.remove(client.store, folder.id, licences)
        assert licences.store.ids() == ()
        assert len(licences.store.receipts()) == 1


def test_without_its_service_a_download_can_be_removed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", FileKeyStore(tmp_path))
    folder = store.create("film", "film")
    removal.remove(store, folder.id, None)
    assert store.ids() == ()
    with rights.kept_licences(tmp_path, FileKeyStore(tmp_path)) as licences, pytest.raises(DrmError):
        licences.standing("none")
