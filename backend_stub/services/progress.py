"""How far titles were watched. Reports may come twice, late and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Progress, ProgressEvent, Title


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

        Each id counts once. The report watched last stands; one from the future counts as watched now, so that a
        client whose clock is ahead does not win for ever. A report on a title that is gone is dropped.
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


def _apply(session: Session, account_id: str, report: ProgressReport, watched_at: float) -> None:
    row = session.get(Progress, (account_id, report.title_id))
    if row is None:
        row = Progress(account_id=account_id, title_id=report.title_id, watched_at=watched_at)
        session.add(row)
    elif watched_at < row.watched_at:
        return
    row.position_s = report.position_s
    row.duration_s = report.duration_s
    row.watched_at = watched_at
    row.device_id = report.device_id
