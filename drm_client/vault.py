"""The vault: one SQLite file of sealed entries, whose key lies in the key store and is bound to this device.

Every entry is sealed under its own place, and a sealed *head* lists the seal of each entry. So a changed, exchanged
or removed entry, or an old one put back, is found and named. The head counts its changes; the count of the last one
is kept in the key store too, sealed (the anchor), so that a whole old file put back is found as well. Then, and where
the anchor is missing or not ours, the vault begins a new *epoch*: what was kept before must be confirmed by the
service.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import VAULT_FILE, VAULT_KEY_ENTRIES, KeyStore
from drm_client.memory import wipe
from drm_client.sealing import KEY_BYTES, TAG_BYTES, Sealer

FILE_NAME = VAULT_FILE
KEY_ENTRY, FIRST_KEY_ENTRY = VAULT_KEY_ENTRIES
"""The second is the key of format 1, whose anchor was a plain number."""
ANCHOR_ENTRY, FIRST_ANCHOR_ENTRY = "vault-anchor-2", "vault-anchor"
"""The second is that plain number. It stays: version 0.1.0 reads it first, and then that the file is a newer one."""
_BUSY_S = 10.0
_APPLICATION_ID = 0x4D41544E
_PRIMARY_CODE = 0xFF
_NOT_NOW = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }
)

_log = logging.getLogger(__name__)

Migration = Callable[[sqlite3.Connection], None]


def _create(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL)")
    database.execute(
        "CREATE TABLE entries "
        "(kind TEXT NOT NULL, name TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (kind, name))"
    )


def _new_key(_database: sqlite3.Connection) -> None:
    """Format 2 has the same tables; :meth:`Vault._reseal` brings the entries under another key."""


MIGRATIONS: tuple[Migration, ...] = (_create, _new_key)
"""Step n brings a file of format n to format n + 1."""


@dataclass(frozen=True, slots=True)
class Damage:
    """An entry that is not what was last written: ``kind`` and ``name`` say which, ``what`` says how."""

    kind: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class _Head:
    generation: int
    epoch: int
    seals: dict[str, str] = field(repr=False)  # place -> the entry's tag, hex


class Vault:
    """See the module. Safe on any thread and with other processes on the same file.

    Methods raise :class:`DrmError`: ``drm.store_damaged`` (the entry is named in ``fields["entry"]``),
    ``drm.store_newer``, ``drm.store_unusable``, ``drm.key_store``.
    """

    def __init__(self, folder: Path, keys: KeyStore, device_id: str) -> None:
        self._path = folder / FILE_NAME
        self._keys = keys
        self._anchor_entry = keys.entry_of(ANCHOR_ENTRY, folder)
        self._device_id = device_id
        self._lock = threading.RLock()
        self._seen_generation = 0
        with _sqlite_errors():
            self._database = self._connect(folder)
        try:
            self._sealer = self._begin()
        except BaseException:
            self._database.close()
            raise

    @property
    def epoch(self) -> int:
        """Grows when the vault was found to be an old copy. What was written in an earlier epoch may be stale."""
        with self._lock, self._reading():
            return self._head().epoch

    @property
    def generation(self) -> int:
        """Counts the changes of this vault: an older copy of it has less."""
        with self._lock, self._reading():
            return self._head().generation

    def sealer(self, purpose: str) -> Sealer:
        """A sealer under this vault's key for what others keep elsewhere; close it when done."""
        return self._sealer.child(purpose)

    def get(self, kind: str, name: str) -> bytes | None:
        """The value that was last put, None where there is none."""
        with self._lock, self._reading():
            return self._read(self._head(), kind, name)

    def note(self, kind: str, name: str) -> bytes | None:
        """As :meth:`get`, for what can be replaced: a damaged one counts as none."""
        with self._lock, self._reading():
            head = self._head()
            try:
                return self._read(head, kind, name)
            except DrmError as error:
                if error.code is not DrmErrorCode.STORE_DAMAGED:
                    raise
                _log.warning("a damaged note is left out: %s", kind)
                return None

    def put(self, kind: str, name: str, value: bytes | bytearray) -> None:
        """Keep a value; it is on the disk when this returns."""
        self.put_all({(kind, name): value})

    def put_all(self, values: Mapping[tuple[str, str], bytes | bytearray | None]) -> None:
        """Keep, or delete (None), several values at once: all or none."""
        with self.exclusive():
            head = self._head()
            seals = dict(head.seals)
            for (kind, name), value in values.items():
                self._write_entry(seals, kind, name, value)
            self._write_head(replace(head, generation=head.generation + 1, seals=seals))

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Everything inside is one change, which no other thread or process can come between.

        Where the key store does not take the count of the changes (``drm.key_store``, ``drm.store_unusable``), the
        change is in the file all the same, as after a power cut at that moment. The next change or start counts it.
        """
        with self._lock:
            outermost = not self._changing()
            before = self._seen_generation
            try:
                with self._transaction("BEGIN IMMEDIATE"):
                    yield
            except BaseException:
                self._seen_generation = before if outermost else self._seen_generation
                raise
            if outermost and self._seen_generation != before:
                self._drop_anchor()

    def begin_epoch(self) -> None:
        """What was written so far is no longer believed to be the latest: the service must confirm it."""
        with self.exclusive():
            head = self._head()
            self._write_head(replace(head, generation=head.generation + 1, epoch=head.epoch + 1))

    def delete(self, kind: str, name: str) -> None:
        """Forget a value; nothing happens where there is none. Damaged ones can be deleted too."""
        self.put_all({(kind, name): None})

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all entries of ``kind`` that should be there, in order, damaged ones included."""
        with self._lock, self._reading():
            prefix = f"{kind}/"
            return tuple(sorted(place[len(prefix) :] for place in self._head().seals if place.startswith(prefix)))

    def shares_disk(self, path: Path) -> bool:
        """Whether what goes at ``path`` makes room for the vault."""
        return self._path.stat().st_dev == path.stat().st_dev

    def check(self) -> tuple[Damage, ...]:
        """Everything that is not as it was written."""
        found = []
        with self._lock, self._reading():
            head = self._head()
            for place in sorted(head.seals):
                kind, _, name = place.partition("/")
                try:
                    self._read(head, kind, name)
                except DrmError as error:
                    found.append(Damage(kind, name, error.sentence))
            for kind, name in self._database.execute("SELECT kind, name FROM entries ORDER BY kind, name"):
                if f"{kind}/{name}" not in head.seals:
                    found.append(Damage(str(kind), str(name), "An entry was put in by someone else."))
        return tuple(found)

    def close(self) -> None:
        """Close the file and overwrite the key."""
        with self._lock:
            self._sealer.close()
            self._database.close()

    # --- opening

    def _key(self, *, new: bool) -> bytes:
        """The vault's key out of the key store; made with a new vault."""
        key = self._keys.get(KEY_ENTRY)
        if key is None and new:
            key = secrets.token_bytes(KEY_BYTES)
            self._keys.put(KEY_ENTRY, key)
        return _whole_key(key, KEY_ENTRY)

    def _connect(self, folder: Path) -> sqlite3.Connection:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise _unusable(error.strerror or "") from error
        database = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        # FULL does not sync the folder after it deletes the rollback journal. A power cut could restore the journal,
        # and the next start would undo a committed change.
        database.execute("PRAGMA synchronous = EXTRA")
        database.execute("PRAGMA secure_delete = ON")
        return database

    def _begin(self) -> Sealer:
        """Make or migrate the file, and find out whether it is an old copy. Two programs that start at once do it one
        after the other."""
        with self._transaction("BEGIN IMMEDIATE"):
            version = self._migrate()
            stale = version == 1 and self._reseal()
            self._sealer = Sealer(self._key(new=version == 0))
            anchor = self._anchor()
            if version == 0:
                self._write_head(_Head((anchor or 0) + 1, 0, {}))
            head = self._head()
            stale = stale or (version > 1 and anchor is None) or head.generation < (anchor or 0)
            if stale:
                generation = max(head.generation, anchor or 0) + 1
                self._write_head(replace(head, generation=generation, epoch=head.epoch + 1))
            if version < 2:
                self._drop_anchor()  # before the next one who opens the file, perhaps after a crash, misses it
        if version >= 2 and (stale or head.generation > (anchor or 0)):
            try:
                self._drop_anchor()
            except DrmError as error:  # the new epoch is in the file; what is kept can be inspected meanwhile
                _log.warning("the key store does not take the vault's count: %s", error.code)
        if version and self._keys.get(FIRST_KEY_ENTRY) is not None:
            self._keys.delete(FIRST_KEY_ENTRY)  # so that no older copy opens any more
        return self._sealer

    def _reseal(self) -> bool:
        """Bring every entry of a file of format 1 under a new key; whether the file is an old copy. What is damaged
        stays so."""
        secret = _whole_key(self._keys.get(FIRST_KEY_ENTRY), FIRST_KEY_ENTRY)
        self._sealer = Sealer(secret)
        try:
            head, values = self._all_that_opens()
        finally:
            self._sealer.close()
            wipe(secret)
        try:
            plain: int | None = int(self._keys.get(FIRST_ANCHOR_ENTRY) or b"")
        except ValueError:
            plain = None
        secret = self._key(new=True)
        self._sealer = Sealer(secret)
        try:
            seals = dict(head.seals)
            for (kind, name), value in values.items():
                self._write_entry(seals, kind, name, value)
            self._write_head(replace(head, generation=head.generation + 1, seals=seals))
        finally:
            self._sealer.close()
            for one in (secret, *values.values()):
                wipe(one)
        return plain is None or head.generation < plain

    def _all_that_opens(self) -> tuple[_Head, dict[tuple[str, str], bytes]]:
        head = self._head()
        values: dict[tuple[str, str], bytes] = {}
        for place in head.seals:
            kind, _, name = place.partition("/")
            with contextlib.suppress(DrmError):
                values[kind, name] = self._read(head, kind, name) or b""
        return head, values

    def _migrate(self) -> int:
        """Bring the file to the newest format; the format that it had (0: it is new)."""
        version = int(self._database.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise DrmError(
                DrmErrorCode.STORE_NEWER,
                "The licences kept here were written by a newer version of this program; please update it.",
                format=float(version),
            )
        for step in MIGRATIONS[version:]:
            step(self._database)
        if version < len(MIGRATIONS):  # opening it writes nothing else, so a full disk hinders nobody to look
            self._database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        return version

    def _anchor(self) -> int | None:
        """How far the vault had come by the key store; None where that says nothing, or nothing of ours."""
        try:
            kept = self._keys.get(self._anchor_entry)
            if kept is not None:
                return int(self._sealer.open(kept, self._context("anchor")))
        except DrmError as error:
            if error.code is DrmErrorCode.KEY_STORE and error.fields.get("entry") != self._anchor_entry:
                raise
        return None

    def _drop_anchor(self) -> None:
        """Tell the key store how far the vault has come."""
        sealed = self._sealer.seal(str(self._seen_generation).encode(), self._context("anchor"))
        self._keys.put(self._anchor_entry, sealed)

    # --- entries

    def _read(self, head: _Head, kind: str, name: str) -> bytes | None:
        place = f"{kind}/{name}"
        row = self._database.execute(
            "SELECT sealed FROM entries WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        seal = head.seals.get(place)
        if seal is None and row is None:
            return None
        if row is None:
            raise _damaged("An entry that is kept on this device was removed by someone else.", place)
        sealed = row[0]
        if not isinstance(sealed, bytes):
            raise _damaged("An entry that is kept on this device was changed.", place)
        value = self._sealer.open(sealed, self._context(place))
        if seal != sealed[-TAG_BYTES:].hex():
            raise _damaged("An entry that is kept on this device was replaced by an older one.", place)
        return value

    def _write_entry(self, seals: dict[str, str], kind: str, name: str, value: bytes | bytearray | None) -> None:
        place = f"{kind}/{name}"
        if value is None:
            self._database.execute("DELETE FROM entries WHERE kind = ? AND name = ?", (kind, name))
            seals.pop(place, None)
            return
        sealed = self._sealer.seal(value, self._context(place))
        self._database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (kind, name, sealed))
        seals[place] = sealed[-TAG_BYTES:].hex()

    def _head(self) -> _Head:
        row = self._database.execute("SELECT sealed FROM head").fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise _damaged("The list of the licences kept here is damaged.", "head")
        document = json.loads(self._sealer.open(row[0], self._context("head")))
        head = _Head(document["generation"], document["epoch"], document["seals"])
        if head.generation < self._seen_generation:
            raise _damaged("The list of the licences kept here was replaced by an older one.", "head")
        self._seen_generation = head.generation
        return head

    def _write_head(self, head: _Head) -> None:
        document = {"generation": head.generation, "epoch": head.epoch, "seals": head.seals}
        sealed = self._sealer.seal(json.dumps(document).encode(), self._context("head"))
        self._database.execute("INSERT OR REPLACE INTO head VALUES (1, ?)", (sealed,))
        self._seen_generation = head.generation

    def _context(self, place: str) -> str:
        return f"vault/{self._device_id}/{place}"

    # --- transactions

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """One consistent view of the file."""
        with self._transaction("BEGIN"):
            yield

    def _changing(self) -> bool:
        return self._database.in_transaction

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        if self._changing():  # part of a larger change of this thread
            yield
            return
        with _sqlite_errors():
            self._database.execute(begin)
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._changing():
                    self._database.execute("ROLLBACK")
                raise


def set_aside(folder: Path) -> Path | None:
    """Move a vault that does not open out of the way, so that a new one can begin; where it lies now.

    Its licences are lost to this device and must be requested again; downloaded media need not be.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    for number in range(1, 1000):
        aside = path.with_name(f"{FILE_NAME}.damaged-{number}")
        if not aside.exists():
            path.replace(aside)
            return aside
    raise _damaged("Too many damaged copies of the licences lie in their folder.")


def says_nothing_of_the_file(error: sqlite3.Error) -> bool:
    """Whether a database is only out of use for now: a full or silent disk, another program that holds it."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _NOT_NOW


@contextlib.contextmanager
def _sqlite_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if says_nothing_of_the_file(error):
            raise _unusable(error.sqlite_errorname) from error
        raise _damaged("The file of the licences kept here cannot be read.", FILE_NAME) from error


def _unusable(reason: str) -> DrmError:
    return DrmError(
        DrmErrorCode.STORE_UNUSABLE,
        "The licences kept here cannot be used now: the disk is full, cannot be written to or does not answer, or "
        "another program holds them.",
        recoverable=True,
        reason=reason,
    )


def _whole_key(key: bytes | None, entry: str) -> bytes:
    if key is None:
        raise _damaged(
            "The licences kept here belong to another computer or user, their key was lost, or the key store of this "
            "computer is locked."
        )
    if len(key) != KEY_BYTES:
        raise _damaged("The key of the licences kept here is damaged.", entry)
    return key


def _damaged(sentence: str, entry: str | None = None) -> DrmError:
    return DrmError(DrmErrorCode.STORE_DAMAGED, sentence, entry=entry)
