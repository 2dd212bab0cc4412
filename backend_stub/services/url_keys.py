"""Changing the key that signs addresses, while the service runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.service_secrets import replace_url_key, url_signing_keys
from backend_stub.services import audit
from backend_stub.signing import UrlSigner


class UrlKeys:
    """``signer`` is the one that the whole service signs and checks with."""

    def __init__(self, database: Database, clock: Clock, secrets_dir: Path, signer: UrlSigner) -> None:
        self._database = database
        self._clock = clock
        self._secrets_dir = secrets_dir
        self._signer = signer

    def rotate(self, by: str | None) -> str:
        """Replace the key and return the new one's id (a part of its SHA-256).

        Addresses signed with the one before stay good until they expire; a second change takes them back.
        """
        replace_url_key(self._secrets_dir)
        keys = url_signing_keys(self._secrets_dir)
        self._signer.use(keys)
        key_id = hashlib.sha256(keys[0]).hexdigest()[:16]
        with self._database.write() as session:
            audit.record(session, self._clock.now(), "key.url_signing_replaced", account_id=by, subject=key_id)
        return key_id
