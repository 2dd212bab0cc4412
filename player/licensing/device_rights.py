"""What this device may play of one service, wired together: the vault, trusted clock, the service's signed word."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from drm_client import signed
from drm_client.device import DeviceIdentities
from drm_client.keystore import KeyStore
from drm_client.keysystem import LicenceCall
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply
from drm_client.signed_licences import DeviceInfo, SignedLicences
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import KeptLicenceUpkeep
from drm_client.vault import Vault
from player.base.errors import ServiceError
from player.service.client import ServiceClient

_NOT_FOUND = 404
_REMOVED = "device_revoked"
_log = logging.getLogger(__name__)

OpenRights = Callable[[], Awaitable["DeviceRights | None"]]


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
    _devices: DeviceIdentities

    def at(self, client: ServiceClient) -> DeviceRights:
        """The same of another service; it is closed with this one."""
        return _rights_at(self.vault, self._devices, client)

    def now(self) -> float:
        """The service's time in seconds since 1970, as it last said it."""
        return self.clock.issuer_now()

    def close(self) -> None:
        self.vault.close()


def open_rights(profile: Path, keys: KeyStore, devices: DeviceIdentities, client: ServiceClient) -> DeviceRights:
    """Open what is kept in ``profile``. Touches the disk and the key store, not the network; the coroutines of the
    result belong to the client's event loop.

    Raises DrmError ``drm.store_damaged``, ``drm.store_newer`` or ``drm.key_store``.
    """
    return _rights_at(Vault(profile, keys, devices.vault_id()), devices, client)


def _rights_at(vault: Vault, devices: DeviceIdentities, client: ServiceClient) -> DeviceRights:
    async def exchange(call: LicenceCall) -> LicenceReply:
        response = await client.answer(call.url, call.body, call.headers)
        return LicenceReply(response.status, response.body, response.headers.get("etag", ""))

    clock = TrustedClock(vault, client.address)
    service = TrustedService(client.address, vault, clock, exchange)
    info = DeviceInfo()
    licences = OfflineLicences(vault, devices, service, info)
    upkeep = KeptLicenceUpkeep(vault, licences, service)
    asking = SignedLicences(service, devices.of(client.address), info)
    return DeviceRights(vault, clock, service, licences, asking, upkeep, devices)


async def register(client: ServiceClient, devices: DeviceIdentities, rights: OpenRights) -> str:
    """The device's ID at the service, with proof that it has its key. A service that asks for no proof gets none.

    The key of a device that was removed from its account is never accepted again. If the service signs that (the
    refusal is not signed), the next run of the program is another device to this service, and the same device as
    before to every other service. ``rights`` opens what asks for its signed word.
    """
    device = devices.of(client.address)

    def prove(challenge: str) -> str:
        return device.sign(signed.DEVICE, {"challenge": challenge, "device_id": device.device_id})

    try:
        return await client.register_device(device.public_jwk(), prove=prove)
    except ServiceError as error:
        if error.fields.get("problem") == _REMOVED and await _is_removed(rights):
            await asyncio.to_thread(devices.replace, client.address)
        if error.fields.get("status") != _NOT_FOUND:
            raise
    return await client.register_device(device.public_jwk())


async def _is_removed(rights: OpenRights) -> bool:
    """Whether the service has signed that it removed this device."""
    try:
        opened = await rights()
        return opened is not None and await opened.licences.is_device_removed()
    except Exception as error:  # noqa: BLE001  (the refusal is the caller's news)
        _log.info(
            "the removal of this device could not be confirmed: %s", getattr(error, "code", type(error).__name__)
        )
        return False
