"""The vault: what is put is got, and every change by somebody else is found, named and of no use."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from drm_client import vault as vault_module
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore, KeyStore, SystemKeyStore
from drm_client.sealing import NONCE_BYTES, TAG_BYTES, Sealer
from drm_client.vault import ANCHOR_ENTRY, FILE_NAME, Vault, set_aside
from tests.drm_client.offline_kit import MemoryKeyStore
from tests.drm_client.test_keystore import MemoryBackend

DEVICE = "device-1"
SECRET = b"a secret of twenty-four."


@pytest.fixture
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


def filled(folder: Path, keys: MemoryKeyStore) -> None:
    vault = Vault(folder, keys, DEVICE)
    vault.put_all({("licence", "one"): SECRET, ("licence", "two"): b"2", ("other", "one"): b"3"})
    vault.close()


def code_of(folder: Path, keys: MemoryKeyStore, device: str = DEVICE) -> DrmErrorCode | None:
    try:
        Vault(folder, keys, device).close()
    except DrmError as error:
        return error.code
    return None


def test_what_is_put_is_got_by_the_next_run(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    vault = Vault(tmp_path, keys, DEVICE)
    assert vault.get("licence", "one") == SECRET
    assert vault.get("licence", "three") is None
    assert vault.names("licence") == ("one", "two")
    vault.delete("licence", "one")
    assert vault.get("licence", "one") is None
    assert vault.check() == ()
    assert vault.epoch == 0
    vault.close()
    assert SECRET not in (tmp_path / FILE_NAME).read_bytes()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_two_profiles_of_one_user_are_no_copies_of_each_other(tmp_path: Path) -> None:
    """They share the system's key store."""
    keys = SystemKeyStore(MemoryBackend())
    for number in range(3):
        for name in ("one", "other"):
            vault = Vault(tmp_path / name, keys, DEVICE)
            for _ in range(number + len(name)):
                vault.put("licence", "one", SECRET)
            assert vault.epoch == 0
            vault.close()
    shutil.copy(tmp_path / "one" / FILE_NAME, tmp_path / "copy")
    vault = Vault(tmp_path / "one", keys, DEVICE)
    vault.put("licence", "one", SECRET)
    vault.close()
    for folder in (tmp_path / "one", tmp_path / "elsewhere"):
        folder.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "copy", folder / FILE_NAME)
        vault = Vault(folder, keys, DEVICE)
        assert vault.epoch == 1
        vault.close()


