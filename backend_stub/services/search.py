"""Search in the catalogue as a viewer may see it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.models import CatalogueState, Title
from backend_stub.services.catalog import WatchedTitle, watched
from backend_stub.services.entitlement import Viewing, is_offered, offer_values
from backend_stub.services.search_index import ANY_YEAR, Query, SearchDocument, SearchIndex
from backend_stub.services.title_credits import ANY, Narrowing
from backend_stub.services.vocabulary import Near
from backend_stub.titles import EPISODE, LISTED

_BATCH = 200
_KINDS = (*LISTED, EPISODE)  # trailers are found through their titles, recordings by their owners alone
_AT_ONCE = 500  # titles that may be taken into the index while somebody waits
_COUNT_S = 10.0  # between two counts of the titles
_NONE = -1  # the number before all changes
_NEAR = 12  # words that are looked at for a misspelt one: some may be of titles that this viewer may not see
_MAX_LOOKED_AT = 5000  # hits that a page may pass over because they are not offered
_SEARCHED = and_(Title.published_at.is_not(None), Title.kind.in_(_KINDS))
_OFFERED = select(Title).where(Title.id.in_(bindparam("title_ids", expanding=True)), is_offered(_KINDS))


@dataclass(frozen=True, slots=True)
class SearchHits:
    """A page of hits. ``corrected`` is the query that was answered, when it is not the one that was asked."""

    items: Sequence[WatchedTitle]
    corrected: str | None
    more: bool


class Search:
    """Keeps the index in step with the catalogue by itself."""

    def __init__(self, database: Database, clock: Clock, index: SearchIndex) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._count_at = float("-inf")
        self._edited: dict[str, float | None] = {}  # when older processes edited what is in the index so

    def close(self) -> None:
        self._index.close()

    def find(
        self,
        viewing: Viewing,
        text: str,
        limit: int,
        offset: int = 0,
        years: tuple[int, int] = ANY_YEAR,
        narrowing: Narrowing = ANY,
    ) -> SearchHits:
        """One page of titles that have every word of ``text`` and are offered to this viewer."""
        with self._database.read() as session:
            self._keep_in_step(session, most=_AT_ONCE)
            query = self._index.understand(text, _NEAR)
            if query.corrected is not None:
                query = query.only(lambda near: self._is_seen(session, viewing, near))
            titles = []
            for title in self._offered(session, viewing, query, years, narrowing, offset + limit + 1):
                titles.append(title)
                if len(titles) > offset + limit:
                    break
            page = titles[offset : offset + limit]
            items = watched(session, viewing, page)
        return SearchHits(
            items=items,
            corrected=query.corrected,
            more=len(titles) > offset + limit,
        )

    def _is_seen(self, session: Session, viewing: Viewing, near: Near) -> bool:
        """Whether a title that is offered to this viewer has the word."""
        return any(True for _ in self._offered(session, viewing, Query([near.text], [[near]]), ANY_YEAR, ANY, 1))

    def _offered(
        self,
        session: Session,
        viewing: Viewing,
        query: Query,
        years: tuple[int, int],
        narrowing: Narrowing,
        wanted: int,
    ) -> Iterator[Title]:
        """As many hits as are ``wanted`` are loaded at first, for most are on offer."""
        query_of, values = _OFFERED, offer_values(viewing, self._clock.now())
        if narrowing != ANY:
            query_of = query_of.where(narrowing.condition())
        start, size = 0, min(wanted, _BATCH)
        while start < _MAX_LOOKED_AT:
            ids = self._index.find(query, size, start, years)
            rows = session.scalars(query_of, {"title_ids": ids, **values})
            by_id = {title.id: title for title in rows}
            yield from (by_id[title_id] for title_id in ids if title_id in by_id)
            if len(ids) < size:
                return
            start, size = start + size, _BATCH

    def keep_in_step(self) -> None:
        """Bring the index to the present state of the catalogue, however much changed."""
        with self._database.read() as session:
            self._keep_in_step(session)
        self._index.read_words()

    def _keep_in_step(self, session: Session, most: int | None = None) -> None:
        """Titles that came or went since the last search, or whose words changed. More than ``most`` are left to
        :meth:`keep_in_step`, and the search finds what is there.

        The number of the last change is read first: what is read later may be newer, and is read again then.
        """
        number = session.scalar(select(CatalogueState.change)) or 0
        before = _change(self._index.stamp())
        if before > number:
            before = _NONE  # of a database that was put back
        if before != number:
            query = select(Title.id, _SEARCHED).where(Title.change > before)
            rows = session.execute(query if most is None else query.limit(most + 1)).all()
            if most is not None and len(rows) > most:
                return
            shown = {title_id for title_id, searched in rows if searched}
            gone = {title_id for title_id, _ in rows} - shown
            known = self._index.ids() if before == _NONE else set()
            self._index.update(_documents(session, shown), gone | known, _stamp(number))
        if most is None and self._clock.monotonic() >= self._count_at:
            self._count_at = self._clock.monotonic() + _COUNT_S
            self._compare(session, number)

    def _compare(self, session: Session, number: int) -> None:
        """Rows that were deleted, or came past the objects of this program, have no number: they are counted. What an
        older process edits has only a time."""
        count = session.scalar(select(func.count()).select_from(Title).where(_SEARCHED))
        if count != self._index.count():
            known, wanted = self._index.ids(), set(session.scalars(select(Title.id).where(_SEARCHED)))
            self._index.update(_documents(session, wanted - known), known - wanted, _stamp(number))
        lately = Title.edited_at > self._clock.now() - DAY_S
        edited = dict(iter(session.execute(select(Title.id, Title.edited_at).where(lately))))
        ids = {title_id for title_id, at in edited.items() if self._edited.get(title_id) != at}
        if ids:
            shown = set(session.scalars(select(Title.id).where(lately, _SEARCHED))) & ids
            self._index.update(_documents(session, shown), ids - shown, _stamp(number))
        self._edited = edited


def _change(stamp: str) -> int:
    """The number of the last change that is in the index of this stamp."""
    members = stamp.split()
    return int(members[0]) if len(members) == 2 else _NONE


def _stamp(number: int) -> str:
    """No two states of an index have the same: words to correct with are kept by it."""
    return f"{number} {secrets.token_hex(8)}"


def _documents(session: Session, ids: set[str]) -> Iterator[SearchDocument]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _BATCH):
        query = select(Title.id, Title.title, Title.synopsis, Title.year)
        rows = session.execute(query.where(Title.id.in_(ordered[start : start + _BATCH])))
        yield from (SearchDocument(*row) for row in rows)
