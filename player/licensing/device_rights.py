"""What this device may play of one service, wired together: the vault, trusted clock, the service's signed word."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from drm_client import signed
from drm_client.device import ENTRY, DeviceIdentity
from drm_client.keystore import KeyStore
from drm_client.keysystem import LicenceCall
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply
from drm_client.signed_licences import DeviceInfo, SignedLicences
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import KeptLicenceUpkeep
from drm_client.vault import Vault, set_aside
from player.base.errors import ServiceError
from player.service.client import ServiceClient

_NOT_FOUND = 404
_REMOVED = "device_revoked"
_OWNER_ENTRY = "vault-device"


@dataclass(frozen=True, slots=True)
class DeviceRights:
    """``licences`` are the kept ones, ``signed`` asks for those of a play session, ``clock`` has the trusted time,
    ``upkeep`` does what is due when the service can be reached."""

    vault: Vault
    clock: TrustedClock
    service: TrustedService
    licences: OfflineLicences
    signed: SignedLicences
    upkeep: KeptLicenceUpkeep

    def now(self) -> float:
        """The service's time in seconds since 1970, as it last said it."""
        return self.clock.issuer_now()

    def close(self) -> None:
        self.vault.close()


def open_rights(profile: Path, keys: KeyStore, device: DeviceIdentity, client: ServiceClient) -> DeviceRights:
    """Open what is kept in ``profile``. Touches the disk and the key store, not the network; the coroutines of the
    result belong to the client's event loop.

    Raises DrmError ``drm.store_damaged``, ``drm.store_newer`` or ``drm.key_store``.
    """

    async def exchange(call: LicenceCall) -> LicenceReply:
        response = await client.answer(call.url, call.body, call.headers)
        return LicenceReply(response.status, response.body, response.headers.get("etag", ""))

    owner = device.device_id.encode()
    if keys.get(_OWNER_ENTRY) not in (None, owner):
        set_aside(profile)  # it belongs to an identity that this device no longer has, and opens for nobody
    vault = Vault(profile, keys, device.device_id)
    if keys.get(_OWNER_ENTRY) != owner:
        keys.put(_OWNER_ENTRY, owner)
    clock = TrustedClock(vault, client.address)
    service = TrustedService(client.address, vault, clock, exchange)
    info = DeviceInfo()
    licences = OfflineLicences(vault, device, service, info)
    upkeep = KeptLicenceUpkeep(vault, licences, service)
    return DeviceRights(vault, clock, service, licences, SignedLicences(service, device, info), upkeep)


async def register(client: ServiceClient, device: DeviceIdentity, keys: KeyStore) -> str:
    """The device's ID at the service, with proof that it has its key. A service that asks for no proof gets none.

    The key of a device that was removed from its account is never taken again: it is forgotten here, and the next run
    of the program is another device.
    """

    def prove(challenge: str) -> str:
        return device.sign(signed.DEVICE, {"challenge": challenge, "device_id": device.device_id})

    try:
        return await client.register_device(device.public_jwk(), prove=prove)
    except ServiceError as error:
        if error.fields.get("problem") == _REMOVED:
            await asyncio.to_thread(keys.delete, ENTRY)
        if error.fields.get("status") != _NOT_FOUND:
            raise
    return await client.register_device(device.public_jwk())
