"""Bring a database to the newest schema."""

from __future__ import annotations

import logging
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.expression import column

from backend_stub.db.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest step in ``migrations/versions``; a test holds the two against each other.
HEAD = "0022"
_AGAIN_S = 0.5
_logger = logging.getLogger(__name__)
_LOCK_ID = 7_032_024  # any fixed number: PostgreSQL's advisory lock for migrations


class NewerDatabaseError(ValueError):
    """A later version of the service has written the database; the message is one sentence for people."""


def upgrade(database: Database, wait_s: float = 0.0) -> None:
    """Run the missing steps, in one transaction. Several processes may call this at once. A database that does not
    answer is waited for, so many seconds.

    Alembic is only loaded when there is something to do: it costs more than the rest of a start.

    Raises ConnectionError when the database cannot be opened; NewerDatabaseError, and changes nothing, when a later
    version has written it.
    """
    current = _answer_of(database, wait_s)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise NewerDatabaseError(
            f"A newer version of the service wrote the database (step {current}): please update."
        )
    from alembic import command

    with database.write() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _answer_of(database: Database, wait_s: float) -> str | None:
    until = time.monotonic() + wait_s
    for tries in count():
        try:
            return current_revision(database)
        except OperationalError as error:
            if time.monotonic() >= until:
                raise ConnectionError("the database cannot be reached") from error
        if tries == 0:
            _logger.warning("the database does not answer: waiting for it, %.0f s at most", wait_s)
        time.sleep(_AGAIN_S)
    raise AssertionError("numbers do not end")


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
