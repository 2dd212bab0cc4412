"""Events that wait to be delivered, on disk: they survive a kill, and are bounded in size and age.

Every method blocks for the disk: call them on a thread of their own.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlite_utils.db import Database, Table

_FORMAT = 1  # in the file's user_version; 0 is the same without its number
_TABLE = "events"
_BUSY_S = 5.0


class NewerQueueError(sqlite3.OperationalError):
    """The file is of a format that this version does not know."""


class Queued(Protocol):
    """An event: ``id`` is unique for ever, ``at`` seconds since 1970."""

    @property
    def id(self) -> str: ...

    @property
    def at(self) -> float: ...

    def as_json(self) -> str: ...


def line_of(document: Mapping[str, object]) -> str:
    """An event as it is stored and sent: JSON, which knows no infinite figures."""

    def finite(value: object) -> object:
        if isinstance(value, Mapping):
            return {name: finite(inner) for name, inner in value.items()}
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(finite(document), separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the queue may hold; the oldest events go first."""

    max_bytes: int = 4 * 1024 * 1024
    max_age_s: float = 7 * 86_400.0


class EventQueue:
    """The file at ``path``, made when first written. A damaged one is thrown away: telemetry is worth no repair.
    One of a newer version is left alone: whatever needs it raises NewerQueueError."""

    def __init__(self, path: Path, bounds: Bounds | None = None) -> None:
        self._path = path
        self._bounds = bounds or Bounds()
        self._database: Database | None = None

    def put(self, events: Iterable[Queued]) -> None:
        """Keep events; one that is there already is kept once. Drops the oldest beyond the bounds."""
        rows = []
        newest_at = 0.0
        for event in events:
            body = event.as_json()
            rows.append({"id": event.id, "at": event.at, "size": len(body), "body": body})
            newest_at = max(newest_at, event.at)
        if not rows:
            return
        database = self._open()
        self._table(database).insert_all(rows, pk="id", ignore=True)
        self._trim(database, newest_at)

    def batch(self, most: int, max_bytes: int) -> list[tuple[str, str]]:
        """The oldest events as (id, JSON), at most so many and so large together (one is always given)."""
        if not self._path.exists():
            return []
        found: list[tuple[str, str]] = []
        size = 0
        rows = self._open().execute(f"select id, body from {_TABLE} order by rowid limit ?", [most])  # noqa: S608
        for name, body in rows.fetchall():
            size += len(body)
            if found and size > max_bytes:
                break
            found.append((name, body))
        return found

    def delivered(self, ids: Sequence[str]) -> None:
        """The service has these."""
        connection = self._open().conn
        with connection:
            connection.executemany(f"delete from {_TABLE} where id = ?", [(each,) for each in ids])  # noqa: S608

    def count(self) -> int:
        """How many events wait."""
        return 0 if not self._path.exists() else self._table(self._open()).count

    def clear(self) -> None:
        """Forget everything: the viewer has withdrawn the consent."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.conn.close()
            self._database = None

    def _trim(self, database: Database, newest_at: float) -> None:
        connection = database.conn
        with connection:
            connection.execute(f"delete from {_TABLE} where at < ?", [newest_at - self._bounds.max_age_s])  # noqa: S608
            (size,) = connection.execute(f"select coalesce(sum(size), 0) from {_TABLE}").fetchone()  # noqa: S608
            while size > self._bounds.max_bytes:
                oldest = connection.execute(f"select rowid, size from {_TABLE} order by rowid limit 100").fetchall()  # noqa: S608
                for rowid, freed in oldest:
                    if size <= self._bounds.max_bytes:
                        break
                    connection.execute(f"delete from {_TABLE} where rowid = ?", [rowid])  # noqa: S608
                    size -= freed

    @staticmethod
    def _table(database: Database) -> Table:
        return database.table(_TABLE)

    def _open(self) -> Database:
        if self._database is None:
            try:
                self._database = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.clear()
                self._database = self._connect()
        return self._database

    def _connect(self) -> Database:
        from sqlite_utils import Database  # takes a third of a second to load

        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False)
        try:
            if connection.execute("pragma user_version").fetchone()[0] > _FORMAT:
                raise NewerQueueError("a newer version of Matinee wrote what waits")
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            database = Database(connection)
            columns = {"id": str, "at": float, "size": int, "body": str}
            self._table(database).create(columns, pk="id", if_not_exists=True)
            database.execute(f"pragma user_version = {_FORMAT}")
        except BaseException:
            connection.close()
            raise
        self._path.chmod(0o600)
        return database
