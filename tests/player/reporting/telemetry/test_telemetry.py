"""Schema, queue and delivery, with a service that fails and a clock that is stepped."""

from __future__ import annotations

import json
import math
import sqlite3
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend_stub.api.schemas import TelemetryItem
from player.base.errors import ErrorCode, NetError, ServiceError
from player.net.model import RequestKind, Transfer
from player.reporting.events import (
    BufferSampled,
    ErrorRaised,
    Note,
    PhaseReached,
    Sought,
    StallBegan,
    StallEnded,
    StatusChanged,
    TransferDone,
)
from player.reporting.state import PlaybackState, RungChoice
from player.reporting.telemetry import (
    SCHEMA,
    Bounds,
    EventQueue,
    Form,
    SessionFacts,
    TelemetryEvent,
    TelemetrySender,
    accepted_ids,
    markdown,
)
from tests.kit.clock import FakeClock

PAGE = Path(__file__).resolve().parents[4] / "docs" / "telemetry.md"
SECRET = "http://cdn.test/s/TOKEN/film.mpd?sig=SECRET"


class Service:
    """Counts each event once; fails as it is told, also after it has taken a batch."""

    def __init__(self) -> None:
        self.events: dict[str, dict] = {}
        self.batches: list[int] = []
        self.failures: list[NetError] = []
        self.loses_answers = 0

    async def deliver(self, body: bytes) -> frozenset[str]:
        if self.failures:
            raise self.failures.pop(0)
        document = json.loads(body)
        assert document["schema"] == 1
        self.batches.append(len(body))
        for event in document["events"]:
            self.events.setdefault(event["id"], event)
        if self.loses_answers:
            self.loses_answers -= 1
            raise NetError(ErrorCode.NET_CUT, "The answer was lost.")
        return frozenset(event["id"] for event in document["events"])


class Bench:
    def __init__(self, folder: Path, *, consent: bool = True, bounds: Bounds | None = None) -> None:
        self.clock = FakeClock(waits_for_threads=True)
        self.service = Service()
        self.queue = EventQueue(folder / "telemetry.db", bounds)
        self.telemetry = TelemetrySender(self.queue, self.service.deliver, self.clock, consent=consent)
        facts = SessionFacts("film", "encrypted", "plan", "Matinee 0.1", "Linux x86_64")
        self.tell = self.telemetry.session(facts, PlaybackState)

    def play(self, seconds: int = 60) -> None:
        at = self.clock.monotonic()
        transfer = Transfer(1, RequestKind.SEGMENT, SECRET, "cdn-a", "main", at, at + 0.1, at + 0.2, 200, 5000)
        self.tell(PhaseReached(at, "requested"))
        self.tell(PhaseReached(at + 1, "first_frame"))
        for second in range(seconds):
            self.tell(BufferSampled(at + 1 + second, float(second), 9.0, 2e6, 1))
        self.tell(TransferDone(at + 2, transfer))
        self.tell(StallBegan(at + 3, 5.0))
        self.tell(StallEnded(at + 4, 5.0, 1.0))
        self.tell(Sought(at + 5, 5.0, 50.0))
        self.tell(Note(at + 6, "path_switch", f"From {SECRET}", "cdn-a", "cdn-b", "main", "net.cut"))
        self.tell(ErrorRaised(at + 7, "net.cut", f"{SECRET} broke.", fatal=False))
        self.tell(StatusChanged(at + 8, "ended"))

    async def deliver_all(self) -> None:
        await self.telemetry.keep()
        while await self.telemetry.send():
            pass


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.telemetry.close()


async def test_everything_that_is_told_is_in_the_schema_and_holds_no_secret(bench: Bench) -> None:
    bench.play()
    await bench.deliver_all()
    events = sorted(bench.service.events.values(), key=lambda event: event["number"])
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "session"
    assert kinds[-1] == "summary"
    assert kinds.count("quality") == 2
    assert {"phase", "request", "stall", "seek", "recovery", "error", "status"} < set(kinds)
    for event in events:
        assert set(event) == {"id", "session", "number", "at", "since_s", "kind", "data"}
        assert set(event["data"]) == set(SCHEMA[event["kind"]])
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    text = json.dumps(events)
    assert "TOKEN" not in text
    assert "SECRET" not in text
    assert events[-1]["data"]["startup_s"] == 1.0
    assert bench.queue.count() == 0


