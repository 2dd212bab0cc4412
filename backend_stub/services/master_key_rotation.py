"""Changing the master key: a new one, every title's own key wrapped under it, old ones forgotten."""

from __future__ import annotations

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import KeyEnvelope
from backend_stub.master_keys import MasterKeys
from backend_stub.service_secrets import alone
from backend_stub.services import audit
from backend_stub.services.content_keys import KeyVault

_AT_ONCE = 500  # titles in one transaction: nobody waits long for it


class KeyCare:
    def __init__(self, database: Database, clock: Clock, masters: MasterKeys) -> None:
        self._database = database
        self._clock = clock
        self._masters = masters

    def rotate_master(self, by: str | None) -> str:
        """Replace the master key and return the new one's id. Titles stay readable at every moment.

        The keys before it stay for :data:`backend_stub.master_keys.KEPT_S`: what runs meanwhile may still use them.
        With a key from the environment, everything is brought under that one. Of several changes at once one comes
        after the other. Raises :class:`backend_stub.services.content_keys.DamagedKeyError`; then nothing is lost and
        it can be done again.
        """
        now = self._clock.now()
        with alone(self._masters.folder):
            self._masters.replace_current(now)
            master_id, _ = self._masters.current
            vault, more = KeyVault(self._masters), True
            while more:
                with self._database.write() as session:
                    more = vault.rewrap(session, _AT_ONCE)
            with self._database.write() as session:
                needed = set(session.scalars(select(KeyEnvelope.master_id).distinct()))
                audit.record(session, now, "key.master_replaced", account_id=by, subject=master_id)
            self._masters.forget(needed, now)
        return master_id
