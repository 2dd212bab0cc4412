"""The quality of playbacks, summed up by the hour: what is asked at size is answered from these sums.

Hours are summed up again when a playback that began in them changed: each minute, and before they are asked for
where they have few playbacks. Nothing is added to a sum, so that doing it twice, or by two processes at once,
changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Device, EdgeBeat, Quality, QualityHour, Title
from backend_stub.services.operator_settings import Settled

HOUR_S = 3600.0
MOST_COUNTED = 2**31 - 1  # what a column of PostgreSQL holds; what is more counts as this
NAMES_OF_AN_ACCOUNT = 20  # in an hour, of titles, devices, CDNs or versions that the service does not know
OTHER = "other"  # stands for the rest of them
_ASKED_AT_ONCE = 500
CDNS_OF_A_SESSION = 4  # that are told apart; what is told of more counts for none
Group = Literal["title_id", "pathway", "device_id", "app_version"]
_ALL: Literal["all"] = "all"
_PARTS = (_ALL, "title_id", "pathway", "device_id", "app_version")
_MARK = "quality.summed_until"
_OVERLAP_S = 120.0  # a transaction may commit so long after the moment that it wrote
_MARK_EVERY_S = 60.0
_AT_ONCE = 3  # hours that may be summed up while somebody waits
_SMALL = 2000  # playbacks of an hour that is summed up while somebody waits
_STARTUPS = 200  # of an hour and name: all, or as many that stand for all
_COLUMNS = (
    Quality.account_id,
    Quality.session_id,
    Quality.title_id,
    Quality.pathway,
    Quality.device_id,
    Quality.app_version,
    Quality.startup_s,
    Quality.played_s,
    Quality.stalled_s,
    Quality.bits,
    Quality.errors,
    Quality.started_at,
)

_Changes = tuple[int, int]  # how many playbacks changed, and the sum of the moments in ms


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


class QualitySums:
    """``settled`` keeps until when all changes are in the sums."""

    def __init__(self, database: Database, clock: Clock, settled: Settled) -> None:
        self._database = database
        self._clock = clock
        self._settled = settled
        self._summed: dict[int, _Changes] = {}  # what the sums of an hour were made of

    def sum_up(self, *, quickly: bool = False) -> None:
        """Sum up the hours in which something changed since the last time. ``quickly``, for somebody who waits: only
        the newest ones, and none with so many playbacks that it takes long."""
        now = self._clock.now()
        mark = float(self._settled.get(_MARK) or 0.0)
        with self._database.read() as session:
            changed = _changed_hours(session, mark - _OVERLAP_S)
            hours = [hour for hour in sorted(changed, reverse=True) if self._summed.get(hour) != changed[hour]]
            wanted = [hour for hour in hours[:_AT_ONCE] if _is_small(session, hour)] if quickly else hours
        for hour in wanted:
            with suppress(IntegrityError):  # or another process does so at this moment
                with self._database.write() as session:
                    _sum_hour(session, hour)
                self._summed[hour] = changed[hour]
        if len(wanted) == len(hours) and now - mark > _MARK_EVERY_S:
            self._settled.put(_MARK, now)
            self._summed = {hour: changes for hour, changes in self._summed.items() if hour in changed}

    def of(self, since: float, group: Group | None = None, names: Sequence[str] | None = None) -> list[QualityOf]:
        """Aggregates of playbacks that began in the hour of ``since`` or later, one for all or one for each of
        ``group``, by name; of ``names`` alone where they are given."""
        self.sum_up(quickly=True)
        query = select(QualityHour).where(QualityHour.part == (group or _ALL), QualityHour.hour >= _hour(since))
        if names is not None:
            query = query.where(QualityHour.name.in_(names))
        parts: dict[str, list[QualityHour]] = {} if group else {"": []}
        with self._database.read() as session:
            for row in session.scalars(query):
                parts.setdefault(row.name, []).append(row)
        return [_of_hours(name, parts[name]) for name in sorted(parts)]

    def most(self, since: float, group: Group, limit: int) -> list[QualityOf]:
        """The aggregates of those with the most playbacks, the most first: the database picks them."""
        self.sum_up(quickly=True)
        rows = QualityHour.part == group, QualityHour.hour >= _hour(since)
        order = func.sum(QualityHour.playbacks).desc(), QualityHour.name
        query = select(QualityHour.name).where(*rows).group_by(QualityHour.name).order_by(*order).limit(limit)
        with self._database.read() as session:
            names = session.scalars(query).all()
        found = {one.name: one for one in self.of(since, group, names)}
        return [found[name] for name in names if name in found]

    def over_time(self, since: float, length_s: float, parts: int) -> list[QualityOf]:
        """Of all playbacks in ``parts`` lengths of time from ``since`` on, of an hour or more each."""
        return next(iter(self.split_over_time(since, length_s, parts, _ALL).values()), [_of_hours("", [])] * parts)

    def split_over_time(
        self, since: float, length_s: float, parts: int, group: Group | Literal["all"], most: int = 1
    ) -> dict[str, list[QualityOf]]:
        """The same for each of those ``most`` of ``group`` that have the most playbacks, by name."""
        self.sum_up(quickly=True)
        rows = QualityHour.part == group, QualityHour.hour >= _hour(since)
        order = func.sum(QualityHour.playbacks).desc(), QualityHour.name
        largest = select(QualityHour.name).where(*rows).group_by(QualityHour.name).order_by(*order).limit(most)
        found: dict[str, list[list[QualityHour]]] = {}
        with self._database.read() as session:
            names = session.scalars(largest).all()
            for row in session.scalars(select(QualityHour).where(*rows, QualityHour.name.in_(names))):
                place = int(((row.hour + 1) * HOUR_S - 1 - since) / length_s)
                buckets = found.setdefault(row.name, [[] for _ in range(parts)])
                buckets[min(max(place, 0), parts - 1)].append(row)
        return {name: [_of_hours(name, hours) for hours in found[name]] for name in sorted(found)}


def aggregate(name: str, rows: Sequence[Quality]) -> QualityOf:
    """The quality of playbacks, by what each met on each CDN."""
    return _quality(
        name,
        len({(row.account_id, row.session_id) for row in rows}),
        [row.startup_s for row in rows if row.startup_s is not None],
        math.fsum(row.played_s for row in rows),
        math.fsum(row.stalled_s for row in rows),
        math.fsum(row.bits for row in rows),
        sum(row.errors for row in rows),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of ascending values; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _of_hours(name: str, rows: Sequence[QualityHour]) -> QualityOf:
    return _quality(
        name,
        sum(row.playbacks for row in rows),
        [startup_s for row in rows for startup_s in row.startups],
        math.fsum(row.played_s for row in rows),
        math.fsum(row.stalled_s for row in rows),
        math.fsum(row.bits for row in rows),
        sum(row.errors for row in rows),
    )


def _quality(
    name: str, playbacks: int, startups: list[float], played: float, stalled: float, bits: float, errors: int
) -> QualityOf:
    startups.sort()
    return QualityOf(
        name=name,
        playbacks=playbacks,
        startup_p50_s=percentile(startups, 0.5),
        startup_p95_s=percentile(startups, 0.95),
        rebuffer_ratio=stalled / (played + stalled) if played + stalled > 0 else None,
        bitrate_bps=bits / played if played > 0 else None,
        errors=errors,
        played_s=played,
    )


def _changed_hours(session: Session, since: float) -> dict[int, _Changes]:
    """The hours of playbacks that changed since then. A playback that changes again has a later moment."""
    hour = cast(func.floor(Quality.started_at / HOUR_S), Integer)
    moments = func.sum(cast(Quality.changed_at * 1000, BigInteger))
    query = select(hour, func.count(), moments).where(Quality.changed_at > since).group_by(hour)
    return {found: (count, int(sum_ms)) for found, count, sum_ms in session.execute(query)}


def _is_small(session: Session, hour: int) -> bool:
    query = select(Quality.session_id).where(*_begins(hour)).limit(_SMALL + 1)
    return (session.scalar(select(func.count()).select_from(query.subquery())) or 0) <= _SMALL


def _begins(hour: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Quality.started_at >= hour * HOUR_S, Quality.started_at < (hour + 1) * HOUR_S


def _sum_hour(session: Session, hour: int) -> None:
    order = Quality.started_at, Quality.account_id, Quality.session_id, Quality.pathway
    rows: Sequence[Any] = session.execute(select(*_COLUMNS).where(*_begins(hour)).order_by(*order)).all()
    session.execute(delete(QualityHour).where(QualityHour.hour == hour))
    made = [_hour_of(hour, part, name, found) for part in _PARTS for name, found in _split(session, rows, part)]
    if made:
        session.execute(insert(QualityHour), made)


def _split(session: Session, rows: Sequence[Any], part: str) -> Iterable[tuple[str, list[Any]]]:
    if part == _ALL:
        return [("", list(rows))] if rows else []
    beyond = _beyond(session, rows, part)
    parts: dict[str, list[Any]] = {}
    for row in rows:
        name = getattr(row, part)
        parts.setdefault(OTHER if (row.account_id, name) in beyond else name, []).append(row)
    return parts.items()


def _beyond(session: Session, rows: Sequence[Any], part: str) -> set[tuple[str, str]]:
    """The names that are too many: what an account calls what the service does not know, but for the first ones."""
    named: dict[str, dict[str, None]] = {}
    for row in rows:
        named.setdefault(row.account_id, {})[getattr(row, part)] = None
    beyond = set[tuple[str, str]]()
    for account_id, names in named.items():
        if len(names) > NAMES_OF_AN_ACCOUNT:
            known = _known(session, part, account_id, list(names))
            unknown = [name for name in names if name not in known]
            beyond |= {(account_id, name) for name in unknown[NAMES_OF_AN_ACCOUNT:]}
    return beyond


def _known(session: Session, part: str, account_id: str, names: Sequence[str]) -> set[str]:
    """The titles, the account's devices and the edges that there are, of ``names``; of versions nothing is known."""
    by_id = {
        "title_id": select(Title.id),
        "device_id": select(Device.id).where(Device.account_id == account_id),
        "pathway": select(EdgeBeat.pathway),
    }
    found = set[str]()
    for start in range(0, len(names) if part in by_id else 0, _ASKED_AT_ONCE):
        query = by_id[part]
        column = query.selected_columns[0]
        found |= set(session.scalars(query.where(column.in_(names[start : start + _ASKED_AT_ONCE]))))
    return found


def _hour_of(hour: int, part: str, name: str, rows: Sequence[Any]) -> dict[str, Any]:
    startups = sorted(row.startup_s for row in rows if row.startup_s is not None)
    every = max(1, math.ceil(len(startups) / _STARTUPS))
    return {
        "hour": hour,
        "part": part,
        "name": name,
        "playbacks": len({(row.account_id, row.session_id) for row in rows}),
        "startups": startups[every // 2 :: every],
        "played_s": math.fsum(row.played_s for row in rows),
        "stalled_s": math.fsum(row.stalled_s for row in rows),
        "bits": math.fsum(row.bits for row in rows),
        "errors": min(sum(row.errors for row in rows), MOST_COUNTED),
    }


def _hour(at: float) -> int:
    return math.floor(at / HOUR_S)
