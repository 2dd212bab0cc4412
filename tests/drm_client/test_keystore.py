"""Key stores: the sealed files, the system's store by a stand-in, and the choice between them."""

from __future__ import annotations

import errno
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from drm_client import keystore
from drm_client.device import DeviceIdentities, DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore, SystemKeyStore, machine_binding, open_key_store
from drm_client.limited_calls import LimitedCalls

SECRET = secrets.token_bytes(40)


class MemoryBackend(KeyringBackend):
    """A key store of the system that works, or is locked."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = locked

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        del self.kept[service, username]


@pytest.fixture(params=["file", "system"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> keystore.KeyStore:
    return FileKeyStore(tmp_path / "store") if request.param == "file" else SystemKeyStore(MemoryBackend())


def test_what_is_put_is_got_until_it_is_deleted(store: keystore.KeyStore) -> None:
    assert store.get("device-key") is None
    store.put("device-key", SECRET)
    store.put("other", b"")
    assert store.get("device-key") == SECRET
    assert store.get("other") == b""
    store.put("device-key", b"new")
    assert store.get("device-key") == b"new"
    store.delete("device-key")
    store.delete("device-key")
    assert store.get("device-key") is None


def test_names_cannot_lead_out_of_the_folder(store: keystore.KeyStore) -> None:
    for name in ("../key", "a/b", "", "A", ".hidden"):
        with pytest.raises(ValueError, match="not a name"):
            store.put(name, b"x")


def test_files_are_sealed_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    FileKeyStore(folder).put("device-key", SECRET)
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET not in path.read_bytes()
    assert folder.stat().st_mode & 0o077 == 0
    assert FileKeyStore(folder).get("device-key") == SECRET


def test_a_copied_folder_does_not_open_on_another_machine(tmp_path: Path) -> None:
    FileKeyStore(tmp_path, b"machine one/1000").put("device-key", SECRET)
    for other in (b"machine two/1000", b"machine one/1001"):
        with pytest.raises(DrmError) as caught:
            FileKeyStore(tmp_path, other).get("device-key")
        assert caught.value.code is DrmErrorCode.KEY_STORE
    assert FileKeyStore(tmp_path, b"machine one/1000").get("device-key") == SECRET
    assert machine_binding() == machine_binding()


@pytest.mark.parametrize("place", [0, 15, -1])
def test_every_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    store = FileKeyStore(tmp_path)
    store.put("device-key", SECRET)
    path = tmp_path / "device-key.sealed"
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DrmError) as caught:
        store.get("device-key")
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_entries_cannot_be_exchanged(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    store.put("one", SECRET)
    (tmp_path / "one.sealed").rename(tmp_path / "two.sealed")
    with pytest.raises(DrmError):
        store.get("two")


def test_a_lost_or_cut_key_file_is_told(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    store.put("one", SECRET)
    (tmp_path / "keystore.key").write_bytes(b"short")
    with pytest.raises(DrmError):
        store.get("one")
    (tmp_path / "keystore.key").unlink()
    with pytest.raises(DrmError):
        store.get("one")


def test_a_repair_sets_aside_what_does_not_open_and_nothing_else(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "keys")
    assert store.repair() == ()
    store.put("one", SECRET)
    store.put("two", SECRET)
    assert store.repair() == ()
    (tmp_path / "keys" / "one.sealed").write_bytes(b"rubbish")
    with pytest.raises(DrmError, match=r"one\.sealed is damaged .*`matinee doctor --repair-key-store`"):
        store.get("one")
    assert store.repair() == ("one",)
    assert (store.get("one"), store.get("two")) == (None, SECRET)
    assert (tmp_path / "keys" / "one.sealed.damaged-1").read_bytes() == b"rubbish"


@pytest.mark.parametrize("key", [b"short", bytes(32), None])
def test_without_its_key_nothing_of_the_store_can_be_kept(tmp_path: Path, key: bytes | None) -> None:
    store = FileKeyStore(tmp_path)
    for name in ("one", "two"):
        store.put(name, SECRET)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.sealed")}
    (tmp_path / "keystore.key").unlink() if key is None else (tmp_path / "keystore.key").write_bytes(key)
    assert store.repair() == ("one", "two")
    assert {name: (tmp_path / f"{name}.damaged-1").read_bytes() for name in before} == before
    assert (tmp_path / "keystore.key.damaged-1").exists() is (key == b"short")
    store.put("one", b"new")
    assert (store.get("one"), store.get("two"), store.repair()) == (b"new", None, ())


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    stores = [FileKeyStore(tmp_path) for _ in range(6)]
    threads = [threading.Thread(target=store.put, args=(f"entry{n}", SECRET)) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stores[0].get(f"entry{n}") for n in range(6)] == [SECRET] * 6
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DrmError) as caught:
        FileKeyStore(tmp_path / "file" / "store").put("one", SECRET)
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_a_locked_system_store_is_told_without_its_own_words() -> None:
    with pytest.raises(DrmError) as caught:
        SystemKeyStore(MemoryBackend(locked=True)).get("device-key")
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_a_store_that_is_locked_while_the_program_runs_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The Secret Service would open a dialog, and the program would wait for it."""
    from keyring.backends.SecretService import Keyring

    kept: dict[str, str] = {}
    monkeypatch.setattr(Keyring, "get_password", lambda _self, _service, name: kept.get(name))
    monkeypatch.setattr(Keyring, "set_password", lambda _self, _service, name, text: kept.update({name: text}))
    monkeypatch.setattr(keystore, "_system_backend", Keyring)
    locked = False
    monkeypatch.setattr(keystore, "_secret_service_is_locked", lambda: locked)
    store = open_key_store(tmp_path)
    store.put("device-key", SECRET)
    locked = True
    for use in (lambda: store.get("device-key"), lambda: store.put("device-key", b"other")):
        with pytest.raises(DrmError, match="is locked") as caught:
            use()
        assert caught.value.code is DrmErrorCode.KEY_STORE
    locked = False
    assert store.get("device-key") == SECRET


