"""What the contract of each title permits, as publishers set it."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Title, TitleRights
from backend_stub.services import audit
from backend_stub.services.entitlement import ContractTerms, rights_of
from backend_stub.services.title_structure import with_episodes


class TitleContracts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, title_id: str) -> ContractTerms:
        """Raises LookupError for an unknown title."""
        with self._database.read() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            return rights_of(session, title_id)

    def set(self, title_id: str, rights: ContractTerms, by: str | None) -> ContractTerms:
        """Licences that are out keep what they say; new ones and renewals follow. A recall stays as it is. What is
        set for a series is set for its episodes, and for those that come later.

        Raises LookupError for an unknown title.
        """
        with self._database.write() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            for one in with_episodes(session, title_id):
                row = rights_row(session, one)
                _fill(row, replace(rights, revoked_at=row.revoked_at))
            kept = rights_of(session, title_id)
            audit.record(session, self._clock.now(), "title.rights_set", account_id=by, subject=title_id)
        return kept

    def rate(self, title_id: str, maturity: int, by: str | None) -> None:
        """Give a title an age rating, a series all its episodes with it. Raises LookupError for an unknown title."""
        with self._database.write() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            for one in with_episodes(session, title_id):
                session.get_one(Title, one).maturity = maturity
            audit.record(
                session, self._clock.now(), "title.rated", account_id=by, subject=title_id, maturity=maturity
            )


def rights_row(session: Session, title_id: str) -> TitleRights:
    """The title's row, made from the defaults when there is none."""
    row = session.get(TitleRights, title_id, with_for_update=True)
    if row is None:
        row = TitleRights(title_id=title_id)
        _fill(row, ContractTerms())
        session.add(row)
    return row


def inherit(session: Session, episode: Title, series_id: str) -> None:
    """Give an episode what was set for its series; the higher of their ratings."""
    episode.maturity = max(episode.maturity, session.get_one(Title, series_id).maturity)
    if session.get(TitleRights, series_id) is not None:
        _fill(rights_row(session, episode.id), rights_of(session, series_id))


def _fill(row: TitleRights, rights: ContractTerms) -> None:
    for member, value in asdict(rights).items():
        setattr(row, member, value)
    row.countries = f" {' '.join(sorted(rights.countries))} " if rights.countries else ""
