"""Connections and transactions. SQLite with a write-ahead log by default, PostgreSQL by URL."""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from backend_stub.db import patience
from backend_stub.db.models.base import Base
from backend_stub.db.taken_back import TakenBack

_BUSY_TIMEOUT_S = 15
_WAIT_S = 5  # for a connection of the pool
_POSTGRESQL_DISK_FULL = "53100"
_RACES = {
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    "23503",  # PostgreSQL's foreign_key_violation
    "23505",  # unique_violation
}
_AGAIN_S = 0.5
_AWAY_S = 1.0  # for so long after a connection failed no other is tried
_logger = logging.getLogger(__name__)
T = TypeVar("T")
AWAY = (OperationalError, InterfaceError, PoolTimeout)  # what is raised while the database cannot be asked
_CONNECTIONS = 40  # as many as threads that answer calls: one that waits for another's is held up


class WrongEncodingError(ValueError):
    """The database cannot keep the text of all languages; the message is one sentence for people."""


class Database:
    """One engine; :meth:`read`, :meth:`snapshot` and :meth:`write` are what it is asked in."""

    def __init__(self, url: str) -> None:
        """Raises ValueError with a sentence for a URL that is none, or whose driver is not installed."""
        self.url = url
        if url.startswith("sqlite"):
            arguments = {"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False}
            self.engine = create_engine(url, connect_args=arguments, pool_size=_CONNECTIONS, hide_parameters=True)
            _prepare_sqlite(self.engine)
            self._turn: AbstractContextManager[object] = threading.Lock()
            self._reader = self._snapshots = self.engine
        else:
            self.engine = _server_engine(url)
            self._turn = nullcontext()
            # Each statement sees what is committed by then, as in a transaction, whose start and end would be two
            # more messages to the server.
            self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = self.engine.execution_options(matinee_begin="BEGIN IMMEDIATE")
        self.taken_back = TakenBack()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """For reading; what it loaded stays readable afterwards. SQLite gives all of it as of one moment, PostgreSQL
        each statement."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A transaction for reading in which everything is as of one moment, also what is read in parts."""
        with Session(self._snapshots, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end, or undoes everything when the block raises.

        Writers of this process queue for SQLite here: SQLite itself lets them try again and again, in no order.
        """
        with self._turn, self.taken_back.session(self._writer) as session, session.begin():
            yield session

    def close(self) -> None:
        self.taken_back.stop()
        self.engine.dispose()


def cause_of(error: SQLAlchemyError) -> BaseException:
    """What the driver said, without the statement; the error itself where none was asked, as for a full pool."""
    return error.orig or error if isinstance(error, DBAPIError) else error


def is_disk_full(error: SQLAlchemyError) -> bool:
    """Whether the database could not write because its disk is full."""
    cause = cause_of(error)
    code = getattr(cause, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == _POSTGRESQL_DISK_FULL


def patiently(call: Callable[[], T], wait_s: float) -> T:
    """What ``call`` gives, once the database answers; raises as it does after ``wait_s`` seconds of trying again."""
    until, told = time.monotonic() + wait_s, False
    while True:
        try:
            return call()
        except AWAY:
            if time.monotonic() >= until:
                raise
        if not told:
            _logger.warning("the database does not answer: waiting for it, %.0f s at most", wait_s)
        told = True
        time.sleep(_AGAIN_S)


def is_race(error: IntegrityError) -> bool:
    """Whether a row that this one needs is gone, or another transaction has just made the same one."""
    return bool(_RACES & {getattr(error.orig, name, None) for name in ("sqlite_errorcode", "sqlstate")})


def put(session: Session, row: Base) -> None:
    """Insert the row, or write it over the one with its key; also while other processes do the same."""
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    table = type(row).__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    key = [column.name for column in table.primary_key]
    others = {name: value for name, value in values.items() if name not in key}
    session.execute(dialect.insert(table).values(values).on_conflict_do_update(index_elements=key, set_=others))


def hold_name(of: Session | Connection, name: str) -> None:
    """Until the transaction ends no other that holds this name goes on: for what has no row yet that could be held.
    On SQLite one transaction writes at a time anyway."""
    connection = of.connection() if isinstance(of, Session) else of
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _server_engine(url: str) -> Engine:
    try:
        place = make_url(url)
        if place.drivername in {"postgres", "postgresql"}:
            place = place.set(drivername="postgresql+psycopg")
        engine = create_engine(
            place,
            pool_pre_ping=True,
            pool_size=_CONNECTIONS,
            poolclass=_Pool,
            hide_parameters=True,
            connect_args=dict(patience.CONNECTION),
        )
    except ModuleNotFoundError as error:
        raise ValueError(
            f"The database needs {error.name}, which is not installed: pip install 'matinee[postgres]'."
        ) from error
    except ArgumentError as error:
        raise ValueError("The address of the database is not one.") from error
    event.listen(engine, "do_connect", _Connecting())
    event.listen(engine, "connect", _check_encoding, insert=True)  # before SQLAlchemy asks what server this is
    event.listen(engine, "connect", _tell_settings)
    return engine


class _Pool(QueuePool):
    """A connection and its first answer are not waited for longer than their caller waits for either."""

    def timeout(self) -> float:
        return patience.left_s(_WAIT_S)

    _timeout = property(timeout, lambda _pool, _seconds: None)

    def connect(self) -> PoolProxiedConnection:
        with patience.reaching():
            return super().connect()


class _Connecting:
    """Makes connections. After a failure there is no attempt for a moment, and then one at a time. Otherwise waiting
    calls would occupy all threads."""

    def __init__(self) -> None:
        self._away_until = 0.0  # 0 while connections are made

    def __call__(
        self, _dialect: object, _record: object, args: Sequence[Any], words: dict[str, Any]
    ) -> DBAPIConnection:
        """Raises psycopg's OperationalError, at once also where the caller has waited long enough."""
        import psycopg

        now, wait_s = time.monotonic(), patience.left_s(words["connect_timeout"])
        if wait_s <= 0 or now < self._away_until:
            raise psycopg.OperationalError("the database does not answer")
        if self._away_until:
            self._away_until = now + wait_s
        try:
            connection = patience.connection_class().connect(*args, **{**words, "connect_timeout": math.ceil(wait_s)})
        except psycopg.OperationalError:
            self._away_until = time.monotonic() + _AWAY_S
            raise
        self._away_until = 0.0
        return cast(DBAPIConnection, connection)


def _check_encoding(connection: DBAPIConnection, _record: object) -> None:
    """Asked of the driver: of SQL_ASCII it reads bytes, not text. Raises :class:`WrongEncodingError`."""
    encoding = cast(Any, connection).info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise WrongEncodingError(
            f"The database stores text as {encoding}, the service needs UTF8: make one with "
            "CREATE DATABASE matinee TEMPLATE template0 ENCODING 'UTF8'."
        )


def _tell_settings(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for words in patience.session_settings():
        cursor.execute(words)
    cursor.close()
    connection.commit()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # we emit BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a read transaction later fails without waiting when another
        # process has written in between.
        connection.exec_driver_sql(connection.get_execution_options().get("matinee_begin", "BEGIN"))
