"""Accounts and their passwords (argon2id)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from zxcvbn import zxcvbn

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import Place, page
from backend_stub.db.models import Account
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.plans import begin, plan_at
from backend_stub.services.tokens import end_sign_ins

Role = Literal["viewer", "publisher", "admin"]
DEFAULT_PLAN = "premium"  # of accounts that the operator makes
_LEAST_SCORE = 2  # of 4, by zxcvbn: more than a million guesses
_JUDGED_CHARS = 72
DEMO_PLAN = "unlimited"
DEMO_EMAIL = "demo@matinee.local"
DEMO_PASSWORD = "demo"  # noqa: S105 - the sample viewer's password is public by intent


def check_password(password: str, *about: str) -> None:
    """Raises :class:`ProblemError` 422 ``weak_password`` for one that is soon guessed, also from what else is known
    ``about`` the account."""
    if zxcvbn(password[:_JUDGED_CHARS], user_inputs=list(about))["score"] < _LEAST_SCORE:
        raise ProblemError(422, "weak_password", "This password is easily guessed; take a longer one.")


class EmailTakenError(Exception):
    """There is an account with this address already."""


class Accounts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher()

    def register(
        self, email: str, name: str, password: str, *, plan: str = DEFAULT_PLAN, role: Role = "viewer"
    ) -> Account:
        """Add an active account. Raises :class:`EmailTakenError`."""
        now = self._clock.now()
        account = Account(
            id=secrets.token_hex(16),
            email=normalise_email(email),
            name=name,
            password_hash=self.hashed(password),
            active=True,
            created_at=now,
            role=role,
        )
        try:
            with self._database.write() as session:
                session.add(account)
                session.flush()
                audit.record(session, now, "account.registered", account_id=account.id)
                begin(session, account.id, plan, now)
        except IntegrityError as error:
            raise EmailTakenError(f"There is an account for {account.email} already.") from error
        return account

    def change_password(self, account_id: str, password: str, new_password: str) -> Account:
        """Set a new password and end every sign-in. Raises :class:`ProblemError` 401 ``wrong_credentials``."""
        self.checked(account_id, password)
        new_hash = self.hashed(new_password)
        now = self._clock.now()
        with self._database.write() as session:
            changed = session.get_one(Account, account_id, with_for_update=True)
            changed.password_hash = new_hash
            end_sign_ins(session, account_id, now)
            audit.record(session, now, "account.password_changed", account_id=account_id)
        return changed

    def checked(self, account_id: str, password: str) -> Account:
        """The account, by its password. Raises :class:`ProblemError` 401 ``wrong_credentials``."""
        account = self.get(account_id)
        if account is None or not self._matches(account.password_hash, password):
            raise ProblemError(401, "wrong_credentials", "The password is wrong.")
        return account

    def hashed(self, password: str) -> str:
        """What is stored of a password."""
        return self._hasher.hash(password)

    def ensure(
        self, email: str, name: str, password: str, *, plan: str = DEFAULT_PLAN, role: Role = "viewer"
    ) -> Account:
        """The account with this address, made when there is none yet. Several processes may start at once."""
        existing = self.find(email)
        if existing is None:
            with suppress(EmailTakenError):  # another process was a moment faster
                return self.register(email, name, password, plan=plan, role=role)
            existing = self.find(email)
        if existing is None:
            raise LookupError(email)  # and deleted it as fast
        return existing

    def ensure_demo_viewer(self) -> Account:
        """The sample viewer, made when there is none yet, on a plan without limits."""
        existing = self.ensure(DEMO_EMAIL, "Demo viewer", DEMO_PASSWORD, plan=DEMO_PLAN)
        now = self._clock.now()
        with self._database.write() as session:
            if plan_at(session, existing.id, now)[0].name != DEMO_PLAN:
                begin(session, existing.id, DEMO_PLAN, now)
        return existing

    def find(self, email: str) -> Account | None:
        with self._database.read() as session:
            return session.scalar(select(Account).where(Account.email == normalise_email(email)))

    def note_wrong_password(self, email: str, *, locked: bool) -> None:
        """Leave a trace of a wrong password, where there is such an account; ``locked`` where it was one too many."""
        account = self.find(email)
        if account is None:
            return
        with self._database.write() as session:
            now = self._clock.now()
            audit.record(session, now, "session.refused", account_id=account.id)
            if locked:
                audit.record(session, now, "account.locked", account_id=account.id)

    def search(self, text: str, before: Place | None, limit: int) -> Sequence[Account]:
        """Accounts with ``text`` in their address or their name, the newest first, from a place of
        that list on where one is named."""
        query = select(Account)
        if text:
            in_email = Account.email.contains(normalise_email(text), autoescape=True)
            query = query.where(or_(in_email, Account.name.icontains(text.strip(), autoescape=True)))
        query = page(query, Account.created_at, Account.id, before, limit)
        with self._database.read() as session:
            return session.scalars(query).all()

    def get(self, account_id: str) -> Account | None:
        with self._database.read() as session:
            return session.get(Account, account_id)

    def change(
        self,
        account_id: str,
        *,
        by: str | None,
        role: Role | None = None,
        active: bool | None = None,
        country: str | None = None,
        kiosks: bool | None = None,
    ) -> Account:
        """Change what is named and return the account. Raises LookupError for an unknown one."""
        now = self._clock.now()
        with self._database.write() as session:
            account = session.get(Account, account_id, with_for_update=True)
            if account is None:
                raise LookupError(account_id)
            if active is not None:
                account.active = active
                action = "account.opened" if active else "account.closed"
                audit.record(session, now, action, account_id=account_id, subject=by or "")
            if role is not None:
                account.role = role
                audit.record(session, now, "account.role_given", account_id=account_id, subject=by or "", role=role)
            if country is not None:
                account.country = country
                audit.record(session, now, "account.country_set", account_id=account_id, subject=by or "")
            if kiosks is not None and kiosks != account.kiosks:
                account.kiosks = kiosks
                action = "account.kiosks_granted" if kiosks else "account.kiosks_ended"
                audit.record(session, now, action, account_id=account_id, subject=by or "")
        return account

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
