"""A row is deleted in the middle of a call, before each of its statements in turn, on PostgreSQL.

There a transaction sees what others committed meanwhile. Deletions of rows that the call holds wait for it, and are
given up.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from tests.backend_stub.api.test_vanishing import CALLS, household
from tests.kit.postgres import postgres_cluster
from tests.kit.rights import Service, publish_ladder, service

pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("ignore:DELETE statement on table")]
_MOST = 80  # statements of a call
_DELETIONS = {
    "account": "DELETE FROM accounts WHERE id = :account_id",
    "title": "DELETE FROM titles WHERE id = :title_id",
    "device": "DELETE FROM devices WHERE account_id = :account_id",
    "profiles": "DELETE FROM profiles WHERE account_id = :account_id",
    "session": "DELETE FROM play_sessions WHERE account_id = :account_id",
    "sign-ins": "DELETE FROM refresh_tokens WHERE account_id = :account_id",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with postgres_cluster() as cluster:
        folder: Path = tmp_path_factory.mktemp("vanishing")
        with service(folder, database_url=cluster.database_for(folder)) as made:
            yield made


@pytest.fixture(scope="module")
def other(running: Service) -> Iterator[Engine]:
    """Connections of somebody else's."""
    options = {"options": "-c lock_timeout=20ms"}
    engine = create_engine(running.context.database.engine.url, connect_args=options, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("what", _DELETIONS)
@pytest.mark.parametrize("call", CALLS)
def test_what_is_deleted_meanwhile_is_missed(running: Service, other: Engine, call: str, what: str) -> None:
    method, _, path = call.partition(" ")
    engine = running.context.database.engine
    for number in range(2, _MOST):
        title_id = f"t{secrets.token_hex(6)}" if what == "title" else "film"
        if what == "title":
            publish_ladder(running.context.settings, title_id)
        home = household(running, call, title_id)
        body = CALLS[call](home)
        left = number

        def before(_connection: Connection, *_: Any, home: Any = home, title_id: str = title_id) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                with suppress(OperationalError), other.connect() as connection:
                    names = {"account_id": home.account_id, "title_id": title_id}
                    statement = _DELETIONS[what]
                    connection.execute(
                        text(statement), {name: names[name] for name in names if f":{name}" in statement}
                    )

        event.listen(engine, "before_cursor_execute", before)
        try:
            answer = home.call(method, path, body)
        finally:
            event.remove(engine, "before_cursor_execute", before)
        if left > 0:
            return
        assert answer.status_code < 500, (number, answer.text)
    raise AssertionError(f"{call} takes more than {_MOST} statements")
