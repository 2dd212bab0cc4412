"""Downloads of the service's titles: download grants, renewed addresses, and the licence that is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace

from downloads import request
from downloads.downloader import Access
from downloads.errors import DownloadError, damaged
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, State
from drm_client import clearkey
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keysystem import LicenceCall
from drm_client.offline import FORGOTTEN, OfflineLicences
from drm_client.refusals import RefusedError
from drm_client.signed_licences import LicenceOrder
from player.base.errors import ErrorCode
from player.service.client import ServiceClient
from player.service.grants import DownloadGrant
from player.title.opening import DeviceId, TitleAddresses
from player.title.renewal import readdress_to
from player.transfer.addressing import Readdress, Refresh

_LICENCE = "licence"
_LOST = frozenset({DrmErrorCode.NO_LICENCE, DrmErrorCode.STORE_DAMAGED})
LICENCE_NOTE = "The note of the download's licence"

Ask = Callable[[LicenceCall], Awaitable[bytes]]
KeptLicences = Callable[[], Awaitable[OfflineLicences | None]]
"""Opens the licences that are kept on this device."""


@dataclass(slots=True)
class ServiceAccess(Access):
    """Asks the service for what a download needs; addresses that name no title need no grant. ``ask`` makes one
    exchange with another licence server."""

    service: ServiceClient | None
    device_id: DeviceId
    licences: KeptLicences
    ask: Ask | None = None
    _heights: dict[str, int | None] = field(default_factory=dict)

    async def addresses(self, origin: DownloadOrigin) -> TitleAddresses:
        """Where the title's manifest is now. Raises ServiceError (``service.not_entitled``) or NetError."""
        if not origin.title_id:
            return await Access.addresses(self, origin)
        grant = await self._grant(origin)
        places = ((m.pathway, m.dash or m.hls) for m in grant.session.manifests)
        manifests = {pathway: url for pathway, url in places if url is not None}
        if not manifests:
            raise DownloadError(ErrorCode.DOWNLOAD_IMPOSSIBLE, "The service names no place to download this from.")
        return TitleAddresses(manifests, name=grant.title.title)

    def permitted(self, origin: DownloadOrigin, choice: DownloadChoice) -> DownloadChoice:
        """No taller than the plan permits: there would be no key for it."""
        heights = [height for height in (self._heights.get(origin.title_id), choice.max_height) if height is not None]
        return replace(choice, max_height=min(heights, default=None))

    def renewal(self, origin: DownloadOrigin) -> Refresh | None:
        """Another grant for the same download gives new addresses."""
        if not origin.title_id:
            return None

        async def refresh() -> Readdress:
            return readdress_to((await self._grant(origin)).session.manifests)

        return refresh

    async def prepare(self, folder: DownloadFolder, origin: DownloadOrigin, kids: Collection[bytes]) -> None:
        """Acquire the licence and keep it, unless there is one."""
        if not origin.title_id:
            await self._ask_clearkey(folder, origin, kids)
            await Access.prepare(self, folder, origin, kids)
            return
        if not await asyncio.to_thread(has_licence_note, folder):
            await self._acquire(folder, origin, kids)

    async def replace_forgotten(self, folder: DownloadFolder, licences: OfflineLicences) -> bool:
        """Have a new licence where the service knows nothing of the one that is kept; whether that was so. The media
        stays. Raises as :func:`renew` and :meth:`addresses`, and ``download.busy`` while somebody works on it."""
        old_id = await asyncio.to_thread(licence_of, folder)
        if old_id is None or not await licences.is_forgotten(old_id):
            return False
        with folder.running():  # else a removal would leave the new licence, and two programs get one each
            if not await self._acquire_in_place_of(folder, old_id, carried=True):
                return False
            new_id = await asyncio.to_thread(licence_of, folder)
            if new_id != old_id:
                await asyncio.to_thread(licences.hand_over, old_id, new_id, folder.id)
        return True

    async def replace_lost(self, folder: DownloadFolder, licences: OfflineLicences) -> bool:
        """Have the licence again where the vault lost it (it is an older copy), and its service signs that it is in
        force; whether that was so. One that was given back stays so. Raises as :meth:`replace_forgotten`."""
        lost_id = await asyncio.to_thread(licence_of, folder)
        if lost_id is None or not await licences.is_in_force(lost_id):
            return False
        with folder.running():
            return await self._acquire_in_place_of(folder, lost_id, carried=False)

    async def _acquire_in_place_of(self, folder: DownloadFolder, old_id: str, *, carried: bool) -> bool:
        """Have another licence, unless somebody has meanwhile; whether that was done. ``carried``: what is known of
        the old one holds for it."""
        if await asyncio.to_thread(licence_of, folder) != old_id:
            return False
        plan = await asyncio.to_thread(folder.plan)
        await self._acquire(folder, plan.origin, plan.kids, old_id if carried else None)
        return True

    async def _acquire(
        self, folder: DownloadFolder, origin: DownloadOrigin, kids: Collection[bytes], old_id: str | None = None
    ) -> None:
        """Have a licence and note it, in the place of the one with ``old_id``."""
        grant = await self._grant(origin)
        licences = await self.licences()
        if grant.licence_url is None or licences is None:
            await asyncio.to_thread(note_licence, folder, None)
            return
        wanted = tuple(kid for kid in kids if kid in grant.kids) or grant.kids
        kept = await licences.acquire(
            LicenceOrder(grant.licence_url, grant.download_id, origin.title_id, tuple(wanted)), folder.id
        )
        kept.clear()
        if old_id is not None:
            await asyncio.to_thread(licences.carry_over, old_id, kept.licence_id)
        await asyncio.to_thread(note_licence, folder, kept.licence_id)

    async def _ask_clearkey(self, folder: DownloadFolder, origin: DownloadOrigin, kids: Collection[bytes]) -> None:
        """Have the keys of a ClearKey server that permits keeping them, sealed."""
        known = await asyncio.to_thread(request.keys_of, folder)
        lacking = tuple(kid for kid in kids if kid not in {one for one, _ in known})
        if not origin.licence_url or self.ask is None or not lacking:
            return
        keys = clearkey.read_persistent(await self.ask(clearkey.persistent_call(origin.licence_url, lacking)))
        given = tuple((key.kid, bytes(key.value)) for key in keys if key.kid in lacking)
        for key in keys:
            key.clear()
        await asyncio.to_thread(request.note_keys, folder, (*known, *given))

    async def _grant(self, origin: DownloadOrigin) -> DownloadGrant:
        if self.service is None:
            raise DownloadError(ErrorCode.INPUT_USAGE, "To download a title, name the service (--service).")
        grant = await self.service.download(origin.title_id, await self.device_id(), origin.variant)
        self._heights[origin.title_id] = grant.max_height
        return grant


