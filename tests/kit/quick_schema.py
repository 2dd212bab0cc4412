"""Empty databases get their schema as one script: the steps of the migrations are taken once, not for every test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from backend_stub.db.database import Database
from backend_stub.db.migrate import current_revision, upgrade


def quick_upgrade() -> Callable[..., None]:
    """In place of :func:`upgrade`: what that made of the first empty SQLite database, the next ones get at once."""
    script = ""

    def upgraded(database: Database, wait_s: float = 0.0) -> None:
        nonlocal script
        empty = database.engine.dialect.name == "sqlite" and current_revision(database) is None
        if not (empty and script):
            upgrade(database, wait_s)
        if empty:
            with closing(database.engine.raw_connection()) as connection:
                if script:
                    connection.driver_connection.executescript(script)
                else:
                    script = "\n".join(connection.driver_connection.iterdump())

    return upgraded
