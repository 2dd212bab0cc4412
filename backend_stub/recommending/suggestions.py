"""Makes the suggestions offline and keeps them: readers see the last run that was finished."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, RecommendationRun, SimilarTitles, Title, ViewerPicks
from backend_stub.recommending.factors import FactorisationMissingError, Suggested, factorise
from backend_stub.recommending.feedback import Viewer, read_feedback

MOST = 60  # suggestions kept for each viewer and title: some may not be on offer to whoever asks
_BATCH = 500  # rows in one transaction, so that no other writer waits for long

Method = Literal["factors", "genres"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: ``genres`` where the library for factorisation is not installed. ``took_s`` is of the clock on
    the wall."""

    method: Method
    viewers: int
    titles: int
    took_s: float


class Suggestions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(self) -> Made:
        """Compute everything again, off any loop: it takes seconds to minutes."""
        began, now = time.monotonic(), self._clock.now()
        with self._database.read() as session:
            feedback = read_feedback(session, now)
        method: Method = "factors"
        try:
            suggested = factorise(feedback, MOST)
        except FactorisationMissingError:
            suggested, method = Suggested({}, {}), "genres"
        self._keep(suggested, method, now)
        return Made(method, len(suggested.picks), len(suggested.similar), time.monotonic() - began)

    def _keep(self, suggested: Suggested, method: Method, now: float) -> None:
        """Write the run, a little at a time; readers see it once it is finished. One that began later and finished
        first stands in its place."""
        run = RecommendationRun(
            started_at=now, method=method, viewers=len(suggested.picks), titles=len(suggested.similar)
        )
        with self._database.write() as session:
            session.add(run)
        with suppress(_OvertakenError):
            self._add_picks(run.id, suggested)
            self._add_similar(run.id, suggested)
            with self._held(run.id) as session:
                session.get_one(RecommendationRun, run.id).finished_at = self._clock.now()
            with self._database.write() as session:
                session.execute(delete(RecommendationRun).where(RecommendationRun.id < run.id))

    @contextmanager
    def _held(self, run_id: int) -> Iterator[Session]:
        """A transaction during which the run stays. Raises _OvertakenError where it is gone."""
        with self._database.write() as session:
            if session.get(RecommendationRun, run_id, with_for_update=True) is None:
                raise _OvertakenError
            yield session

    def _add_picks(self, run_id: int, suggested: Suggested) -> None:
        for part in _parts(sorted(suggested.picks.items())):
            with self._held(run_id) as session:
                there = _there(session, Account, {viewer.account_id for viewer, _ in part})
                session.add_all(
                    ViewerPicks(
                        run_id=run_id,
                        account_id=viewer.account_id,
                        profile_id=viewer.profile_id,
                        title_ids=title_ids,
                    )
                    for viewer, title_ids in part
                    if viewer.account_id in there
                )

    def _add_similar(self, run_id: int, suggested: Suggested) -> None:
        for part in _parts(sorted(suggested.similar.items())):
            with self._held(run_id) as session:
                there = _there(session, Title, {title_id for title_id, _ in part})
                session.add_all(
                    SimilarTitles(run_id=run_id, title_id=title_id, title_ids=title_ids)
                    for title_id, title_ids in part
                    if title_id in there
                )


class _OvertakenError(Exception):
    """A later run has finished, and taken this one away."""


def picks_for(session: Session, viewer: Viewer) -> Sequence[str]:
    """The titles for this viewer by the last run; none where too little is known of them."""
    of_viewer = ViewerPicks.account_id == viewer.account_id, ViewerPicks.profile_id == viewer.profile_id
    query = select(ViewerPicks.title_ids).where(ViewerPicks.run_id == _LAST_RUN, *of_viewer)
    return session.scalar(query) or ()


def similar_to(session: Session, title_id: str) -> Sequence[str]:
    """The titles like this one by the last run; none where too few have watched it."""
    query = select(SimilarTitles.title_ids).where(
        SimilarTitles.run_id == _LAST_RUN, SimilarTitles.title_id == title_id
    )
    return session.scalar(query) or ()


# In the statement that reads its rows: between two, the run may be taken away by the next one.
_LAST_RUN = select(func.max(RecommendationRun.id)).where(RecommendationRun.finished_at.is_not(None)).scalar_subquery()


def _there(session: Session, table: type[Account | Title], ids: set[str]) -> set[str]:
    """Those that have not been deleted meanwhile, and are not until the transaction ends."""
    query = select(table.id).where(table.id.in_(ids)).order_by(table.id)
    return set(session.scalars(query.with_for_update(read=True, key_share=True)))


def _parts(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))
