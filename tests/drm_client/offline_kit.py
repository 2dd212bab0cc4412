"""A device whose clocks, disk and service are in the test's hands."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drm_client.clock import Reading
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keystore import KeyStore, KeyStoreDescription
from drm_client.offline import OfflineLicences
from drm_client.policy import LicencePolicy, PolicyType, RenewalTerms
from drm_client.signed_licences import LicenceOrder
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.vault import Vault
from tests.kit.licence_server import ADDRESS, AUDIO, DAY, HOUR, SD, START, LicenceServer, RealTime, Terms

ORDER = LicenceOrder("/api/v1/licences", "download-1", "the-film", (AUDIO, SD))


class MemoryKeyStore:
    """A key store that a copy of the folder does not contain."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        kept = self.kept.get(name)
        return None if kept is None else bytes(bytearray(kept))  # whoever gets it may overwrite it

    def put(self, name: str, value: bytes) -> None:
        self.kept[name] = bytes(bytearray(value))

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)

    def entry_of(self, name: str, _folder: Path) -> str:
        return name

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with self._lock:
            yield

    def describe(self) -> KeyStoreDescription:
        return KeyStoreDescription("system", "memory", "For tests.")


@dataclass
class Machine:
    """The clocks of a computer over the real time: the wall clock is off by ``wall_error_s``, the time since boot
    cannot be set."""

    real: RealTime = field(default_factory=RealTime)
    boots: int = 0
    booted_at: float = START
    wall_error_s: float = 0.0

    def read(self) -> Reading:
        return Reading(f"boot-{self.boots}", self.real.at_s - self.booted_at, self.real.at_s + self.wall_error_s)

    def run(self, seconds: float) -> None:
        """Time passes while the machine is on, or asleep: the clock since boot counts both."""
        self.real.at_s += seconds

    def restart(self, off_s: float = 0.0) -> None:
        self.real.at_s += off_s
        self.boots += 1
        self.booted_at = self.real.at_s


class Desk:
    """One device with its service; :meth:`reopen` is another run of the program on the same folder."""

    def __init__(self, folder: Path, terms: Terms | None = None, keys: KeyStore | None = None) -> None:
        self.folder = folder
        self.keys = keys or MemoryKeyStore()
        self.device = DeviceIdentity.load_or_create(self.keys)
        self.machine = Machine()
        self.server = LicenceServer(self.device.public_jwk(), self.machine.real, terms)
        self._open()

    def _open(self) -> None:
        self.vault = Vault(self.folder, self.keys, self.device.device_id)
        self.clock = TrustedClock(self.vault, ADDRESS, self.machine.read)
        self.service = TrustedService(ADDRESS, self.vault, self.clock, self.server.exchange)
        self.licences = OfflineLicences(self.vault, self.device, self.service)

    def reopen(self) -> None:
        self.vault.close()
        self._open()

    async def kept(self) -> str:
        """A licence that was just acquired: its ID."""
        return (await self.licences.acquire(ORDER)).licence_id

    def refused(self) -> DrmError | None:
        """Why the vault does not open, None when it does."""
        self.vault.close()
        try:
            self._open()
        except DrmError as error:
            return error
        return None


def policy(**changes: object) -> LicencePolicy:
    """A licence for 48 hours that can be renewed after 24."""
    values: dict[str, object] = {
        "licence_id": "a" * 32,
        "sequence": 1,
        "type": PolicyType.PERSISTENT,
        "session_id": "download-1",
        "device_id": "device-1",
        "nonce": "n",
        "account_id": "a1",
        "title_id": "the-film",
        "variant": "encrypted",
        "issued_at": START,
        "expires_at": START + 48 * HOUR,
        "renewal": RenewalTerms("/renew", START + 24 * HOUR, START + 30 * DAY),
    }
    return LicencePolicy(**(values | changes))  # type: ignore[arg-type]
