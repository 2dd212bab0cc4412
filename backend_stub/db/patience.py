"""How long a database server is waited for that says nothing: without these words, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Arguments of a connection, as libpq names them. A machine that vanished is noticed within 25 s.
CONNECTION: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
LIMITS = ("lock_timeout", "idle_in_transaction_session_timeout")
_LOCK_WAIT = "15s"  # as long as SQLite waits for another writer
_IDLE = "120s"  # a process that stands still keeps what it holds no longer


def session_settings() -> list[str]:
    """What each connection of the service is told first. Compiling a query takes longer than any of ours runs."""
    limits = zip(LIMITS, (_LOCK_WAIT, _IDLE), strict=True)
    return ["SET jit = off", *(f"SET {name} = '{value}'" for name, value in limits)]
