"""The rows there are, from what viewers do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    cast,
    func,
    label,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.models import DailyView, Episode, ListEntry, Opinion, Title, TitleGenre, WatchedPosition
from backend_stub.recommending.feedback import Viewer
from backend_stub.recommending.genres import of_same_genres
from backend_stub.recommending.suggestions import MOST, picks_for, similar_to
from backend_stub.services.catalog import Catalog, WatchedTitle, watched
from backend_stub.services.continue_watching import going_on
from backend_stub.services.entitlement import Viewing, is_offered, offer_values
from backend_stub.services.my_list import ViewerLists
from backend_stub.services.newest_titles import NewestTitles
from backend_stub.services.opinions import DOWN, NONE, UP
from backend_stub.services.resume import is_seen
from backend_stub.services.rows import RowMaker, Shown
from backend_stub.services.views import Views
from backend_stub.titles import EPISODE

ROW_LENGTH = 20
_LATEST = 200  # views of a viewer that are looked at
_BECAUSE_SHARE = 0.1  # who left a title before is not to be shown more of its like
_ANCHORS = 5  # titles watched last, of which the first that others are like is named
_FEWEST_ALIKE = 2
_TOP = 10
_SPARE = 5
_NEW_S = 30 * DAY_S
_FEWEST_OF_GENRE, _MOST_GENRES = 3, 6
_TITLE_IDS: BindParameter[str] = bindparam("title_ids", expanding=True)
_OFFERED = (
    select(Title, WatchedPosition)
    .outerjoin(
        WatchedPosition,
        and_(
            WatchedPosition.title_id == Title.id,
            WatchedPosition.account_id == bindparam("account_id"),
            WatchedPosition.profile_id == bindparam("profile_id"),
        ),
    )
    .where(Title.id.in_(_TITLE_IDS), is_offered())
)
_GENRES_OF = (
    select(TitleGenre.genre, func.count()).where(TitleGenre.title_id.in_(_TITLE_IDS)).group_by(TitleGenre.genre)
)
_EPISODES = (
    select(Title, Episode.series_id)
    .join(Episode, Episode.title_id == Title.id)
    .where(is_offered((EPISODE,)), Title.published_at > bindparam("since", type_=Float))
    .order_by(Title.published_at.desc(), Episode.season.desc(), Episode.number.desc())
    .limit(_LATEST)
)


def _acts() -> Select[str, str, float, str | None]:
    """What a viewer did with which titles and when: one question, for several rows ask it."""
    account, profile = bindparam("account_id", type_=String), bindparam("profile_id", type_=String)

    def acts(
        of: type[DailyView | WatchedPosition | Opinion | ListEntry], act: str, at: SQLColumnExpression[float]
    ) -> Select[str, str, float]:
        return select(literal_column(f"'{act}'", String).label("act"), of.title_id, label("at", at)).where(
            of.account_id == account
        )

    def theirs(of: type[DailyView | WatchedPosition]) -> ColumnElement[bool]:
        return or_(profile == "", of.profile_id == profile)  # without a profile what the account did

    viewed = acts(DailyView, "watched", DailyView.day * DAY_S).where(theirs(DailyView))
    latest = viewed.order_by(DailyView.day.desc(), DailyView.title_id).limit(_LATEST).subquery()
    begun = WatchedPosition.position_s >= _BECAUSE_SHARE * WatchedPosition.duration_s
    thumb, listed = cast(Opinion.thumb, Float), acts(ListEntry, "listed", ListEntry.changed_at)
    everything = union_all(
        select(latest),
        acts(WatchedPosition, "watched", WatchedPosition.watched_at).where(theirs(WatchedPosition), begun),
        acts(Opinion, "thumb", thumb).where(Opinion.profile_id == profile, Opinion.thumb != NONE),
        listed.where(ListEntry.profile_id == profile, ListEntry.listed),
    ).subquery()
    return select(everything, Episode.series_id).outerjoin(Episode, Episode.title_id == everything.c.title_id)


_ACTS = _acts()


@dataclass(frozen=True, slots=True)
class _Known:
    """What a viewer watched, the latest first; without a profile what the account did. ``series`` are those of the
    episodes among all these titles."""

    watched: Sequence[str]
    liked: frozenset[str]
    unwanted: frozenset[str]
    listed: frozenset[str]
    series: Mapping[str, str]

    def works(self, title_ids: Iterable[str]) -> list[str]:
        """The titles, each episode as its series, each once."""
        return list(dict.fromkeys(self.series.get(title_id, title_id) for title_id in title_ids))


def _known(session: Session, viewing: Viewing) -> _Known:
    acts: dict[str, dict[str, float]] = {"watched": {}, "thumb": {}, "listed": {}}
    series = {}
    values = {"account_id": viewing.account_id, "profile_id": viewing.profile_id}
    for act, title_id, at, series_id in session.execute(_ACTS, values):
        acts[act][title_id] = max(acts[act].get(title_id, at), at)
        if series_id is not None:
            series[title_id] = series_id
    watched, thumbs = acts["watched"], acts["thumb"]
    return _Known(
        sorted(watched, key=lambda title_id: (-watched[title_id], title_id)),
        frozenset(title_id for title_id, thumb in thumbs.items() if thumb == UP),
        frozenset(title_id for title_id, thumb in thumbs.items() if thumb == DOWN),
        frozenset(acts["listed"]),
        series,
    )


class RowQueries:
    """Each method makes one row, of titles that are on offer to the viewer."""

    def __init__(
        self, database: Database, clock: Clock, catalog: Catalog, my_list: ViewerLists, views: Views
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._my_list = my_list
        self._views = views
        self._newest = NewestTitles(clock)

    def makers(self) -> list[RowMaker]:
        """In the order in which they are shown. What a viewer was at is worth a longer wait than a suggestion."""
        return [
            RowMaker("continue", 1.0, self.going_on),
            RowMaker("list", 1.0, self.listed),
            RowMaker("because", 0.5, self.because),
            RowMaker("picks", 0.5, self.picks),
            RowMaker("trending", 0.5, self.trending),
            RowMaker("episodes", 0.5, self.episodes),
            RowMaker("new", 0.5, self.new),
            RowMaker("genre", 0.5, self.genres),
        ]

    def going_on(self, viewing: Viewing) -> Shown:
        """What the viewer is at, the latest first: see :mod:`backend_stub.services.continue_watching`."""
        with self._database.read() as session:
            return Shown(going_on(session, viewing, self._clock.now(), ROW_LENGTH))

    def listed(self, viewing: Viewing) -> Shown:
        return Shown([watched for watched, _ in self._my_list.shown(viewing, ROW_LENGTH)])

    def new(self, viewing: Viewing) -> Shown:
        return Shown(self._catalog.page(viewing, None, ROW_LENGTH).items)

    def trending(self, viewing: Viewing) -> Shown:
        """The most watched of late, the first of them first."""
        ranked = self._views.ranked()
        with self._database.read() as session:
            return Shown(self._offered(session, viewing, ranked, _TOP))

    def episodes(self, viewing: Viewing) -> Shown:
        """Of each series its newest episode that has not been seen, where that is new."""
        now = self._clock.now()
        with self._database.read() as session:
            newest: dict[str, Title] = {}
            for title, series_id in session.execute(_EPISODES, {"since": now - _NEW_S, **offer_values(viewing, now)}):
                newest.setdefault(series_id, title)
            shown = watched(session, viewing, list(newest.values())[:ROW_LENGTH])
        return Shown([one for one in shown if not _seen(one)])

    def genres(self, viewing: Viewing) -> Sequence[Shown]:
        """A row for each genre with enough titles: those that the viewer likes first, then the largest."""
        with self._database.read() as session:
            known = _known(session, viewing)
            titles = [*known.watched[:_LATEST], *known.liked]
            liked = _genres_of(session, {*titles, *known.works(titles)})
            found: dict[str, list[str]] = {}
            for title_id, genres in self._newest.of(session, viewing).items():
                for genre in () if title_id in known.unwanted else genres:
                    found.setdefault(genre, []).append(title_id)
            enough = [genre for genre, ids in found.items() if len(ids) >= _FEWEST_OF_GENRE]
            chosen = sorted(enough, key=lambda genre: (-liked.get(genre, 0), -len(found[genre]), genre))[
                :_MOST_GENRES
            ]
            rows = {genre: found[genre][:ROW_LENGTH] for genre in chosen}
            all_ids = list(dict.fromkeys(chain.from_iterable(rows.values())))
            offered = {one.title.id: one for one in self._offered(session, viewing, all_ids, len(all_ids))}
            return [
                Shown([offered[title_id] for title_id in ids if title_id in offered], genre=genre)
                for genre, ids in rows.items()
            ]

    def because(self, viewing: Viewing) -> Shown:
        """Titles like one that was watched of late: by those who watched both, else by genre. A title with a thumb
        down leads nowhere, and one of a series leads on from the series."""
        with self._database.read() as session:
            known = _known(session, viewing)
            latest = [one for one in known.works(known.watched) if one not in known.unwanted]
            met = {*known.watched, *known.listed, *known.unwanted, *latest}
            for anchor in self._offered(session, viewing, latest[:_ANCHORS]):
                alike = similar_to(session, anchor.title.id)
                if not alike:
                    alike = self._of_same_genres(session, viewing, [anchor.title.id])
                fresh = [title_id for title_id in alike if title_id not in met]
                titles = self._offered(session, viewing, fresh)
                if len(titles) >= _FEWEST_ALIKE:
                    return Shown(titles, anchor.title)
        return Shown([])

    def picks(self, viewing: Viewing) -> Shown:
        """Titles for this viewer that they have not met: by taste, else by their favourite genres."""
        with self._database.read() as session:
            known = _known(session, viewing)
            met = {*known.watched, *known.listed}
            picked = picks_for(session, Viewer(viewing.account_id, viewing.profile_id))
            taste = [one for one in known.works({*known.liked, *met}) if one not in known.unwanted]
            if not picked and taste:
                picked = self._of_same_genres(session, viewing, taste)
            seen = {*met, *taste, *known.unwanted}
            return Shown(self._offered(session, viewing, [one for one in picked if one not in seen]))

    def _of_same_genres(self, session: Session, viewing: Viewing, title_ids: Sequence[str]) -> Sequence[str]:
        """Others of the newest on offer that share genres with these titles."""
        own = set(title_ids)
        others = {one: genres for one, genres in self._newest.of(session, viewing).items() if one not in own}
        return of_same_genres(others, _genres_of(session, own), MOST)

    def _offered(
        self, session: Session, viewing: Viewing, title_ids: Sequence[str], most: int = ROW_LENGTH
    ) -> Sequence[WatchedTitle]:
        """Those of the titles that are on offer, in their order, as many as a row has. Nearly all are: a few more
        than that are asked for at first."""
        who = {"account_id": viewing.account_id, "profile_id": viewing.profile_id}
        values = {**who, **offer_values(viewing, self._clock.now())}
        shown: list[WatchedTitle] = []
        for begin in range(0, len(title_ids), most + _SPARE):
            part = title_ids[begin : begin + most + _SPARE]
            rows = session.execute(_OFFERED, {"title_ids": part, **values})
            found = {title.id: WatchedTitle(title, progress) for title, progress in rows}
            shown += [found[title_id] for title_id in part if title_id in found]
            if len(shown) >= most:
                break
        return shown[:most]


def _genres_of(session: Session, title_ids: Collection[str]) -> dict[str, int]:
    """How many of the titles are of each genre."""
    return {row[0]: row[1] for row in session.execute(_GENRES_OF, {"title_ids": title_ids})} if title_ids else {}


def _seen(one: WatchedTitle) -> bool:
    return one.progress is not None and is_seen(one.progress, one.markers.credits_s if one.markers else None)
