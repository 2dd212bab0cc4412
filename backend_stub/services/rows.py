"""The first screen: rows of titles, each made within its own time or left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Progress, Title, TitleRights
from backend_stub.services.catalog import Catalog, WatchedTitle, progress_of
from backend_stub.services.entitlement import Viewing, is_offered
from backend_stub.services.my_list import MyList
from backend_stub.services.resume import FINISHED_SHARE
from backend_stub.services.views import Views, day_of, trending

RowName = Literal["continue", "list", "new", "trending"]

ROW_LENGTH = 20
HALF_LIFE_DAYS = 3.0
_HORIZON_DAYS = 30  # views that are older weigh less than a thousandth
_RANKED = 200  # so many of the most watched titles are looked at for those on offer
_THREADS = 8

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RowMaker:
    """How a row is made, and how many seconds it may take."""

    name: RowName
    budget_s: float
    make: Callable[[Viewing], Sequence[WatchedTitle]]


@dataclass(frozen=True, slots=True)
class Row:
    name: RowName
    titles: Sequence[WatchedTitle]


@dataclass(frozen=True, slots=True)
class LeftOut:
    name: RowName
    reason: Literal["slow", "failed"]


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """``rows`` are in the order of their makers, without those that have no title."""

    rows: Sequence[Row]
    left_out: Sequence[LeftOut]


class Rows:
    """Makes rows side by side; one that is late or fails takes no other with it."""

    def __init__(self, makers: Sequence[RowMaker], clock: Clock) -> None:
        self._makers = makers
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="row")

    def close(self) -> None:
        """Wait for the rows that are being made; those that have not begun are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def first_screen(self, viewing: Viewing) -> FirstScreen:
        began = self._clock.monotonic()
        running = [(maker, self._pool.submit(maker.make, viewing)) for maker in self._makers]
        rows: list[Row] = []
        left_out: list[LeftOut] = []
        for maker, future in running:
            made = _outcome(maker, future, began + maker.budget_s - self._clock.monotonic())
            if isinstance(made, LeftOut):
                left_out.append(made)
            elif made.titles:
                rows.append(made)
        return FirstScreen(rows, left_out)


def _outcome(maker: RowMaker, future: Future[Sequence[WatchedTitle]], left_s: float) -> Row | LeftOut:
    try:
        return Row(maker.name, future.result(max(0.0, left_s)))
    except TimeoutError:
        future.cancel()  # if it still waits for a thread; one that runs comes to its end unheard
        _logger.warning("row %s took more than %.1f s", maker.name, maker.budget_s)
        return LeftOut(maker.name, "slow")
    except Exception:  # whatever breaks a row, the others are shown
        _logger.exception("row %s failed", maker.name)
        return LeftOut(maker.name, "failed")


class RowQueries:
    """The rows there are, from what viewers do."""

    def __init__(self, database: Database, clock: Clock, catalog: Catalog, my_list: MyList, views: Views) -> None:
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
            RowMaker("trending", 0.5, self.trending),
            RowMaker("new", 0.5, self.new),
        ]

    def going_on(self, viewing: Viewing) -> Sequence[WatchedTitle]:
        """Titles that were begun and not seen to their end, the latest first."""
        begun = (
            Progress.account_id == viewing.account_id,
            Progress.position_s > 0,
            Progress.position_s < FINISHED_SHARE * Progress.duration_s,
        )
        query = (
            select(Title, Progress)
            .join(Progress, Progress.title_id == Title.id)
            .outerjoin(TitleRights, TitleRights.title_id == Title.id)
            .where(*begun)
            .order_by(Progress.watched_at.desc(), Title.id)
            .limit(ROW_LENGTH)
        )
        with self._database.read() as session:
            found = session.execute(query.where(is_offered(session, viewing, self._clock.now()))).all()
        return [WatchedTitle(title, progress) for title, progress in found]

    def listed(self, viewing: Viewing) -> Sequence[WatchedTitle]:
        return [watched for watched, _ in self._my_list.shown(viewing)[:ROW_LENGTH]]

    def new(self, viewing: Viewing) -> Sequence[WatchedTitle]:
        return self._catalog.page(viewing, None, ROW_LENGTH).items

    def trending(self, viewing: Viewing) -> Sequence[WatchedTitle]:
        """The most watched of late: views halve in weight every :data:`HALF_LIFE_DAYS`."""
        today = day_of(self._clock.now())
        ranked = trending(self._views.counts(today - _HORIZON_DAYS), today, HALF_LIFE_DAYS)[:_RANKED]
        with self._database.read() as session:
            offered = is_offered(session, viewing, self._clock.now())
            rows = session.scalars(
                select(Title)
                .outerjoin(TitleRights, TitleRights.title_id == Title.id)
                .where(Title.id.in_(ranked), offered)
            )
            by_id = {title.id: title for title in rows}
            shown = [by_id[title_id] for title_id in ranked if title_id in by_id][:ROW_LENGTH]
            progress = progress_of(session, viewing.account_id, [title.id for title in shown])
        return [WatchedTitle(title, progress.get(title.id)) for title in shown]
