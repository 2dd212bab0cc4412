"""How far titles were watched. Reports may come twice, late and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, DeviceProgress, Progress, ProgressEvent, Title
from backend_stub.services.resume import standing

_MAX_DEVICES = 32  # of which the position is kept, for each title


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """Positions in seconds of the title, ``watched_at`` in seconds since 1970 by the client's clock."""

    event_id: str
    title_id: str
    position_s: float
    duration_s: float
    watched_at: float
    device_id: str


class ProgressLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def report(self, account_id: str, reports: Sequence[ProgressReport]) -> list[str]:
        """Take the reports and return the ids that need not be sent again, which is all of them.

        Each id counts once. What stands follows :mod:`backend_stub.services.resume`; a report from the future counts
        as watched now, so that a client whose clock is ahead does not win for ever. A report on a title that is gone
        is dropped.
        """
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # one report of an account after the other
            for report in reports:
                if session.get(ProgressEvent, (account_id, report.event_id)) is not None:
                    continue
                session.add(ProgressEvent(account_id=account_id, event_id=report.event_id, received_at=now))
                if session.get(Title, report.title_id) is not None:
                    _apply(session, account_id, report, min(report.watched_at, now))
                session.flush()
        return [report.event_id for report in reports]

    def forget(self, account_id: str) -> None:
        """Delete what the account has watched. Reports that were counted stay counted."""
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)
            for table in (Progress, DeviceProgress):
                session.execute(delete(table).where(table.account_id == account_id))


def watches_of(session: Session, account_id: str, title_id: str) -> Sequence[DeviceProgress]:
    """How far each device got."""
    query = select(DeviceProgress).where(DeviceProgress.account_id == account_id, DeviceProgress.title_id == title_id)
    return session.scalars(query).all()


def _apply(session: Session, account_id: str, report: ProgressReport, watched_at: float) -> None:
    """Take one device's watch if it is its latest, and write down what stands for the account now."""
    watch = session.get(DeviceProgress, (account_id, report.title_id, report.device_id))
    if watch is None:
        _make_room(session, account_id, report.title_id)
        watch = DeviceProgress(account_id=account_id, title_id=report.title_id, device_id=report.device_id)
        _fill(watch, report.position_s, report.duration_s, watched_at)
        session.add(watch)
    elif (watched_at, report.position_s) > (watch.watched_at, watch.position_s):
        _fill(watch, report.position_s, report.duration_s, watched_at)
    session.flush()
    stands = standing(watches_of(session, account_id, report.title_id))
    if stands is None:
        return
    row = session.get(Progress, (account_id, report.title_id))
    if row is None:
        row = Progress(account_id=account_id, title_id=report.title_id)
        session.add(row)
    _fill(row, stands.position_s, stands.duration_s, stands.watched_at)
    row.device_id = stands.device_id


def _make_room(session: Session, account_id: str, title_id: str) -> None:
    """Forget the device that watched longest ago when there are too many."""
    watches = sorted(watches_of(session, account_id, title_id), key=lambda watch: watch.watched_at)
    for watch in watches[: max(0, len(watches) - _MAX_DEVICES + 1)]:
        session.delete(watch)


def _fill(row: Progress | DeviceProgress, position_s: float, duration_s: float, watched_at: float) -> None:
    row.position_s, row.duration_s, row.watched_at = position_s, duration_s, watched_at
