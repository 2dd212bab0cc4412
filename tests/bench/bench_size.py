"""The service at size: how long its pages and calls take over a database that this program fills.

``python -m tests.bench.bench_size [--titles N] [--accounts N] [--views N] [--playbacks N] [--events N] [--database
sqlite|postgresql|URL] [--seconds S]``; by default the sizes of its budgets, on SQLite in a folder of its own.
``postgresql`` is a server of its own. What the processor worked for this process stands beside the time: on a busy
machine that is nearer to what an idle one takes (but for what PostgreSQL does in its own). It ends by itself after
ten minutes (``--seconds``), with what it has measured.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx

from backend_stub.cli import set_aside
from backend_stub.services.retention import Retention
from tests.bench.fill import Sizes, fill
from tests.kit.postgres import postgres_cluster
from tests.kit.rights import Service, SigningDevice, service

CALLS, PAGES = 100, 20
#: In milliseconds: what 99 of 100 calls must keep to.
API_MS, SEARCH_MS, PAGE_MS, SCRAPE_MS = 100.0, 50.0, 500.0, 200.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A call. ``ahead`` makes what it needs first, which is not counted."""

    name: str
    budget_ms: float
    call: Callable[[], httpx.Response]
    rounds: int = CALLS
    ahead: Callable[[], Callable[[], httpx.Response]] | None = None


def main() -> int:
    parser = argparse.ArgumentParser()
    for size in fields(Sizes):
        parser.add_argument(f"--{size.name}", type=int, default=size.default)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--seconds", type=float, default=600.0)
    args = parser.parse_args()
    until = time.monotonic() + args.seconds
    sizes = Sizes(*(getattr(args, size.name) for size in fields(Sizes)))
    with (
        tempfile.TemporaryDirectory() as folder,
        database(args.database) as url,
        service(Path(folder), database_url=url) as running,
    ):
        timed("filled", lambda: fill(running.context.database, sizes))
        for name, run in (
            ("sums of quality, from nothing", running.context.quality.sum_up),
            ("search index, from nothing", running.context.titles.search.keep_in_step),
            ("trending", running.context.titles.views.rank),
            ("retention, with nothing to let go", Retention(running.context.database, running.clock).let_go),
        ):
            timed(name, run)
        set_aside()  # as `matinee serve` does
        return measure(running, until)


@contextmanager
def database(name: str) -> Iterator[str]:
    """The URL of the database: none for SQLite."""
    if name == "postgresql":
        with postgres_cluster() as cluster:
            yield cluster.blank()
    else:
        yield "" if name == "sqlite" else name


def timed(name: str, run: Callable[[], object]) -> None:
    began = time.perf_counter()
    run()
    print(f"{name:40} {time.perf_counter() - began:9.1f} s, in the background", flush=True)


def measure(running: Service, until: float) -> int:
    """Print a line for each; how many are over their budgets."""
    over = 0
    for asked in every(running):
        took, worked = [], []
        for _ in range(asked.rounds):
            if time.monotonic() > until:
                print("the time is over")
                return over
            call = asked.ahead() if asked.ahead is not None else asked.call
            began, work = time.perf_counter(), time.process_time()
            answer = call()
            took.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - work) * 1000)
            assert answer.status_code < 300, (asked.name, answer.text[:300])
        took.sort()
        worked.sort()
        late = took[int(len(took) * 0.99) - 1]
        over += late > asked.budget_ms
        print(
            f"{asked.name:40} median {took[len(took) // 2]:7.1f} ms, p99 {late:7.1f} of {asked.budget_ms:4.0f} ms"
            f"{' OVER' if late > asked.budget_ms else '     '}, of the processor {worked[len(took) // 2]:7.1f} and "
            f"{worked[int(len(took) * 0.99) - 1]:7.1f} ms, {len(answer.content)} bytes",
            flush=True,
        )
    return over