def test_reading_writes_nothing(tmp_path: Path, keys: MemoryKeyStore) -> None:
    """So that what is kept opens on a full disk."""
    filled(tmp_path, keys)
    before = (tmp_path / FILE_NAME).read_bytes()
    vault = Vault(tmp_path, keys, DEVICE)
    assert vault.get("licence", "one") == SECRET
    vault.close()
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_folder_that_cannot_be_written_to_is_no_damage(
    tmp_path: Path, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, keys)

    def refuse(_path: Path, **_options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", refuse)
        assert code_of(tmp_path, keys) is DrmErrorCode.STORE_UNUSABLE
    assert code_of(tmp_path, keys) is None


def test_a_full_disk_is_no_damage(tmp_path: Path, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, keys)
    vault = Vault(tmp_path, keys, DEVICE)
    vault._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(DrmError) as full:
        vault.put("licence", "one", bytes(1 << 20))
    monkeypatch.setattr(vault_module, "_BUSY_S", 0.0)
    other = Vault(tmp_path, keys, DEVICE)
    with vault.exclusive(), pytest.raises(DrmError) as busy:
        other.put("licence", "one", b"")
    for error, reason in ((full.value, "SQLITE_FULL"), (busy.value, "SQLITE_BUSY")):
        assert (error.code, error.recoverable) == (DrmErrorCode.STORE_UNUSABLE, True)
        assert error.fields["reason"] == reason
    assert other.get("licence", "one") == SECRET
    other.close()
    vault.close()


def test_a_change_lasts_through_a_power_cut(
    tmp_path: Path, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is synced after the rollback journal is deleted, on every connection."""
    said = []

    class Watched(sqlite3.Connection):
        def close(self) -> None:
            said.append(self.execute("PRAGMA synchronous").fetchone()[0])
            said.append(self.execute("PRAGMA journal_mode").fetchone()[0])
            super().close()

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, factory=Watched, **named))
    for _ in range(2):
        filled(tmp_path, keys)
    extra = 3
    assert said == [extra, "delete"] * 2


class FailingAnchor(MemoryKeyStore):
    """A key store that takes no counts for a while."""

    fails = False

    def put(self, name: str, value: bytes) -> None:
        if self.fails and name == ANCHOR_ENTRY:
            raise DrmError(DrmErrorCode.KEY_STORE, "The key store of this computer is locked.", recoverable=True)
        super().put(name, value)


def test_a_count_that_the_key_store_did_not_take_is_told_again_at_the_next_start(tmp_path: Path) -> None:
    keys = FailingAnchor()
    filled(tmp_path, keys)
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "copy")
    vault = Vault(tmp_path, keys, DEVICE)
    keys.fails = True
    with pytest.raises(DrmError) as caught:
        vault.put("licence", "one", b"played")
    assert (caught.value.code, caught.value.recoverable) == (DrmErrorCode.KEY_STORE, True)
    assert vault.get("licence", "one") == b"played", "it is in the file"
    vault.close()
    keys.fails = False
    vault = Vault(tmp_path, keys, DEVICE)
    assert (vault.epoch, vault.get("licence", "one")) == (0, b"played")
    vault.close()
    shutil.copy(tmp_path / "copy", tmp_path / FILE_NAME)
    vault = Vault(tmp_path, keys, DEVICE)
    assert vault.epoch == 1, "the older copy is found"
    vault.close()


def test_an_old_copy_can_be_inspected_where_the_key_store_takes_no_count(tmp_path: Path) -> None:
    keys = FailingAnchor()
    filled(tmp_path, keys)
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "copy")
    vault = Vault(tmp_path, keys, DEVICE)
    vault.put("licence", "one", b"played")
    vault.close()
    shutil.copy(tmp_path / "copy", tmp_path / FILE_NAME)
    keys.fails = True
    for _ in range(2):
        vault = Vault(tmp_path, keys, DEVICE)
        assert (vault.epoch, vault.get("licence", "one")) == (1, SECRET)
        vault.close()
    keys.fails = False
    vault = Vault(tmp_path, keys, DEVICE)
    vault.put("licence", "one", b"confirmed")
    assert vault.epoch == 1
    vault.close()


def test_several_changes_are_one(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    vault = Vault(tmp_path, keys, DEVICE)

    def change_and_fail() -> None:
        with vault.exclusive():
            vault.put("licence", "one", b"new")
            vault.delete("licence", "two")
            assert vault.get("licence", "one") == b"new"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert vault.get("licence", "one") == SECRET
    assert vault.names("licence") == ("one", "two")
    vault.put("licence", "one", b"new")
    assert vault.check() == ()
    vault.close()


def test_every_flipped_bit_of_an_entry_is_found_and_named(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        (sealed,) = database.execute("SELECT sealed FROM entries WHERE kind = 'licence' AND name = 'one'").fetchone()
    for bit in range(0, len(sealed) * 8, 5):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        _execute(tmp_path, "UPDATE entries SET sealed = ? WHERE kind = 'licence' AND name = 'one'", bytes(damaged))
        vault = Vault(tmp_path, keys, DEVICE)
        assert [(one.kind, one.name) for one in vault.check()] == [("licence", "one")]
        with pytest.raises(DrmError) as caught:
            vault.get("licence", "one")
        assert caught.value.code is DrmErrorCode.STORE_DAMAGED
        assert str(caught.value.fields["entry"]).endswith("licence/one")
        assert vault.get("licence", "two") == b"2"
        vault.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DELETE FROM entries WHERE name = 'two'", ["licence/two"]),
        ("UPDATE entries SET name = 'three' WHERE name = 'two'", ["licence/two", "licence/three"]),
        (
            "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE name = 'two') WHERE name = 'one'",
            ["licence/one", "other/one"],
        ),
        ("INSERT INTO entries VALUES ('licence', 'forged', x'00')", ["licence/forged"]),
        ("UPDATE entries SET sealed = 'text' WHERE name = 'two'", ["licence/two"]),
        ("UPDATE entries SET sealed = x'' WHERE name = 'two'", ["licence/two"]),
    ],
)
def test_entries_cannot_be_removed_moved_exchanged_or_forged(
    tmp_path: Path, keys: MemoryKeyStore, change: str, named: list[str]
) -> None:
    filled(tmp_path, keys)
    _execute(tmp_path, change)
    vault = Vault(tmp_path, keys, DEVICE)
    assert [f"{one.kind}/{one.name}" for one in vault.check()] == named
    for place in named:
        with pytest.raises(DrmError):
            vault.get(*place.split("/"))
    vault.put_all(
        {(place.split("/")[0], place.split("/")[1]): None for place in named}
    )  # what is damaged can be forgotten
    assert vault.check() == ()
    vault.close()


def test_an_old_entry_put_back_is_found(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        (old,) = database.execute("SELECT sealed FROM entries WHERE name = 'two'").fetchone()
    vault = Vault(tmp_path, keys, DEVICE)
    vault.put("licence", "two", b"played")
    vault.close()
    _execute(tmp_path, "UPDATE entries SET sealed = ? WHERE name = 'two'", old)
    vault = Vault(tmp_path, keys, DEVICE)
    with pytest.raises(DrmError, match="older one"):
        vault.get("licence", "two")
    vault.close()


def test_an_old_file_put_back_begins_a_new_epoch(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "copy")
    vault = Vault(tmp_path, keys, DEVICE)
    vault.put("licence", "one", b"played")
    vault.close()
    shutil.copy(tmp_path / "copy", tmp_path / FILE_NAME)
    for _ in range(2):  # and it stays so
        vault = Vault(tmp_path, keys, DEVICE)
        assert vault.epoch == 1
        vault.put("other", "two", b"")
        vault.close()


@pytest.mark.parametrize("anchor", [None, b"1", b"", b"99999999", bytes(64)])
@pytest.mark.parametrize("kind", ["system", "file"])
def test_without_an_anchor_of_its_own_a_vault_may_be_an_old_copy(
    tmp_path: Path, kind: str, anchor: bytes | None
) -> None:
    """Neither deleting the key store's word on it nor writing another one brings an old copy back."""
    keys: KeyStore = MemoryKeyStore() if kind == "system" else FileKeyStore(tmp_path, b"machine/1000")
    vault = Vault(tmp_path, keys, DEVICE)
    vault.put("licence", "one", SECRET)
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "copy")
    vault.delete("licence", "one")
    vault.close()
    for _ in range(2):
        shutil.copy(tmp_path / "copy", tmp_path / FILE_NAME)
        if anchor is None:
            keys.delete(ANCHOR_ENTRY)
        else:
            keys.put(ANCHOR_ENTRY, anchor)
        for _ in range(2):  # and it stays so
            vault = Vault(tmp_path, keys, DEVICE)
            assert vault.epoch == 1
            vault.close()


def test_a_damaged_anchor_in_a_file_counts_as_none(tmp_path: Path) -> None:
    vault = Vault(tmp_path, FileKeyStore(tmp_path, b"m"), DEVICE)
    vault.put("licence", "one", SECRET)
    vault.close()
    (tmp_path / f"{ANCHOR_ENTRY}.sealed").write_bytes(b"damaged")
    vault = Vault(tmp_path, FileKeyStore(tmp_path, b"m"), DEVICE)
    assert (vault.epoch, vault.get("licence", "one")) == (1, SECRET)
    vault.close()


def test_an_anchor_of_another_vault_counts_as_none(tmp_path: Path, keys: MemoryKeyStore) -> None:
    other = MemoryKeyStore()
    filled(tmp_path / "other", other)
    filled(tmp_path, keys)
    keys.put(ANCHOR_ENTRY, other.kept[ANCHOR_ENTRY])
    vault = Vault(tmp_path, keys, DEVICE)
    assert vault.epoch == 1
    vault.close()


def test_a_vault_begun_anew_is_no_old_copy(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    assert set_aside(tmp_path) == tmp_path / f"{FILE_NAME}.damaged-1"
    assert set_aside(tmp_path) is None
    vault = Vault(tmp_path, keys, DEVICE)
    assert (vault.epoch, vault.names("licence")) == (0, ())
    vault.close()


def test_a_copy_opens_neither_on_another_machine_nor_for_another_device(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    assert code_of(tmp_path, MemoryKeyStore()) is DrmErrorCode.STORE_DAMAGED
    assert code_of(tmp_path, keys, "device-2") is DrmErrorCode.STORE_DAMAGED
    assert code_of(tmp_path, keys) is None


def test_in_the_fallback_a_copied_folder_opens_only_for_this_machine_and_user(tmp_path: Path) -> None:
    here = tmp_path / "here"
    vault = Vault(here, FileKeyStore(here, b"machine/1000"), DEVICE)
    vault.put("licence", "one", SECRET)
    vault.close()
    there = tmp_path / "there"
    shutil.copytree(here, there)
    for binding in (b"machine/1001", b"other/1000"):
        with pytest.raises(DrmError) as caught:
            Vault(there, FileKeyStore(there, binding), DEVICE)
        assert caught.value.code is DrmErrorCode.KEY_STORE
    vault = Vault(there, FileKeyStore(there, b"machine/1000"), DEVICE)  # what the fallback does not stop
    assert vault.get("licence", "one") == SECRET
    vault.close()


def test_a_newer_format_is_refused_with_a_sentence(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    _execute(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(DrmError, match="newer version") as caught:
        Vault(tmp_path, keys, DEVICE)
    assert caught.value.code is DrmErrorCode.STORE_NEWER


def test_an_older_format_is_migrated_with_all_it_holds(
    tmp_path: Path, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, keys)

    def add_notes(database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE notes (text TEXT)")

    monkeypatch.setattr(vault_module, "MIGRATIONS", (*vault_module.MIGRATIONS, add_notes))
    for _ in range(2):
        vault = Vault(tmp_path, keys, DEVICE)
        assert vault.get("licence", "one") == SECRET
        assert vault.check() == ()
        vault.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        assert database.execute("SELECT count(*) FROM notes").fetchone() == (0,)
        assert database.execute("PRAGMA user_version").fetchone() == (3,)
    database.close()


@pytest.mark.parametrize(
    "change", ["DELETE FROM head", "UPDATE head SET sealed = x'0011'", "UPDATE head SET sealed = 5"]
)
def test_without_its_head_nothing_is_read(tmp_path: Path, keys: MemoryKeyStore, change: str) -> None:
    filled(tmp_path, keys)
    _execute(tmp_path, change)
    assert code_of(tmp_path, keys) is DrmErrorCode.STORE_DAMAGED


def test_a_broken_file_is_told(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    path = tmp_path / FILE_NAME
    for content in (b"not a database at all, whatever its name", path.read_bytes()[:5000], path.read_bytes()[:100]):
        path.write_bytes(content)
        assert code_of(tmp_path, keys) is DrmErrorCode.STORE_DAMAGED
    keys.put("vault-key-2", b"short")
    assert code_of(tmp_path / "new", keys) is DrmErrorCode.STORE_DAMAGED


def test_flips_anywhere_in_the_file_never_change_what_is_read(tmp_path: Path, keys: MemoryKeyStore) -> None:
    filled(tmp_path, keys)
    path = tmp_path / FILE_NAME
    whole = path.read_bytes()
    for place in range(0, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        assert _read_or_code(tmp_path, keys) in (SECRET, DrmErrorCode.STORE_DAMAGED, DrmErrorCode.STORE_NEWER)


def test_programs_that_start_and_write_at_once_lose_nothing(tmp_path: Path, keys: MemoryKeyStore) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            vault = Vault(tmp_path, keys, DEVICE)
            for round_ in range(3):
                vault.put("licence", f"{number}-{round_}", b"x")
            vault.close()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    vault = Vault(tmp_path, keys, DEVICE)
    assert (len(vault.names("licence")), vault.epoch, vault.check()) == (12, 0, ())
    vault.close()


def fingerprint(sealer: Sealer) -> bytes:
    stream = sealer.fingerprint_stream("item/1")
    stream.update(b"segment")
    return stream.finish()


def test_a_sealer_seals_for_one_place() -> None:
    sealer = Sealer(bytes(range(32)))
    sealed = sealer.seal(SECRET, "here")
    assert sealer.open(sealed, "here") == SECRET
    assert len(sealed) == len(SECRET) + NONCE_BYTES + TAG_BYTES
    for other, context in ((sealer, "there"), (sealer.child("x"), "here"), (Sealer(bytes(32)), "here")):
        with pytest.raises(DrmError):
            other.open(sealed, context)
    code = sealer.mac(b"row", "table/1")
    assert sealer.check(code, b"row", "table/1")
    assert not sealer.check(code, b"row", "table/2")
    assert not sealer.check(code, b"raw", "table/1")
    assert not sealer.child("x").check(code, b"row", "table/1")
    print_of = fingerprint(sealer)
    assert sealer.matches(print_of, b"segment", "item/1")
    assert print_of != fingerprint(sealer)
    assert not sealer.matches(print_of, b"segment", "item/2")
    assert not sealer.matches(print_of, b"segmenT", "item/1")
    assert not sealer.matches(b"", b"segment", "item/1")
    assert not sealer.child("x").matches(print_of, b"segment", "item/1")
    sealer.close()
    with pytest.raises(ValueError, match="closed"):
        sealer.open(sealed, "here")
    assert "31" not in repr(Sealer(bytes(range(32))))


def _read_or_code(folder: Path, keys: MemoryKeyStore) -> bytes | DrmErrorCode | None:
    try:
        vault = Vault(folder, keys, DEVICE)
    except DrmError as error:
        return error.code
    try:
        return vault.get("licence", "one")
    except DrmError as error:
        return error.code
    finally:
        vault.close()


def _execute(folder: Path, change: str, *values: object) -> None:
    database = sqlite3.connect(folder / FILE_NAME)
    with database:
        database.execute(change, values)
    database.close()
