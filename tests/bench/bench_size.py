"""The service at size: how long its pages and calls take over a database that this program fills.

``python -m tests.bench.bench_size [--titles N] [--accounts N] [--views N] [--playbacks N] [--database URL]``; by
default the sizes of its budgets, on SQLite in a folder of its own.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from backend_stub.db.database import Database
from backend_stub.db.models import Account, Base, DailyView, Device, Quality, Title, ViewDay
from tests.kit.rights import START, Service, service

WORDS = ("river", "stone", "night", "garden", "silver", "train", "winter", "letter", "island", "music", "forest")
ROUNDS = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, size in (("titles", 100_000), ("accounts", 100_000), ("views", 1_000_000), ("playbacks", 200_000)):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--database", default="")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, service(Path(folder), database_url=args.database) as running:
        began = time.perf_counter()
        fill(running, args)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        for name, run in (
            ("sums of quality, from nothing", running.context.quality.sum_up),
            ("search index, from nothing", running.context.titles.search.keep_in_step),
            ("trending", running.context.titles.views.rank),
        ):
            began = time.perf_counter()
            run()
            print(f"{name:32} {(time.perf_counter() - began) * 1000:9.0f} ms, in the background")
        measure(running)


def fill(running: Service, args: argparse.Namespace) -> None:
    database, draw = running.context.database, random.Random(1)
    titles = [f"t{number}" for number in range(args.titles)]
    accounts = [f"{number:032x}" for number in range(args.accounts)]
    add(database, Title, (a_title(title_id, number, draw) for number, title_id in enumerate(titles)))
    add(database, Account, (an_account(one) for one in accounts))
    add(database, Device, (a_device(one) for one in accounts))
    today = int(START / 86400)
    views = {
        (today - int(draw.expovariate(0.1)), draw.choice(titles), draw.choice(accounts)) for _ in range(args.views)
    }
    add(database, DailyView, ({"day": d, "title_id": t, "account_id": a, "profile_id": ""} for d, t, a in views))
    days: dict[tuple[int, str], int] = {}
    for day, title_id, _ in views:
        days[day, title_id] = days.get((day, title_id), 0) + 1
    add(database, ViewDay, ({"day": d, "title_id": t, "views": n} for (d, t), n in days.items()))
    add(database, Quality, (a_playback(number, draw, titles, accounts) for number in range(args.playbacks)))


def add(database: Database, kind: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    for part in in_parts(rows):
        with database.write() as session:
            session.execute(insert(kind), part)


def in_parts(rows: Iterable[dict[str, Any]], size: int = 10_000) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def a_title(title_id: str, number: int, draw: random.Random) -> dict[str, Any]:
    words = " ".join(draw.choices(WORDS, k=3)).title()
    return {
        "id": title_id,
        "title": f"{words} {number}",
        "synopsis": " ".join(draw.choices(WORDS, k=20)),
        "year": draw.randint(1950, 2026),
        "duration_s": 5400.0,
        "heights": [480, 1080],
        "variants": ["encrypted"],
        "open_licence": False,
        "published_at": START - 1e8 + number,
    }


def an_account(account_id: str) -> dict[str, Any]:
    return {
        "id": account_id,
        "email": f"{account_id}@matinee.local",
        "name": account_id[-6:],
        "password_hash": "",
        "active": True,
        "created_at": START - int(account_id, 16),
        "role": "viewer",
    }


def a_device(account_id: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "id": account_id,
        "name": f"TV {account_id[-6:]}",
        "public_key": {},
        "created_at": START,
        "last_seen_at": START - int(account_id, 16),
        "proven": True,
    }


def a_playback(number: int, draw: random.Random, titles: list[str], accounts: list[str]) -> dict[str, Any]:
    account_id = draw.choice(accounts)
    began = START - draw.random() * 90 * 86400
    return {
        "account_id": account_id,
        "session_id": f"s{number}",
        "pathway": draw.choice(("edge-a", "edge-b", "edge-c")),
        "title_id": draw.choice(titles),
        "device_id": account_id,
        "app_version": draw.choice(("1.0", "1.1")),
        "started_at": began,
        "changed_at": began,
        "startup_s": draw.random(),
        "played_s": 1800.0,
        "stalled_s": draw.random(),
        "stalls": 1,
        "bits": 5e9,
        "errors": 0,
    }


def measure(running: Service) -> None:
    chief = running.account("chief", role="admin")
    account = running.context.accounts.get(chief)
    assert account is not None
    admin, viewer = running.client(chief), running.client(running.account("viewer"))
    admin.headers["Cookie"] = f"matinee_console={running.context.tokens.issue(account, 'x').refresh_token}"
    scraper = running.client(None)
    scraper.headers["Authorization"] = f"Bearer {running.context.secrets.admin_token}"
    here = "http://testserver"
    for caller, path in (
        *((admin, f"{here}/console{page}") for page in ("", "?hours=168", "/sessions", "/titles", "/titles?q=river")),
        *((admin, f"{here}/console{page}") for page in ("/devices", "/accounts", "/audit", "/jobs")),
        (admin, "/admin/quality?hours=168&by=title_id"),
        (scraper, f"{here}/metrics"),
        *((viewer, path) for path in ("/rows", "/catalog", "/search?q=river stone", "/search?q=rivr", "/channels")),
    ):
        took = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = caller.get(path) if path.startswith("/") else caller.call("GET", path)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path, answer.text[:300])
        took.sort()
        shown = path.removeprefix(here)
        print(
            f"{shown:40} median {took[ROUNDS // 2]:7.1f} ms, most {took[-1]:7.1f} ms, {len(answer.content):9} bytes"
        )


if __name__ == "__main__":
    main()
