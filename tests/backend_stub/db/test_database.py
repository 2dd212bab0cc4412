"""What is read, and what is as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import OperatorSetting


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Of each kind; PostgreSQL where it is installed."""
    on_postgres = request.param == "postgresql"
    made = Database(request.getfixturevalue("postgres").blank() if on_postgres else f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(made)
    yield made
    made.close()


def names(session: Session) -> set[str]:
    return set(session.scalars(select(OperatorSetting.name)))


def set_one(database: Database, name: str) -> None:
    with database.write() as session:
        session.add(OperatorSetting(name=name, value=1, changed_at=0.0))


def test_what_is_committed_meanwhile_is_not_in_a_snapshot(database: Database) -> None:
    set_one(database, "before")
    with database.snapshot() as session:
        assert names(session) == {"before"}
        set_one(database, "meanwhile")
        assert names(session) == {"before"}
    with database.snapshot() as session:
        assert names(session) == {"before", "meanwhile"}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite is sent no messages
def test_postgresql_is_asked_what_is_read_in_no_transaction(database: Database) -> None:
    began = text("SELECT now() = statement_timestamp()")  # the first is when the transaction began
    with database.read() as session:
        assert [session.scalar(began) for _ in range(2)] == [True, True]
    with database.snapshot() as session:
        assert not any(session.scalar(began) for _ in range(2))  # BEGIN came before
