"""The journal, the tracker and the sending, with a service that can be away and a clock that is stepped."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, MatineeError, NetError
from player.reporting.events import BufferSampled, PhaseReached, Sought, StatusChanged
from player.resume.journal import ProgressJournal, Watched
from player.resume.merge import Resume
from player.resume.sync import ResumeSync
from player.resume.tracker import ProgressTracker
from player.service.model import Markers, ProgressItem, Title
from tests.kit.clock import FakeClock, settle

ACCOUNT = SimpleNamespace(id="acc")


class Service:
    """Takes positions while it is there."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.there = True
        self.got: list[ProgressItem] = []
        self.forgotten = False
        self.forgotten_titles: list[str | None] = []
        self.watching: str | None = ""
        self.skew_s = 5000.0

    async def account(self):
        return ACCOUNT

    async def profile(self):
        return self.watching

    async def progress(self, items):
        if not self.there:
            raise NetError(ErrorCode.NET_DNS, "No network.")
        self.got += items
        return frozenset(item.event_id for item in items)

    async def forget_progress(self, title_id: str | None = None) -> None:
        if not self.there:
            raise NetError(ErrorCode.NET_DNS, "No network.")
        self.forgotten = title_id is None
        self.forgotten_titles.append(title_id)

    async def time(self) -> float:
        if not self.there:
            raise NetError(ErrorCode.NET_DNS, "No network.")
        return self.clock.wall() + self.skew_s


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(waits_for_threads=True)
        self.service = Service(self.clock)
        self.journal = ProgressJournal(folder / "resume.db")
        self.sync = ResumeSync(self.journal, self.service, self._device, self.clock, self.clock.monotonic, "boot")
        self.position_s = 0.0
        self.track = self.sync.tracker("film", lambda: 600.0)

    async def _device(self) -> str:
        return "tv"

    async def play(self, seconds: float) -> None:
        """Playback with a sample twice a second."""
        for _ in range(round(seconds * 2)):
            await self.clock.advance(0.5)
            self.position_s += 0.5
            self.track(BufferSampled(self.clock.monotonic(), self.position_s, 10.0, None, 0))
            await self.written()

    async def written(self) -> None:
        await settle()
        while self.sync._writes:
            await next(iter(self.sync._writes))
            await settle()

    def kept(self) -> list[Watched]:
        return self.journal.unsent("acc")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    made.track(PhaseReached(made.clock.monotonic(), "first_frame"))
    yield made
    await made.sync.close()


async def test_the_journal_is_never_more_than_four_seconds_old(bench: Bench) -> None:
    for _ in range(12):
        await bench.play(1.5)
        assert bench.position_s - bench.kept()[0].position_s <= 4.0
    assert len(bench.kept()) == 1


def test_moments_that_matter_are_kept_at_once_and_nothing_before_the_first_picture() -> None:
    kept: list[tuple[float, bool]] = []
    track = ProgressTracker(lambda position_s, urgent: kept.append((position_s, urgent)))
    track(BufferSampled(0.0, 5.0, 1.0, None, 0))
    track(StatusChanged(0.5, "paused"))
    assert kept == []
    track(PhaseReached(1.0, "first_frame"))
    track(BufferSampled(1.5, 5.5, 1.0, None, 0))
    track(Sought(2.0, 5.5, 300.0))
    track(StatusChanged(2.5, "paused"))
    track(StatusChanged(3.0, "playing"))
    track(BufferSampled(3.5, 300.5, 1.0, None, 0))
    track(StatusChanged(4.0, "ended"))
    assert kept == [(5.5, False), (300.0, True), (300.0, True), (300.5, True)]


async def test_the_service_hears_every_half_minute_and_at_once_where_it_matters(bench: Bench) -> None:
    bench.sync.start()
    await bench.play(29)
    assert bench.service.got == []
    await bench.play(4)
    await bench.clock.settle()
    assert len(bench.service.got) == 1
    bench.track(StatusChanged(bench.clock.monotonic(), "paused"))
    await bench.clock.settle()
    assert bench.service.got[-1].position_s == bench.position_s
    assert bench.service.got[-1].watched_at == pytest.approx(bench.clock.wall() + bench.service.skew_s, abs=1.0)


