"""The faults in force, shared by all servers of a group: one document, one count, one link per rule."""

from __future__ import annotations

import threading

from backend_stub.clock import Clock
from backend_stub.faults.document import parse_faults
from backend_stub.faults.engine import FaultEngine, RequestFacts, TakenFault

NO_FAULTS = '{"version": 1, "rules": []}'


class FaultControl:
    """Thread-safe: each server asks from its own thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._text = NO_FAULTS
        self._engine: FaultEngine | None = None

    @property
    def document(self) -> str:
        """The document in force, as it was given."""
        return self._text

    def set(self, text: str) -> None:
        """Put a document in force; its clock and counts start now. Raises FaultDocumentError and changes nothing."""
        engine = FaultEngine(parse_faults(text), self._clock.monotonic())
        with self._lock:
            self._text, self._engine = text, engine

    def clear(self) -> None:
        with self._lock:
            self._text, self._engine = NO_FAULTS, None

    def take(self, facts: RequestFacts) -> list[TakenFault]:
        with self._lock:
            return self._engine.take(facts, self._clock.monotonic()) if self._engine else []
