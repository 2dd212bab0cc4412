"""The catalogue as a viewer sees it: published titles, newest first, each with how far it was watched."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Integer, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Title, TitleGenre, WatchedPosition
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import Viewing, is_offered, offer_values, published_title
from backend_stub.services.opinions import thumb_of
from backend_stub.services.progress import watches_of
from backend_stub.services.resume import FROM_THE_BEGIN, Resume, Watch, resume, standing
from backend_stub.services.title_credits import ANY, Narrowing
from backend_stub.services.title_structure import Markers, SeriesPlace, places_and_markers, surroundings_of
from backend_stub.titles import CHANNEL, EPISODE, FILM

_Place = TypeVar("_Place", str, float)


@dataclass(frozen=True, slots=True)
class WatchedTitle:
    """A title and how far it was watched, and the ``place`` of an episode in its series.

    ``resume`` (where to go on, on whatever device), ``trailer_id`` and ``thumb`` are looked up for a single title
    only, ``markers`` for lists that may have episodes too.
    """

    title: Title
    progress: Watch | None
    resume: Resume = FROM_THE_BEGIN
    place: SeriesPlace | None = None
    markers: Markers | None = None
    trailer_id: str | None = None
    thumb: int = 0


@dataclass(frozen=True, slots=True)
class CatalogSlice:
    items: Sequence[WatchedTitle]
    next_cursor: str | None


_MOST_HISTORY = 500
_OFFERED = select(Title).where(is_offered()).limit(bindparam("limit", type_=Integer))
_PAGE = _OFFERED.order_by(Title.published_at.desc(), Title.id)
_MAYBE_CHANNELS = (
    select(Title)
    .where(is_offered((CHANNEL, FILM)))
    .order_by(Title.published_at.desc(), Title.id)
    .limit(bindparam("limit", type_=Integer))
)
_BY_TITLE = _OFFERED.order_by(Title.title, Title.id)
_PROGRESS = select(WatchedPosition).where(
    WatchedPosition.account_id == bindparam("account_id"),
    WatchedPosition.profile_id == bindparam("profile_id"),
    WatchedPosition.title_id.in_(bindparam("title_ids", expanding=True)),
)


_MOST_GENRES = 500


class Catalog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(
        self,
        viewing: Viewing,
        cursor: str | None,
        limit: int,
        narrowing: Narrowing = ANY,
        *,
        by_title: bool = False,
    ) -> CatalogSlice:
        """One page of what is offered here and now, the newest first or ``by_title``. Raises :class:`ProblemError`
        400 ``bad_cursor``."""
        query = _BY_TITLE if by_title else _PAGE
        if narrowing != ANY:
            query = query.where(narrowing.condition())
        if cursor is not None:
            query = query.where(_after(cursor, by_title=by_title))
        values = {**offer_values(viewing, self._clock.now()), "limit": limit + 1}
        with self._database.read() as session:
            found = list(session.scalars(query, values))
            titles = found[:limit]
            progress = progress_of(session, viewing, [title.id for title in titles])
        more = len(found) > limit
        return CatalogSlice(
            items=[WatchedTitle(title, progress.get(title.id)) for title in titles],
            next_cursor=_write_cursor(titles[-1], by_title=by_title) if more else None,
        )

    def maybe_channels(self, viewing: Viewing, limit: int) -> Sequence[WatchedTitle]:
        """The newest channels and films; some films can be played as channels too."""
        values = {**offer_values(viewing, self._clock.now()), "limit": limit}
        with self._database.read() as session:
            titles = session.scalars(_MAYBE_CHANNELS, values).all()
            progress = progress_of(session, viewing, [title.id for title in titles])
        return [WatchedTitle(title, progress.get(title.id)) for title in titles]

    def history(self, viewing: Viewing) -> Sequence[WatchedTitle]:
        """What the profile has watched and may watch still, the latest first."""
        query = (
            select(Title)
            .join(WatchedPosition, WatchedPosition.title_id == Title.id)
            .where(*progress_is_of(viewing), WatchedPosition.position_s > 0, is_offered((FILM, EPISODE)))
            .order_by(WatchedPosition.watched_at.desc(), Title.id)
            .limit(_MOST_HISTORY)
        )
        with self._database.read() as session:
            titles = session.scalars(query, offer_values(viewing, self._clock.now())).all()
            return watched(session, viewing, titles)

    def genres(self, viewing: Viewing) -> Sequence[str]:
        """Those of titles that are on offer here and now, in alphabetical order."""
        query = (
            select(TitleGenre.genre)
            .join(Title, Title.id == TitleGenre.title_id)
            .where(is_offered())
            .distinct()
            .order_by(TitleGenre.genre)
            .limit(_MOST_GENRES)
        )
        with self._database.read() as session:
            return session.scalars(query, offer_values(viewing, self._clock.now())).all()

    def get(self, viewing: Viewing, title_id: str) -> WatchedTitle:
        """Raises :class:`ProblemError` as :func:`published_title`."""
        with self._database.read() as session:
            title = published_title(session, title_id, viewing=viewing)
            return whole(session, viewing, title)


def whole(session: Session, viewing: Viewing, title: Title) -> WatchedTitle:
    """A title with everything that is known of it."""
    around = surroundings_of(session, title.id)
    watches = watches_of(session, viewing.account_id, viewing.profile_id, title.id)
    return WatchedTitle(
        title,
        standing(watches),
        resume(watches, around.markers.credits_s),
        around.place,
        around.markers,
        around.trailer_id,
        thumb_of(session, viewing, title.id),
    )


def watched(session: Session, viewing: Viewing, titles: Sequence[Title]) -> list[WatchedTitle]:
    """Titles for a list that may have episodes."""
    if not titles:
        return []
    ids = [title.id for title in titles]
    progress, around = progress_of(session, viewing, ids), places_and_markers(session, ids)
    made = []
    for title in titles:
        place, markers = around.get(title.id, (None, Markers()))
        made.append(WatchedTitle(title, progress.get(title.id), place=place, markers=markers))
    return made


def progress_of(session: Session, viewing: Viewing, title_ids: Sequence[str]) -> dict[str, WatchedPosition]:
    values = {"account_id": viewing.account_id, "profile_id": viewing.profile_id, "title_ids": list(title_ids)}
    return {row.title_id: row for row in session.scalars(_PROGRESS, values)}


def progress_is_of(viewing: Viewing) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """For a query over progress: only this viewer's."""
    return WatchedPosition.account_id == viewing.account_id, WatchedPosition.profile_id == viewing.profile_id


def _after(cursor: str, *, by_title: bool) -> ColumnElement[bool]:
    """For a query over titles: those that come after the page that gave this cursor."""
    if by_title:
        name, title_id = _read_cursor(cursor, str)
        return or_(Title.title > name, and_(Title.title == name, Title.id > title_id))
    at, title_id = _read_cursor(cursor, float)
    return or_(Title.published_at < at, and_(Title.published_at == at, Title.id > title_id))


def _write_cursor(last: Title, *, by_title: bool) -> str:
    place = last.title if by_title else last.published_at
    return base64.urlsafe_b64encode(json.dumps([place, last.id]).encode()).decode()


def _read_cursor(cursor: str, kind: type[_Place]) -> tuple[_Place, str]:
    try:
        place, title_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if kind is float and type(place) is int:
            place = float(place)
        known = isinstance(place, kind) and isinstance(title_id, str)
        f"{place}{title_id}".encode()  # half of a surrogate pair is a ValueError
        if known and "\0" not in title_id and "\0" not in str(place):
            return place, title_id
    except (binascii.Error, ValueError, TypeError):
        pass
    raise ProblemError(400, "bad_cursor", "The cursor does not come from this catalogue.")
