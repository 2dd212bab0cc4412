"""The audit trail: one row for each thing that mattered, written in the transaction of the thing itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend_stub.db.database import Database
from backend_stub.db.models import AuditEntry


def record(
    session: Session, at: float, action: str, *, account_id: str | None, subject: str = "", **detail: str | float
) -> None:
    """Add an entry; ``detail`` must name no secret."""
    session.add(AuditEntry(at=at, action=action, account_id=account_id, subject=subject, detail=detail))


class AuditLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        before: int | None,
        limit: int,
        account_id: str | None = None,
        action: str | None = None,
        about: str = "",
    ) -> Sequence[AuditEntry]:
        """Entries from the newest on, below the id ``before`` where one is named; ``about`` is the beginning of an
        action, an account's id, or what it was done to."""
        query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditEntry.id < before)
        if account_id is not None:
            query = query.where(AuditEntry.account_id == account_id)
        if action is not None:
            query = query.where(AuditEntry.action == action)
        if about:
            begins = AuditEntry.action.startswith(about, autoescape=True)
            query = query.where(or_(begins, AuditEntry.account_id == about, AuditEntry.subject == about))
        with self._database.read() as session:
            return session.scalars(query).all()
