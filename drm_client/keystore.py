"""Where the client keeps its own secrets: the system's key store, else a sealed folder; never a prompt.

The choice is explicit and told by :meth:`KeyStore.describe`. keyring's own discovery is not used: it would take
third-party back ends that store in plain text or ask on the terminal.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import hashlib
import os
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from drm_client import passphrase
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.limited_calls import LimitedCalls, NoAnswerError
from drm_client.locks import held
from drm_client.passphrase import KEY_FILE
from drm_client.whole_files import write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "matinee"
LIMIT_S = 10.0
"""How long the system's key store has for an answer."""
_ASKING_LIMIT_S = 120.0
"""The same for stores that may ask their user to unlock them."""
_search = LimitedCalls(LIMIT_S)
VAULT_FILE = "licences.db"
VAULT_KEY_ENTRIES = ("vault-key-2", "vault-key")
"""The entry of the vault's key, and of that of format 1."""
_DOWNLOADS_KEY_ENTRY = "downloads-key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_NOT_OPEN = (
    "is damaged or came from another computer or user; "
    "`matinee doctor --repair-key-store` sets aside what does not open."
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyStoreDescription:
    """``kind`` is ``system`` or ``file``; ``sentence`` says honestly what the store protects against."""

    kind: str
    name: str
    sentence: str


class KeyStore(Protocol):
    """Small secrets by name (lower-case letters, digits, ``_``, ``-``, ``.``; at most 64).

    All methods may block, and raise :class:`DrmError` ``drm.key_store`` when the store fails, with the reason
    ``no_answer`` where the system's does not answer in time.
    """

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...

    def delete(self, name: str) -> None: ...

    def entry_of(self, name: str, folder: Path, /) -> str:
        """The name of an entry that belongs to the profile in ``folder`` alone."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """No other program makes a first entry meanwhile: of two that begin at once, one's would be lost."""
        ...

    def describe(self) -> KeyStoreDescription: ...


def open_key_store(folder: Path, preference: str = "auto") -> KeyStore:
    """The system's store where it works without asking the user, else the sealed files in ``folder``.

    A profile whose vault (or first store of downloads) began with the sealed files stays with them.
    ``preference``: ``auto``, ``system`` (raises :class:`DrmError` ``drm.key_store`` where there is none) or ``file``.
    Raises the same with the reason ``no_answer`` where the system's store hangs and this profile needs it. Blocks for
    :data:`LIMIT_S` seconds at most.
    """
    if preference == "system" or (preference == "auto" and not _began_with_files(folder)):
        try:
            backend = _search.call(_system_backend)
        except NoAnswerError as error:
            if preference == "system" or (folder / VAULT_FILE).exists():
                raise _silent() from error
            backend = None
        if backend is not None:
            return SystemKeyStore(backend, is_locked=_lock_of(backend), limit_s=_limit_of(backend))
        if preference == "system":
            raise DrmError(
                DrmErrorCode.KEY_STORE,
                "This computer has no key store that can be used without a prompt (or it is locked).",
            )
    return FileKeyStore(folder)


def _began_with_files(folder: Path) -> bool:
    """Whether the key of what is kept here is in the sealed files. Others of them may come from a time when the
    system's store was locked."""
    files = FileKeyStore(folder)
    if (folder / VAULT_FILE).exists():
        return any(map(files.has, VAULT_KEY_ENTRIES))
    return any(map(files.has, (*VAULT_KEY_ENTRIES, _DOWNLOADS_KEY_ENTRY)))


def _system_backend() -> KeyringBackend | None:
    """A back end of the operating system that answers at once, or None."""
    import keyring.backends.kwallet
    import keyring.backends.macOS
    import keyring.backends.SecretService
    import keyring.backends.Windows

    candidates: tuple[type[KeyringBackend], ...] = (
        keyring.backends.Windows.WinVaultKeyring,
        keyring.backends.macOS.Keyring,
        keyring.backends.SecretService.Keyring,
        keyring.backends.kwallet.DBusKeyring,
    )
    for candidate in candidates:
        if not candidate.viable:
            continue
        if candidate is keyring.backends.SecretService.Keyring and _secret_service_is_locked():
            continue
        return candidate()
    return None


