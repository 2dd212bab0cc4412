"""Heartbeats of edges: what each last told of its health and its load, and how good a choice it is for a viewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from backend_stub.clock import Clock
from backend_stub.db.database import Database, put
from backend_stub.db.models import EdgeBeat
from backend_stub.services.addresses import Edge

BEAT_S = 5.0
SILENT_S = 20.0  # an edge that was silent for so long is not relied upon: three heartbeats lost
FORGOTTEN_S = 60.0  # an edge of another machine that was silent for so long is no longer offered
_KEPT_S = 1.0  # what was asked of the database is known for so long
FULL_LOAD = 0.8  # from here on others are better, even from further away


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """What an edge tells of itself. ``load`` is 0 for idle and 1 for all it can do, ``countries`` (ISO 3166-1
    alpha-2) are those it stands near to, none for everywhere. One that is ``announced`` may be offered by other
    processes."""

    pathway: str
    base_url: str
    load: float = 0.0
    healthy: bool = True
    bits_per_s: float = 0.0
    countries: tuple[str, ...] = ()
    announced: bool = False


@dataclass(frozen=True, slots=True)
class EdgeHealth:
    """The last report of an edge, ``age_s`` seconds old."""

    report: EdgeReport
    age_s: float

    @property
    def usable(self) -> bool:
        return self.report.healthy and self.age_s < SILENT_S

    def distance(self, country: str | None) -> int:
        """0 near to the viewer, 1 for an edge for everywhere or a viewer from nobody knows where, 2 far away."""
        if not self.report.countries or country is None:
            return 1
        return 0 if country in self.report.countries else 2


class EdgeBeats:
    """Kept in the database, so that all processes of the service know the same. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: tuple[float, Sequence[EdgeBeat]] | None = None  # when it was asked for, and what was known
        self._own: set[str] = set()

    def claim(self, names: Iterable[str], base_url: str) -> str:
        """The first of these names that no other living edge has: it is this process's from now on, until
        :meth:`leave`. An edge that begins again at its old address takes its old name."""
        for name in names:
            now = self._clock.now()
            try:
                with self._database.write() as session:
                    row = session.get(EdgeBeat, name, with_for_update=True)
                    if row is not None and row.base_url != base_url and now - row.beat_at < FORGOTTEN_S:
                        continue
                    first = EdgeReport(name, base_url, announced=True)
                    session.merge(_row(first, now))
            except IntegrityError:  # another process was a moment faster
                continue
            self._own.add(name)
            self._known = None
            return name
        raise RuntimeError("there are more edges than names")

    def leave(self) -> None:
        """The edges of this process are no more."""
        with self._database.write() as session:
            session.execute(delete(EdgeBeat).where(EdgeBeat.pathway.in_(self._own)))
        self._own.clear()

    def beat(self, report: EdgeReport) -> None:
        """Take the report of an edge in place of the one before."""
        with self._database.write() as session:
            put(session, _row(report, self._clock.now()))
        self._known = None

    def latest(self) -> Mapping[str, EdgeHealth]:
        """What is known of each edge that ever told of itself, by pathway; of other processes' a second late."""
        now, asked_at = self._clock.now(), self._clock.monotonic()
        known = self._known
        if known is None or asked_at - known[0] >= _KEPT_S:
            with self._database.read() as session:
                known = asked_at, session.scalars(select(EdgeBeat)).all()
            self._known = known
        return {row.pathway: EdgeHealth(_report(row), max(0.0, now - row.beat_at)) for row in known[1]}

    def announced(self) -> list[Edge]:
        """The edges of other processes that told of themselves of late, by their names."""
        lively = (
            one.report for name, one in self.latest().items() if one.age_s < FORGOTTEN_S and name not in self._own
        )
        return sorted((Edge(one.pathway, one.base_url) for one in lively if one.announced), key=_pathway_of)


def _pathway_of(edge: Edge) -> str:
    return edge.pathway


def _row(report: EdgeReport, now: float) -> EdgeBeat:
    return EdgeBeat(
        pathway=report.pathway,
        base_url=report.base_url,
        countries=list(report.countries),
        beat_at=now,
        load=report.load,
        healthy=report.healthy,
        bits_per_s=report.bits_per_s,
        announced=report.announced,
    )


def _report(row: EdgeBeat) -> EdgeReport:
    countries = tuple(row.countries)
    return EdgeReport(
        row.pathway, row.base_url, row.load, row.healthy, row.bits_per_s, countries, announced=row.announced
    )
