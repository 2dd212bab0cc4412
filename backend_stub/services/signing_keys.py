"""Changing the keys that sign addresses and licences, while the service runs: each process looks at their files
whenever it signs or checks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.service_secrets import (
    alone,
    licence_signing_keys,
    replace_licence_key,
    replace_url_key,
    url_signing_keys,
)
from backend_stub.services import audit
from backend_stub.services.rights.signatures import ServiceSigner


class SigningKeys:
    def __init__(self, database: Database, clock: Clock, secrets_dir: Path) -> None:
        self._database = database
        self._clock = clock
        self._secrets_dir = secrets_dir

    def rotate_urls(self, by: str | None) -> str:
        """Replace the key of addresses and return the new one's id (a part of its SHA-256).

        Addresses signed with the one before stay good until they expire; a second change takes them back.
        """
        with alone(self._secrets_dir):
            replace_url_key(self._secrets_dir)
            keys = url_signing_keys(self._secrets_dir)
        key_id = hashlib.sha256(keys[0]).hexdigest()[:16]
        self._record("key.url_signing_replaced", by, key_id)
        return key_id

    def rotate_licences(self, by: str | None) -> str:
        """Replace the key of licences, and return the new one's id (its thumbprint). The old one vouches for it."""
        with alone(self._secrets_dir):
            replace_licence_key(self._secrets_dir)
            keys = licence_signing_keys(self._secrets_dir)
        key_id = ServiceSigner(keys).public_keys()[0]["kid"]
        self._record("key.licence_signing_replaced", by, key_id)
        return key_id

    def _record(self, action: str, by: str | None, key_id: str) -> None:
        with self._database.write() as session:
            audit.record(session, self._clock.now(), action, account_id=by, subject=key_id)
