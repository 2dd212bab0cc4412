"""What the operator's pages show of playbacks: quality over time, sessions, and what one session went through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, Quality, TelemetryEvent, Title
from backend_stub.services.telemetry import MAX_ROWS, QualityOf, aggregate

_MAX_EVENTS = 5000


@dataclass(frozen=True, slots=True)
class Moment:
    """The quality of the playbacks that began in ``length_s`` seconds from ``at`` on."""

    at: float
    length_s: float
    quality: QualityOf


@dataclass(frozen=True, slots=True)
class PlayedSession:
    """One playback, over all the CDNs it used. Times are seconds, ``bitrate_bps`` what was received by what was
    played; names are ids where nothing has a name."""

    account_id: str
    session_id: str
    started_at: float
    title: str
    device: str
    app_version: str
    pathways: tuple[str, ...]
    startup_s: float | None
    played_s: float
    stalled_s: float
    stalls: int
    bitrate_bps: float | None
    errors: int


@dataclass(frozen=True, slots=True)
class Names:
    """Titles and devices by their ids."""

    titles: dict[str, str]
    devices: dict[str, str]


class Insight:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def over_time(self, hours: float, parts: int) -> list[Moment]:
        """The last ``hours`` in ``parts`` equal lengths, the oldest first."""
        now = self._clock.now()
        since, length_s = now - hours * 3600, hours * 3600 / parts
        query = select(Quality).where(Quality.started_at >= since).order_by(Quality.started_at.desc()).limit(MAX_ROWS)
        buckets: list[list[Quality]] = [[] for _ in range(parts)]
        with self._database.read() as session:
            for row in session.scalars(query):
                buckets[min(int((row.started_at - since) / length_s), parts - 1)].append(row)
        return [Moment(since + n * length_s, length_s, aggregate("", rows)) for n, rows in enumerate(buckets)]

    def names(self) -> Names:
        with self._database.read() as session:
            titles = {row.id: row.title for row in session.execute(select(Title.id, Title.title))}
            devices = {row.id: row.name for row in session.execute(select(Device.id, Device.name))}
        return Names(titles, devices)

    def sessions(self, *, before: float | None = None, limit: int = 50, title_id: str = "") -> list[PlayedSession]:
        """Playbacks that began before a moment, the newest first; of one title where one is named."""
        began = func.min(Quality.started_at)
        query = select(Quality.account_id, Quality.session_id, began).group_by(Quality.account_id, Quality.session_id)
        if title_id:
            query = query.where(Quality.title_id == title_id)
        if before is not None:
            query = query.having(began < before)
        names = self.names()
        found = []
        with self._database.read() as session:
            for account_id, session_id, _ in session.execute(query.order_by(began.desc()).limit(limit)).all():
                where = (Quality.account_id == account_id, Quality.session_id == session_id)
                found.append(_joined(session.scalars(select(Quality).where(*where)).all(), names))
        return found

    def session(self, account_id: str, session_id: str) -> tuple[PlayedSession, Sequence[TelemetryEvent], str]:
        """One playback, its events in order, and the e-mail address of its account. Raises LookupError."""
        names = self.names()
        parts = select(Quality).where(Quality.account_id == account_id, Quality.session_id == session_id)
        events = (
            select(TelemetryEvent)
            .where(TelemetryEvent.account_id == account_id, TelemetryEvent.session_id == session_id)
            .order_by(TelemetryEvent.at, TelemetryEvent.event_id)
            .limit(_MAX_EVENTS)
        )
        with self._database.read() as session:
            rows = session.scalars(parts).all()
            if not rows:
                raise LookupError(session_id)
            account = session.get_one(Account, account_id)
            return _joined(rows, names), session.scalars(events).all(), account.email


def _joined(rows: Sequence[Quality], names: Names) -> PlayedSession:
    first = min(rows, key=lambda row: row.started_at)
    whole = aggregate("", rows)
    return PlayedSession(
        account_id=first.account_id,
        session_id=first.session_id,
        started_at=first.started_at,
        title=names.titles.get(first.title_id, first.title_id),
        device=names.devices.get(first.device_id, first.device_id),
        app_version=first.app_version,
        pathways=tuple(sorted({row.pathway for row in rows if row.pathway})),
        startup_s=whole.startup_p50_s,
        played_s=whole.played_s,
        stalled_s=sum(row.stalled_s for row in rows),
        stalls=sum(row.stalls for row in rows),
        bitrate_bps=whole.bitrate_bps,
        errors=whole.errors,
    )
