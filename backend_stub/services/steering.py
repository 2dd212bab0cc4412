"""Content steering: which CDN a playback should use, for HLS and DASH alike.

Healthy edges come first: those that do not fail for many players and whose own heartbeats are good. Among these,
edges with room come before full ones. Then come the edges that the operator's rules name for the viewer, then the
nearest, then the edges' own order. With weights from the operator, each playback has an order of its own by its
session's id, so that the weights divide the viewers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from backend_stub.clock import Clock
from backend_stub.problems import ProblemError
from backend_stub.services.addresses import Edge
from backend_stub.services.edge_beats import FULL_LOAD, EdgeHealth
from backend_stub.services.operator_settings import Settled, SettledInMemory
from backend_stub.services.reports import Outcome, Reports, ReportsInMemory
from backend_stub.services.steering_rules import (
    ANYBODY,
    Audience,
    SteeringRule,
    preferred,
    read_rule,
    rule_document,
    uniform,
)
from backend_stub.signing import EdgeGrant, UrlSigner

TTL_S = 30
_FAILING_SHARE = 0.5  # of those who report on an edge: it serves most of them else
_MIN_REPORTS = 4  # of as many accounts
_PLAYING_SHARE = 0.05  # of all that play now: so many must report a failure
_WEIGHTS, _RULES = "steering.weights", "steering.rules"


@dataclass(frozen=True, slots=True)
class PathwayState:
    """What is known of one edge; ``weight`` 0 takes it out of the rotation. ``health`` is None for one that never
    told of itself, which is relied upon all the same. ``believed`` says whether players may call it failing."""

    pathway: str
    weight: float
    reports: int
    failures: int
    health: EdgeHealth | None = None
    believed: bool = True

    @property
    def silent(self) -> bool:
        """By what the edge itself does not say."""
        return self.health is not None and not self.health.usable

    @property
    def blamed(self) -> float:
        """The share of those who report that met a failure; 0 while these are few."""
        share = self.failures / self.reports if self.reports >= _MIN_REPORTS else 0.0
        return share if share > _FAILING_SHARE else 0.0

    @property
    def failing(self) -> bool:
        return self.silent or (self.believed and self.blamed > 0)

    @property
    def full(self) -> bool:
        return self.health is not None and self.health.report.load >= FULL_LOAD

    def distance(self, country: str | None) -> int:
        return self.health.distance(country) if self.health is not None else 1


class SteeringService:
    """Thread-safe. ``edges`` answers with the edges that live, ``health`` with what each told of itself; ``settled``
    keeps the operator's weights and rules, ``reports`` what players met; ``playing`` counts who plays now."""

    def __init__(
        self,
        signer: UrlSigner,
        clock: Clock,
        edges: Callable[[], Sequence[Edge]],
        health: Callable[[], Mapping[str, EdgeHealth]] = dict,
        settled: Settled | None = None,
        reports: Reports | None = None,
        playing: Callable[[], int] = lambda: 0,
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._edges = edges
        self._health = health
        self._settled = settled or SettledInMemory()
        self._reports = reports or ReportsInMemory()
        self._playing = playing

    def token(self, grant: EdgeGrant) -> str:
        """What the steering address carries, for players that send no headers of their own."""
        return self._signer.sign(grant)

    def check(self, session_id: str, token: str) -> EdgeGrant:
        """Raises :class:`ProblemError` 403 ``bad_signature`` for a token that is not the session's or has expired."""
        grant = self._signer.verify(token, self._clock.now())
        if grant is None or grant.session_id != session_id:
            raise ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
        return grant

    def order(self, session_id: str, audience: Audience = ANYBODY) -> list[str]:
        """The pathways for a session, the best first."""
        return [edge.pathway for edge in self.edges_for(session_id, audience)]

    def edges_for(self, session_id: str, audience: Audience = ANYBODY) -> list[Edge]:
        """The edges that live, the best for this session first."""
        edges = {edge.pathway: edge for edge in self._edges()}
        wanted = preferred(self.rules(), audience, session_id)
        ranked = rank(
            self.states(), session_id, shared=bool(self._weights()), country=audience.country, preferred=wanted
        )
        return [edges[state.pathway] for state in ranked if state.pathway in edges]

    def rules(self) -> tuple[SteeringRule, ...]:
        return tuple(read_rule(rule) for rule in self._settled.get(_RULES) or ())

    def set_rules(self, rules: Sequence[SteeringRule]) -> None:
        """The first that applies counts.

        Raises :class:`ProblemError` 422 ``bad_rules`` for two of one name and for edges that there are not.
        """
        known = {edge.pathway for edge in self._edges()}
        names: set[str] = set()
        for rule in rules:
            unknown = [pathway for pathway in rule.pathways if pathway not in known]
            if unknown:
                raise ProblemError(422, "bad_rules", f"The rule {rule.name} names {unknown[0]}, which is no edge.")
            if rule.name in names or len(set(rule.pathways)) < len(rule.pathways):
                raise ProblemError(422, "bad_rules", f"The rule {rule.name} is there twice, or names an edge twice.")
            names.add(rule.name)
        self._settled.put(_RULES, [rule_document(rule) for rule in rules])

    def set_weights(self, weights: dict[str, float]) -> None:
        """Weights by pathway; an edge that is not named has 1."""
        self._settled.put(_WEIGHTS, dict(weights))

    def _weights(self) -> Mapping[str, float]:
        return self._settled.get(_WEIGHTS) or {}

    def report(self, outcomes: Sequence[Outcome]) -> None:
        """What players met on edges; of what is no edge nothing is kept."""
        edges = {edge.pathway for edge in self._edges()}
        known = [one for one in outcomes if one.pathway in edges]
        if known:
            self._reports.add(known, self._clock.now())

    def states(self) -> list[PathwayState]:
        """Players take no edge away that is the last good one, nor few of them any: accounts are free."""
        health, weights, edges = self._health(), self._weights(), [edge.pathway for edge in self._edges()]
        counts = self._reports.counts(edges, self._clock.now())
        states = [
            PathwayState(pathway, weights.get(pathway, 1.0), *counts[pathway], health.get(pathway))
            for pathway in dict.fromkeys(edges)
        ]
        if not any(state.blamed for state in states):
            return states
        enough = _PLAYING_SHARE * self._playing()
        good = (state for state in states if state.weight > 0 and not state.silent)
        last = min(good, key=lambda state: state.blamed, default=None)
        return [replace(state, believed=state is not last and state.failures >= enough) for state in states]


def rank(
    states: Sequence[PathwayState],
    session_id: str,
    *,
    shared: bool,
    country: str | None = None,
    preferred: Sequence[str] = (),
) -> list[PathwayState]:
    """Weight 0 goes last, failing ones before it, full ones before those: nothing is left out, for it may be all that
    remains. Then come the ``preferred``, as they stand there, and the nearest to ``country``. Among equals the order
    stays; ``shared`` by weights, each session has an order of its own (rendezvous hashing)."""

    def place(state: PathwayState) -> tuple[bool, bool, bool, int, int, float]:
        wish = preferred.index(state.pathway) if state.pathway in preferred else len(preferred)
        draw = -_draw(session_id, state) if shared else 0.0
        return state.weight <= 0, state.failing, state.full, wish, state.distance(country), draw

    return sorted(states, key=place)


def _draw(session_id: str, state: PathwayState) -> float:
    """A number for the pair, larger for larger weights: ``u ** (1 / weight)`` picks each in proportion to it."""
    drawn = uniform(f"{session_id}\n{state.pathway}")
    return float(drawn ** (1 / state.weight)) if state.weight > 0 else 0.0
