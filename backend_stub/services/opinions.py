"""What a profile thinks of titles: thumbs, and what it has put away from "continue watching"."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Episode, Opinion
from backend_stub.services.entitlement import Viewing, published_title

UP, DOWN, NONE = 1, -1, 0


class Opinions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def rate(self, viewing: Viewing, title_id: str, thumb: int) -> int:
        """Keep a thumb: 1, -1, or 0 for none. Raises :class:`ProblemError` 404 ``title_not_found``."""
        with self._database.write() as session:
            opinion_for(session, viewing, title_id).thumb = thumb
        return thumb

    def put_away(self, viewing: Viewing, title_id: str) -> None:
        """Leave a title out of what is continued, an episode with its series, until it is watched again.

        Raises :class:`ProblemError` 404 ``title_not_found``.
        """
        with self._database.write() as session:
            place = session.get(Episode, title_id)
            work_id = place.series_id if place is not None else title_id
            opinion_for(session, viewing, work_id).put_away_at = self._clock.now()


def opinion_for(session: Session, viewing: Viewing, title_id: str) -> Opinion:
    """The row to write to; it is made where there is none. One change of an account comes after the other."""
    session.get_one(Account, viewing.account_id, with_for_update=True)
    published_title(session, title_id)
    key = (viewing.account_id, viewing.profile_id, title_id)
    found = session.get(Opinion, key)
    if found is None:
        found = Opinion(account_id=key[0], profile_id=key[1], title_id=key[2], thumb=NONE, put_away_at=0.0)
        session.add(found)
    return found


def thumb_of(session: Session, viewing: Viewing, title_id: str) -> int:
    found = session.get(Opinion, (viewing.account_id, viewing.profile_id, title_id))
    return found.thumb if found is not None else NONE


def put_away_by(session: Session, viewing: Viewing) -> dict[str, float]:
    """When which titles were put away."""
    own = (Opinion.account_id == viewing.account_id, Opinion.profile_id == viewing.profile_id)
    query = select(Opinion.title_id, Opinion.put_away_at).where(*own, Opinion.put_away_at > 0)
    return {row.title_id: row.put_away_at for row in session.execute(query)}
