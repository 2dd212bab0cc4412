"""What the contract of each title permits, as publishers set it."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Title, TitleRights
from backend_stub.services import audit
from backend_stub.services.entitlement import Rights, rights_of


class TitleContracts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, title_id: str) -> Rights:
        """Raises LookupError for an unknown title."""
        with self._database.read() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            return rights_of(session, title_id)

    def set(self, title_id: str, rights: Rights, by: str | None) -> Rights:
        """Licences that are out keep what they say; new ones and renewals follow. A recall stays as it is.

        Raises LookupError for an unknown title.
        """
        with self._database.write() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            row = rights_row(session, title_id)
            kept = replace(rights, revoked_at=row.revoked_at)
            _fill(row, kept)
            audit.record(session, self._clock.now(), "title.rights_set", account_id=by, subject=title_id)
        return kept

    def rate(self, title_id: str, maturity: int, by: str | None) -> None:
        """Give a title an age rating. Raises LookupError for an unknown title."""
        with self._database.write() as session:
            title = session.get(Title, title_id)
            if title is None:
                raise LookupError(title_id)
            title.maturity = maturity
            audit.record(
                session, self._clock.now(), "title.rated", account_id=by, subject=title_id, maturity=maturity
            )


def rights_row(session: Session, title_id: str) -> TitleRights:
    """The title's row, made from the defaults when there is none."""
    row = session.get(TitleRights, title_id, with_for_update=True)
    if row is None:
        row = TitleRights(title_id=title_id)
        _fill(row, Rights())
        session.add(row)
    return row


def _fill(row: TitleRights, rights: Rights) -> None:
    for member, value in asdict(rights).items():
        setattr(row, member, value)
    row.countries = f" {' '.join(sorted(rights.countries))} " if rights.countries else ""