def _lock_of(backend: KeyringBackend) -> Callable[[], bool]:
    """What tells whether a back end's store has been locked meanwhile."""
    import keyring.backends.SecretService

    of_secret_service = isinstance(backend, keyring.backends.SecretService.Keyring)
    return _secret_service_is_locked if of_secret_service else lambda: False


def _limit_of(backend: KeyringBackend) -> float:
    import keyring.backends.kwallet
    import keyring.backends.macOS

    asks = isinstance(backend, keyring.backends.kwallet.DBusKeyring | keyring.backends.macOS.Keyring)
    return _ASKING_LIMIT_S if asks else LIMIT_S


def _secret_service_is_locked() -> bool:
    """Whether using the default collection would open an unlock dialog (or there is none to use)."""
    import secretstorage

    try:
        with contextlib.closing(secretstorage.dbus_init()) as connection:
            collection = secretstorage.Collection(connection, "/org/freedesktop/secrets/aliases/default")
            return bool(collection.is_locked())
    except (secretstorage.exceptions.SecretStorageException, OSError):
        return True


class SystemKeyStore:
    """The operating system's key store, by a back end of ``keyring``; values are kept as base64 text. ``is_locked``
    answers before each use whether it would ask the user: then it is not used. The store has ``limit_s`` seconds for
    each answer."""

    def __init__(
        self,
        backend: KeyringBackend,
        service: str = SERVICE,
        is_locked: Callable[[], bool] = lambda: False,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._backend = backend
        self._service = service
        self._is_locked = is_locked
        self._calls = LimitedCalls(limit_s)

    def get(self, name: str) -> bytes | None:
        _check_name(name)
        text = self._ask(lambda: self._backend.get_password(self._service, name))
        if text is None:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise _broken("An entry in the system's key store is damaged.", name) from error

    def put(self, name: str, value: bytes) -> None:
        _check_name(name)
        text = base64.b64encode(value).decode("ascii")
        self._ask(lambda: self._backend.set_password(self._service, name, text))

    def delete(self, name: str) -> None:
        if self.get(name) is not None:
            self._ask(lambda: self._backend.delete_password(self._service, name))

    def entry_of(self, name: str, folder: Path) -> str:
        return f"{name}-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]}"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or Path.home())
        try:
            with held(folder / f".{self._service}-keys.lock"):
                yield
        except OSError as error:
            raise DrmError(DrmErrorCode.KEY_STORE, "This user's folder cannot be written to.") from error

    def describe(self) -> KeyStoreDescription:
        kind = type(self._backend)
        return KeyStoreDescription(
            "system",
            kind.__module__.rsplit(".", 1)[-1],
            "Secrets are in the system's key store: a copy of this folder is of no use on another computer or to "
            "another user. Programs that run as you can still ask the key store for them.",
        )

    def _ask(self, question: Callable[[], T]) -> T:
        def ask() -> T:
            if self._is_locked():
                raise DrmError(
                    DrmErrorCode.KEY_STORE, "The key store of this computer is locked. Unlock it and try again."
                )
            return question()

        try:
            return self._calls.call(ask)
        except DrmError:
            raise
        except NoAnswerError as error:
            raise _silent() from error
        except Exception as error:  # the back ends let errors of the bus through that are not keyring's
            raise DrmError(DrmErrorCode.KEY_STORE, "The system's key store refused to answer.") from error


