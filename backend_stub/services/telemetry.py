"""What players report of their playbacks, each event once, and the quality that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Quality, TelemetryEvent
from backend_stub.services.quality import CDNS_OF_A_SESSION, MOST_COUNTED, QualityOf
from backend_stub.services.reports import MEMORY_S, Outcome
from backend_stub.services.steering import SteeringService


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
        """Count each event once, however often it is sent, and return the ids that need not be sent again."""
        now = self._clock.now()
        fresh = []
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # one report of an account after the other
            for event in events:
                if session.get(TelemetryEvent, (account_id, event.event_id)) is None:
                    session.add(_row(account_id, event, now))
                    _add(session, account_id, event, now)
                    session.flush()
                    fresh.append(event)
        recent = sorted((event for event in fresh if event.at >= now - MEMORY_S), key=lambda event: event.at)
        self._steering.report([Outcome(event.pathway, event.kind == "error", account_id) for event in recent])
        return [event.event_id for event in events]


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
