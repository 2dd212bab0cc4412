"""The audit trail: one row for each thing that mattered, written in the transaction of the thing itself."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend_stub.db.models import AuditEntry


def record(
    session: Session, at: float, action: str, *, account_id: str | None, subject: str = "", **detail: str | float
) -> None:
    """Add an entry; ``detail`` must name no secret."""
    session.add(AuditEntry(at=at, action=action, account_id=account_id, subject=subject, detail=detail))
