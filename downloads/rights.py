"""How the licences of downloads stand, told without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from downloads import service
from downloads.folder import DownloadFolder
from drm_client.device import DeviceIdentities
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import KeyStore
from drm_client.keysystem import LicenceCall
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply
from drm_client.rights import LicenceJudgement
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.vault import Vault


@contextmanager
def kept_licences(profile: Path, keys: KeyStore) -> Iterator[OfflineLicences]:
    """The licences in ``profile``, to look at: what asks the service raises DrmError ``drm.licence_unreachable``.

    Raises DrmError ``drm.store_damaged``, ``drm.store_newer`` or ``drm.key_store``.
    """
    devices = DeviceIdentities(keys)
    vault = Vault(profile, keys, devices.vault_id())
    try:
        yield OfflineLicences(vault, devices, TrustedService("", vault, TrustedClock(vault), _nobody))
    finally:
        vault.close()


def standing_of(folder: DownloadFolder, licences: OfflineLicences) -> LicenceJudgement | None:
    """How a download's licence stands now; None for one that needs none, or has none yet.

    Raises DownloadError or DrmError with what is wrong with it.
    """
    if service.awaits_licence(folder):
        return None
    licence_id = service.licence_of(folder)
    return None if licence_id is None else licences.standing(licence_id)


async def _nobody(_call: LicenceCall) -> LicenceReply:
    raise DrmError(DrmErrorCode.LICENCE_UNREACHABLE, "The licence server was not asked.", recoverable=True)
