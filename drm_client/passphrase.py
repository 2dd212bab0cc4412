"""A passphrase for the key store of sealed files, where the system has no key store.

The random key of the sealed files is then itself sealed, under a key that Argon2id (RFC 9106) makes of the
passphrase, in ``keystore.locked``; the file with the bare key goes. Nothing else is written again: setting, changing
and removing a passphrase is one renamed file each, and a kill in between leaves one or the other. Whoever knows it
opens the store for the rest of the process (:func:`unlock`). A lost one cannot be recovered by anybody.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.locks import held
from drm_client.memory import wipe
from drm_client.whole_files import create_whole, sync_folder, write_whole

if TYPE_CHECKING:
    from drm_client.sealing import Sealer

KEY_FILE = "keystore.key"
LOCKED_FILE = "keystore.locked"
_LOCK = "keystore.lock"
"""Held while one of the two files comes or goes."""
SHORTEST = 8
LOCKED = "locked"
"""The reason in ``fields`` of the error of a store whose passphrase was not given yet."""
WRONG = "wrong_passphrase"
_FORMAT = 1
KEY_BYTES = 32
_SALT_BYTES = 16
_COST = {"iterations": 3, "lanes": 4, "memory_kib": 65_536}
"""RFC 9106, section 4, the second recommended setting: half a second and 64 MB on a desktop of today."""
_MOST = {"iterations": 64, "lanes": 16, "memory_kib": 1 << 21}
_CONTEXT = "keystore/locked"
_LONGEST_FILE = 4096
_lock = threading.Lock()
_unlocked: dict[Path, bytearray] = {}


def is_locked(folder: Path) -> bool:
    """Whether the sealed files in ``folder`` have a passphrase."""
    return (folder / LOCKED_FILE).exists() and not (folder / KEY_FILE).exists()


def is_open(folder: Path) -> bool:
    """Whether this process can use the sealed files in ``folder``: they have no passphrase, or it was given."""
    return not is_locked(folder) or _remembered(folder) is not None


def unlock(folder: Path, passphrase: str) -> None:
    """Open the store in ``folder`` for this process. Takes about a second: for a worker thread.

    Raises :class:`DrmError` ``drm.key_store``: with the reason ``wrong_passphrase``, or for a damaged file.
    """
    key = _read(folder, passphrase)
    with _lock:
        _unlocked[folder.resolve()] = key


def key_of(folder: Path) -> bytes:
    """The random key of an unlocked store. Raises :class:`DrmError` ``drm.key_store`` with the reason ``locked``."""
    key = _remembered(folder)
    if key is None:
        raise _failed("The secrets of this computer are behind your passphrase, which was not given yet.", LOCKED)
    return bytes(key)


def protect(folder: Path, passphrase: str) -> None:
    """Set or change the passphrase. A store that has one must be unlocked.

    Raises :class:`DrmError` ``drm.key_store`` for a passphrase that is too short, a store that is locked, or a folder
    that cannot be written to.
    """
    if len(passphrase) < SHORTEST:
        raise _failed(f"A passphrase has at least {SHORTEST} characters.", "too_short")
    key = _whole_key(folder)
    salt = secrets.token_bytes(_SALT_BYTES)
    sealer = _sealer(passphrase, salt, _COST)
    document = {
        "format": _FORMAT,
        "kdf": "argon2id",
        **_COST,
        "salt": base64.b64encode(salt).decode(),
        "sealed": base64.b64encode(sealer.seal(key, _CONTEXT)).decode(),
    }
    sealer.close()
    try:
        with held(folder / _LOCK):
            write_whole(folder / LOCKED_FILE, json.dumps(document).encode())
            (folder / KEY_FILE).unlink(missing_ok=True)
            for rest in folder.glob(f".{KEY_FILE}.*"):  # of a program that was killed while it wrote the key
                rest.unlink(missing_ok=True)
            sync_folder(folder)
    except OSError as error:
        raise _failed("The key store's folder cannot be written to.", "folder") from error
    with _lock:
        _unlocked[folder.resolve()] = key


def remove(folder: Path) -> None:
    """Do without a passphrase again. Raises as :func:`protect`."""
    if not is_locked(folder):
        return
    key = _whole_key(folder)
    try:
        with held(folder / _LOCK):
            write_whole(folder / KEY_FILE, bytes(key))
            (folder / LOCKED_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise _failed("The key store's folder cannot be written to.", "folder") from error


def set_aside(folder: Path) -> Path | None:
    """The passphrase is lost: put what it locks aside, so that a new store can begin; where it lies. What was sealed
    under it opens no more."""
    locked = folder / LOCKED_FILE
    if not locked.exists():
        return None
    number = 1
    while (aside := folder / f"{LOCKED_FILE}.lost-{number}").exists():
        number += 1
    locked.replace(aside)
    with _lock:
        _unlocked.pop(folder.resolve(), None)
    return aside


def forget(folder: Path) -> None:
    """Lock the store again for this process."""
    with _lock:
        wipe(_unlocked.pop(folder.resolve(), None))


def _remembered(folder: Path) -> bytearray | None:
    with _lock:
        return _unlocked.get(folder.resolve())


def present_key(folder: Path) -> bytes:
    """Return the random key as it is, perhaps damaged; it is made where the store has none yet.

    Of two programs that make it at once, one wins and both have its key. None is made where another program has just
    set a passphrase. Raises OSError, or as :func:`key_of`.
    """
    if is_locked(folder):
        return key_of(folder)
    with contextlib.suppress(FileNotFoundError):
        return (folder / KEY_FILE).read_bytes()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(folder / _LOCK):
        if is_locked(folder):
            return key_of(folder)
        create_whole(folder / KEY_FILE, secrets.token_bytes(KEY_BYTES))
        return (folder / KEY_FILE).read_bytes()


def _whole_key(folder: Path) -> bytearray:
    try:
        key = present_key(folder)
    except OSError as error:
        raise _failed("The key store's folder cannot be used.", "folder") from error
    if len(key) != KEY_BYTES:
        raise _damaged()
    return bytearray(key)


def _read(folder: Path, passphrase: str) -> bytearray:
    try:
        text = (folder / LOCKED_FILE).read_bytes()
    except OSError as error:
        raise _failed("The key store's folder cannot be used.", "folder") from error
    salt, sealed, cost = _parse(text)
    sealer = _sealer(passphrase, salt, cost)
    try:
        key = sealer.open(sealed, _CONTEXT)
    except DrmError as error:
        raise _failed(
            "This passphrase does not open it. A lost passphrase cannot be recovered by anybody: "
            "`matinee passphrase --lost` begins without what it protects.",
            WRONG,
        ) from error
    finally:
        sealer.close()
    if len(key) != KEY_BYTES:
        raise _damaged()
    return bytearray(key)


def _parse(text: bytes) -> tuple[bytes, bytes, dict[str, int]]:
    """Salt, sealed key and cost. The file is anybody's who can write to the folder: what it costs is bounded."""
    try:
        members: dict[str, Any] = json.loads(text) if len(text) <= _LONGEST_FILE else {}
        if members["format"] > _FORMAT:
            raise DrmError(
                DrmErrorCode.STORE_NEWER,
                "The passphrase was set by a newer version of this program; please update it.",
            )
        cost = {name: int(members[name]) for name in _COST}
        salt = base64.b64decode(members["salt"], validate=True)
        sealed = base64.b64decode(members["sealed"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged() from error
    small = any(cost[name] < 1 or cost[name] > _MOST[name] for name in cost)
    if small or cost["memory_kib"] < 8 * cost["lanes"] or len(salt) < _SALT_BYTES:
        raise _damaged()
    return salt, sealed, cost


def _sealer(passphrase: str, salt: bytes, cost: dict[str, int]) -> Sealer:
    from drm_client.sealing import Sealer  # brings OpenSSL, which most starts of the app do not need so early

    return Sealer(_derive(passphrase, salt, cost))


def _derive(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost["iterations"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    )
    return kdf.derive(unicodedata.normalize("NFC", passphrase).encode())


def _damaged() -> DrmError:
    return _failed(f"The key store's file {LOCKED_FILE} is damaged.", "damaged")


def _failed(sentence: str, reason: str) -> DrmError:
    return DrmError(DrmErrorCode.KEY_STORE, sentence, entry=LOCKED_FILE, reason=reason)
