"""What version 0.1.0 left on a disk: it opens, all of it, and copies of it from before do not.

``tests/kit/kept-0.1.0.zip`` was made by that version: ``profile`` has three licences of ``tests.kit.licence_server``
(one played, one not, one given back whose receipt waits), ``poisoned`` the same after another service's clock was
five years ahead, ``store`` and ``keys`` a download. ``facts.json`` has the server's side.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore, KeyStore, SystemKeyStore
from drm_client.offline import OfflineLicences
from drm_client.passphrase import KEY_FILE
from drm_client.rights import RightsState
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.vault import ANCHOR_ENTRY, FILE_NAME, FIRST_ANCHOR_ENTRY, FIRST_KEY_ENTRY, Vault
from tests.drm_client.offline_kit import Machine
from tests.drm_client.test_keystore import MemoryBackend
from tests.kit.licence_server import ADDRESS, DAY, HOUR, KEYS, SD, LicenceServer, Terms

_KEPT = Path(__file__).parents[1] / "kit" / "kept-0.1.0.zip"
_BINDING = b"kept fixture"


class Upgraded:
    """A profile of 0.1.0, opened by this version an hour after its licences were issued."""

    def __init__(self, folder: Path, name: str = "profile", *, system: bool = False) -> None:
        with zipfile.ZipFile(_KEPT) as kept:
            kept.extractall(folder)
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text())
        self.folder = folder / name
        self.keys: KeyStore = FileKeyStore(self.folder, _BINDING)
        if system:
            self.keys = self._in_the_systems_store()
        self.device = DeviceIdentity.load_or_create(self.keys)
        self.machine = Machine()
        self.machine.run(HOUR)
        self.server = LicenceServer(self.device.public_jwk(), self.machine.real, Terms(play_s=6 * HOUR))
        self.server.signers = [ECKey.import_key(self.facts["server_key"])]
        self.server.licences = self.facts["licences"]

    def _in_the_systems_store(self) -> SystemKeyStore:
        """The same secrets where 0.1.0 had them with a system key store: by the same names, as base64; no files."""
        backend = MemoryBackend()
        for path in self.folder.glob("*.sealed"):
            name = path.name.removesuffix(".sealed")
            value = base64.b64encode(self.keys.get(name) or b"").decode()
            backend.set_password("matinee", name, value)
            path.unlink()
        (self.folder / KEY_FILE).unlink()
        assert {name for _, name in backend.kept} >= {FIRST_KEY_ENTRY, FIRST_ANCHOR_ENTRY}
        return SystemKeyStore(backend)

    def open(self) -> OfflineLicences:
        self.vault = Vault(self.folder, self.keys, self.device.device_id)
        self.clock = TrustedClock(self.vault, ADDRESS, self.machine.read)
        self.service = TrustedService(ADDRESS, self.vault, self.clock, self.server.exchange)
        return OfflineLicences(self.vault, self.device, self.service)


@pytest.fixture(params=[False, True], ids=["sealed files", "system key store"])
def system(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_vault_is_upgraded_without_loss(tmp_path: Path, system: bool) -> None:
    kept = Upgraded(tmp_path, system=system)
    for _ in range(2):
        licences = kept.open()
        assert (kept.vault.check(), kept.vault.epoch) == ((), 0)
        assert set(licences.store.ids()) == {kept.facts["played"], kept.facts["unplayed"]}
        played = licences.standing(kept.facts["played"])
        assert (played.state, played.playback_s) == (RightsState.STARTED, 6 * HOUR)
        ring = KeyRing()
        licences.open(kept.facts["unplayed"], ring)
        assert ring.get(SD).value == KEYS[SD]
        kept.vault.close()
    licences = kept.open()
    assert await licences.send_receipts() == 1
    assert kept.facts["released"] in kept.server.released
    kept.machine.run(30 * HOUR)
    await licences.renew(kept.facts["played"])
    assert licences.standing(kept.facts["played"]).remaining_s == 48 * HOUR
    kept.vault.close()


async def test_a_clock_that_another_service_set_five_years_ahead_heals_at_the_first_contact(
    tmp_path: Path, system: bool
) -> None:
    kept = Upgraded(tmp_path, "poisoned", system=system)
    licences = kept.open()
    standing = licences.standing(kept.facts["unplayed"])
    assert (standing.state, standing.provisional) == (RightsState.EXPIRED, True)
    await kept.service.ask_time()
    assert licences.standing(kept.facts["unplayed"]).remaining_s == 47 * HOUR
    assert licences.standing(kept.facts["played"]).playback_s == 6 * HOUR
    kept.vault.close()


@pytest.mark.parametrize("anchor", [None, b"1"])
def test_a_copy_of_before_the_upgrade_opens_no_more(tmp_path: Path, anchor: bytes | None, system: bool) -> None:
    kept = Upgraded(tmp_path, system=system)
    shutil.copy(kept.folder / FILE_NAME, tmp_path / "copy")
    kept.open().remove(kept.facts["unplayed"])
    kept.vault.close()
    shutil.copy(tmp_path / "copy", kept.folder / FILE_NAME)
    for entry in (FIRST_ANCHOR_ENTRY, kept.keys.entry_of(ANCHOR_ENTRY, kept.folder)):
        if anchor is None:
            kept.keys.delete(entry)
        else:
            kept.keys.put(entry, anchor)
    with pytest.raises(DrmError) as caught:
        kept.open()
    assert caught.value.code is DrmErrorCode.STORE_DAMAGED


@pytest.mark.parametrize("method", ["_write_head", "_drop_anchor", "_transaction_over"])
def test_an_upgrade_that_is_cut_off_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, system: bool
) -> None:
    """Before the file is written, before the key store is told, and between both."""
    kept = Upgraded(tmp_path, system=system)

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    if method == "_transaction_over":
        drop = Vault._drop_anchor

        def drop_and_die(vault: Vault) -> None:
            drop(vault)
            die()

        monkeypatch.setattr(Vault, "_drop_anchor", drop_and_die)
    else:
        monkeypatch.setattr(Vault, method, die)
    with pytest.raises(KeyboardInterrupt):
        kept.open()
    monkeypatch.undo()
    licences = kept.open()
    assert kept.vault.epoch == 0
    assert set(licences.store.ids()) == {kept.facts["played"], kept.facts["unplayed"]}
    assert kept.keys.get(FIRST_KEY_ENTRY) is None
    kept.vault.close()


def test_no_key_of_an_upgrade_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Upgraded(tmp_path)
    given: dict[str, bytes] = {}
    get = kept.keys.get

    def watch(name: str) -> bytes | None:
        value = get(name)
        if value is not None:
            given.setdefault(name, value)
        return value

    monkeypatch.setattr(kept.keys, "get", watch)
    vault = Vault(kept.folder, kept.keys, kept.device.device_id)
    assert given[FIRST_KEY_ENTRY] == bytes(32)
    assert vault.names("licence") != ()
    vault.close()


def test_version_0_1_0_would_find_a_newer_file_and_no_damage(tmp_path: Path, system: bool) -> None:
    """It reads its anchor, a plain number, before it looks at the format. It called the key store damaged where that
    was none any more, and told its user to repair what was whole."""
    kept = Upgraded(tmp_path, system=system)
    before = int(kept.keys.get(FIRST_ANCHOR_ENTRY) or b"")
    kept.open().remove(kept.facts["unplayed"])
    kept.vault.close()
    assert int(kept.keys.get(FIRST_ANCHOR_ENTRY) or b"") == before
    with contextlib.closing(sqlite3.connect(kept.folder / FILE_NAME)) as file:
        assert file.execute("PRAGMA user_version").fetchone()[0] > 1


def test_years_later_it_still_opens(tmp_path: Path) -> None:
    kept = Upgraded(tmp_path)
    kept.machine.restart(900 * DAY)
    assert kept.open().standing(kept.facts["played"]).state is RightsState.PLAYED_OUT
    kept.vault.close()
