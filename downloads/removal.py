"""Removing a download with its licence: whatever comes between, neither stays without the other for good.

The intent is kept in the vault first. Then the files go, then the licence is given back. What was cut off is finished
by :func:`finish`.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from dataclasses import replace

from downloads import request, service
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.store import Store
from drm_client.errors import DrmError
from drm_client.licence_store import Removal
from drm_client.offline import OfflineLicences
from player.base.errors import ErrorCode

_log = logging.getLogger(__name__)
_FULL = frozenset({"SQLITE_FULL", "ENOSPC"})  # the vault's file, and its anchor in sealed files


def remove(store: Store, name: str, licences: OfflineLicences | None, reason: str = "removed") -> None:
    """Delete a download, readable or not, and give its licence back; the receipt waits for the next contact with its
    service. Its disk may be lost: should it come back, the files are deleted then. ``licences``: None where there is
    no service to give anything back to.

    Raises ``download.busy`` while somebody downloads it, ``drm.store_unusable`` where the vault is busy, or
    the disk of the vault alone is full: then nothing was changed.
    """
    folder = store.locate(name)
    if licences is None:
        store.remove(folder.id)
        return
    licence_ids = _licences_of(store, folder, licences)
    if folder.is_running:
        with folder.running():  # says who is at work
            pass
    ours = Removal(folder.id, licence_ids, reason, _place(store), (secrets.token_hex(8),))
    try:
        planned = licences.store.plan_removal(ours)
    except DrmError as error:
        if not _is_full(error) or not _shares_disk(folder, licences):
            raise
        planned = _plan_making_room(folder, ours, licences)
    try:
        store.remove(folder.id)
    except DownloadError as error:
        if error.code is not ErrorCode.DOWNLOAD_NOT_FOUND:
            licences.store.removed(ours)
            raise
    try:
        _give_back(store, planned, licences)
        licences.store.removed(ours)
    except DrmError as error:
        if not _is_full(error):
            raise
        _log.info("the removal of download %s is finished once there is room", folder.id)


def _plan_making_room(folder: DownloadFolder, ours: Removal, licences: OfflineLicences) -> Removal:
    """Make room on a full disk for the note of a removal. The media is deleted first, then all else of a download
    whose licences the vault knows. A download without licences needs no note."""
    folder.drop_media()
    try:
        return licences.store.plan_removal(ours)
    except DrmError as error:
        if not _is_full(error) or not all(folder.id in licences.store.uses(one) for one in ours.licence_ids):
            raise
        if not ours.licence_ids:
            return ours
    folder.drop_files()
    return licences.store.plan_removal(ours)


def _is_full(error: DrmError) -> bool:
    return error.fields.get("reason") in _FULL


def finish(store: Store, licences: OfflineLicences) -> int:
    """Finish the removals from ``store`` that were cut off; how many there were. One that somebody downloads, or
    whose disk is not connected, is left for later and holds no other back."""
    count = 0
    store.clear_removed()
    there = store.ids()
    for planned in licences.store.removals():
        if planned.place != _place(store):
            continue
        try:
            _finish(store, planned, licences, is_there=planned.download_id in there)
        except DownloadError as error:
            _log.info("the removal of download %s is left for later: %s", planned.download_id, error.code)
            continue
        count += 1
    return count


def _finish(store: Store, planned: Removal, licences: OfflineLicences, *, is_there: bool) -> None:
    if is_there:
        now = _licences_of(store, store.find(planned.download_id), licences)
        if not set(now) <= set(planned.licence_ids):  # it has got one since
            planned = licences.store.plan_removal(replace(planned, licence_ids=now))
        store.remove(planned.download_id)
    _give_back(store, planned, licences)
    licences.store.finished(planned)


def service_of(download_id: str, licences: OfflineLicences) -> str | None:
    """The address of the service that a download's licence is from, by what the vault says of it."""
    for licence_id in _used_by(download_id, licences):
        with contextlib.suppress(DrmError):
            kept = licences.store.get(licence_id)
            kept.clear()
            return kept.service
    return None


def _shares_disk(folder: DownloadFolder, licences: OfflineLicences) -> bool:
    try:
        return licences.store.shares_disk(folder.path)
    except OSError:  # its disk is not connected
        return False


def _place(store: Store) -> str:
    return str(store.root.resolve())


def _give_back(store: Store, planned: Removal, licences: OfflineLicences) -> None:
    """Give back what no other download has: a title that was downloaded twice has one licence. Two programs may
    remove two of these at once, so each one's use is dropped before the others are inspected."""
    for licence_id in planned.licence_ids:
        licences.store.drop_use(licence_id, planned.download_id)
    kept = _licences_of_others(store, planned.download_id)
    for licence_id in planned.licence_ids:
        if licence_id not in kept:
            licences.give_back_unused(licence_id, planned.reason)


def _licences_of_others(store: Store, download_id: str) -> set[str | None]:
    found = set()
    for other in store.ids():
        with contextlib.suppress(DownloadError):
            if other != download_id:
                found.add(service.licence_of(store.get(other)))
    return found


def _licences_of(store: Store, folder: DownloadFolder, licences: OfflineLicences) -> tuple[str, ...]:
    """The licences that belong to a download: the one of its note, and one that was to take its place. Where no note
    says so (the program died before it wrote one, or it is damaged): those that the vault says it has, else those of
    its title."""
    has_journal = True
    try:
        folder.refresh()
    except DownloadError:
        has_journal = False
    try:
        licence_id = service.licence_of(folder)
        if licence_id is not None:
            return tuple(dict.fromkeys((licence_id, *_used_by(folder.id, licences))))
        if has_journal or service.has_licence_note(folder):  # it needs none
            return ()
    except (DownloadError, ValueError, KeyError, TypeError) as error:  # such as a note of a newer version
        _log.info("which licence download %s has is not noted: %s", folder.id, type(error).__name__)
    used = _used_by(folder.id, licences)
    return used if used or (has_journal and not _may_have_one(folder)) else _of_its_title(store, folder, licences)


def _used_by(download_id: str, licences: OfflineLicences) -> tuple[str, ...]:
    found = []
    for licence_id in licences.store.ids():
        with contextlib.suppress(DrmError):  # a damaged note; a busy vault tells so when it is changed
            if download_id in licences.store.uses(licence_id):
                found.append(licence_id)
    return tuple(found)


def _of_its_title(store: Store, folder: DownloadFolder, licences: OfflineLicences) -> tuple[str, ...]:
    """Return the licences of a download's title that no other download uses. None if another download of that title
    does not say which one it uses: its own removal returns them."""
    title_id = folder.ledger.title_id
    with contextlib.suppress(DownloadError, ValueError, KeyError, TypeError):
        title_id = title_id or request.read(folder).origin.title_id
    if not title_id:
        return ()
    others = set()
    for item in store.list():
        if item.id != folder.id and item.title_id == title_id:
            try:
                other = store.get(item.id)
                if _may_have_one(other):
                    others.add(service.licence_of(other))
            except DownloadError:
                return ()
    return tuple(one for one in licences.find(title_id) if one not in others)


def _may_have_one(folder: DownloadFolder) -> bool:
    """Whether a download whose journal was read has come so far that it may have asked for its licence."""
    return folder.has_plan or not service.awaits_licence(folder)
