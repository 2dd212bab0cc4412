"""Accounts and their passwords (argon2id)."""

from __future__ import annotations

import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account
from backend_stub.problems import ProblemError
from backend_stub.services import audit

DEMO_EMAIL = "demo@matinee.local"
DEMO_PASSWORD = "demo"  # noqa: S105 - the sample viewer's password is public by intent


class EmailTakenError(Exception):
    """There is an account with this address already."""


class Accounts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher()

    def register(self, email: str, name: str, password: str) -> Account:
        """Add an active account. Raises :class:`EmailTakenError`."""
        now = self._clock.now()
        account = Account(
            id=secrets.token_hex(16),
            email=normalise_email(email),
            name=name,
            password_hash=self._hasher.hash(password),
            active=True,
            created_at=now,
        )
        try:
            with self._database.write() as session:
                session.add(account)
                audit.record(session, now, "account.registered", account_id=account.id)
        except IntegrityError as error:
            raise EmailTakenError(f"There is an account for {account.email} already.") from error
        return account

    def ensure_demo_viewer(self) -> Account:
        """The sample viewer, made when there is none yet."""
        existing = self.find(DEMO_EMAIL)
        return existing or self.register(DEMO_EMAIL, "Demo viewer", DEMO_PASSWORD)

    def find(self, email: str) -> Account | None:
        with self._database.read() as session:
            return session.scalar(select(Account).where(Account.email == normalise_email(email)))

    def get(self, account_id: str) -> Account | None:
        with self._database.read() as session:
            return session.get(Account, account_id)

    def set_active(self, account_id: str, active: bool) -> None:
        """Close or reopen an account. Raises LookupError for an unknown one."""
        with self._database.write() as session:
            account = session.get(Account, account_id)
            if account is None:
                raise LookupError(account_id)
            account.active = active
            action = "account.opened" if active else "account.closed"
            audit.record(session, self._clock.now(), action, account_id=account_id)

    def authenticate(self, email: str, password: str) -> Account:
        """The account with this address and password.

        Raises :class:`ProblemError` 401 ``wrong_credentials``, the same and as slowly for an unknown address as for a
        wrong password, or 403 ``account_closed``.
        """
        account = self.find(email)
        stored = account.password_hash if account else self._nobodys_hash
        if not self._matches(stored, password) or account is None:
            raise ProblemError(401, "wrong_credentials", "The e-mail address or the password is wrong.")
        if not account.active:
            raise ProblemError(403, "account_closed", "This account is closed.")
        return account

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash(secrets.token_hex(16))

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def normalise_email(email: str) -> str:
    return email.strip().lower()
