"""What players report of their playbacks, each event once, and the quality that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, PlaySession, Quality, TelemetryEvent
from backend_stub.services.quality import CDNS_OF_A_SESSION, HOUR_S, MOST_COUNTED, QualityOf
from backend_stub.services.reports import MEMORY_S, Outcome
from backend_stub.services.steering import SteeringService

MAX_AGE_S = 7 * DAY_S  # players keep events no longer
SESSIONS_OF_AN_ACCOUNT = 200  # that may begin or go on within an hour


@dataclass(frozen=True, slots=True)
class PlayerEvent:
    """One event. Times and lengths are seconds, ``bits`` what was received; lengths count since the last event."""

    event_id: str
    session_id: str
    kind: Literal["start", "beat", "end", "error"]
    at: float
    title_id: str
    device_id: str
    pathway: str
    app_version: str
    startup_s: float | None
    played_s: float
    stalled_s: float
    stalls: int
    bits: float
    error: str | None
    height: int | None = None  # of the picture at that moment
    buffer_s: float | None = None  # media in hand at that moment


class TelemetryIntake:
    def __init__(self, database: Database, clock: Clock, steering: SteeringService) -> None:
        self._database = database
        self._clock = clock
        self._steering = steering

    def take(self, account_id: str, events: Sequence[PlayerEvent]) -> list[str]:
        """Count each event once, however often it is sent, and return the ids that need not be sent again.

        Events that are older than :data:`MAX_AGE_S` do not count. Neither does a new session of an account that
        already reported :data:`SESSIONS_OF_AN_ACCOUNT` within the hour.
        """
        now = self._clock.now()
        fresh = []
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # one report of an account after the other
            sessions = _Sessions(session, account_id, now)
            for event in events:
                if event.at < now - MAX_AGE_S or not sessions.admits(event.session_id):
                    continue
                if session.get(TelemetryEvent, (account_id, event.event_id)) is None:
                    session.add(_row(account_id, event, now))
                    _add(session, account_id, event, now)
                    session.flush()
                    fresh.append(event)
            given = _given(session, account_id, now) if fresh else set()
        recent = [
            event for event in fresh if event.at >= now - MEMORY_S and (event.title_id, event.device_id) in given
        ]
        recent.sort(key=lambda event: event.at)
        self._steering.report([Outcome(event.pathway, event.kind == "error", account_id) for event in recent])
        return [event.event_id for event in events]


class _Sessions:
    """Which sessions of an account are counted: the known ones, and a limited number of new ones."""

    def __init__(self, session: Session, account_id: str, now: float) -> None:
        self._session = session
        self._account_id = account_id
        self._now = now
        self._admitted = dict[str, bool]()
        self._recent: int | None = None  # how many reported within the hour

    def admits(self, session_id: str) -> bool:
        if session_id not in self._admitted:
            known = (
                select(Quality.pathway)
                .where(Quality.account_id == self._account_id, Quality.session_id == session_id)
                .limit(1)
            )
            self._admitted[session_id] = self._session.scalar(known) is not None or self._has_room()
        return self._admitted[session_id]

    def _has_room(self) -> bool:
        if self._recent is None:
            distinct = select(func.count(Quality.session_id.distinct()))
            recent = Quality.changed_at > self._now - HOUR_S
            self._recent = self._session.scalar(distinct.where(Quality.account_id == self._account_id, recent)) or 0
        self._recent += 1
        return self._recent <= SESSIONS_OF_AN_ACCOUNT


def _given(session: Session, account_id: str, now: float) -> set[tuple[str, str]]:
    """The titles that the account was given edges for lately, and on which devices. A play session gets all edges."""
    lately = or_(PlaySession.beat_at > now - MEMORY_S, PlaySession.created_at > now - MEMORY_S)
    query = select(PlaySession.title_id, PlaySession.device_id).where(PlaySession.account_id == account_id, lately)
    return {(title_id, device_id) for title_id, device_id in session.execute(query)}


def _row(account_id: str, event: PlayerEvent, now: float) -> TelemetryEvent:
    members = asdict(event)
    for name in ("title_id", "device_id", "app_version"):  # the session's, which has them once
        del members[name]
    return TelemetryEvent(account_id=account_id, received_at=now, **{**members, "at": min(event.at, now)})


def _add(session: Session, account_id: str, event: PlayerEvent, now: float) -> None:
    at, pathway = min(event.at, now), event.pathway
    row = session.get(Quality, (account_id, event.session_id, pathway))
    if row is None and pathway:
        known = select(func.count()).where(Quality.account_id == account_id, Quality.session_id == event.session_id)
        if (session.scalar(known) or 0) >= CDNS_OF_A_SESSION:
            pathway = ""
            row = session.get(Quality, (account_id, event.session_id, pathway))
    if row is None:
        row = Quality(account_id=account_id, session_id=event.session_id, pathway=pathway, started_at=at)
        row.title_id, row.device_id, row.app_version = event.title_id, event.device_id, event.app_version
        row.played_s = row.stalled_s = row.bits = 0.0
        row.stalls = row.errors = 0
        session.add(row)
    row.started_at = min(row.started_at, at)
    if event.kind == "start" and row.startup_s is None:
        row.startup_s = event.startup_s
    row.played_s += event.played_s
    row.stalled_s += event.stalled_s
    row.stalls = min(row.stalls + event.stalls, MOST_COUNTED)
    row.bits += event.bits
    row.errors = min(row.errors + (event.kind == "error"), MOST_COUNTED)
    row.changed_at = now


def quality_metrics(parts: Iterable[QualityOf]) -> Iterable[tuple[str, dict[str, str], float]]:
    """The numbers of aggregates by CDN as samples for Prometheus."""
    for part in parts:
        labels = {"pathway": part.name}
        yield "matinee_playbacks", labels, part.playbacks
        yield "matinee_playback_errors", labels, part.errors
        for name, value in (
            ("matinee_rebuffer_ratio", part.rebuffer_ratio),
            ("matinee_bitrate_bits_per_second", part.bitrate_bps),
        ):
            if value is not None:
                yield name, labels, value
        for share, startup_s in (("0.5", part.startup_p50_s), ("0.95", part.startup_p95_s)):
            if startup_s is not None:
                yield "matinee_startup_seconds", {**labels, "quantile": share}, startup_s
