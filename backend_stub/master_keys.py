"""Master keys, under which the titles' own keys are wrapped: the one in use, and older ones that may be needed still.

They are files of 32 bytes in the secrets folder (``master.key`` in use, ``master-<id>.key`` older), or hexadecimal
text in the environment: ``MATINEE_MASTER_KEY`` in use, ``MATINEE_OLD_MASTER_KEYS`` older, separated by commas.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from backend_stub.clock import DAY_S
from backend_stub.service_secrets import SECRET_BYTES, create_secret, read_secret, replace_secret

CURRENT_VARIABLE = "MATINEE_MASTER_KEY"
OLD_VARIABLE = "MATINEE_OLD_MASTER_KEYS"
KEPT_S = 30 * DAY_S
_CURRENT = "master.key"


class MasterKeys:
    """The ring of master keys. Another process may change the files: an unknown id makes it look again, and so does
    asking for the key in use.

    Raises ValueError for a key of another length.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.folder = folder
        self._from_environment = CURRENT_VARIABLE in environment
        self._given = [
            _from_hex(text.strip())
            for name in (CURRENT_VARIABLE, OLD_VARIABLE)
            for text in environment.get(name, "").split(",")
            if text.strip()
        ]
        if not self._from_environment:
            create_secret(folder / _CURRENT)
        self._keys: dict[str, bytes] = {}
        self._current_id = ""
        self._load()

    @staticmethod
    def given(folder: Path, environment: Mapping[str, str] = os.environ) -> bool:
        """Whether there is a master key already, so that none would be made."""
        return CURRENT_VARIABLE in environment or (folder / _CURRENT).exists()

    @property
    def current(self) -> tuple[str, bytes]:
        """The key in use and its id, as the files say now."""
        self._load()
        return self._current_id, self._keys[self._current_id]

    def get(self, master_id: str) -> bytes | None:
        """The key of this id, if it is available."""
        if master_id not in self._keys:
            self._load()
        return self._keys.get(master_id)

    def every(self) -> list[bytes]:
        return list(self._keys.values())

    def replace_current(self, now: float) -> None:
        """Make a new key and use it; the old one stays as a file until :meth:`forget`. Call it
        :func:`backend_stub.service_secrets.alone`.

        A key from the environment is replaced there, by whoever runs the service; then this does nothing.
        """
        if self._from_environment:
            return
        old_id, _ = self.current
        kept = self.folder / f"master-{old_id}.key"
        replace_secret(self.folder / _CURRENT, kept)
        os.utime(kept, (now, now))  # since when it is not in use any more
        self._load()

    def forget(self, needed: set[str], now: float) -> None:
        """Delete the files of older keys that no id in ``needed`` asks for and that were replaced before
        :data:`KEPT_S`: what was begun under them has ended by then."""
        current_id, _ = self.current
        for path in self.folder.glob("master-*.key"):
            if key_id(read_secret(path)) not in needed | {current_id} and path.stat().st_mtime <= now - KEPT_S:
                path.unlink()
        self._load()

    def __repr__(self) -> str:
        return f"MasterKeys(current={self._current_id!r}, known={len(self._keys)})"

    def _load(self) -> None:
        keys = list(self._given)
        if not self._from_environment:
            keys.insert(0, read_secret(self.folder / _CURRENT))
        for path in sorted(self.folder.glob("master-*.key")):
            with suppress(FileNotFoundError):  # forgotten meanwhile
                keys.append(read_secret(path))
        self._keys = {key_id(key): key for key in keys}
        self._current_id = key_id(keys[0])


def key_id(key: bytes) -> str:
    """Names a master key without telling anything of it that helps."""
    return hashlib.sha256(b"matinee master key id\n" + key).hexdigest()[:16]


def _from_hex(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise ValueError(f"a master key in the environment is {SECRET_BYTES * 2} hexadecimal digits")
    return key
