"""What the operator has set while the service runs: it outlives the process, and all processes go by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database, put
from backend_stub.db.models import OperatorSetting

_KEPT_S = 1.0  # what was asked of the database is known for so long


class Settled(Protocol):
    """Settings by name, each a JSON value."""

    def get(self, name: str) -> Any:  # noqa: ANN401 -- JSON
        """None for what is not set."""
        ...

    def put(self, name: str, value: object) -> None:
        """None takes the setting back."""
        ...


class SettledInMemory:
    """For a service of one process that forgets."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, name: str) -> Any:  # noqa: ANN401
        return self._values.get(name)

    def put(self, name: str, value: object) -> None:
        self._values[name] = value


class OperatorSettings:
    """In the database. Thread-safe; what another process sets is seen a second later."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: tuple[float, Mapping[str, Any]] | None = None  # when it was asked for, and what was known

    def get(self, name: str) -> Any:  # noqa: ANN401
        asked_at, known = self._clock.monotonic(), self._known
        if known is None or asked_at - known[0] >= _KEPT_S:
            with self._database.read() as session:
                values = {row.name: row.value for row in session.scalars(select(OperatorSetting))}
            known = self._known = asked_at, values
        return known[1].get(name)

    def put(self, name: str, value: object) -> None:
        with self._database.write() as session:
            row = session.get(OperatorSetting, name)
            if value is None:
                if row is not None:
                    session.delete(row)
            else:
                put(session, OperatorSetting(name=name, value=value, changed_at=self._clock.now()))
        self._known = None
