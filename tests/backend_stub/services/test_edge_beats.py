"""What edges tell of themselves, and what that makes of them for a viewer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.asgi import App, Message, Receive, Scope, Send
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.edge.meter import CAPACITY, EdgeMeter
from backend_stub.server import ServerGroup
from backend_stub.services.edge_beats import SILENT_S, EdgeBeats, EdgeReport
from tests.kit.rights import SettableClock
from tests.kit.waiting import until


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(made)
    yield made
    made.close()


def test_the_last_beat_stands_and_grows_old(database: Database) -> None:
    clock = SettableClock()
    beats = EdgeBeats(database, clock)
    beats.beat(EdgeReport("edge-a", "http://a", load=0.9))
    clock.step(5)
    beats.beat(EdgeReport("edge-b", "http://b", countries=("DE", "AT")))
    beats.beat(EdgeReport("edge-a", "http://a", load=0.1, bits_per_s=8e6))
    latest = beats.latest()
    assert latest["edge-a"].report == EdgeReport("edge-a", "http://a", load=0.1, bits_per_s=8e6)
    assert latest["edge-b"].report.countries == ("DE", "AT")
    clock.step(SILENT_S)
    assert not any(health.usable for health in beats.latest().values())


async def call(app: App) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        assert message["type"].startswith("http.response")

    await app({"type": "http"}, receive, send)


async def test_an_edge_that_fails_for_a_quarter_is_not_healthy() -> None:
    clock = SettableClock()
    statuses = iter([200, 200, 404, 206, 503, 0])

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        assert meter_sees_itself()
        if status := next(statuses):
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": False})

    meter = EdgeMeter(app, clock)

    def meter_sees_itself() -> bool:
        return meter._running == 1

    for _ in range(5):
        await call(meter)
    clock.step(2)
    work = meter.take()
    assert (work.healthy, work.answers, work.failures, work.bits_per_s) == (
        True,
        4,
        1,
        20_000,
    )  # what is not there tells nothing
    await call(meter)
    assert (meter.take().failures, meter.take().answers) == (1, 0)
    assert meter.take().load == 0
    assert CAPACITY > 1


def test_edges_of_a_running_service_beat_by_themselves(group: ServerGroup) -> None:
    beats = group.context.edge_beats
    until(lambda: len(beats.latest()) >= len(group.edges))
    latest = beats.latest()
    assert {name: found.report.base_url for name, found in latest.items()} == {e.name: e.url for e in group.edges}
    assert all(found.usable for found in latest.values())