class HangingBackend(MemoryBackend):
    """A key store of the system that does not answer until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.released = threading.Event(), threading.Event()
        self.hangs = True
        self.asked = 0

    def _check(self) -> None:
        self.asked += 1
        self.reached.set()
        if self.hangs:
            self.released.wait()

    def release(self) -> None:
        self.hangs = False
        self.released.set()
        for thread in threading.enumerate():
            if thread.name == "key store":
                thread.join()


@pytest.fixture
def hanging() -> Iterator[HangingBackend]:
    backend = HangingBackend()
    yield backend
    backend.release()


@pytest.mark.parametrize("use", ["get", "put", "delete", "is locked"])
def test_a_system_store_that_hangs_is_an_error_that_can_be_retried(hanging: HangingBackend, use: str) -> None:
    def is_locked() -> bool:
        hanging._check()
        return False

    store = SystemKeyStore(hanging, is_locked=is_locked if use == "is locked" else lambda: False, limit_s=0.01)
    uses: dict[str, Callable[[], object]] = {
        "put": lambda: store.put("device-key", b"old"),
        "delete": lambda: store.delete("device-key"),
    }
    for _ in range(2):
        with pytest.raises(DrmError, match="does not answer") as caught:
            uses.get(use, lambda: store.get("device-key"))()
        assert (caught.value.code, caught.value.recoverable) == (DrmErrorCode.KEY_STORE, True)
        assert caught.value.fields["reason"] == "no_answer"
    hanging.reached.wait()
    assert hanging.asked == 1, "nothing is asked while it hangs, so nothing comes late"
    hanging.release()
    store._calls.limit_s = keystore.LIMIT_S
    store.put("device-key", SECRET)
    assert store.get("device-key") == SECRET


def test_a_system_store_that_hangs_at_the_start_is_told_to_whoever_needs_it(
    hanging: HangingBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def search() -> MemoryBackend:
        hanging._check()
        return hanging

    monkeypatch.setattr(keystore, "_system_backend", search)
    monkeypatch.setattr(keystore, "_search", LimitedCalls(0.01))
    assert open_key_store(tmp_path).describe().kind == "file", "a new profile does without"
    (tmp_path / "licences.db").touch()
    for preference in ("auto", "system"):
        with pytest.raises(DrmError, match="does not answer") as caught:
            open_key_store(tmp_path, preference)
        assert (caught.value.code, caught.value.recoverable) == (DrmErrorCode.KEY_STORE, True)


def test_an_error_of_the_bus_is_told_as_one_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend()

    def broken(*_arguments: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(backend, "get_password", broken)
    with pytest.raises(DrmError, match="refused to answer") as caught:
        SystemKeyStore(backend).get("device-key")
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_a_damaged_entry_of_the_system_store_is_told() -> None:
    backend = MemoryBackend()
    backend.set_password("matinee", "device-key", "no base64 at all!")
    with pytest.raises(DrmError) as caught:
        SystemKeyStore(backend).get("device-key")
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_the_choice_is_explicit_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore, "_system_backend", lambda: None)
    fallback = open_key_store(tmp_path)
    assert fallback.describe().kind == "file"
    assert "anyone who can read your files" in fallback.describe().sentence
    with pytest.raises(DrmError) as caught:
        open_key_store(tmp_path, "system")
    assert caught.value.code is DrmErrorCode.KEY_STORE
    monkeypatch.setattr(keystore, "_system_backend", MemoryBackend)
    assert open_key_store(tmp_path).describe().kind == "system"
    assert open_key_store(tmp_path, "file").describe().kind == "file"


@pytest.mark.parametrize("what", ["vault-key-2", "vault-key", "downloads-key"])
def test_a_profile_stays_with_the_sealed_files_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Begun over ssh, where there is no key store, it must open in the desktop's session, too."""
    FileKeyStore(tmp_path).put(what, b"k")
    monkeypatch.setattr(keystore, "_system_backend", MemoryBackend)
    assert open_key_store(tmp_path).get(what) == b"k"


