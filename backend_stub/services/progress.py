"""How far titles were watched, by whom. Reports may come twice, late and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, DeviceProgress, Profile, ProgressEvent, Title, WatchedPosition
from backend_stub.services.entitlement import Viewing
from backend_stub.services.resume import standing
from backend_stub.services.title_structure import with_episodes

_MAX_DEVICES = 32  # of which the position is kept, for each title
_WATCHES = select(DeviceProgress).where(
    DeviceProgress.account_id == bindparam("account_id"),
    DeviceProgress.profile_id == bindparam("profile_id"),
    DeviceProgress.title_id == bindparam("title_id"),
)


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """Positions in seconds of the title, ``watched_at`` in seconds since 1970 by the client's clock. ``profile_id``
    says who watched, empty for the account without a profile."""

    event_id: str
    title_id: str
    position_s: float
    duration_s: float
    watched_at: float
    device_id: str
    profile_id: str = ""


class ProgressLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def report(self, account_id: str, reports: Sequence[ProgressReport]) -> list[str]:
        """Take the reports and return the ids that need not be sent again, which is all of them.

        Each id counts once. What stands follows :mod:`backend_stub.services.resume`; a report from the future counts
        as watched now, so that a client whose clock is ahead does not win for ever. A report on a title or by a
        profile that is gone is dropped.
        """
        now = self._clock.now()
        with self._database.write() as session:
            # One report of an account after the other.
            session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
            taken = _taken(session, account_id, reports)
            titles = _known(session, Title.id, [report.title_id for report in reports])
            of_account = select(Profile.id).where(Profile.account_id == account_id)
            named = any(report.profile_id for report in reports)
            viewers = {"", *(session.scalars(of_account) if named else ())}
            for report in reports:
                if report.event_id in taken:
                    continue
                taken.add(report.event_id)
                session.add(ProgressEvent(account_id=account_id, event_id=report.event_id, received_at=now))
                if report.title_id in titles and report.profile_id in viewers:
                    _apply(session, account_id, report, min(report.watched_at, now))
        return [report.event_id for report in reports]

    def forget(self, viewing: Viewing, title_id: str | None = None) -> None:
        """Delete what the profile has watched; asked without one, all that the account has. Reports that were counted
        stay counted. With ``title_id`` only that title goes, a series with its episodes."""
        with self._database.write() as session:
            session.get_one(Account, viewing.account_id, with_for_update=True)
            for table in (WatchedPosition, DeviceProgress):
                gone = delete(table).where(table.account_id == viewing.account_id)
                if viewing.profile_id:
                    gone = gone.where(table.profile_id == viewing.profile_id)
                if title_id is not None:
                    gone = gone.where(table.title_id.in_(with_episodes(session, title_id)))
                session.execute(gone)


def watches_of(session: Session, account_id: str, profile_id: str, title_id: str) -> Sequence[DeviceProgress]:
    """How far a profile got on each device."""
    values = {"account_id": account_id, "profile_id": profile_id, "title_id": title_id}
    return session.scalars(_WATCHES, values).all()


def _taken(session: Session, account_id: str, reports: Sequence[ProgressReport]) -> set[str]:
    """The ids among these that were counted before."""
    query = select(ProgressEvent.event_id).where(ProgressEvent.account_id == account_id)
    return set(session.scalars(query.where(ProgressEvent.event_id.in_([report.event_id for report in reports]))))


def _known(session: Session, column: InstrumentedAttribute[str], ids: Sequence[str]) -> set[str]:
    return set(session.scalars(select(column).where(column.in_(set(ids)))))


def _apply(session: Session, account_id: str, report: ProgressReport, watched_at: float) -> None:
    """Take one device's watch if it is its latest, and write down what stands for the profile now."""
    watches = list(watches_of(session, account_id, report.profile_id, report.title_id))
    key = {"account_id": account_id, "profile_id": report.profile_id, "title_id": report.title_id}
    watch = next((one for one in watches if one.device_id == report.device_id), None)
    if watch is None:
        _make_room(session, watches)
        watch = DeviceProgress(**key, device_id=report.device_id)
        _fill(watch, report.position_s, report.duration_s, watched_at)
        session.add(watch)
        watches.append(watch)
    elif (watched_at, report.position_s) > (watch.watched_at, watch.position_s):
        _fill(watch, report.position_s, report.duration_s, watched_at)
    stands = standing(watches) or watch
    row = session.get(WatchedPosition, tuple(key.values()))
    if row is None:
        row = WatchedPosition(**key)
        session.add(row)
    _fill(row, stands.position_s, stands.duration_s, stands.watched_at)
    row.device_id = stands.device_id


def _make_room(session: Session, watches: list[DeviceProgress]) -> None:
    """Forget the device that watched longest ago when there are too many."""
    watches.sort(key=lambda watch: watch.watched_at)
    while len(watches) >= _MAX_DEVICES:
        session.delete(watches.pop(0))


def _fill(row: WatchedPosition | DeviceProgress, position_s: float, duration_s: float, watched_at: float) -> None:
    row.position_s, row.duration_s, row.watched_at = position_s, duration_s, watched_at
