"""What holders do with their accounts: a new password by mail, a confirmed address, a copy of everything, the end."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from sqlalchemy import LargeBinary, Table, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import (
    Account,
    AuditEntry,
    Base,
    Device,
    DeviceCommand,
    DeviceVault,
    KioskReport,
    MailCode,
    Membership,
    Payment,
)
from backend_stub.payments.provider import PaymentProvider
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.accounts import Accounts
from backend_stub.services.billing import Billing
from backend_stub.services.mail_codes import MailCodes, wrong_code
from backend_stub.services.tokens import end_sign_ins

_IN_MEMORY = 1 << 20
_AT_ONCE = 1000
_NOT_EXPORTED = frozenset({"device_challenges", "device_grants"})  # good for minutes, and secret
_SECRET = ("_hash", "card_token")


class AccountCare:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        codes: MailCodes,
        billing: Billing,
        provider: PaymentProvider,
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._codes = codes
        self._billing = billing
        self._provider = provider

    def reset_password(self, email: str, code: str, new_password: str) -> Account:
        """Set a new password by a code, and end every sign-in; the address counts as confirmed.

        Raises :class:`ProblemError` 404 ``code_not_found``, also for an address of nobody.
        """
        new_hash = self._accounts.hashed(new_password)  # first, so that every answer takes as long
        now = self._clock.now()
        with self._database.write() as session:
            right = self._codes.take(session, email, "reset", code)
            account = session.scalar(select(Account).where(Account.email == email, Account.active).with_for_update())
            if right and account is not None:
                account.password_hash = new_hash
                account.verified_at = account.verified_at or now
                end_sign_ins(session, account.id, now)
                audit.record(session, now, "account.password_reset", account_id=account.id)
        # Raised outside, so that a wrong try is committed.
        if not right or account is None:
            raise wrong_code()
        return account

    def ask_for_verification(self, account: Account) -> None:
        """Have a code sent to the account's address, unless it is confirmed already."""
        if account.verified_at is None:
            self._codes.request(account.email, "verification")

    def verify(self, account: Account, code: str) -> None:
        """Raises :class:`ProblemError` 404 ``code_not_found``."""
        now = self._clock.now()
        with self._database.write() as session:
            right = self._codes.take(session, account.email, "verification", code)
            if right:
                session.get_one(Account, account.id, with_for_update=True).verified_at = now
                audit.record(session, now, "account.verified", account_id=account.id)
        if not right:
            raise wrong_code()

    def delete(self, account_id: str, password: str) -> None:
        """Remove an account and all that is only its own. The audit trail keeps what was done, under an id that is
        nobody's any more.

        Raises :class:`ProblemError` 401 ``wrong_credentials``, 409 ``operator_account`` and ``changed_meanwhile``,
        503 ``payment_unavailable`` while it is not known what became of a payment.
        """
        account = self._accounts.checked(account_id, password)
        if account.role == "admin":
            raise ProblemError(409, "operator_account", "An operator's account is not deleted.")
        try:
            self._billing.cancel(account_id)
        except ProblemError as problem:
            if problem.code != "not_subscribed":
                raise
        with self._database.read() as session:
            cards = _cards(session, account_id)
        for card in cards:  # while they are known: a deletion that breaks off here can be repeated
            self._provider.forget_card(card)
        now = self._clock.now()
        with self._database.write() as session:
            if _cards(session, account_id) - cards:
                raise ProblemError(409, "changed_meanwhile", "A card was added at the same moment; please try again.")
            _forget_devices(session, account_id)
            session.execute(delete(MailCode).where(MailCode.email == account.email))
            words = update(AuditEntry).where(AuditEntry.account_id == account_id)
            session.execute(words.values(subject="", detail={}))
            session.execute(delete(Account).where(Account.id == account_id))
            audit.record(session, now, "account.deleted", account_id=account_id)

    def export(self, account_id: str) -> IO[bytes]:
        """All that is kept of an account as of one moment, as JSON: a file at its beginning. Secrets are left out, or
        only their hashes are there to be left out."""
        with self._database.snapshot() as session:
            session.get_one(Account, account_id)  # else it was deleted meanwhile
            file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 -- whoever sends it closes it
            (own,) = _rows(session, Base.metadata.tables[Account.__tablename__], account_id, "id")
            file.write(f'{{"made_at": {self._clock.now()!r}, "account": {json.dumps(own)}, "records": {{'.encode())
            for number, table in enumerate(_tables()):
                file.write(f"{', ' if number else ''}\n{json.dumps(table.name)}: [".encode())
                for row, one in enumerate(_rows(session, table, account_id)):
                    file.write(f"{', ' if row else ''}\n  {json.dumps(one)}".encode())
                file.write(b"]")
        file.write(b"}}\n")
        file.seek(0)
        return file


def _cards(session: Session, account_id: str) -> set[str]:
    own = (select(held.card_token).where(held.account_id == account_id) for held in (Membership, Payment))
    return {card for cards in own for card in session.scalars(cards)}


def _tables() -> list[Table]:
    """Those with rows of accounts."""
    tables = Base.metadata.sorted_tables
    return [table for table in tables if "account_id" in table.columns and table.name not in _NOT_EXPORTED]


def _rows(session: Session, table: Table, account_id: str, named: str = "account_id") -> Iterator[Mapping[str, Any]]:
    columns = [
        column
        for column in table.columns
        if not column.name.endswith(_SECRET) and not isinstance(column.type, LargeBinary)
    ]
    query = select(*columns).where(table.c[named] == account_id).order_by(*table.primary_key.columns)
    for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's name for it


def _forget_devices(session: Session, account_id: str) -> None:
    """What is kept by device alone, of those that are no other account's."""
    other = aliased(Device)
    shared = exists().where(other.id == Device.id, other.account_id != account_id)
    devices = list(session.scalars(select(Device.id).where(Device.account_id == account_id, ~shared)))
    for column in (DeviceVault.device_id, KioskReport.device_id, DeviceCommand.device_id):
        session.execute(delete(column.class_).where(column.in_(devices)))