async def test_what_was_watched_offline_is_told_later_with_its_true_age(bench: Bench) -> None:
    bench.service.there = False
    await bench.play(20)
    await bench.sync.send()
    watched_at = bench.clock.wall() + bench.service.skew_s
    await bench.clock.advance(7200)
    bench.service.there = True
    await bench.sync.send()
    assert bench.service.got[0].watched_at == pytest.approx(watched_at, abs=5)
    assert bench.kept() == []
    await bench.sync.send()
    assert len(bench.service.got) == 1, "told once"


async def test_where_to_go_on_counts_what_the_service_does_not_have_yet(bench: Bench) -> None:
    title = SimpleNamespace(
        id="film",
        progress=SimpleNamespace(position_s=300.0, duration_s=600.0, watched_at=bench.clock.wall()),
        markers=Markers(),
    )
    session = SimpleNamespace(title=title, resume_s=300.0, furthest_s=500.0)
    assert await bench.sync.resume_of(session) == Resume(300.0, 500.0)
    await bench.play(10)
    place = await bench.sync.resume_of(session)
    assert place.position_s == bench.kept()[0].position_s
    assert place.furthest_s == 300.0
    title.markers = Markers(credits_s=5.0)
    assert (await bench.sync.resume_of(session)).finished, "its credits were reached"


async def test_what_was_watched_is_forgotten_where_the_service_forgets_it(bench: Bench) -> None:
    bench.service.there = False
    await bench.play(5)
    with pytest.raises(NetError):
        await bench.sync.forget()
    assert bench.journal.unsent("acc")
    bench.service.there = True
    await bench.sync.forget()
    assert bench.service.forgotten
    assert bench.journal.unsent("acc") == []


async def test_each_profile_goes_on_where_it_was_itself(bench: Bench) -> None:
    bench.service.there = False
    bench.service.watching = "ann"
    await bench.play(20)
    bench.service.watching = "ben"
    bench.track(Sought(bench.clock.monotonic(), bench.position_s, 300.0))
    await bench.written()
    positions = {kept.profile: kept.position_s for kept in bench.kept()}
    assert set(positions) == {"ann", "ben"}
    assert positions["ben"] == 300.0
    bench.service.there = True
    title = Title("film", "A film")
    session = SimpleNamespace(title=title, resume_s=0.0, furthest_s=None)
    assert (await bench.sync.resume_of(session)).position_s == 300.0
    bench.service.watching = "ann"
    assert (await bench.sync.resume_of(session)).position_s == positions["ann"]
    bench.service.watching = "eve"
    assert await bench.sync.resume_of(session) == Resume()
    await bench.sync.send()
    assert {item.profile_id for item in bench.service.got} == {"ann", "ben"}


async def test_a_damaged_journal_is_put_aside_and_a_full_disk_costs_only_the_position(tmp_path: Path) -> None:
    path = tmp_path / "resume.db"
    path.write_bytes(b"no database at all" * 500)
    journal = ProgressJournal(path)
    journal.put(Watched("acc", "film", "e1", 5, 10, "tv", "b", 1, 1))
    assert journal.of("acc", "", "film") is not None
    assert (tmp_path / "resume.damaged").exists()

    connection = journal._connection
    assert connection is not None
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages}")

    def fill() -> None:
        for number in range(1000):
            journal.put(Watched("acc", f"film{number}", f"e{number}" * 50, 5, 10, "tv", "b", 1, 1))

    with pytest.raises(MatineeError) as caught:
        fill()
    assert caught.value.code is ErrorCode.DISK_FULL
    journal.close()


WRITER = """
import sys, pathlib
from player.resume.journal import ProgressJournal, Watched
journal = ProgressJournal(pathlib.Path(sys.argv[1]))
number = 0
while True:
    number += 1
    journal.put(Watched("acc", "film", f"e{number}", float(number), 1e9, "tv", "b", 1.0, 1.0))
    print(number, flush=True)
"""


def test_a_kill_leaves_the_last_position_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "resume.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        told += writer.stdout.readlines()
    last = int([line for line in told if line.endswith(b"\n")][-1])
    journal = ProgressJournal(path)
    kept = journal.of("acc", "", "film")
    journal.close()
    assert kept is not None
    assert kept.position_s >= last
    assert sqlite3.connect(path).execute("pragma integrity_check").fetchone() == ("ok",)


async def test_a_key_store_that_does_not_open_keeps_positions_for_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise DrmError(DrmErrorCode.KEY_STORE, "The key store does not open.")

    await bench.play(12)
    with monkeypatch.context() as damage:
        damage.setattr(bench.service, "account", broken)
        await bench.sync.send()
    assert not bench.service.got
    await bench.sync.send()
    assert bench.service.got
