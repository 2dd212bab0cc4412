"""The list of titles that a profile wants to watch; changes may come late and out of order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Integer, bindparam, select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, ListEntry, Title
from backend_stub.services.catalog import WatchedTitle, watched
from backend_stub.services.entitlement import Viewing, is_offered, offer_values, published_title
from backend_stub.titles import KINDS

_MAX_SHOWN = 500
_LISTED = (
    select(Title, ListEntry.changed_at)
    .join(ListEntry, ListEntry.title_id == Title.id)
    .where(ListEntry.account_id == bindparam("account_id"), ListEntry.profile_id == bindparam("profile_id"))
    .where(ListEntry.listed, is_offered(KINDS))
    .order_by(ListEntry.changed_at.desc(), Title.id)
    .limit(bindparam("limit", type_=Integer))
)


class ViewerLists:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def shown(self, viewing: Viewing, most: int = _MAX_SHOWN) -> Sequence[tuple[WatchedTitle, float]]:
        """The titles that are offered here and now with the time of their change, the newest first."""
        with self._database.read() as session:
            who = {"account_id": viewing.account_id, "profile_id": viewing.profile_id}
            values = {**who, **offer_values(viewing, self._clock.now()), "limit": most}
            found = session.execute(_LISTED, values).all()
            shown = watched(session, viewing, [title for title, _ in found])
        return list(zip(shown, (changed_at for _, changed_at in found), strict=True))

    def change(self, viewing: Viewing, title_id: str, *, listed: bool, changed_at: float) -> ListEntry:
        """Take a change and return what stands: the later one; listed, when two are of the same moment.

        A change from the future counts as made now. Raises :class:`ProblemError` 404 ``title_not_found``.
        """
        moment = min(changed_at, self._clock.now())
        with self._database.write() as session:
            session.get_one(Account, viewing.account_id, with_for_update=True)  # one change after the other
            published_title(session, title_id)
            entry = session.get(ListEntry, (viewing.account_id, viewing.profile_id, title_id))
            if entry is None:
                entry = ListEntry(
                    account_id=viewing.account_id,
                    profile_id=viewing.profile_id,
                    title_id=title_id,
                    listed=listed,
                    changed_at=moment,
                )
                session.add(entry)
            elif (moment, listed) > (entry.changed_at, entry.listed):
                entry.listed, entry.changed_at = listed, moment
        return entry
