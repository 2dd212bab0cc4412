"""A disk that becomes full, before a download, during one and during upkeep; and disks that have no links."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from downloads import removal, request, service
from downloads.errors import DownloadError, disk_full
from downloads.folder import DownloadFolder
from downloads.model import DownloadOrigin, State
from drm_client import whole_files
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from drm_client.licence_store import LicenceStore, Removal
from player.base.errors import ErrorCode
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.downloads import noise_title, shelf
from tests.kit.fileserver import FileServer
from tests.kit.full_disk import CASES, WorkingQueue, impatient, in_small_memory, is_waiting


@pytest.mark.parametrize("case", CASES)
def test_a_real_disk_that_is_full_loses_nothing(case: str) -> None:
    in_small_memory(case)


def test_a_disk_that_takes_no_note_of_it_is_waited_for_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing said then that the download had failed, and the app left it "queued" until its next start."""
    full = [True]
    keep, note = DownloadFolder.write_plan, DownloadFolder.note

    def write_plan(folder: DownloadFolder, plan: Any) -> None:
        if full:
            raise disk_full(folder.path)
        keep(folder, plan)

    def refuse(folder: DownloadFolder, *entries: Any) -> None:
        if full:
            raise disk_full(folder.path)
        note(folder, *entries)

    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server, impatient():
        made = shelf(tmp_path)
        download = made.add(server.url("media.m3u8"))
        monkeypatch.setattr(DownloadFolder, "write_plan", write_plan)
        monkeypatch.setattr(DownloadFolder, "note", refuse)
        work = WorkingQueue(made)
        asyncio.run(work.run_while(full.clear, lambda: is_waiting(work)))
        assert made.again().get(download.id).ledger.state is State.COMPLETE


@pytest.mark.parametrize("has", ["without a licence", "with a licence", "with a licence that is not noted as used"])
def test_an_empty_download_can_be_removed_from_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: str
) -> None:
    """There is no media that could make room for the note that it goes. What is there goes as far as the vault knows
    by itself which licence belongs to it."""
    desk, made = Desk(tmp_path, keys=FileKeyStore(tmp_path / "keys", b"m")), shelf(tmp_path)
    folder, plan = made.add("https://x/y"), LicenceStore.plan_removal
    if has != "without a licence":
        used = folder.id if has == "with a licence" else None
        licence_id = asyncio.run(desk.licences.acquire(ORDER, used)).licence_id
        service.note_licence(folder, licence_id)

    def full(store: LicenceStore, planned: Removal) -> Removal:
        if has == "without a licence" or (folder.path / "journal").exists():
            raise DrmError(DrmErrorCode.STORE_UNUSABLE, "The disk is full.", reason="SQLITE_FULL")
        return plan(store, planned)

    monkeypatch.setattr(LicenceStore, "plan_removal", full)
    if has == "with a licence that is not noted as used":
        with pytest.raises(DrmError):
            removal.remove(made.store, folder.id, desk.licences)
        assert service.licence_of(made.store.get(folder.id)) == licence_id
    else:
        removal.remove(made.store, folder.id, desk.licences)
        assert (made.store.ids(), desk.licences.store.ids(), desk.licences.store.removals()) == ((), (), ())
    desk.vault.close()


@pytest.mark.parametrize("what", ["its journal", "its request", "what lies beside it"])
def test_a_download_that_could_not_be_made_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It was listed as damaged, or as queued without anything that could be fetched."""
    made = shelf(tmp_path)

    def refuse(folder: DownloadFolder, *_given: Any) -> None:
        raise disk_full(folder.path)

    def beside(folder: DownloadFolder) -> None:
        if what == "what lies beside it":
            refuse(folder)

    if what != "what lies beside it":
        monkeypatch.setattr(DownloadFolder, "note" if what == "its journal" else "write_secret", refuse)
    with pytest.raises(DownloadError) as caught:
        request.make(made.store, "Film", request.DownloadRequest(DownloadOrigin(url="https://x/y")), beside=beside)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert made.store.list() == ()


def test_a_file_that_is_too_large_for_its_disk_is_not_called_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT takes no file of 4 GB: no room that is made would help, and the download waited for it for ever."""
    made = shelf(tmp_path)
    folder = made.add("https://x/y")

    def refuse(*_given: Any) -> None:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    monkeypatch.setattr(type(folder._disk), "create", refuse)
    with pytest.raises(DownloadError) as caught:
        folder.write_secret("card", b"x")
    assert (caught.value.code, caught.value.recoverable) == (ErrorCode.DOWNLOAD_IMPOSSIBLE, False)
    assert "files as large" in caught.value.sentence


def test_a_profile_may_lie_on_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and exFAT have none: the sealed files could not begin there, and nothing said why."""

    def refuse(*_given: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    FileKeyStore(tmp_path, b"m").put("vault-key", b"x" * 32)
    assert FileKeyStore(tmp_path, b"m").get("vault-key") == b"x" * 32
    whole_files.create_whole(tmp_path / "there", b"one")
    whole_files.create_whole(tmp_path / "there", b"two")
    assert (tmp_path / "there").read_bytes() == b"one"
    assert not list(tmp_path.glob(".there*"))
