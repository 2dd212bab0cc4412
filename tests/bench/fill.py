"""A database of the service filled to a size, by the database itself: rows are made by SQL, on both kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from backend_stub.db.database import Database
from tests.kit.rights import START

WORDS = ("river", "stone", "night", "garden", "silver", "train", "winter", "letter", "island", "music", "forest")
_WIDE = "".join(f"{word:8}" for word in WORDS)
_DAY = int(START // 86400)


@dataclass(frozen=True, slots=True)
class Sizes:
    titles: int = 100_000
    accounts: int = 100_000
    views: int = 1_000_000
    playbacks: int = 200_000
    events: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the two databases count, draw (0 to 1) and write what they differ in."""

    series: str
    draw: str
    hexadecimal: str
    json: str


POSTGRESQL = Dialect(
    series="s(i) AS (SELECT generate_series(0, {last}))",
    draw="random()",
    hexadecimal="lpad(to_hex({value}), 32, '0')",
    json="CAST('{value}' AS JSON)",
)
SQLITE = Dialect(
    series="RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < {last})",
    draw="((random() & 1048575) / 1048576.0)",
    hexadecimal="printf('%032x', {value})",
    json="'{value}'",
)


def fill(database: Database, sizes: Sizes) -> None:
    """Make so many of each; nothing else may use the database meanwhile."""
    postgres = database.engine.dialect.name == "postgresql"
    dialect = POSTGRESQL if postgres else SQLITE
    with database.write() as session:
        connection = session.connection()
        again: list[str] = []
        if postgres:  # of what is made here every row has its parents: looking each up takes longer than all else
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            again = _without_indices(connection, "telemetry_events")
        for table, (count, columns) in _tables(dialect, sizes).items():
            if not count:
                continue
            series = dialect.series.format(last=count - 1)
            names, values = ", ".join(columns), ", ".join(columns.values())
            twice = "ON CONFLICT DO NOTHING" if table == "views" else ""
            insert = f"INSERT INTO {table} ({names}) WITH {series} SELECT {values} FROM s WHERE true {twice}"
            connection.execute(text(insert.replace(":", "\\:")))
        for statement in again:
            connection.execute(text(statement))
        connection.execute(
            text(
                "INSERT INTO view_days (day, title_id, views) "
                "SELECT day, title_id, COUNT(*) FROM views GROUP BY day, title_id"
            )
        )
        connection.execute(text("ANALYZE"))


def _without_indices(connection: Connection, table: str) -> list[str]:
    """Drop the indices and the key of a table; what makes them again, which is quicker than keeping them up."""
    key, own = inspect(connection).get_pk_constraint(table), inspect(connection).get_indexes(table)
    again = [
        f"ALTER TABLE {table} ADD CONSTRAINT {key['name']} PRIMARY KEY ({', '.join(key['constrained_columns'])})"
    ]
    connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {key['name']}"))
    for index in own:
        connection.execute(text(f"DROP INDEX {index['name']}"))
        again.append(f"CREATE INDEX {index['name']} ON {table} ({', '.join(map(str, index['column_names']))})")
    return again


def _tables(dialect: Dialect, sizes: Sizes) -> dict[str, tuple[int, Mapping[str, str]]]:
    def drawn(count: int) -> str:
        return f"CAST({dialect.draw} * {max(1, count - 1)} AS INTEGER)"

    def hexa(value: str) -> str:
        return dialect.hexadecimal.format(value=value)

    def json(value: str) -> str:
        return dialect.json.format(value=value)

    def word(stride: int) -> str:
        return f"trim(substr('{_WIDE}', CAST((i * {stride}) % {len(WORDS)} AS INTEGER) * 8 + 1, 8))"

    account, title = hexa(drawn(sizes.accounts)), f"'t' || {drawn(sizes.titles)}"
    pathway = f"'edge-' || substr('abc', 1 + CAST({dialect.draw} * 2.99 AS INTEGER), 1)"
    began = f"{START} - {dialect.draw} * {90 * 86400}"
    own = hexa("i")
    return {
        "titles": (
            sizes.titles,
            {
                "id": "'t' || i",
                "title": f"{word(7)} || ' ' || {word(13)} || ' ' || {word(31)} || ' ' || i",
                "synopsis": " || ' ' || ".join(word(stride) for stride in range(3, 43, 2)),
                "year": "1950 + i % 76",
                "duration_s": "5400.0",
                "heights": json("[480, 1080]"),
                "variants": json('["encrypted"]'),
                "open_licence": "false",
                "published_at": f"{START} - 1e8 + i",
            },
        ),
        "title_genres": (
            2 * sizes.titles,
            {"title_id": "'t' || CAST(i / 2 AS INTEGER)", "genre": f"{word(3)} || (i % 2)"},
        ),
        "accounts": (
            sizes.accounts,
            {
                "id": own,
                "email": f"{own} || '@matinee.local'",
                "name": "'viewer ' || i",
                "password_hash": "''",
                "active": "true",
                "created_at": f"{START} - i",
                "role": "'viewer'",
            },
        ),
        "devices": (
            sizes.accounts,
            {
                "account_id": own,
                "id": own,
                "name": "'TV ' || i",
                "public_key": json("{}"),
                "created_at": f"{START}",
                "last_seen_at": f"{START} - i",
                "proven": "true",
            },
        ),
        "audit": (
            sizes.playbacks,
            {
                "at": f"{START} - {dialect.draw} * {365 * 86400}",
                "action": "'play.started'",
                "account_id": account,
                "subject": "''",
                "detail": json("{}"),
            },
        ),
        "views": (
            sizes.views,
            {
                "day": f"{_DAY} - CAST({dialect.draw} * {dialect.draw} * 60 AS INTEGER)",
                "title_id": title,
                "account_id": account,
                "profile_id": "''",
            },
        ),
        "quality": (
            sizes.playbacks,
            {
                "account_id": account,
                "session_id": "'s' || i",
                "pathway": pathway,
                "title_id": title,
                "device_id": hexa(drawn(sizes.accounts)),
                "app_version": "'1.' || (i % 2)",
                "started_at": began,
                "changed_at": f"{START} - 86400",
                "startup_s": dialect.draw,
                "played_s": "1800.0",
                "stalled_s": dialect.draw,
                "stalls": "1",
                "bits": "5e9",
                "errors": "0",
            },
        ),
        "telemetry_events": (
            sizes.events,
            {
                "account_id": hexa(f"i % {sizes.accounts}"),
                "event_id": "'e' || i",
                "received_at": f"{START} - {dialect.draw} * {29 * 86400}",
                "session_id": f"'s' || (i % {max(1, sizes.playbacks)})",
                "at": f"{START} - {dialect.draw} * {29 * 86400}",
                "kind": "'progress'",
                "pathway": pathway,
                "played_s": "30.0",
                "stalled_s": "0.0",
                "stalls": "0",
                "bits": "1e8",
            },
        ),
    }
