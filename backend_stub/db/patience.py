"""How long a database server is waited for that says nothing: without these words, for ever."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import psycopg

_T = TypeVar("_T")

#: Arguments of a connection, as libpq names them. A machine that vanished is noticed within 25 s.
CONNECTION: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
CALL_S = 20.0  # that one call to the API waits in all; longer than for a lock
REACH_S = 2.0  # of these, until it has a connection that answers
_ELSE_S = 150.0  # that anything else waits for one answer; longer than a statement may take
_LOCK_WAIT = "15s"  # as long as SQLite waits for another writer
_STATEMENT = "120s"
_IDLE = "120s"  # a process that stands still keeps what it holds no longer


class _Budget:
    """The seconds that are left to wait."""

    def __init__(self, left_s: float) -> None:
        self.left_s = left_s


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


def session_settings() -> list[str]:
    """What each connection of the service is told first. Compiling a query takes longer than any of ours runs."""
    limits = zip(LIMITS, (_LOCK_WAIT, _STATEMENT, _IDLE), strict=True)
    return ["SET jit = off", *(f"SET {name} = '{value}'" for name, value in limits)]


@contextmanager
def waiting(most_s: float) -> Iterator[None]:
    """Wait so many seconds in all for answers of the database meanwhile; also in threads that have this context."""
    token = _budget.set(_Budget(most_s))
    try:
        yield
    finally:
        _budget.reset(token)


@contextmanager
def reaching() -> Iterator[None]:
    """A call waits :data:`REACH_S` for a connection that answers; what is no call waits as long as ever."""
    with waiting(left_s(REACH_S)) if _budget.get() is not None else nullcontext():
        yield


def left_s(most_s: float) -> float:
    """How long something else may be waited for, such as a connection: ``most_s``, or what is left of less."""
    budget = _budget.get()
    return most_s if budget is None else max(0.0, min(most_s, budget.left_s))


@cache
def connection_class() -> type[psycopg.Connection[Any]]:
    """psycopg's connection, closed when its server says nothing for too long: one that stands still keeps its
    connections. Raises ModuleNotFoundError where psycopg is not installed."""
    import psycopg

    class BoundedConnection(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, _T], *args: Any, **words: Any) -> _T:  # noqa: ANN401 - psycopg's own
            return super().wait(self._bounded(gen), *args, **words)

        def _bounded(self, gen: Generator[Any, Any, _T]) -> Generator[Any, Any, _T]:
            """What ``gen`` waits for; psycopg sends 0 when nothing came for a moment."""
            budget = _budget.get() or _Budget(_ELSE_S)
            began = time.monotonic()
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and time.monotonic() - began > budget.left_s:
                        self.pgconn.finish()
                        raise psycopg.OperationalError("the database does not answer")
                    wanted = gen.send(ready)
            except StopIteration as done:
                answer: _T = done.value
                return answer
            finally:
                budget.left_s -= time.monotonic() - began

    return BoundedConnection
