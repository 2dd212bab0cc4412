"""What players report of their playbacks, each event once, and the quality that comes of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Quality, TelemetryEvent
from backend_stub.services.steering import Steering

MAX_ROWS = 100_000
EVENTS_KEPT_S = 30 * 86400.0
QUALITY_KEPT_S = 90 * 86400.0
Group = Literal["title_id", "pathway", "device_id", "app_version"]


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


@dataclass(frozen=True, slots=True)
class QualityOf:
    """The quality of many playbacks. ``rebuffer_ratio`` is stalled time by played and stalled time; None where there
    is nothing to divide by."""

    name: str
    playbacks: int
    startup_p50_s: float | None
    startup_p95_s: float | None
    rebuffer_ratio: float | None
    bitrate_bps: float | None
    errors: int
    played_s: float


class Telemetry:
    def __init__(self, database: Database, clock: Clock, steering: Steering) -> None:
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
                    _add(session, account_id, event, min(event.at, now))
                    session.flush()
                    fresh.append(event)
        for event in fresh:
            if event.pathway:
                self._steering.report(event.pathway, failed=event.kind == "error")
        return [event.event_id for event in events]

    def forget_old(self) -> None:
        """Let go of what is too old to be asked for, or to be sent again: a client keeps an event for a week."""
        now = self._clock.now()
        with self._database.write() as session:
            session.execute(delete(TelemetryEvent).where(TelemetryEvent.received_at < now - EVENTS_KEPT_S))
            session.execute(delete(Quality).where(Quality.started_at < now - QUALITY_KEPT_S))

    def quality(self, since: float, group: Group | None = None) -> list[QualityOf]:
        """Aggregates of playbacks that began at ``since`` or later, one for all or one for each of ``group``.

        At most :data:`MAX_ROWS` playbacks, the newest, are looked at.
        """
        query = select(Quality).where(Quality.started_at >= since).order_by(Quality.started_at.desc())
        with self._database.read() as session:
            rows = session.scalars(query.limit(MAX_ROWS)).all()
        if group is None:
            return [aggregate("", rows)]
        parts: dict[str, list[Quality]] = {}
        for row in rows:
            parts.setdefault(getattr(row, group), []).append(row)
        return [aggregate(name, parts[name]) for name in sorted(parts)]


def aggregate(name: str, rows: Sequence[Quality]) -> QualityOf:
    startups = sorted(row.startup_s for row in rows if row.startup_s is not None)
    played, stalled = (math.fsum(row.played_s for row in rows), math.fsum(row.stalled_s for row in rows))
    return QualityOf(
        name=name,
        playbacks=len({(row.account_id, row.session_id) for row in rows}),
        startup_p50_s=percentile(startups, 0.5),
        startup_p95_s=percentile(startups, 0.95),
        rebuffer_ratio=stalled / (played + stalled) if played + stalled > 0 else None,
        bitrate_bps=math.fsum(row.bits for row in rows) / played if played > 0 else None,
        errors=sum(row.errors for row in rows),
        played_s=played,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of ascending values; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _row(account_id: str, event: PlayerEvent, now: float) -> TelemetryEvent:
    members = asdict(event)
    for name in ("title_id", "device_id", "app_version"):  # the session's, which has them once
        del members[name]
    return TelemetryEvent(account_id=account_id, received_at=now, **{**members, "at": min(event.at, now)})


def _add(session: Session, account_id: str, event: PlayerEvent, at: float) -> None:
    row = session.get(Quality, (account_id, event.session_id, event.pathway))
    if row is None:
        row = Quality(account_id=account_id, session_id=event.session_id, pathway=event.pathway, started_at=at)
        row.title_id, row.device_id, row.app_version = event.title_id, event.device_id, event.app_version
        row.played_s = row.stalled_s = row.bits = 0.0
        row.stalls = row.errors = 0
        session.add(row)
    row.started_at = min(row.started_at, at)
    if event.kind == "start" and row.startup_s is None:
        row.startup_s = event.startup_s
    row.played_s += event.played_s
    row.stalled_s += event.stalled_s
    row.stalls += event.stalls
    row.bits += event.bits
    row.errors += event.kind == "error"


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
