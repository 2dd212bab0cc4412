"""When libmpv is asked how a playback goes, and when it is taken to go on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from player.mpv.model import PlayerSample
from player.playback.monitor import Monitor
from player.playback.on_demand import RecordedPlayback
from player.playback.progress import PlaybackProgress
from player.reporting.events import DecoderComplained, Event
from player.reporting.state import PlaybackState
from player.stream.buffered import Playhead
from player.stream.timeline import Timeline
from tests.kit.clock import FakeClock

DEEP_S = 4.0


class Bench:
    """Playback at normal speed; whoever asks libmpv hears where it is. ``held_s`` is what libmpv holds."""

    def __init__(self, held_s: float, title: Any = RecordedPlayback()) -> None:  # noqa: B008
        self.clock, self.playhead, self.held_s, self.asked = FakeClock(), Playhead(), held_s, 0
        self.events: list[Event] = []
        states: list[PlaybackState] = []
        self.monitor = Monitor(self.playhead, self.clock, self.events.append, states.append, lambda: None)
        self.monitor.handle_player_event("playback-restart", {})
        streaming: Any = SimpleNamespace(
            look=lambda *_seen: None,
            buffered_until=lambda: 60.0,
            buffered_ranges=lambda: ((0.0, 60.0),),
            holds=lambda *_stretch: True,
            low_bandwidth=False,
            timeline=Timeline(()),
        )
        control: Any = SimpleNamespace(player=SimpleNamespace(tells_position=False), run=self._run)
        reloads: Any = SimpleNamespace(measure=self._measure, pending=0, control=control)
        licences: Any = SimpleNamespace(asking=False)
        waiting = SimpleNamespace(blocked=False)
        parts: Any = SimpleNamespace(
            monitor=self.monitor,
            playhead=self.playhead,
            clock=self.clock,
            waiting=waiting,
            observe=self.events.append,
        )
        self.complaints = 0
        self.progress = PlaybackProgress(parts, streaming, licences, reloads, title)

    async def _run(self, function: Any, *values: object) -> Any:
        return function(*values)

    def _measure(self) -> PlayerSample:
        self.asked += 1
        now_s = self.clock.monotonic()
        return PlayerSample(now_s, (), 0, now_s, 0.04, self.held_s, self.complaints)

    async def look(self, times: int) -> None:
        for _ in range(times):
            await self.clock.advance(0.5)
            await self.progress.tick(asyncio.get_running_loop().create_future())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.playback.progress._TICK_S", 0.0)


async def test_where_playback_goes_well_libmpv_is_asked_every_second_time() -> None:
    bench = Bench(DEEP_S)
    await bench.look(8)
    assert bench.asked == 4
    assert bench.playhead.position_s == pytest.approx(bench.clock.monotonic())
    assert len(bench.events) >= 8, "it is told of each time all the same"


async def test_where_little_is_held_or_much_expected_libmpv_is_asked_each_time() -> None:
    bench = Bench(1.0)
    await bench.look(4)
    assert bench.asked == 4
    bench = Bench(DEEP_S)
    bench.progress.stop_at_s = 1e9
    await bench.look(4)
    assert bench.asked == 4
    bench = Bench(DEEP_S, SimpleNamespace(is_live=True, follow=lambda _position_s: None))
    await bench.look(4)
    assert bench.asked == 4


async def test_what_the_decoders_complain_of_is_told_with_its_place() -> None:
    bench = Bench(1.0)  # its clock begins at 1,000 s
    for complaints in (0, 3, 3, 5, 2):  # libmpv counts from 0 in each file
        bench.complaints = complaints
        await bench.look(1)
    told = [each for each in bench.events if isinstance(each, DecoderComplained)]
    assert [(each.start_s, each.end_s, each.count) for each in told] == [
        (1000.5, 1001.0, 3),
        (1001.5, 1002.0, 2),
        (1002.0, 1002.5, 2),
    ]


@pytest.mark.parametrize(
    ("unread", "reader_s", "restarts"),
    [(900, 999.0, 0), (0, 999.0, 1), (-50, 999.0, 1), (900, 1003.0, 1), (900, None, 1)],
    ids=[
        "a slow decoder",
        "a dead one",
        "a dead one while more is read",
        "one that swallows pictures",
        "nobody knows",
    ],
)
async def test_a_slow_decoder_is_told_from_a_dead_one(
    unread: int,
    reader_s: float | None,
    restarts: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(DEEP_S)
    anew: list[object] = []

    def measure() -> PlayerSample:
        bench.asked += 1
        return PlayerSample(1000.0, (), 0, 1, 0.04, DEEP_S, 0, 9000 + unread // bench.asked, reader_s)

    monkeypatch.setattr(bench.progress, "_reloads", SimpleNamespace(measure=measure, pending=0, restart=anew.append))
    monkeypatch.setattr(bench.progress._streaming, "anew", lambda place_s: place_s, raising=False)
    await bench.look(24)
    assert len(anew) == restarts


async def test_a_picture_that_stands_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(DEEP_S)
    monkeypatch.setattr(bench, "clock", SimpleNamespace(monotonic=lambda: 1.0, advance=bench.clock.advance))
    await bench.look(1)
    asked = bench.asked
    await bench.look(4)
    assert bench.asked >= asked + 3
