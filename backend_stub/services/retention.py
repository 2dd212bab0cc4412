"""How long the service keeps what viewers did: a task that lets go of the rest, a little at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from backend_stub.clock import DAY_S, Clock
from backend_stub.db.database import Database
from backend_stub.db.models import (
    AuditEntry,
    DeviceChallenge,
    DeviceCommand,
    DeviceGrant,
    IssuedLicence,
    MailCode,
    PlaySession,
    ProgressEvent,
    Quality,
    QualityHour,
    RefreshToken,
    TelemetryEvent,
)
from backend_stub.services.quality import HOUR_S

_AT_ONCE = 2000  # rows in one transaction: nobody waits long for it


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows go ``kept_s`` seconds after the moment in ``at``, which counts units of ``unit_s`` seconds; ``key`` is
    their primary key."""

    key: tuple[InstrumentedAttribute[Any], ...]
    at: InstrumentedAttribute[float] | InstrumentedAttribute[float | None] | InstrumentedAttribute[int]
    kept_s: float
    only: ColumnElement[bool] | None = None
    unit_s: float = 1.0


#: docs/backend.md states these.
KEPT = (
    Kept((PlaySession.id,), PlaySession.expires_at, 30 * DAY_S),
    Kept((IssuedLicence.id,), IssuedLicence.expires_at, 30 * DAY_S, IssuedLicence.kind == "streaming"),
    Kept((RefreshToken.token_hash,), RefreshToken.expires_at, 7 * DAY_S),
    Kept((DeviceGrant.code_hash,), DeviceGrant.expires_at, DAY_S),
    Kept((DeviceChallenge.challenge,), DeviceChallenge.expires_at, DAY_S),
    Kept((DeviceCommand.id,), DeviceCommand.finished_at, 30 * DAY_S),  # with the pictures and logs of screens
    Kept((MailCode.email, MailCode.purpose), MailCode.expires_at, DAY_S),
    Kept((ProgressEvent.account_id, ProgressEvent.event_id), ProgressEvent.received_at, 30 * DAY_S),
    Kept((TelemetryEvent.account_id, TelemetryEvent.event_id), TelemetryEvent.received_at, 30 * DAY_S),
    Kept((Quality.account_id, Quality.session_id, Quality.pathway), Quality.started_at, 90 * DAY_S),
    Kept((QualityHour.hour, QualityHour.part, QualityHour.name), QualityHour.hour, 90 * DAY_S, unit_s=HOUR_S),
    Kept((AuditEntry.id,), AuditEntry.at, 365 * DAY_S),
)


class Retention:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def let_go(self) -> int:
        """Delete what is too old; how many rows that were."""
        now, gone = self._clock.now(), 0
        for kept in KEPT:
            old = kept.at < math.floor((now - kept.kept_s) / kept.unit_s)
            if kept.only is not None:
                old = and_(old, kept.only)
            while (deleted := self._delete(kept, old)) > 0:
                gone += deleted
                if deleted < _AT_ONCE:
                    break
        return gone

    def _delete(self, kept: Kept, old: ColumnElement[bool]) -> int:
        with self._database.write() as session:
            keys = session.execute(select(*kept.key).where(old).limit(_AT_ONCE)).all()
            key = kept.key[0] if len(kept.key) == 1 else tuple_(*kept.key)
            wanted = [row[0] if len(kept.key) == 1 else tuple(row) for row in keys]
            session.execute(delete(kept.key[0].class_).where(key.in_(wanted)))
        return len(keys)