def test_what_was_kept_while_the_system_store_was_locked_changes_no_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the vault is in the system's store."""
    (tmp_path / "licences.db").touch()
    for name in ("device-key", "tokens", "downloads-key"):
        FileKeyStore(tmp_path).put(name, b"k")
    monkeypatch.setattr(keystore, "_system_backend", MemoryBackend)
    assert open_key_store(tmp_path).describe().kind == "system"


def test_without_a_session_bus_there_is_no_system_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert open_key_store(tmp_path).describe().kind == "file"


def test_the_identity_is_made_once_and_kept(store: keystore.KeyStore) -> None:
    first = DeviceIdentity.load_or_create(store)
    again = DeviceIdentity.load_or_create(store)
    assert first.device_id == again.device_id
    assert first.public_jwk() == again.public_jwk()
    assert "d" not in first.public_jwk()
    assert repr(first) == f"DeviceIdentity(device_id='{first.device_id}')"


def test_a_damaged_identity_is_told(store: keystore.KeyStore) -> None:
    store.put("device-key", b"nonsense")
    with pytest.raises(DrmError) as caught:
        DeviceIdentity.load_or_create(store)
    assert caught.value.code is DrmErrorCode.DEVICE_IDENTITY


def test_the_device_id_is_the_thumbprint_of_the_public_key() -> None:
    from joserfc.jwk import ECKey

    identity = DeviceIdentity.create()
    assert identity.device_id == ECKey.import_key(identity.public_jwk()).thumbprint()


def test_each_service_has_a_device_of_its_own(tmp_path: Path) -> None:
    """So that none can pass on to another what was signed for it."""
    store = FileKeyStore(tmp_path)
    devices = DeviceIdentities(store)
    assert devices.find("https://a.test") is None
    one, other = devices.of("https://a.test"), devices.of("https://b.test")
    assert one.device_id != other.device_id
    bound = devices.vault_id()
    devices.replace("https://a.test")
    assert devices.of("https://a.test") is one  # until the next start
    later = DeviceIdentities(store)
    assert later.of("https://b.test").device_id == other.device_id
    assert later.of("https://a.test").device_id not in (one.device_id, other.device_id)
    assert later.vault_id() == bound
    assert later.of("").device_id not in (one.device_id, later.of("").device_id)


def test_the_one_device_of_a_profile_of_before_goes_on_until_a_service_takes_it_away(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    first = DeviceIdentity.load_or_create(store).device_id
    devices = DeviceIdentities(store)
    assert devices.vault_id() == devices.of("https://a.test").device_id == first
    devices.replace("https://a.test")
    later = DeviceIdentities(store)
    assert later.of("https://a.test").device_id != first
    assert later.vault_id() == later.of("https://b.test").device_id == first


def test_a_full_disk_is_named_and_nothing_is_left_of_what_it_did_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try left an empty file: a kiosk tries for days."""
    store = FileKeyStore(tmp_path, b"m")
    store.put("tokens", b"before")
    before = sorted(tmp_path.iterdir())

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DrmError) as caught:
        store.put("tokens", b"after")
    assert caught.value.code is DrmErrorCode.STORE_UNUSABLE
    assert "disk is full" in caught.value.sentence
    assert sorted(tmp_path.iterdir()) == before
    assert store.get("tokens") == b"before"
