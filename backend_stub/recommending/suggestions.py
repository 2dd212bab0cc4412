"""Makes the suggestions offline and keeps them: readers see the last run that was finished."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
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
        run = RecommendationRun(
            started_at=now, method=method, viewers=len(suggested.picks), titles=len(suggested.similar)
        )
        with self._database.write() as session:
            session.add(run)
        self._add_picks(run.id, suggested)
        self._add_similar(run.id, suggested)
        with self._database.write() as session:
            session.get_one(RecommendationRun, run.id).finished_at = self._clock.now()
        with self._database.write() as session:
            session.execute(delete(RecommendationRun).where(RecommendationRun.id < run.id))

    def _add_picks(self, run_id: int, suggested: Suggested) -> None:
        for part in _parts(sorted(suggested.picks.items())):
            with self._database.write() as session:
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
            with self._database.write() as session:
                there = _there(session, Title, {title_id for title_id, _ in part})
                session.add_all(
                    SimilarTitles(run_id=run_id, title_id=title_id, title_ids=title_ids)
                    for title_id, title_ids in part
                    if title_id in there
                )


def picks_for(session: Session, viewer: Viewer) -> Sequence[str]:
    """The titles for this viewer by the last run; none where too little is known of them."""
    row = session.get(ViewerPicks, (_last_run(session), viewer.account_id, viewer.profile_id))
    return row.title_ids if row is not None else ()


def similar_to(session: Session, title_id: str) -> Sequence[str]:
    """The titles like this one by the last run; none where too few have watched it."""
    row = session.get(SimilarTitles, (_last_run(session), title_id))
    return row.title_ids if row is not None else ()


def _last_run(session: Session) -> int:
    query = select(func.max(RecommendationRun.id)).where(RecommendationRun.finished_at.is_not(None))
    return session.scalar(query) or 0


def _there(session: Session, table: type[Account | Title], ids: set[str]) -> set[str]:
    """Those that have not been deleted meanwhile."""
    return set(session.scalars(select(table.id).where(table.id.in_(ids))))


def _parts(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))
