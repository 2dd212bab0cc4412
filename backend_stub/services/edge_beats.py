"""Heartbeats of edges: what each last told of its health and its load, and how good a choice it is for a viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
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
    alpha-2) are those it stands near to, none for everywhere. One that is ``announced`` runs elsewhere."""

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

    def beat(self, report: EdgeReport) -> None:
        """Take the report of an edge in place of the one before."""
        row = EdgeBeat(
            pathway=report.pathway,
            base_url=report.base_url,
            countries=list(report.countries),
            beat_at=self._clock.now(),
            load=report.load,
            healthy=report.healthy,
            bits_per_s=report.bits_per_s,
            announced=report.announced,
        )
        with self._database.write() as session:
            session.merge(row)
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
        """The edges on other machines that told of themselves of late, by their names."""
        lively = (one.report for one in self.latest().values() if one.age_s < FORGOTTEN_S)
        return sorted((Edge(one.pathway, one.base_url) for one in lively if one.announced), key=_pathway_of)


def _pathway_of(edge: Edge) -> str:
    return edge.pathway


def _report(row: EdgeBeat) -> EdgeReport:
    countries = tuple(row.countries)
    return EdgeReport(
        row.pathway, row.base_url, row.load, row.healthy, row.bits_per_s, countries, announced=row.announced
    )
