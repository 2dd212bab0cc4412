"""The service's own secrets: made once, kept in files that only the owner can read."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServiceSecrets:
    """``url_signing`` signs media URLs, ``token_signing`` access tokens, ``master`` wraps the content keys at rest;
    ``admin_token`` opens the administrative calls. None of them shows in a repr."""

    url_signing: bytes = field(repr=False)
    token_signing: bytes = field(repr=False)
    master: bytes = field(repr=False)
    admin_token: str = field(repr=False)


def load_or_create(folder: Path) -> ServiceSecrets:
    """Read the secrets in ``folder``, making those that are not there yet.

    Two processes that start at once end with the same secrets: the first link to the file's name wins.

    Raises ValueError when a file does not hold a secret of the right length.
    """
    return ServiceSecrets(
        url_signing=_secret(folder / "url-signing.key"),
        token_signing=_secret(folder / "token-signing.key"),
        master=_secret(folder / "master.key"),
        admin_token=_secret(folder / "admin-token.key").hex(),
    )


def _secret(path: Path) -> bytes:
    if not path.exists():
        _create(path)
    value = path.read_bytes()
    if len(value) != SECRET_BYTES:
        raise ValueError(f"{path.name} does not hold a secret of {SECRET_BYTES} bytes")
    return value


def _create(path: Path) -> None:
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
