"""Downloads as the upkeep of their licences sees them: removals that were cut off, licences that a service forgot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from downloads import removal, service
from downloads.engine import access_of, licences_of
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.store import Store
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.offline import OfflineLicences, Renewals
from player.engine import Engine

_log = logging.getLogger(__name__)


class KeptDownloads:
    """A :class:`drm_client.upkeep.KeptMedia` over the store that ``store`` opens (None where there is none), and the
    engine that ``engine`` gives. For the engine's loop."""

    def __init__(self, store: Callable[[], Awaitable[Store | None]], engine: Callable[[], Engine]) -> None:
        self._store = store
        self._engine = engine

    async def finish_removals(self) -> None:
        store, licences = await self._opened()
        if store is not None and licences is not None:
            await asyncio.to_thread(removal.finish, store, licences)

    async def replace(self, address: str, forgotten: Collection[str]) -> Renewals:
        done, failed = list[str](), dict[str, Exception]()
        store, licences = await self._opened()
        found = self._engine().service
        account = None if found is None or found.address != address else await found.account()
        if store is None or licences is None or account is None:
            return Renewals((), {})  # who is not signed in there gets no new licence
        licences = licences.seen_by(account.id)
        for licence_id in forgotten:
            try:
                for folder in await asyncio.to_thread(_that_have, store, licence_id, licences):
                    done += await self._replace(folder, licence_id, licences)
            except Exception as error:  # noqa: BLE001  (each licence by itself; the report tells them all)
                if licence_id in licences.store.ids():  # no other program has replaced it meanwhile
                    failed[licence_id] = error
        return Renewals(tuple(done), failed)

    async def _replace(self, folder: DownloadFolder, old_id: str, licences: OfflineLicences) -> tuple[str, ...]:
        """The ID of the new licence, if there is one now."""
        now_id = await asyncio.to_thread(service.licence_of, folder)
        if now_id != old_id:  # whoever replaced it was cut off
            await asyncio.to_thread(licences.hand_over, old_id, now_id, folder.id)
            return ()
        if not await asyncio.to_thread(licences.is_worth_replacing, old_id):
            return ()
        if not await access_of(self._engine()).replace_forgotten(folder, licences):
            return ()
        new_id = await asyncio.to_thread(service.licence_of, folder)
        return () if new_id is None else (new_id,)

    async def _opened(self) -> tuple[Store | None, OfflineLicences | None]:
        return await self._store(), await licences_of(self._engine())()


def _that_have(store: Store, licence_id: str, licences: OfflineLicences) -> tuple[DownloadFolder, ...]:
    """The downloads here that have a licence. One that cannot be read is left for a repair."""
    found, there = [], store.ids()
    try:
        uses = licences.store.uses(licence_id)
    except DrmError as error:
        if error.code is not DrmErrorCode.NO_LICENCE:
            raise
        return ()
    for download_id in uses:
        if download_id in there:
            try:
                found.append(store.get(download_id))
            except DownloadError as error:
                _log.info("the licence of download %s waits: %s", download_id, error.code)
    return tuple(found)
