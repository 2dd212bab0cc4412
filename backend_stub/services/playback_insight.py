"""What the operator's pages show of playbacks: quality over time, sessions, and what one session went through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, and_, cast, exists, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import Place, page
from backend_stub.db.models import (
    Account,
    AuditEntry,
    Device,
    Job,
    Payment,
    Quality,
    QualityHour,
    TelemetryEvent,
    Title,
)
from backend_stub.services.quality import HOUR_S, QualityOf, QualitySums, aggregate

#: What is counted by the day for the operator's pages: each by an index.
COUNTED: dict[str, InstrumentedAttribute[Any]] = {
    "sessions": Quality.started_at,
    "accounts": Account.created_at,
    "devices": Device.last_seen_at,
    "titles": Title.published_at,
    "jobs": Job.created_at,
    "payments": Payment.created_at,
    "audit": AuditEntry.at,
}
_DAYS = 30
_MAX_EVENTS = 5000
_MAX_ROWS = 20_000
_HOURS, _PATHWAYS = 24, 4  # of the plots by CDN


@dataclass(frozen=True, slots=True)
class QualityInterval:
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

    @property
    def place(self) -> Place:
        return Place(self.started_at, self.account_id + self.session_id)


@dataclass(frozen=True, slots=True)
class Names:
    """Titles and devices by their ids."""

    titles: dict[str, str]
    devices: dict[str, str]


class Insight:
    def __init__(self, database: Database, clock: Clock, sums: QualitySums) -> None:
        self._database = database
        self._clock = clock
        self._sums = sums

    def over_time(self, hours: float, parts: int) -> list[QualityInterval]:
        """The last ``hours`` in ``parts`` equal lengths, the oldest first."""
        now = self._clock.now()
        since, length_s = now - hours * 3600, hours * 3600 / parts
        if length_s >= HOUR_S:
            found = self._sums.over_time(since, length_s, parts)
            return [QualityInterval(since + n * length_s, length_s, one) for n, one in enumerate(found)]
        query = (
            select(Quality).where(Quality.started_at >= since).order_by(Quality.started_at.desc()).limit(_MAX_ROWS)
        )
        buckets: list[list[Quality]] = [[] for _ in range(parts)]
        with self._database.read() as session:
            for row in session.scalars(query):
                buckets[min(int((row.started_at - since) / length_s), parts - 1)].append(row)
        return [
            QualityInterval(since + n * length_s, length_s, aggregate("", rows)) for n, rows in enumerate(buckets)
        ]

    def pathways_over_time(self) -> dict[str, list[QualityInterval]]:
        """The last day by the hour of each of the CDNs that were used most, by name."""
        now = self._clock.now()
        found = self._sums.split_over_time(now - DAY_S, HOUR_S, _HOURS, "pathway", _PATHWAYS)
        return {
            name: [QualityInterval(now - (_HOURS - n) * HOUR_S, HOUR_S, one) for n, one in enumerate(parts)]
            for name, parts in found.items()
        }

    def names(self, title_ids: Collection[str] = (), device_ids: Collection[str] = ()) -> Names:
        """The names of these, as far as they have some."""
        with self._database.read() as session:
            return _names(session, title_ids, device_ids)

    def titles(
        self, *, after: tuple[str, str] | None = None, text: str = "", limit: int = 50
    ) -> Sequence[tuple[str, str]]:
        """The ids and names of titles by name; with ``text`` in it. They go on behind ``after``, an id and a name, of
        which there need be no title any more."""
        query = select(Title.id, Title.title).order_by(Title.title, Title.id).limit(limit)
        if text:
            query = query.where(or_(Title.title.icontains(text, autoescape=True), Title.id == text))
        if after is not None:
            last_id, last_title = after
            query = query.where(or_(Title.title > last_title, and_(Title.title == last_title, Title.id > last_id)))
        with self._database.read() as session:
            return [(title_id, name) for title_id, name in session.execute(query)]

    def by_day(self, what: str) -> list[tuple[int, int]]:
        """How many of :data:`COUNTED` there were on each of the last thirty days: days counted from 1970 (UTC)."""
        today = int(self._clock.now() // DAY_S)
        at = COUNTED[what]
        day = cast(func.floor(at / DAY_S), Integer)
        with self._database.read() as session:
            if what == "sessions":  # there are sums of these
                rows = session.execute(
                    select(QualityHour.hour, QualityHour.playbacks).where(
                        QualityHour.part == "all", QualityHour.hour >= (today - _DAYS + 1) * 24
                    )
                ).all()
                found = Counter[int]()
                for hour, playbacks in rows:
                    found[hour // 24] += playbacks
            else:
                since = (today - _DAYS + 1) * DAY_S
                query = select(day, func.count()).where(at >= since).group_by(day)
                found = Counter({int(one): count for one, count in session.execute(query)})
        return [(one, found[one]) for one in range(today - _DAYS + 1, today + 1)]

    def sessions(
        self, *, before: Place | None = None, limit: int = 50, title_id: str = "", email: str = ""
    ) -> list[PlayedSession]:
        """Playbacks, the newest first, from a place of that list on; of one title or account where one is named."""
        earlier = aliased(Quality)
        of_the_same = earlier.account_id == Quality.account_id, earlier.session_id == Quality.session_id
        went_before = tuple_(earlier.started_at, earlier.pathway) < tuple_(Quality.started_at, Quality.pathway)
        query = select(Quality).where(~exists().where(*of_the_same, went_before))
        if title_id:
            query = query.where(Quality.title_id == title_id)
        if email:
            query = query.where(
                Quality.account_id == select(Account.id).where(Account.email == email.lower()).scalar_subquery()
            )
        query = page(query, Quality.started_at, Quality.account_id.concat(Quality.session_id), before, limit)
        with self._database.snapshot() as session:  # the parts of a playback may go meanwhile
            parts: dict[tuple[str, str], list[Quality]] = {
                (row.account_id, row.session_id): [] for row in session.scalars(query)
            }
            for row in session.scalars(
                select(Quality).where(tuple_(Quality.account_id, Quality.session_id).in_(list(parts)))
            ):
                parts[row.account_id, row.session_id].append(row)
            shown = [row for rows in parts.values() for row in rows]
            names = _names(session, {row.title_id for row in shown}, {row.device_id for row in shown})
        return [_joined(rows, names) for rows in parts.values()]

    def session(self, account_id: str, session_id: str) -> tuple[PlayedSession, Sequence[TelemetryEvent], str]:
        """One playback, its events in order, and the e-mail address of its account. Raises LookupError."""
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
            names = _names(session, {row.title_id for row in rows}, {row.device_id for row in rows})
            return _joined(rows, names), session.scalars(events).all(), account.email


def _names(session: Session, title_ids: Collection[str], device_ids: Collection[str]) -> Names:
    titles = select(Title.id, Title.title).where(Title.id.in_(title_ids))
    devices = select(Device.id, Device.name).where(Device.id.in_(device_ids))
    return Names(
        {row.id: row.title for row in session.execute(titles)}, {row.id: row.name for row in session.execute(devices)}
    )


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
