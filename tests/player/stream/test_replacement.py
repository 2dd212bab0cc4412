"""Buffered segments of a low rung are fetched again by the real scheduler, and libmpv never sees two copies of
one."""

from __future__ import annotations

from abr.model import Estimate, Reason
from player.reporting.events import RungDecided, SegmentDone, SegmentReplaced
from player.stream.store import SegmentStore
from tests.kit.presentations import entry
from tests.kit.streaming import StreamingBench, title
from tests.kit.transport import Act
from tests.player.stream.conftest import Make

FAST = Estimate(mean_bps=10e6, low_bps=8e6, remembered=True)


async def after_a_slow_stretch(make: Make, *, replaces: bool = True, plan: Act | None = None) -> StreamingBench:
    """24 s of the lowest rung were buffered, then the link came back: the seventh segment is of the top rung."""
    bench = make(title(12, audio=False), buffer_s=24.0, estimate=FAST)
    bench.rate.replaces = replaces
    if plan is not None:
        bench.transport.always("http://a.test/r2-6", plan)
    await bench.start()
    playhead = bench.playhead
    playhead.started, playhead.playing, playhead.starving = True, True, False
    await bench.clock.advance(5.0)
    assert bench.rungs()[:7] == [0, 0, 0, 0, 0, 0, None]
    bench.policy.rung = 2
    playhead.position_s = 4.0
    bench.streaming.poke()
    return bench


async def test_what_is_not_shown_soon_is_brought_to_the_rung_of_now(make: Make) -> None:
    bench = await after_a_slow_stretch(make)
    await bench.clock.advance(5.0)
    assert bench.rungs()[:7] == [0, 0, 0, 2, 2, 2, 2]
    replaced = bench.of(SegmentReplaced)
    assert [(each.position, each.rung, each.to_rung, each.given_up) for each in replaced] == [
        (5, 0, 2, False),
        (4, 0, 2, False),
        (3, 0, 2, False),
    ], "from the good end of the buffer, so that no change of quality is added"
    assert all(each.wasted_bytes > 0 for each in replaced)
    decided = [event.position for event in bench.of(RungDecided) if event.decision.reason is Reason.REPLACED]
    assert decided == [5, 4, 3]
    assert [event.rung for event in bench.of(SegmentDone) if event.position == 5] == [0, 2]


async def test_it_is_off_by_default(make: Make) -> None:
    bench = await after_a_slow_stretch(make, replaces=False)
    await bench.clock.advance(5.0)
    assert bench.rungs()[:7] == [0, 0, 0, 0, 0, 0, 2]
    assert bench.of(SegmentReplaced) == []


async def test_what_libmpv_reads_meanwhile_stays_as_it_is(make: Make) -> None:
    bench = await after_a_slow_stretch(make, plan=Act(rate_bps=400.0, chunk=10))
    await bench.clock.advance(0.5)
    assert bench.asked[-1] == "r2-6"
    old = bench.store.peek("main", 5)
    assert old is not None
    bench.store.pin(old)
    await bench.clock.advance(5.0)
    assert bench.store.peek("main", 5) is old
    (given_up,) = [each for each in bench.of(SegmentReplaced) if each.position == 5]
    assert given_up.given_up
    assert 0 < given_up.wasted_bytes < old.buffer.received
    assert bench.asked.count("r2-6") == 1, "it is not tried again"


async def test_a_new_copy_that_cannot_be_had_changes_nothing(make: Make) -> None:
    bench = await after_a_slow_stretch(make, plan=Act(status=404))
    await bench.clock.advance(10.0)
    assert bench.rungs()[5] == 0
    assert bench.failures == []
    assert 2 not in bench.rate.caps.excluded


async def test_a_jump_in_mid_replacement_keeps_the_old_copy(make: Make) -> None:
    bench = await after_a_slow_stretch(make, plan=Act(stall_after=10))
    await bench.clock.advance(0.5)
    bench.streaming._want("main", 9, behind=0)
    await bench.clock.advance(1.0)
    assert bench.rungs()[5] == 0
    assert next((each.position, each.given_up, each.wasted_bytes) for each in bench.of(SegmentReplaced)) == (
        5,
        True,
        10,
    )


def test_only_the_copy_that_is_meant_is_swapped() -> None:
    held = SegmentStore(1 << 20)
    old, new = entry(position=3, rung=0), entry(position=3, rung=2)
    held.put(old)
    assert not held.swap(new, new)
    assert held.swap(old, new)
    assert held.peek("main", 3) is new
    held.pin(new)
    assert not held.swap(new, old)


def test_the_copy_that_libmpv_has_read_comes_back() -> None:
    held = SegmentStore(1 << 20)
    old, new = entry(position=3, rung=0), entry(position=3, rung=2)
    held.put(old)
    held.swap(old, new)
    held.pin(old)  # the reader had taken it just before
    assert held.peek("main", 3) is old
    assert held.pinned_rung("main", 3) == 0
