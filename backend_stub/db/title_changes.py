"""Changes of titles have numbers in the order in which they can be seen: whoever has read up to one misses none.

The number is taken at the end of the transaction and held until it commits, so that one transaction after the other
does, and none waits for a title while it holds the number. Only what is changed through objects of :class:`Title` is
numbered.
"""

from __future__ import annotations

from sqlalchemy import event, inspect, update
from sqlalchemy.orm import Session, UOWTransaction

from backend_stub.db.models import CatalogueState, Title

_CHANGED = "matinee_changed_titles"
_SEARCHED = ("title", "synopsis", "year", "published_at", "kind")
_AT_ONCE = 500


class WritingSession(Session):
    """A session for a transaction that writes."""


@event.listens_for(WritingSession, "after_flush")
def _note(session: Session, _context: UOWTransaction) -> None:
    for row in {*session.new, *session.dirty}:
        if isinstance(row, Title) and any(inspect(row).attrs[name].history.has_changes() for name in _SEARCHED):
            session.info.setdefault(_CHANGED, set()).add(row.id)


@event.listens_for(WritingSession, "before_commit")
def _number(session: Session) -> None:
    session.flush()
    ids: set[str] = session.info.pop(_CHANGED, set())
    if not ids:
        return
    number = next_change(session)
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        numbered = update(Title).where(Title.id.in_(ordered[start : start + _AT_ONCE])).values(change=number)
        session.execute(numbered, execution_options={"synchronize_session": False})


def next_change(session: Session) -> int:
    """Take the next number; no other transaction takes one until this one ends."""
    taken = update(CatalogueState).values(change=CatalogueState.change + 1).returning(CatalogueState.change)
    return session.execute(taken, execution_options={"synchronize_session": False}).scalar_one()