class FileKeyStore:
    """Sealed files in a folder: AES-256-GCM under a random key in a file of mode 0600, mixed with ``binding``.

    ``binding`` is something of this machine and user (:func:`machine_binding`), so that a copied folder alone does
    not open elsewhere. Whoever can read this user's files here can open it: that is said, not hidden.
    """

    def __init__(self, folder: Path, binding: bytes | None = None) -> None:
        self._folder = folder
        self._binding = machine_binding() if binding is None else binding

    def get(self, name: str) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        path = self._path(name)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _broken("The key store's folder cannot be read.", name) from error
        try:
            return self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise _broken(f"The key store's file {path.name} {_NOT_OPEN}", name) from error

    def has(self, name: str) -> bool:
        """Whether there is such an entry, whether or not it opens."""
        return self._path(name).exists()

    def put(self, name: str, value: bytes) -> None:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._path(name), nonce + self._cipher().encrypt(nonce, value, name.encode()))
        except OSError as error:
            raise _not_written(error, name) from error

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise _not_written(error, name) from error

    def entry_of(self, name: str, _folder: Path) -> str:
        return name  # its files lie in that folder

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with held(self._folder / "keys.lock"):
                yield
        except OSError as error:
            raise _not_written(error, "keys.lock") from error

    def describe(self) -> KeyStoreDescription:
        if passphrase.is_locked(self._folder):
            return KeyStoreDescription(
                "file",
                "sealed files, passphrase",
                "Secrets are in sealed files behind your passphrase: a copy of the folder is of no use without it. "
                "Whoever reads this user's memory while the program runs can still open them.",
            )
        return KeyStoreDescription(
            "file",
            "sealed files",
            "This computer has no usable key store, so secrets are in sealed files with their key beside them. A "
            "copy of the folder does not open on another computer, but anyone who can read your files here can open "
            "them. `matinee passphrase` protects them with a passphrase.",
        )

    def _path(self, name: str) -> Path:
        _check_name(name)
        return self._folder / f"{name}.sealed"

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = HKDF(SHA256(), _KEY_BYTES, salt=self._binding, info=b"matinee key store 1").derive(self._key_file())
        return AESGCM(key)

    def _key_file(self) -> bytes:
        """The random key, made at first use; of two processes that make it at once, one wins. Behind a passphrase it
        is there once that was given."""
        try:
            key = passphrase.present_key(self._folder)
        except OSError as error:
            raise _broken("The key store's folder cannot be used.", KEY_FILE) from error
        if len(key) != _KEY_BYTES:
            raise _broken(f"The key store's file {KEY_FILE} {_NOT_OPEN}", KEY_FILE)
        return key

    def repair(self) -> tuple[str, ...]:
        """Set aside every file that does not open, so that a new one can begin; the names of their secrets.

        They lie beside as ``NAME.damaged-1`` and are never deleted. A damaged key file takes all secrets with it.
        """
        if not self._folder.is_dir():
            return ()
        lost = []
        try:
            key = self._folder / KEY_FILE
            if passphrase.is_locked(self._folder):
                passphrase.key_of(self._folder)  # without it, nothing would open
            if key.exists() and key.stat().st_size != _KEY_BYTES:
                _set_aside(key)
            for path in sorted(self._folder.glob("*.sealed")):
                name = path.name.removesuffix(".sealed")
                if _NAME.fullmatch(name) and not self._opens(path, name):
                    _set_aside(path)
                    lost.append(name)
        except OSError as error:
            raise _not_written(error, KEY_FILE) from error
        return tuple(lost)

    def _opens(self, path: Path, name: str) -> bool:
        from cryptography.exceptions import InvalidTag

        sealed = path.read_bytes()
        try:
            self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return False
        return True


def machine_binding() -> bytes:
    """A value of this machine and user that is not in the profile's folder; not a secret."""
    machine = ""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        with contextlib.suppress(OSError):
            machine = path.read_text().strip()
            break
    node = uuid.getnode()
    if not machine and not node >> 40 & 1:  # with this bit set it is a random number, another one in each run
        machine = f"{node:x}"
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return f"{machine}/{user}".encode()


def _set_aside(path: Path) -> None:
    number = 1
    while path.with_name(f"{path.name}.damaged-{number}").exists():
        number += 1
    path.replace(path.with_name(f"{path.name}.damaged-{number}"))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for a secret: {name!r}")


def _not_written(error: OSError, name: str) -> DrmError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        sentence = "The key store's folder cannot be written to: its disk is full."
        return DrmError(DrmErrorCode.STORE_UNUSABLE, sentence, recoverable=True, entry=name, reason="ENOSPC")
    return _broken("The key store's folder cannot be written to.", name)


def _silent() -> DrmError:
    sentence = "The key store of this computer does not answer. Restart it or log in again, then try again."
    return DrmError(DrmErrorCode.KEY_STORE, sentence, recoverable=True, reason="no_answer")


def _broken(sentence: str, name: str) -> DrmError:
    return DrmError(DrmErrorCode.KEY_STORE, sentence, entry=name)
