"""Bring a database to the newest schema."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, table, text
from sqlalchemy.sql.expression import column

from backend_stub.db import patience
from backend_stub.db.database import AWAY, Database, patiently

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest step in ``migrations/versions``; a test holds the two against each other.
HEAD = "0027"
_LOCK_ID = 7_032_024  # any fixed number: PostgreSQL's advisory lock for migrations


class NewerDatabaseError(ValueError):
    """A later version of the service has written the database; the message is one sentence for people."""


def upgrade(database: Database, wait_s: float = 0.0) -> None:
    """Run the missing steps, in one transaction. Several processes may call this at once. A database that does not
    answer is waited for, so many seconds.

    Alembic is only loaded when there is something to do: it costs more than the rest of a start.

    Raises ConnectionError when the database cannot be opened; NewerDatabaseError, and changes nothing, when a later
    version has written it; :class:`backend_stub.db.database.WrongEncodingError`.
    """
    try:
        current = patiently(lambda: current_revision(database), wait_s)
    except AWAY as error:
        raise ConnectionError("the database cannot be reached") from error
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise NewerDatabaseError(
            f"A newer version of the service wrote the database (step {current}): please update."
        )
    from alembic import command

    with patience.waiting(math.inf), database.write() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            for limit in patience.LIMITS:  # a step over much data takes a while, in this process or another
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_revision(database: Database) -> str | None:
    """The step the database stands at; None for an empty one."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(
            select(column("version_num")).select_from(table("alembic_version"))
        ).scalar()
        return revision


def alembic_config() -> Config:
    """Alembic's settings, with no ini file and no logging of its own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
