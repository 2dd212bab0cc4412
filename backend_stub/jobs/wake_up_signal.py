"""The signal that wakes workers on any machine: one message per task that can begin, through Huey.

Messages may be lost, come twice or too early: they only say that looking at the job table is worth while. Huey's
storage is a file in the data folder, or Redis or PostgreSQL by a URL (``redis://``, ``postgresql://``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.exceptions import ConfigurationError

from backend_stub.db.patience import CONNECTION

_logger = logging.getLogger(__name__)
_NAME = "matinee-jobs"
_FILE = "wake.db"
_TOLD_EVERY_S = 60.0


class _Listener(Consumer):  # type: ignore[misc]  # huey has no types
    """Huey's consumer inside a program that handles its own signals."""

    def _set_signal_handlers(self) -> None:
        return


class _Closable(Protocol):
    def close(self) -> None: ...


class _NowAndThen(logging.Filter):
    """Huey tells at every look, and at length, that its storage is away: a line a minute will do."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info is None:
            return True
        record.exc_info = None
        if 0 <= record.created - self._told_at < _TOLD_EVERY_S:
            return False
        self._told_at = record.created
        return True


_now_and_then = _NowAndThen()


class WakeUpSignal:
    """Rings for workers, and listens for them. ``url`` is empty for the data folder's own. Raises ValueError for a
    ``url`` that cannot be used, and for a PostgreSQL that does not answer."""

    def __init__(self, data_dir: Path, url: str = "") -> None:
        self._connections: list[_Closable] = []
        self._huey = self._open(data_dir, url)
        self._heard: Callable[[], object] = lambda: None
        self._task = self._huey.task(name="wake")(self._hear)
        self._consumer: Any = None

    def _hear(self) -> None:
        self._heard()

    def ring(self, times: int = 1) -> None:
        """Wake as many workers. A signal that is lost is no reason to stop: they look by themselves as well."""
        try:
            for _ in range(times):
                self._task()
        except Exception:  # noqa: BLE001 -- of sqlite3, redis or psycopg
            _logger.warning("the workers could not be woken")

    def listen(self, heard: Callable[[], object], poll_s: float = 1.0) -> None:
        """Call ``heard`` from a thread of Huey's for each message, until :meth:`close`."""
        self._heard = heard
        for name in ("Worker", "Scheduler"):
            logging.getLogger(f"huey.consumer.{name}").addFilter(_now_and_then)
        self._consumer = _Listener(
            self._huey, workers=1, periodic=False, initial_delay=0.05, max_delay=poll_s, check_worker_health=False
        )
        self._consumer.start()

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
        self._huey.storage.close()
        for connection in self._connections:
            connection.close()

    def _open(self, data_dir: Path, url: str) -> Huey:
        try:
            if not url:
                return SqliteHuey(_NAME, filename=str(data_dir / _FILE), results=False)
            if url.startswith(("redis://", "rediss://")):
                return RedisHuey(_NAME, url=url, results=False)
            if url.startswith("postgresql://"):
                return PostgresHuey(_NAME, connection=partial(self._connect, url), results=False)
        except (ConfigurationError, ImportError) as error:
            raise ValueError("That way of waking workers needs matinee[redis] or matinee[postgres].") from error
        raise ValueError("Workers are woken through redis:// or postgresql:// addresses, or the data folder.")

    def _connect(self, url: str) -> _Closable:
        """Huey has a connection for each thread that listens, and leaves them to the end of the program."""
        import psycopg

        try:
            connection = psycopg.connect(url, **CONNECTION)
        except psycopg.Error as error:
            raise ValueError("The database through which workers are woken cannot be reached.") from error
        self._connections.append(connection)
        return connection
