"""Removing a download with its licence: whatever comes between, neither stays without the other for good.

The intent is kept in the vault first. Then the files go, then the licence is given back. What was cut off is finished
by :func:`finish`.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from downloads import service
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.store import Store
from drm_client.errors import DrmError
from drm_client.licence_store import Removal
from drm_client.offline import OfflineLicences
from player.base.errors import ErrorCode

_FULL = frozenset({"SQLITE_FULL", "ENOSPC"})  # the vault's file, and its anchor in sealed files


def remove(store: Store, name: str, licences: OfflineLicences | None, reason: str = "removed") -> None:
    """Delete a download, readable or not, and give its licence back; the receipt waits for the next contact with its
    service. ``licences``: None where there is no service to give anything back to.

    Raises ``download.busy`` while somebody downloads it, ``drm.store_unusable`` where the vault is busy, or
    the disk of the vault alone is full: then nothing was changed.
    """
    folder = store.find(name)
    if licences is None:
        store.remove(folder.id)
        return
    licence_ids = _licences_of(store, folder, licences)
    if folder.is_running:
        with folder.running():  # says who is at work
            pass
    planned = Removal(folder.id, licence_ids, reason, _place(store))
    try:
        licences.store.plan_removal(planned)
    except DrmError as error:
        if error.fields.get("reason") not in _FULL or not licences.store.shares_disk(folder.path):
            raise
        folder.drop_media()  # on a full disk what goes makes the room for the note that it goes
        licences.store.plan_removal(planned)
    try:
        store.remove(folder.id)
    except DownloadError:
        licences.store.removed(folder.id)
        raise
    _give_back(store, folder.id, licence_ids, licences, reason)


def finish(store: Store, licences: OfflineLicences) -> int:
    """Finish the removals from ``store`` that were cut off; how many there were. One that somebody downloads is left
    for later."""
    count = 0
    for planned in licences.store.removals():
        if planned.place != _place(store):
            continue
        licence_ids = planned.licence_ids
        if planned.download_id in store.ids():
            now = _licences_of(store, store.find(planned.download_id), licences)
            if not set(now) <= set(licence_ids):  # it has got one since
                licence_ids = tuple(dict.fromkeys((*licence_ids, *now)))
                licences.store.plan_removal(replace(planned, licence_ids=licence_ids))
            try:
                store.remove(planned.download_id)
            except DownloadError as error:
                if error.code is not ErrorCode.DOWNLOAD_BUSY:
                    raise
                continue
        _give_back(store, planned.download_id, licence_ids, licences, planned.reason)
        count += 1
    return count


def _place(store: Store) -> str:
    return str(store.root.resolve())


def _give_back(
    store: Store, download_id: str, licence_ids: tuple[str, ...], licences: OfflineLicences, reason: str
) -> None:
    """Give back what no other download has: a title that was downloaded twice has one licence."""
    kept = _licences_of_others(store, download_id)
    for licence_id in licence_ids:
        if not licences.store.drop_use(licence_id, download_id) and licence_id not in kept:
            licences.remove(licence_id, reason)
    licences.store.removed(download_id)


def _licences_of_others(store: Store, download_id: str) -> set[str | None]:
    found = set()
    for other in store.ids():
        with contextlib.suppress(DownloadError):
            if other != download_id:
                found.add(service.licence_of(store.get(other)))
    return found


def _licences_of(store: Store, folder: DownloadFolder, licences: OfflineLicences) -> tuple[str, ...]:
    """The licences that belong to a download. Where its note of that is damaged: those of its title that no other
    download has."""
    try:
        folder.refresh()
        licence_id = service.licence_of(folder)
    except DownloadError as error:
        if error.code is not ErrorCode.DOWNLOAD_DAMAGED or not folder.ledger.title_id:
            return ()
        others = _licences_of_others(store, folder.id)
        return tuple(one for one in licences.find(folder.ledger.title_id) if one not in others)
    return () if licence_id is None else (licence_id,)
