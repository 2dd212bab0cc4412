"""The service's own secrets: made once, kept in files that only the owner can read."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SECRET_BYTES = 32
_LICENCE = "licence-signing.key"
_LOCK = "change.lock"
_URLS, _OLD_URLS = "url-signing.key", "url-signing.old"


@dataclass(frozen=True, slots=True)
class ServiceSecrets:
    """``url_signing`` signs media URLs, ``token_signing`` access tokens, ``licence_signing`` licences (the newest
    first), ``payment_events`` what the local payment provider tells; ``admin_token`` opens the administrative calls
    of faults, ``edge_token`` is what edges on other machines show. None of them shows in a repr."""

    url_signing: bytes = field(repr=False)
    token_signing: bytes = field(repr=False)
    licence_signing: Sequence[bytes] = field(repr=False)
    payment_events: bytes = field(repr=False)
    admin_token: str = field(repr=False)
    edge_token: str = field(repr=False)


def load_or_create(folder: Path) -> ServiceSecrets:
    """Read the secrets in ``folder``, making those that are not there yet.

    Two processes that start at once end with the same secrets: the first link to the file's name wins.

    Raises ValueError when a file does not hold a secret of the right length.
    """
    create_secret(folder / _LICENCE)
    return ServiceSecrets(
        url_signing=_secret(folder / _URLS),
        token_signing=_secret(folder / "token-signing.key"),
        licence_signing=licence_signing_keys(folder),
        payment_events=_secret(folder / "payment-events.key"),
        admin_token=_secret(folder / "admin-token.key").hex(),
        edge_token=_secret(folder / "edge-token.key").hex(),
    )


def licence_signing_keys(folder: Path) -> list[bytes]:
    """The key that licences are signed with, and those before it, the newest first."""
    return [read_secret(path) for path in (folder / _LICENCE, *_older_licence_keys(folder))]


def url_signing_keys(folder: Path) -> list[bytes]:
    """The keys that addresses are signed with: the one in use, and the one before it while it still counts."""
    return [read_secret(path) for path in (folder / _URLS, folder / _OLD_URLS) if path.exists()]


def replace_url_key(folder: Path) -> None:
    """Make a new key for signing addresses. Those signed with the one before stay good until they expire, or the key
    is replaced again. Call it :func:`alone`."""
    replace_secret(folder / _URLS, folder / _OLD_URLS)


def replace_licence_key(folder: Path) -> None:
    """Make a new key for signing licences; the old one stays, to vouch for it. Call it :func:`alone`."""
    older = _older_licence_keys(folder)
    kept = bool(older) and older[0].samefile(folder / _LICENCE)  # by a change that was interrupted
    number = len(older) + (0 if kept else 1)
    replace_secret(folder / _LICENCE, folder / f"licence-signing-{number:03}.key")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this lasts nobody else changes the secrets in ``folder``, in this process or another."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_secret(path: Path, kept: Path) -> None:
    """Put a fresh secret into ``path``, made where there is none, and the one before into ``kept``.

    Whatever interrupts it, ``path`` and ``kept`` hold secrets, and doing it again makes a fresh one.
    """
    create_secret(path)
    fresh, link = path.with_suffix(".next"), path.with_suffix(".link")
    for left in (fresh, link):
        left.unlink(missing_ok=True)
    create_secret(fresh)  # first: on a full disk nothing has changed
    os.link(path, link)
    link.replace(kept)
    link.unlink(missing_ok=True)  # of two names of one file none is replaced
    fresh.replace(path)


class WatchedKeys:
    """Keys in files of which another process may make new ones. ``path`` is the file that each change replaces."""

    def __init__(self, path: Path, read: Callable[[], Sequence[bytes]]) -> None:
        self._path = path
        self._read = read
        self._seen: tuple[int, int] | None = None

    def changed(self) -> Sequence[bytes] | None:
        """The keys, if they are others than at the last call; so at the first. Costs a look at one file's place."""
        try:
            status = self._path.stat()
            seen = status.st_ino, status.st_mtime_ns
            if seen == self._seen:
                return None
            keys = self._read()
        except OSError:  # no folder any more: what is known goes on
            return None
        self._seen = seen
        return keys


def watched_url_keys(folder: Path) -> WatchedKeys:
    return WatchedKeys(folder / _URLS, lambda: url_signing_keys(folder))


def watched_licence_keys(folder: Path) -> WatchedKeys:
    return WatchedKeys(folder / _LICENCE, lambda: licence_signing_keys(folder))


def create_secret(path: Path) -> None:
    """Make a file with a fresh secret, unless there is one."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(SECRET_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def read_secret(path: Path) -> bytes:
    """Raises ValueError when the file does not hold a secret of the right length."""
    value = path.read_bytes()
    if len(value) != SECRET_BYTES:
        raise ValueError(f"{path.name} does not hold a secret of {SECRET_BYTES} bytes")
    return value


def _secret(path: Path) -> bytes:
    create_secret(path)
    return read_secret(path)


def _older_licence_keys(folder: Path) -> list[Path]:
    """The newest first."""
    return sorted(folder.glob("licence-signing-*.key"), reverse=True)
