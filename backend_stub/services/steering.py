"""Content steering: which CDN a playback should use, for HLS and DASH alike.

The order is that of the edges, unless the operator gives them weights: then each playback has an order of its own by
its session's id, so that weights share viewers out. An edge that fails for many, as their players report, goes last.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend_stub.clock import Clock
from backend_stub.problems import ProblemError
from backend_stub.services.addresses import Edge
from backend_stub.signing import Grant, UrlSigner

TTL_S = 30
_FAILING_SHARE = 0.25  # of what was reported on an edge
_MIN_REPORTS = 4
_MEMORY_S = 300.0


@dataclass(frozen=True, slots=True)
class PathwayState:
    """What is known of one edge; ``weight`` 0 takes it out of the rotation."""

    pathway: str
    weight: float
    reports: int
    failures: int

    @property
    def failing(self) -> bool:
        return self.reports >= _MIN_REPORTS and self.failures > _FAILING_SHARE * self.reports


class Steering:
    """Thread-safe. ``edges`` answers with the edges that live."""

    def __init__(self, signer: UrlSigner, clock: Clock, edges: Callable[[], Sequence[Edge]]) -> None:
        self._signer = signer
        self._clock = clock
        self._edges = edges
        self._weights: dict[str, float] = {}
        self._reports: dict[str, list[tuple[float, bool]]] = {}
        self._lock = threading.Lock()

    def token(self, session_id: str, title_id: str, expires_at: float) -> str:
        """What the steering address carries, for players that send no headers of their own."""
        return self._signer.sign(Grant(title_id, session_id, expires_at))

    def order_for(self, session_id: str, token: str) -> list[str]:
        """The pathways for a session, the best first.

        Raises :class:`ProblemError` 403 ``bad_signature`` for a token that is not the session's or has expired.
        """
        grant = self._signer.verify(token, self._clock.now())
        if grant is None or grant.session_id != session_id:
            raise ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
        return self.order(session_id)

    def order(self, session_id: str) -> list[str]:
        return [edge.pathway for edge in self.edges_for(session_id)]

    def edges_for(self, session_id: str) -> list[Edge]:
        """The edges that live, the best first."""
        edges = {edge.pathway: edge for edge in self._edges()}
        ranked = rank(self.states(), session_id, shared=bool(self._weights))
        return [edges[state.pathway] for state in ranked if state.pathway in edges]

    def set_weights(self, weights: dict[str, float]) -> None:
        """Weights by pathway; an edge that is not named has 1."""
        with self._lock:
            self._weights = dict(weights)

    def report(self, pathway: str, *, failed: bool) -> None:
        """What a player met on an edge."""
        with self._lock:
            kept = self._reports.setdefault(pathway, [])
            kept.append((self._clock.now(), failed))
            del kept[:-200]

    def states(self) -> list[PathwayState]:
        oldest = self._clock.now() - _MEMORY_S
        with self._lock:
            return [
                _state(
                    edge.pathway, self._weights.get(edge.pathway, 1.0), self._reports.get(edge.pathway, []), oldest
                )
                for edge in self._edges()
            ]


def rank(states: Sequence[PathwayState], session_id: str, *, shared: bool) -> list[PathwayState]:
    """Those in the rotation first, failing ones after them, weight 0 last: nothing is left out, for it may be all
    that remains. Among equals the order stays; ``shared`` by weights, each session has an order of its own
    (rendezvous hashing)."""

    def place(state: PathwayState) -> tuple[bool, bool, float]:
        return state.weight <= 0, state.failing, -_draw(session_id, state) if shared else 0.0

    return sorted(states, key=place)


def _draw(session_id: str, state: PathwayState) -> float:
    """A number for the pair, larger for larger weights: ``u ** (1 / weight)`` picks each in proportion to it."""
    digest = hashlib.sha256(f"{session_id}\n{state.pathway}".encode()).digest()
    uniform = (int.from_bytes(digest[:8], "big") + 0.5) / 2**64
    return float(uniform ** (1 / state.weight)) if state.weight > 0 else 0.0


def _state(pathway: str, weight: float, reports: Sequence[tuple[float, bool]], oldest: float) -> PathwayState:
    recent = [failed for at, failed in reports if at >= oldest]
    return PathwayState(pathway, weight, len(recent), sum(recent))
