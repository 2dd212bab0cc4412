"""What players report of edges: counted for five minutes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

MEMORY_S = 300.0
_MOST = 200  # of one edge


class Outcome(NamedTuple):
    """What a player met on an edge."""

    pathway: str
    failed: bool


class Counts(NamedTuple):
    reports: int
    failures: int


class Reports(Protocol):
    """Times are seconds since the epoch."""

    def add(self, outcomes: Sequence[Outcome], now: float) -> None: ...

    def counts(self, pathways: Sequence[str], now: float) -> dict[str, Counts]:
        """Those of the last five minutes, for each of ``pathways``."""
        ...


class ReportsInMemory:
    """Of this process alone. Thread-safe."""

    def __init__(self) -> None:
        self._reports: dict[str, list[tuple[float, bool]]] = {}
        self._lock = threading.Lock()

    def add(self, outcomes: Sequence[Outcome], now: float) -> None:
        with self._lock:
            for pathway, failed in outcomes:
                kept = self._reports.setdefault(pathway, [])
                kept.append((now, failed))
                del kept[:-_MOST]

    def counts(self, pathways: Sequence[str], now: float) -> dict[str, Counts]:
        with self._lock:
            recent = {
                pathway: [failed for at, failed in self._reports.get(pathway, ()) if at >= now - MEMORY_S]
                for pathway in pathways
            }
        return {pathway: Counts(len(failed), sum(failed)) for pathway, failed in recent.items()}