def every(running: Service) -> Iterator[Asked]:
    """What is asked, by a viewer with a device, by an operator, and by a scraper."""
    chief = running.account("chief", role="admin")
    account = running.context.accounts.get(chief)
    assert account is not None
    admin, device = running.client(chief), running.device(running.account("viewer"))
    viewer = device.client
    admin.headers["Cookie"] = f"matinee_console={running.context.tokens.issue(account, 'x').refresh_token}"
    begin_some(device)
    scraper = running.client(None)
    scraper.headers["Authorization"] = f"Bearer {running.context.secrets.admin_token}"

    def progress() -> httpx.Response:
        item = {"event_id": secrets.token_hex(8), "title_id": "t5", "device_id": device.device_id}
        times = {"position_s": 1.0, "duration_s": 9.0, "watched_at": running.clock.now()}
        return device.post("/progress", {"items": [{**item, **times}]})

    for path in ("/catalog", "/catalog/t5", "/rows", "/channels", "/list", "/devices", "/account", "/profiles"):
        yield Asked(path, API_MS, lambda path=path: viewer.get(path))  # type: ignore[misc]
    four = "/search?q=river stone night garden"
    for path in ("/search?q=river stone", four, "/search?q=rivr", "/search?q=river&year_from=1990&offset=40"):
        yield Asked(path, SEARCH_MS, lambda path=path: viewer.get(path))  # type: ignore[misc]
    yield Asked("POST /play", API_MS, device.play)
    for name, after in (
        ("POST /play/.../heartbeat", lambda play: device.beat(play["session_id"])),
        ("POST /licences", lambda play: device.acquire(play["session_id"], type="streaming")),
        ("a file by way of the gate", lambda play: running.fetch(play["manifests"][0]["hls"])),
    ):
        yield after_play(name, device, after)
    yield Asked("POST /progress", API_MS, progress)
    for page in ("", "?hours=168", "/sessions", "/titles", "/titles?q=river", "/devices", "/devices?q=TV 99"):
        yield Asked(f"/console{page}", PAGE_MS, lambda page=page: admin.call("GET", CONSOLE + page), PAGES)  # type: ignore[misc]
    for page in ("/accounts", "/accounts?q=99", "/audit", "/jobs", "/payments", "/steering"):
        yield Asked(f"/console{page}", PAGE_MS, lambda page=page: admin.call("GET", CONSOLE + page), PAGES)  # type: ignore[misc]
    for hours in (24, 168, 2160):
        path = f"/admin/quality?hours={hours}&by=title_id"
        yield Asked(path, PAGE_MS, lambda path=path: admin.get(path), PAGES)  # type: ignore[misc]
    yield Asked("/metrics", SCRAPE_MS, lambda: scraper.call("GET", "http://testserver/metrics"), PAGES)


CONSOLE = "http://testserver/console"


def begin_some(device: SigningDevice) -> None:
    """A viewer as others are: their first screen has rows of what they watched, listed and liked."""
    items = [
        {
            "event_id": f"before {number}",
            "title_id": f"t{number * 7}",
            "device_id": device.device_id,
            "position_s": 5400.0 * (number + 1) / 20,
            "duration_s": 5400.0,
            "watched_at": device.clock.now() - 3600.0 * number,
        }
        for number in range(20)
    ]
    assert device.post("/progress", {"items": items}).status_code == 200
    for number in range(10):
        change = {"listed": True, "changed_at": device.clock.now() - number}
        assert device.client.call("PUT", f"/list/t{number * 11}", change).status_code == 200
        thumb = {"thumb": "down" if number % 3 else "up"}
        assert device.client.call("PUT", f"/thumbs/t{number * 13}", thumb).status_code == 200


def after_play(name: str, device: SigningDevice, after: Callable[[Any], httpx.Response]) -> Asked:
    """A call about a play session, which is begun before."""

    def ahead() -> Callable[[], httpx.Response]:
        play = device.play().json()
        return lambda: after(play)

    return Asked(name, API_MS, device.play, ahead=ahead)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
