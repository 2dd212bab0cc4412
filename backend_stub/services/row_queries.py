"""The rows there are, from what viewers do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.models import DailyView, Episode, ListEntry, Title, TitleGenre, WatchedPosition
from backend_stub.recommending.feedback import Viewer
from backend_stub.recommending.genres import of_same_genres
from backend_stub.recommending.suggestions import MOST, picks_for, similar_to
from backend_stub.services.catalog import Catalog, WatchedTitle, progress_of, watched
from backend_stub.services.continue_watching import going_on
from backend_stub.services.entitlement import Viewing, is_offered, offer_values
from backend_stub.services.my_list import ViewerLists
from backend_stub.services.opinions import DOWN, UP, with_thumb
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
_NEW_S = 30 * DAY_S
_FEWEST_OF_GENRE, _MOST_GENRES = 3, 6
_LOOKED_THROUGH = 1000  # titles


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
        return Shown([watched for watched, _ in self._my_list.shown(viewing)[:ROW_LENGTH]])

    def new(self, viewing: Viewing) -> Shown:
        return Shown(self._catalog.page(viewing, None, ROW_LENGTH).items)

    def trending(self, viewing: Viewing) -> Shown:
        """The most watched of late, the first of them first."""
        ranked = self._views.ranked()
        with self._database.read() as session:
            return Shown(self._offered(session, viewing, ranked)[:_TOP])

    def episodes(self, viewing: Viewing) -> Shown:
        """Of each series its newest episode that has not been seen, where that is new."""
        now = self._clock.now()
        with self._database.read() as session:
            query = (
                select(Title, Episode.series_id)
                .join(Episode, Episode.title_id == Title.id)
                .where(is_offered((EPISODE,)), Title.published_at > now - _NEW_S)
                .order_by(Title.published_at.desc(), Episode.season.desc(), Episode.number.desc())
                .limit(_LATEST)
            )
            newest: dict[str, Title] = {}
            for title, series_id in session.execute(query, offer_values(viewing, now)):
                newest.setdefault(series_id, title)
            shown = watched(session, viewing, list(newest.values())[:ROW_LENGTH])
        return Shown([one for one in shown if not _seen(one)])

    def genres(self, viewing: Viewing) -> Sequence[Shown]:
        """A row for each genre with enough titles: those that the viewer likes first, then the largest."""
        with self._database.read() as session:
            liked = self._liked_genres(session, viewing)
            newest = (
                select(Title.id, Title.published_at)
                .where(is_offered())
                .order_by(Title.published_at.desc(), Title.id)
                .limit(_LOOKED_THROUGH)
                .subquery()
            )
            query = (
                select(TitleGenre.genre, newest.c.id)
                .join(newest, newest.c.id == TitleGenre.title_id)
                .order_by(newest.c.published_at.desc(), newest.c.id)
            )
            found: dict[str, list[str]] = {}
            unwanted = set(with_thumb(session, viewing, DOWN))
            for genre, title_id in session.execute(query, offer_values(viewing, self._clock.now())):
                if title_id not in unwanted:
                    found.setdefault(genre, []).append(title_id)
            large = [genre for genre, titles in found.items() if len(titles) >= _FEWEST_OF_GENRE]
            large.sort(key=lambda genre: (-liked.get(genre, 0), -len(found[genre]), genre))
            rows = {genre: found[genre][:ROW_LENGTH] for genre in large[:_MOST_GENRES]}
            all_ids = list(dict.fromkeys(chain.from_iterable(rows.values())))
            offered = {one.title.id: one for one in self._offered(session, viewing, all_ids, len(all_ids))}
            return [
                Shown([offered[title_id] for title_id in title_ids if title_id in offered], genre=genre)
                for genre, title_ids in rows.items()
            ]

    def _liked_genres(self, session: Session, viewing: Viewing) -> dict[str, int]:
        """How many titles of each genre the viewer watched or liked."""
        known = [*self._watched(session, viewing)[:_LATEST], *with_thumb(session, viewing, UP)]
        series = select(Episode.series_id).where(Episode.title_id.in_(known))
        query = select(TitleGenre.genre, func.count()).where(
            or_(TitleGenre.title_id.in_(known), TitleGenre.title_id.in_(series))
        )
        return {row[0]: row[1] for row in session.execute(query.group_by(TitleGenre.genre))}

    def because(self, viewing: Viewing) -> Shown:
        """Titles like one that was watched of late: by those who watched both, else by genre. A title with a thumb
        down leads nowhere, and one of a series leads on from the series."""
        with self._database.read() as session:
            met = {*self._met(session, viewing), *with_thumb(session, viewing, DOWN)}
            unwanted = set(with_thumb(session, viewing, DOWN))
            latest = [one for one in self._works(session, self._watched(session, viewing)) if one not in unwanted]
            met.update(latest)
            for anchor in self._offered(session, viewing, latest[:_ANCHORS]):
                alike = similar_to(session, anchor.title.id)
                if not alike:
                    alike = of_same_genres(session, [anchor.title.id], MOST)
                fresh = [title_id for title_id in alike if title_id not in met]
                titles = self._offered(session, viewing, fresh)
                if len(titles) >= _FEWEST_ALIKE:
                    return Shown(titles, anchor.title)
        return Shown([])

    def picks(self, viewing: Viewing) -> Shown:
        """Titles for this viewer that they have not met: by taste, else by their favourite genres."""
        with self._database.read() as session:
            unwanted, liked = with_thumb(session, viewing, DOWN), with_thumb(session, viewing, UP)
            met = self._met(session, viewing)
            picked = picks_for(session, Viewer(viewing.account_id, viewing.profile_id))
            taste = [one for one in self._works(session, [*liked, *met]) if one not in set(unwanted)]
            if not picked and taste:
                picked = of_same_genres(session, taste, MOST)
            seen = {*met, *taste, *unwanted}
            return Shown(self._offered(session, viewing, [one for one in picked if one not in seen]))

    def _watched(self, session: Session, viewing: Viewing) -> Sequence[str]:
        """What this profile watched, the latest first; without a profile what the account did."""
        seen_at: dict[str, float] = {}
        views = select(DailyView.title_id, DailyView.day).where(DailyView.account_id == viewing.account_id)
        progress = select(WatchedPosition.title_id, WatchedPosition.watched_at).where(
            WatchedPosition.account_id == viewing.account_id,
            WatchedPosition.position_s >= _BECAUSE_SHARE * WatchedPosition.duration_s,
        )
        if viewing.profile_id:
            views = views.where(DailyView.profile_id == viewing.profile_id)
            progress = progress.where(WatchedPosition.profile_id == viewing.profile_id)
        for title_id, at in session.execute(progress):
            seen_at[title_id] = max(seen_at.get(title_id, 0.0), at)
        for title_id, day in session.execute(views.order_by(DailyView.day.desc()).limit(_LATEST)):
            seen_at[title_id] = max(seen_at.get(title_id, 0.0), day * DAY_S)
        return sorted(seen_at, key=lambda title_id: (-seen_at[title_id], title_id))

    def _works(self, session: Session, title_ids: Sequence[str]) -> Sequence[str]:
        """The titles, each episode as its series, each once."""
        query = select(Episode.title_id, Episode.series_id).where(Episode.title_id.in_(title_ids))
        series = {row.title_id: row.series_id for row in session.execute(query)}
        return list(dict.fromkeys(series.get(title_id, title_id) for title_id in title_ids))

    def _met(self, session: Session, viewing: Viewing) -> Sequence[str]:
        """What needs no suggesting: watched, or on the list."""
        own = (ListEntry.account_id == viewing.account_id, ListEntry.profile_id == viewing.profile_id)
        listed = select(ListEntry.title_id).where(*own, ListEntry.listed)
        return [*self._watched(session, viewing), *session.scalars(listed)]

    def _offered(
        self, session: Session, viewing: Viewing, title_ids: Sequence[str], most: int = ROW_LENGTH
    ) -> Sequence[WatchedTitle]:
        """Those of the titles that are on offer, in their order, as many as a row has."""
        query = select(Title)
        rows = session.scalars(
            query.where(Title.id.in_(title_ids), is_offered()), offer_values(viewing, self._clock.now())
        )
        by_id = {title.id: title for title in rows}
        shown = [by_id[title_id] for title_id in title_ids if title_id in by_id][:most]
        progress = progress_of(session, viewing, [title.id for title in shown])
        return [WatchedTitle(title, progress.get(title.id)) for title in shown]


def _seen(one: WatchedTitle) -> bool:
    return one.progress is not None and is_seen(one.progress, one.markers.credits_s if one.markers else None)