async def test_a_lost_answer_makes_no_event_count_twice(bench: Bench) -> None:
    bench.service.loses_answers = 1
    bench.play()
    await bench.telemetry.keep()
    with pytest.raises(NetError):
        await bench.telemetry.send()
    taken = dict(bench.service.events)
    assert bench.queue.count() == len(taken)
    await bench.deliver_all()
    assert bench.service.events == taken
    assert len(bench.service.batches) == 2
    assert bench.queue.count() == 0


async def test_what_could_not_be_sent_is_sent_by_the_next_run(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.play()
    first.service.failures = [NetError(ErrorCode.NET_DNS, "No network.")] * 5
    await first.telemetry.keep()
    await first.telemetry.close()
    second = Bench(tmp_path)
    await second.deliver_all()
    assert len(second.service.events) > 10
    await second.telemetry.close()


async def test_a_service_that_is_away_is_asked_less_and_less(bench: Bench) -> None:
    bench.play()
    await bench.telemetry.keep()
    bench.service.failures = [NetError(ErrorCode.HTTP_SERVER, "A fault.") for _ in range(1000)]
    pauses = [bench.telemetry._pause_after(failure) for failure in bench.service.failures[:8]]
    assert pauses[0] < 1, "once again soon, as the matrix has it"
    assert all(later <= 600 for later in pauses)
    assert pauses[7] > 250
    asked = NetError(ErrorCode.HTTP_RATE_LIMITED, "Later.", retry_after_s=900.0)
    assert bench.telemetry._pause_after(asked) >= 900


async def test_an_event_that_is_never_taken_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[str] = []
    sizes: list[int] = []

    async def deliver(body: bytes) -> frozenset[str]:
        items = json.loads(body)["events"]
        sizes.append(len(items))
        if any(item["data"]["code"] is None for item in items):
            raise ServiceError(ErrorCode.SERVICE_REPLY, "The service refuses (422).", status=422)
        taken.extend(item["id"] for item in items)
        return frozenset(item["id"] for item in items)

    queue = EventQueue(tmp_path / "t.db")
    telemetry = TelemetrySender(queue, deliver, FakeClock(), consent=True)
    told = events(300, 1.0, size=10)
    told[70] = replace(told[70], data={"code": math.inf})
    queue.put(told)
    for _ in range(40):
        await telemetry.send()
    assert queue.count() == 0
    assert taken == [event.id for event in told if event is not told[70]], "each once, in order"
    assert telemetry.refused == 1
    assert "refused and dropped (service.reply), 1 so far" in caplog.text
    assert sizes[0] == 200
    assert len(sizes) < 30
    await telemetry.close()


async def test_batches_are_bounded(bench: Bench) -> None:
    for _ in range(60):
        bench.play()
    await bench.telemetry.keep()
    count = bench.queue.count()
    assert count > 600
    while await bench.telemetry.send():
        pass
    assert len(bench.service.events) == count
    assert len(bench.service.batches) >= 4
    assert max(bench.service.batches) <= 256 * 1024 + 100


def events(count: int, at: float, size: int = 1000) -> list[TelemetryEvent]:
    return [TelemetryEvent(str(uuid.uuid4()), "s", n, at, 0.0, "error", {"code": "x" * size}) for n in range(count)]


def test_the_queue_is_bounded_in_size_and_age(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path / "q.db", Bounds(max_bytes=100_000, max_age_s=1000.0))
    old = events(10, 1.0)
    queue.put(old)
    queue.put(events(10, 500.0))
    assert queue.count() == 20
    queue.put(events(1, 1002.0))
    assert queue.count() == 11, "the old ones are gone"
    newest = events(200, 1003.0)
    queue.put(newest)
    assert 80 <= queue.count() <= 100
    kept = [name for name, _ in queue.batch(1000, 1 << 30)]
    assert kept == [event.id for event in newest[-len(kept) :]], "the oldest went first"
    queue.put(newest[-5:])
    assert queue.count() == len(kept), "an event is kept once"
    queue.close()


async def test_without_consent_nothing_is_kept_or_sent(tmp_path: Path) -> None:
    bench = Bench(tmp_path, consent=False)
    bench.play()
    await bench.deliver_all()
    assert bench.service.batches == []
    assert not (tmp_path / "telemetry.db").exists()
    await bench.telemetry.set_consent(True)
    bench.play()
    await bench.telemetry.keep()
    assert bench.queue.count() > 0
    await bench.telemetry.set_consent(False)
    assert not (tmp_path / "telemetry.db").exists()
    await bench.telemetry.close()
    assert bench.service.batches == []


async def test_a_damaged_queue_and_a_full_disk_are_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "telemetry.db"
    path.write_bytes(b"garbage" * 1000)
    bench = Bench(tmp_path)
    bench.play()
    await bench.telemetry.keep()
    assert bench.queue.count() > 0

    def full(_events: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(bench.queue, "put", full)
    bench.play()
    await bench.telemetry.keep()
    await bench.telemetry.close()


async def test_it_runs_by_itself(bench: Bench) -> None:
    bench.telemetry.start()
    bench.play()
    await bench.clock.advance(200.0)
    assert bench.queue.count() == 0
    assert len(bench.service.events) > 10


def test_the_page_has_the_table_of_the_schema() -> None:
    assert markdown() in PAGE.read_text(encoding="utf-8"), "python -m player.reporting.telemetry"


async def test_the_service_is_told_what_it_counts(tmp_path: Path) -> None:
    clock, sent = FakeClock(), []

    async def deliver(body: bytes) -> frozenset[str]:
        sent.extend(json.loads(body)["items"])
        return frozenset(event["event_id"] for event in sent)

    telemetry = TelemetrySender(EventQueue(tmp_path / "t.db"), deliver, clock, consent=True, form=Form.QUALITY)
    device: list[str | None] = [None]
    facts = SessionFacts("film", client="Matinee/0.1", device_id=lambda: device[0])
    rungs = (RungChoice(0, "360p", 360, 500_000), RungChoice(1, "720p", 720, 2_000_000))
    seen = PlaybackState(
        pathway="edge-a", rungs=rungs, rung_playing=1, position_s=20.0, buffered=((0.0, 12.0), (15.0, 32.5))
    )
    tell = telemetry.session(facts, lambda: seen)
    transfer = Transfer(1, RequestKind.SEGMENT, SECRET, "edge-a", "main", 0.0, 0.1, 0.2, 200, 5000)
    tell(PhaseReached(0.0, "requested"))
    tell(ErrorRaised(0.5, "net.cut", "before the device is known", fatal=False))
    device[0] = "tv"
    tell(PhaseReached(1.0, "first_frame"))
    for second in range(71):
        tell(BufferSampled(1.0 + second, float(second), 9.0, None, 0))
    tell(TransferDone(71.0, transfer))
    tell(StallBegan(72.0, 70.0))
    tell(StallEnded(74.0, 70.0, 2.0))
    tell(ErrorRaised(75.0, "net.cut", SECRET, fatal=False))
    tell(StatusChanged(76.0, "ended"))
    tell(StatusChanged(77.0, "idle"))
    await telemetry.keep()
    await telemetry.send()
    assert [event["kind"] for event in sent] == ["start", "beat", "beat", "error", "end"]
    assert sent[0]["startup_s"] == 1.0
    assert {(event["height"], event["buffer_s"]) for event in sent} == {(720, 12.5)}
    assert [event["played_s"] for event in sent] == [0.0, 30.0, 30.0, 0.0, 10.0]
    assert (sent[4]["stalls"], sent[4]["stalled_s"], sent[4]["bits"]) == (1, 2.0, 40_000.0)
    assert sent[3]["error"] == "net.cut"
    assert {(event["title_id"], event["device_id"], event["pathway"]) for event in sent} == {("film", "tv", "edge-a")}
    assert "SECRET" not in json.dumps(sent)
    for event in sent:
        TelemetryItem.model_validate(event)  # as the service takes it
    await telemetry.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"accepted": [1]}', b"[" * 100_000])
def test_an_answer_that_makes_no_sense_is_an_error(body: bytes) -> None:
    with pytest.raises(NetError):
        accepted_ids(body)
    assert accepted_ids(b'{"accepted": ["a"]}') == {"a"}
