"""What players report of edges: for five minutes the newest word of each account counts, once for each edge."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

MEMORY_S = 300.0
MOST_VOICES = 10_000  # of one edge


class Outcome(NamedTuple):
    """What a player of this account met on an edge."""

    pathway: str
    failed: bool
    account_id: str


class Counts(NamedTuple):
    """How many accounts reported, and how many of them a failure."""

    reports: int
    failures: int


class Reports(Protocol):
    """Times are seconds since the epoch."""

    def add(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Take what was met, the oldest first."""
        ...

    def counts(self, pathways: Sequence[str], now: float) -> dict[str, Counts]:
        """Those of the last five minutes, for each of ``pathways``."""
        ...


class ReportsInMemory:
    """Of this process alone. Thread-safe."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voices] = {}
        self._lock = threading.Lock()

    def add(self, outcomes: Sequence[Outcome], now: float) -> None:
        with self._lock:
            for pathway, failed, account_id in outcomes:
                self._voices.setdefault(pathway, _Voices()).hear(account_id, now, failed=failed)

    def counts(self, pathways: Sequence[str], now: float) -> dict[str, Counts]:
        with self._lock:
            return {
                pathway: self._voices[pathway].counts(now) if pathway in self._voices else Counts(0, 0)
                for pathway in pathways
            }


class _Voices:
    """The newest word of each account about one edge. Counting takes no longer for many."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, tuple[float, bool]] = OrderedDict()  # the oldest first
        self._failures = 0

    def hear(self, account_id: str, now: float, *, failed: bool) -> None:
        _, before = self._heard.pop(account_id, (now, False))
        self._heard[account_id] = now, failed
        self._failures += failed - before
        if len(self._heard) > MOST_VOICES:
            self._forget_oldest()

    def counts(self, now: float) -> Counts:
        while self._heard and next(iter(self._heard.values()))[0] < now - MEMORY_S:
            self._forget_oldest()
        return Counts(len(self._heard), self._failures)

    def _forget_oldest(self) -> None:
        _, (_, failed) = self._heard.popitem(last=False)
        self._failures -= failed
