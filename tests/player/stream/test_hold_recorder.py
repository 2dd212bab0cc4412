"""Stretches in which nothing is fetched on purpose are told once each."""

from __future__ import annotations

from player.reporting.events import FetchHeld
from tests.kit.streaming import title
from tests.player.stream.conftest import Make


async def test_a_full_buffer_is_told_when_it_is_over_and_at_the_close(make: Make) -> None:
    bench = make(title(20, audio=False), buffer_s=10.0)
    await bench.start()
    begin_s = bench.clock.monotonic()
    bench.playhead.started = True
    await bench.clock.advance(30.0)  # many looks, one stretch
    assert bench.of(FetchHeld) == []
    bench.playhead.position_s = 4.0
    bench.streaming.poke()
    await bench.clock.advance(5.0)
    (held,) = bench.of(FetchHeld)
    assert (held.reason, held.buffer_s) == ("buffer_full", 12.0)
    assert held.at_s < begin_s + 1.0
    assert 29.0 < held.until_s - held.at_s < 31.0
    await bench.streaming.close()
    assert [each.reason for each in bench.of(FetchHeld)] == ["buffer_full"] * 2


async def test_another_reason_is_another_stretch(make: Make) -> None:
    bench = make(title(20, audio=False), buffer_s=10.0)
    bench.policy.rung = None
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(3.0)
    bench.policy.rung = 0
    await bench.clock.advance(8.0)
    await bench.streaming.close()
    assert [each.reason for each in bench.of(FetchHeld)] == ["policy", "buffer_full"]
    first, second = (each.sentence for each in bench.of(FetchHeld))
    assert first == "as the test says"
    assert second