def note_licence(folder: DownloadFolder, licence_id: str | None) -> None:
    """Remember which licence belongs to a download of the service; None for one that needs none."""
    folder.write_secret(_LICENCE, json.dumps({"id": licence_id}).encode())


def has_licence_note(folder: DownloadFolder) -> bool:
    """Whether it is settled which licence belongs to a download."""
    return folder.read_secret(_LICENCE) is not None


def awaits_licence(folder: DownloadFolder) -> bool:
    """Whether a download of the service's has not come to the point where it gets its licence."""
    now = folder.ledger
    return bool(now.title_id) and not now.stored and now.state is not State.COMPLETE and not has_licence_note(folder)


def forget_licence_note(folder: DownloadFolder) -> None:
    """Have the next run get a licence again; its media stays."""
    folder.drop_secret(_LICENCE)


def licence_of(folder: DownloadFolder) -> str | None:
    """The ID of the licence that belongs to a download; None where it needs none.

    Raises DownloadError ``download.damaged`` if a title of the service has lost its note, as the end of its rights
    would be unknown, and ``download.incomplete`` if the download has not started.
    """
    data = folder.read_secret(_LICENCE)
    if data is None:
        if awaits_licence(folder):
            raise DownloadError(
                ErrorCode.DOWNLOAD_INCOMPLETE, "The licence of this download comes when its download begins."
            )
        if folder.ledger.title_id:
            raise damaged(LICENCE_NOTE)
        return None
    licence_id = json.loads(data)["id"]
    return None if licence_id is None else str(licence_id)


async def renew(folder: DownloadFolder, licences: OfflineLicences, access: ServiceAccess | None = None) -> str:
    """Renew a download's licence without touching its media, or have a new one where its service has forgotten it,
    or the vault lost it; the licence's ID. Raises DrmError, or the network's own error; ``drm.no_licence`` for a
    download that has none."""
    licence_id = licence_of(folder)
    if licence_id is None:
        raise DrmError(DrmErrorCode.NO_LICENCE, "This download has no licence; it needs none.")
    kids = folder.plan().kids if folder.has_plan else ()
    try:
        (await licences.renew(licence_id, kids)).clear()
    except RefusedError as error:
        if access is None or error.reason != FORGOTTEN or not await access.replace_forgotten(folder, licences):
            raise
    except DrmError as error:
        if access is None or error.code not in _LOST or not await access.replace_lost(folder, licences):
            raise
    return licence_of(folder) or licence_id
