"""The queue of one track, on a loop that is stepped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from player.stream.lanes import LONGEST_S, Go, Lane, LaneWait
from player.stream.store import SegmentStore
from tests.kit.clock import FakeClock, settle
from tests.kit.presentations import entry


class Desk:
    """Admits and fetches for a lane; each fetch waits until the test lets it end."""

    def __init__(self, parallel: int = 1) -> None:
        self.store = SegmentStore(1 << 20)
        self.answer: Callable[[int], Go | LaneWait] = lambda _position: Go(1)
        self.begun: list[tuple[int, int]] = []
        self.cancelled: list[int] = []
        self.crashes: list[tuple[int, str]] = []
        self.ends: dict[int, asyncio.Future[None]] = {}
        self.clock = FakeClock()
        self.lane = Lane("main", self.store, self.clock, self._admit, self._fetch, self._crashed, parallel=parallel)

    def _admit(self, position: int) -> Go | LaneWait:
        return self.answer(position)

    async def _fetch(self, position: int, rung: int) -> None:
        self.begun.append((position, rung))
        self.ends[position] = asyncio.get_running_loop().create_future()
        try:
            await self.ends[position]
        except asyncio.CancelledError:
            self.cancelled.append(position)
            raise
        self.store.put(entry(position=position, rung=rung))

    def _crashed(self, position: int, error: Exception) -> None:
        self.crashes.append((position, str(error)))
        self.store.put(entry(position=position))

    async def end(self, position: int) -> None:
        self.ends[position].set_result(None)
        await settle()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.lane.close()


async def test_segments_are_fetched_one_after_another_from_the_head(desk: Desk) -> None:
    desk.lane.start(3, 6)
    await settle()
    assert desk.begun == [(3, 1)]
    assert desk.lane.running == (3,)
    await desk.end(3)
    await desk.end(4)
    assert desk.begun == [(3, 1), (4, 1), (5, 1)]
    await desk.end(5)
    assert desk.lane.running == ()
    assert desk.lane.next_missing() is None


async def test_several_at_once_where_that_is_wanted() -> None:
    desk = Desk(parallel=2)
    desk.lane.start(0, 9)
    await settle()
    assert desk.lane.running == (0, 1)
    await desk.end(1)
    assert desk.lane.running == (0, 2)
    await desk.lane.close()
    assert desk.cancelled == [0, 2]


async def test_what_is_stored_is_not_fetched_again(desk: Desk) -> None:
    desk.store.put(entry(position=1))
    desk.lane.start(0, 3)
    await settle()
    await desk.end(0)
    assert desk.begun == [(0, 1), (2, 1)]


async def test_a_lane_that_is_told_to_wait_asks_again_when_poked(desk: Desk) -> None:
    desk.answer = lambda _position: LaneWait(1e6)
    desk.lane.start(0, 3)
    await settle()
    assert desk.begun == []
    desk.answer = lambda position: Go(position + 5)
    await settle()
    assert desk.begun == []
    desk.lane.poke()
    await settle()
    assert desk.begun == [(0, 5)]


async def test_a_lane_sleeps_as_long_as_it_is_told_and_no_longer_than_the_bound(desk: Desk) -> None:
    asked: list[float] = []

    def answer(_position: int) -> LaneWait:
        asked.append(desk.clock.monotonic())
        return LaneWait(0.75 if len(asked) == 1 else 1e6)

    desk.answer = answer
    desk.lane.start(0, 3)
    await settle()
    begun_s = asked[0]
    for _ in range(11):
        await desk.clock.advance(0.25)
    assert asked == [begun_s, begun_s + 0.75, begun_s + 0.75 + LONGEST_S]


async def test_a_lane_tells_of_each_fetch_that_begins(desk: Desk) -> None:
    told: list[tuple[int, ...]] = []
    desk.lane.begun = lambda: told.append(desk.lane.running)
    desk.lane.start(0, 3)
    await settle()
    await desk.end(0)
    assert told == [(0,), (1,)]


async def test_a_jump_gives_up_what_is_of_no_use(desk: Desk) -> None:
    desk.lane.start(0, 50)
    await settle()
    desk.lane.want(30, lambda running: running >= 30)
    await settle()
    assert desk.cancelled == [0]
    assert desk.lane.head == 30
    assert desk.begun == [(0, 1), (30, 1)]


async def test_a_jump_may_come_before_a_fetch_has_taken_its_first_step(desk: Desk) -> None:
    def answer(position: int) -> Go:
        if position == 0:  # on the loop this comes before the task that is about to be made
            asyncio.get_running_loop().call_soon(desk.lane.want, 30, lambda running: running >= 30)
        return Go(1)

    desk.answer = answer
    desk.lane.start(0, 50)
    await settle()
    assert desk.begun == [(30, 1)]
    assert desk.lane.running == (30,)


async def test_a_fetch_comes_next_where_nothing_is_missing_before_it(desk: Desk) -> None:
    for position in (*range(3, 12), *range(20, 30)):
        desk.store.put(entry(position=position))
    desk.lane.start(12, 50)
    await settle()
    assert desk.lane.running == (12,)
    assert desk.lane.leads_to(3, 12)
    assert not desk.lane.leads_to(2, 12)
    assert not desk.lane.leads_to(3, 21), "13 to 19 are missing"


async def test_a_near_jump_keeps_what_is_running(desk: Desk) -> None:
    desk.lane.start(2, 50)
    await settle()
    desk.lane.want(1, lambda running: 1 <= running <= 7)
    await settle()
    assert desk.cancelled == []
    await desk.end(2)
    assert desk.begun == [(2, 1), (1, 1)]


async def test_a_segment_that_was_given_up_is_fetched_when_it_is_wanted_again(desk: Desk) -> None:
    desk.lane.start(0, 50)
    await settle()
    desk.lane.want(30, lambda _running: False)
    desk.lane.want(0, lambda running: running < 6)
    await settle()
    assert desk.begun == [(0, 1), (0, 1)]


async def test_a_fetch_that_breaks_down_is_told_and_the_lane_goes_on(desk: Desk) -> None:
    desk.lane.start(0, 3)
    await settle()
    desk.ends[0].set_exception(RuntimeError("a bug"))
    await settle()
    assert desk.crashes == [(0, "a bug")]
    assert desk.begun[-1] == (1, 1)


async def test_an_admission_that_breaks_down_is_told_and_the_lane_goes_on(desk: Desk) -> None:
    def answer(position: int) -> Go | LaneWait:
        if position == 0:
            raise RuntimeError("a bug")
        return Go(2)

    desk.answer = answer
    desk.lane.start(0, 3)
    await settle()
    assert desk.crashes == [(0, "a bug")]
    assert desk.begun == [(1, 2)]


async def test_a_title_of_no_segments_is_soon_done(desk: Desk) -> None:
    desk.lane.start(0, 0)
    await settle()
    assert desk.begun == []
    assert desk.lane.next_missing() is None
