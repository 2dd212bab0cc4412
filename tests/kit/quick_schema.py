"""Empty databases get their schema as one script: the steps of the migrations are taken once, not for every test."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from backend_stub.db.database import Database
from backend_stub.db.migrate import current_revision, upgrade

USERS = ("context", "jobs.opening", "services.broadcasts", "services.publishing")
"""The modules of the service that bring a database up to date."""


def quick_upgrade() -> Callable[..., None]:
    """In place of :func:`upgrade`: what that made of the first empty SQLite database, the next ones get at once."""
    script = ""
    lock = threading.Lock()

    def upgraded(database: Database, wait_s: float = 0.0) -> None:
        nonlocal script
        if not _is_empty(database):
            upgrade(database, wait_s)
            return
        with lock, closing(database.engine.raw_connection()) as connection:
            if not (script and _ran(connection.driver_connection, script)):
                upgrade(database, wait_s)
            script = script or "\n".join(connection.driver_connection.iterdump())

    return upgraded


def _is_empty(database: Database) -> bool:
    """Whether it is an SQLite database with nothing in it; what is wrong with one :func:`upgrade` says."""
    try:
        return database.engine.dialect.name == "sqlite" and current_revision(database) is None
    except SQLAlchemyError:
        return False


def _ran(connection: sqlite3.Connection, script: str) -> bool:
    """Whether the script ran; somebody else may have been quicker."""
    try:
        connection.executescript(script)
    except sqlite3.OperationalError:
        connection.rollback()
        return False
    return True
