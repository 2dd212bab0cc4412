"""Positions on this machine's disk: what is written here survives a kill, and waits here until the service has it.

One row for each account, profile and title. Every method blocks for the disk: call them on a thread of their own.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from player.base.errors import ErrorCode, MatineeError

if TYPE_CHECKING:
    from sqlite_utils.db import Database, Table

_FORMAT = 2  # in the file's user_version; 1 and 0 did not know who watched, and had one row for each title
_TABLE = "watched_by"
_OLD_TABLE = "watched"
_KEY = ("account", "profile", "title_id")
_ANYBODY = "?"  # in the column of the profile: whoever is selected when it is sent
_BUSY_S = 5.0
_SYNCHRONOUS = "full"  # in WAL, "normal" loses the last positions with the power
_NEWER = "The places where you stopped were written by a newer version of this program; please update it."
_COLUMNS = {
    "account": str,
    "profile": str,
    "title_id": str,
    "event_id": str,
    "position_s": float,
    "duration_s": float,
    "device_id": str,
    "boot_id": str,
    "boot_s": float,
    "wall_at": float,
    "sent": int,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A position as this machine saw it. ``boot_s`` is a clock that counts through sleep and restarts with each
    ``boot_id``; ``wall_at`` (seconds since 1970) is used across boots only, as it can be set at will. ``profile`` is
    empty for the account without one, and None where it is not known who watched."""

    account: str
    title_id: str
    event_id: str
    position_s: float
    duration_s: float
    device_id: str
    boot_id: str
    boot_s: float
    wall_at: float
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of sending. ``service_at`` is the service's own time, seconds since 1970."""

    service_at: float
    boot_id: str
    boot_s: float
    wall_at: float


def trusted_at(watched: Watched, now: Now) -> float:
    """When that was on the service's clock: its time now, less the age of the position.

    Within one boot the age is measured by a clock that nobody can set. Across boots it is the wall clock's
    difference, and never negative: a clock that was set back makes a position look new, not one of the future.
    """
    same_boot = watched.boot_id == now.boot_id
    age_s = now.boot_s - watched.boot_s if same_boot else now.wall_at - watched.wall_at
    return now.service_at - max(0.0, age_s)


class ProgressJournal:
    """The file at ``path``; it is made when first written. A damaged one is put aside and restarted, one of a
    newer version is refused with MatineeError and left alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._database: Database | None = None

    def put(self, watched: Watched) -> None:
        """Keep a position in place of the title's earlier one. Raises MatineeError."""
        with _disk():
            if self._database is None:
                self._database = self._made()
            profile = _ANYBODY if watched.profile is None else watched.profile
            self._table(self._database).upsert({**asdict(watched), "profile": profile, "sent": 0}, pk=_KEY)

    def unsent(self, account: str, limit: int = 500) -> list[Watched]:
        """Positions that the service does not have yet."""
        return self._read("account = ? and sent = 0 limit ?", account, limit)

    def of(self, account: str, profile: str | None, title_id: str) -> Watched | None:
        """The position of one title that the service does not have yet, where this profile watched it."""
        mine = "account = ? and profile in (?, ?) and title_id = ? and sent = 0 order by wall_at desc"
        return next(iter(self._read(mine, account, profile or "", _ANYBODY, title_id)), None)

    def sent(self, event_ids: Sequence[str]) -> None:
        """The service has these; a position that was written meanwhile has another id and stays."""
        with _disk(), self._open() as connection:
            connection.executemany(
                f"update {_TABLE} set sent = 1 where event_id = ?",  # noqa: S608  (a name of ours)
                [(event_id,) for event_id in event_ids],
            )

    def forget(self, account: str, profile: str | None, title_id: str | None = None) -> None:
        """Drop every position of a profile, or that of one title; without a profile, of the account."""
        if self._path.exists():
            mine = "account = ? and (? = '' or profile in (?, ?)) and (? is null or title_id = ?)"
            values = (account, profile or "", profile or "", _ANYBODY, title_id, title_id)
            with _disk(), self._open() as connection:
                connection.execute(f"delete from {_TABLE} where {mine}", values)  # noqa: S608

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._database = None

    def _read(self, where: str, *values: object) -> list[Watched]:
        if not self._path.exists():
            return []
        columns = [name for name in _COLUMNS if name != "sent"]
        with _disk():
            query = f"select {', '.join(columns)} from {_TABLE} where {where}"  # noqa: S608
            found = [dict(zip(columns, row, strict=True)) for row in self._open().execute(query, values)]
        return [Watched(**{**row, "profile": _profile(row["profile"])}) for row in found]

    def _made(self) -> Database:
        """The file with its table. sqlite-utils takes a third of a second to load: reading does without it."""
        from sqlite_utils import Database

        database = Database(self._open())
        self._table(database).create(_COLUMNS, pk=_KEY, if_not_exists=True)
        database.execute(f"pragma user_version = {_FORMAT}")
        return database

    @staticmethod
    def _table(database: Database) -> Table:
        return database.table(_TABLE)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # not a database any more
                self._path.replace(self._path.with_suffix(".damaged"))
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False)
        try:
            if connection.execute("pragma user_version").fetchone()[0] > _FORMAT:
                raise MatineeError(ErrorCode.INPUT_FILE, _NEWER)
            connection.execute("pragma journal_mode = wal")
            connection.execute(f"pragma synchronous = {_SYNCHRONOUS}")
            _bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        self._path.chmod(0o600)
        return connection


def _profile(kept: str) -> str | None:
    return None if kept == _ANYBODY else kept


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take over what an older format kept, in one transaction."""
    old = "select 1 from sqlite_master where name = ?"
    if connection.execute(old, (_OLD_TABLE,)).fetchone() is None:
        return
    kinds = {str: "TEXT", float: "REAL", int: "INTEGER"}
    columns = ", ".join(f"[{name}] {kinds[kind]}" for name, kind in _COLUMNS.items())
    shared = ", ".join(name for name in _COLUMNS if name != "profile")
    with connection:
        connection.execute("begin immediate")
        connection.execute(f"create table if not exists {_TABLE} ({columns}, primary key ({', '.join(_KEY)}))")
        connection.execute(
            f"insert or ignore into {_TABLE} (profile, {shared}) select ?, {shared} from {_OLD_TABLE}",  # noqa: S608
            (_ANYBODY,),
        )
        connection.execute(f"drop table {_OLD_TABLE}")
        connection.execute(f"pragma user_version = {_FORMAT}")


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        full = "full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
        code = ErrorCode.DISK_FULL if full else ErrorCode.INPUT_FILE
        raise MatineeError(code, "The place where you stopped cannot be stored on this machine.") from error
