from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from backend_stub.config import Settings
from backend_stub.db import migrate
from backend_stub.db.database import Database
from backend_stub.db.migrate import HEAD, NewerDatabaseError, alembic_config, current_revision, upgrade
from backend_stub.db.models import Account, Base, ContentKey, Device, DeviceProgress, ListEntry, WatchedPosition
from backend_stub.services.plans import plan_at
from tests.kit.postgres import Cluster
from ui.cli.main import main


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind; PostgreSQL where it is installed."""
    on_postgres = request.param == "postgresql"
    made = Database(request.getfixturevalue("postgres").blank() if on_postgres else f"sqlite:///{tmp_path / 'y.db'}")
    yield made
    made.close()


def test_the_steps_make_what_the_models_say_and_undo_it(either: Database) -> None:
    assert current_revision(either) is None
    with ThreadPoolExecutor(2) as pool:  # two processes that start at once
        list(pool.map(upgrade, [either, either]))
    assert current_revision(either) == HEAD
    upgrade(either)  # a second time does nothing
    assert set(inspect(either.engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    with either.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    with either.write() as session:
        config = alembic_config()
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "base")
    assert inspect(either.engine).get_table_names() == ["alembic_version"]


def test_a_database_of_a_newer_version_is_refused_with_a_sentence_and_left_alone(database: Database) -> None:
    upgrade(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match=r"newer version .*step 9999.* please update"):
        upgrade(database)
    assert current_revision(database) == "9999"


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_database_that_cannot_keep_all_text_is_refused_with_a_sentence(
    postgres: Cluster,
    tmp_path: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MATINEE_DATABASE_URL", postgres.blank("SQL_ASCII"))
    assert main([command, "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "stores text as SQL_ASCII, the service needs UTF8: make one with CREATE DATABASE" in said
    assert len(said.strip().splitlines()) == 1


def test_the_newest_step_is_the_one_named() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_steps_are_valid_for_every_database(dialect: str) -> None:
    config = alembic_config()
    config.attributes["dialect"] = dialect
    config.output_buffer = io.StringIO()
    command.upgrade(config, "head", sql=True)
    script = config.output_buffer.getvalue()
    for table in Base.metadata.tables:
        assert f"CREATE TABLE {table} (" in script
    assert ("SERIAL" in script) == (dialect == "postgresql")


def to_revision(database: Database, revision: str) -> None:
    with database.write() as session:
        config = alembic_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)


def test_a_database_of_the_first_schema_keeps_what_it_holds(database: Database) -> None:
    to_revision(database, "0001")
    rows = {
        "accounts": "'a', 'anna@example.org', 'Anna', 'hash', 1, 5.0",
        "devices": "'a', 'd', 'Desk', '{}', 6.0, NULL",
        "titles": "'film', 'Film', '', 2024, 9.0, '[]', '[]', 0, 7.0",
        "content_keys": "'film', 'kid', 'SD', x'00'",
        "play_sessions": "'s', 'a', 'd', 'film', 'clear', 8.0, 9.0",
        "progress": "'a', 'film', 1.0, 9.0, 8.0, 'd'",
    }
    with database.write() as session:
        for table, values in rows.items():
            session.connection().exec_driver_sql(f"INSERT INTO {table} VALUES ({values})")
    upgrade(database)
    with database.read() as session:
        for table in {*rows, "profile_progress"} - {"progress"}:
            assert session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1, table
        assert session.get_one(Account, "a").role == "viewer"
        assert not session.get_one(Device, ("a", "d")).proven
        assert session.get_one(ContentKey, ("film", "kid")).scheme == 1
        plan, ends_at = plan_at(session, "a", 100.0)
        assert (plan.name, ends_at) == ("premium", None)


def test_profiles_keep_the_list_and_the_positions_that_they_shared(database: Database) -> None:
    to_revision(database, "0013")
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run(
            "INSERT INTO accounts (id, email, name, password_hash, active, created_at) "
            "VALUES ('a', 'a@example.org', 'A', 'h', true, 5.0)"
        )
        run(
            "INSERT INTO profiles (id, account_id, name, maturity, created_at) "
            "VALUES ('p', 'a', 'P', 18, 5.0), ('q', 'a', 'Q', 18, 5.0)"
        )
        run(
            "INSERT INTO titles (id, title, synopsis, year, duration_s, heights, variants, open_licence) "
            "VALUES ('film', 'Film', '', 2024, 9.0, '[]', '[]', false)"
        )
        run("INSERT INTO list_entries VALUES ('a', 'film', true, 7.0)")
        run("INSERT INTO progress VALUES ('a', 'film', 4.0, 9.0, 8.0, 'd')")
        run("INSERT INTO device_progress VALUES ('a', 'film', 'd', 4.0, 9.0, 8.0)")
    upgrade(database)
    with database.read() as session:
        for profile_id in ("", "p", "q"):
            assert session.get_one(ListEntry, ("a", profile_id, "film")).changed_at == 7.0
            assert session.get_one(WatchedPosition, ("a", profile_id, "film")).position_s == 4.0
            assert session.get_one(DeviceProgress, ("a", profile_id, "film", "d")).watched_at == 8.0


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    upgrade(database)

    def fail() -> None:
        from backend_stub.services import audit

        with database.write() as session:
            audit.record(session, 0, "x", account_id=None)
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM audit").scalar() == 0


@pytest.mark.parametrize("url", ["no address", "nosuchdatabase://x/y"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="database"):
        Database(url)


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    unreachable = Database(f"sqlite:///{tmp_path}/none/x.db")
    with pytest.raises(ConnectionError, match="cannot be reached"):
        upgrade(unreachable)


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATINEE_DATABASE_URL", "postgresql://u:secret@h/d")
    settings = Settings(tmp_path)
    assert settings.database == "postgresql://u:secret@h/d"
    assert "secret" not in repr(settings)


def test_sqlite_keeps_a_write_ahead_log_and_foreign_keys(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_database_that_does_not_answer_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    waited: list[float] = []

    def away(_database: Database) -> str:
        if len(waited) < 3:
            raise OperationalError("connect", None, Exception("away"))
        return HEAD

    monkeypatch.setattr(migrate, "current_revision", away)
    monkeypatch.setattr("backend_stub.db.database.time.sleep", waited.append)
    upgrade(database, 60.0)
    assert len(waited) == 3
    assert len(caplog.records) == 1
    waited.clear()
    with pytest.raises(ConnectionError):
        upgrade(database)
    database.close()
