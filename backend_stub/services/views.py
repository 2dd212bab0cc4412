"""View counts: a play that went on for a while counts once for each profile, title and day.

Views wait in memory and are written in batches, so that a heartbeat costs no further write.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend_stub.clock import Clock, day_of
from backend_stub.db.database import Database
from backend_stub.db.models import Account, DailyView, Episode, PlaySession, Title, ViewDay

COUNTS_AFTER_S = 60.0  # a session that plays for so long is a view
BATCH = 200  # so many are written at once
WAIT_S = 10.0  # fewer wait for so long
HALF_LIFE_DAYS = 3.0
RANKED_S = 150.0  # what was found to be watched most stands so long
_HORIZON_DAYS = 30  # views that are older weigh less than a thousandth
_RANKED = 200  # so many of the most watched titles are looked at for those on offer
_MAX_KNOWN = 100_000  # views of today that are remembered as written; forgetting one costs a look, no more

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """One view; ``day`` counts days since 1970 (UTC), ``profile_id`` is empty where none was selected."""

    day: int
    title_id: str
    account_id: str
    profile_id: str

    @property
    def key(self) -> tuple[int, str, str, str]:
        return self.day, self.title_id, self.account_id, self.profile_id


class Views:
    """Thread-safe. What waits in memory is lost when the process is killed, and written by :meth:`close`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._ranking = threading.Lock()
        self._waiting: set[Seen] = set()
        self._known: set[Seen] = set()
        self._written_at = clock.monotonic()
        self._ranked: tuple[float, Sequence[str]] = (-math.inf, ())

    def playing(self, play: PlaySession, profile_id: str | None) -> None:
        """This session plays now; it counts from :data:`COUNTS_AFTER_S` after its start on."""
        now = self._clock.now()
        if now - play.created_at < COUNTS_AFTER_S:
            return
        seen = Seen(day_of(now), play.title_id, play.account_id, profile_id or "")
        with self._lock:
            if seen not in self._known:
                self._waiting.add(seen)
        self._write_when_due()

    def ranked(self) -> Sequence[str]:
        """The titles that are watched most of late, as :meth:`rank` found them a moment ago. While one caller looks
        again, the others have what was found before: they would all read the same."""
        at, ranked = self._ranked
        if 0 <= self._clock.monotonic() - at < RANKED_S or not self._ranking.acquire(blocking=False):
            return ranked
        try:
            return self.rank()
        finally:
            self._ranking.release()

    def rank(self) -> Sequence[str]:
        """Look again for what is watched most, equals by id: views halve in weight every :data:`HALF_LIFE_DAYS`, and
        those of an episode count for its series."""
        self._write_when_due()
        today = day_of(self._clock.now())
        weights = {today - age: 0.5 ** (age / HALF_LIFE_DAYS) for age in range(_HORIZON_DAYS + 1)}
        counted = func.coalesce(Episode.series_id, ViewDay.title_id).label("counted")
        query = (
            select(counted)
            .select_from(ViewDay)
            .outerjoin(Episode, Episode.title_id == ViewDay.title_id)
            .where(ViewDay.day >= min(weights))
            .group_by(counted)
            .order_by(func.sum(ViewDay.views * case(weights, value=ViewDay.day, else_=1.0)).desc(), counted)
            .limit(_RANKED)
        )
        with self._database.read() as session:
            ranked = session.scalars(query).all()
        self._ranked = self._clock.monotonic(), ranked
        return ranked

    def write(self) -> bool:
        """Write what waits. False where the database refused: the views wait on."""
        with self._writing:
            with self._lock:
                batch, self._waiting = self._waiting, set()
                self._written_at = self._clock.monotonic()
            try:
                if batch:
                    with self._database.write() as session:
                        _insert(session, sorted(batch, key=lambda seen: seen.key))
            except SQLAlchemyError as error:
                # Another process may have written one of them just now; the next attempt sees that.
                _logger.warning("%d views could not be written: %s", len(batch), type(error).__name__)
                with self._lock:
                    self._waiting |= batch
                return False
            self._remember(batch)
        return True

    def close(self) -> None:
        """Write what waits, a second time where the first was refused."""
        if not (self.write() or self.write()):
            _logger.error("views were lost: the database refused them")

    def _write_when_due(self) -> None:
        with self._lock:
            late = self._clock.monotonic() - self._written_at >= WAIT_S
            due = len(self._waiting) >= BATCH or (late and bool(self._waiting))
        if due:
            self.write()

    def _remember(self, batch: set[Seen]) -> None:
        today = day_of(self._clock.now())
        with self._lock:
            self._known |= batch
            if len(self._known) > _MAX_KNOWN or any(seen.day != today for seen in batch):
                self._known = {seen for seen in batch if seen.day == today}


def _insert(session: Session, batch: Sequence[Seen]) -> None:
    """Add those of the batch that are new; titles and accounts that are gone by now have no views."""
    for start in range(0, len(batch), BATCH):
        part = batch[start : start + BATCH]
        titles = set(session.scalars(select(Title.id).where(Title.id.in_({seen.title_id for seen in part}))))
        accounts = set(session.scalars(select(Account.id).where(Account.id.in_({seen.account_id for seen in part}))))
        key = tuple_(DailyView.day, DailyView.title_id, DailyView.account_id, DailyView.profile_id)
        there = {
            tuple(row)
            for row in session.execute(
                select(DailyView.day, DailyView.title_id, DailyView.account_id, DailyView.profile_id).where(
                    key.in_([seen.key for seen in part])
                )
            )
        }
        fresh = [
            seen for seen in part if seen.key not in there and seen.title_id in titles and seen.account_id in accounts
        ]
        session.add_all(
            DailyView(day=seen.day, title_id=seen.title_id, account_id=seen.account_id, profile_id=seen.profile_id)
            for seen in fresh
        )
        session.flush()
        for (day, title_id), views in sorted(Counter((seen.day, seen.title_id) for seen in fresh).items()):
            same = update(ViewDay).where(ViewDay.day == day, ViewDay.title_id == title_id)
            if session.execute(same.values(views=ViewDay.views + views)).rowcount == 0:  # type: ignore[attr-defined]
                session.add(ViewDay(day=day, title_id=title_id, views=views))
                session.flush()
