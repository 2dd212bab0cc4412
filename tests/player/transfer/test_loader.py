"""The loader against a scripted transport and a clock that is stepped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from player.base.errors import ErrorCode, NetError, ServiceError
from player.manifest.model import ByteRange
from player.net.gate import Gate
from player.net.model import RequestKind, Transfer
from player.transfer.loader import (
    BytesSink,
    Loader,
    LoadEvent,
    LoadOutcome,
    LoadProgress,
    LoadResult,
    LoadVerdict,
    Resource,
    RetryEvent,
)
from player.transfer.model import Patience
from player.transfer.pathways import Cause, PathSwitch, Pathways
from player.transfer.recovery import Action
from tests.kit.clock import FakeClock
from tests.kit.transport import Act, ScriptedTransport

A, B = "http://a.test/s.m4s", "http://b.test/s.m4s"
CONTENT = Random(1).randbytes(300_000)
CUT = NetError(ErrorCode.NET_CUT, "cut", recoverable=True)
REFUSED = NetError(ErrorCode.NET_REFUSED, "refused", recoverable=True)


class Bench:
    """A loader with two CDNs, ``a`` preferred, that both serve the same segment."""

    def __init__(self, buffer_s: float = 20.0, refresh: Callable | None = None, *, is_patient: bool = False) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock, {A: CONTENT, B: CONTENT})
        self.transfers: list[Transfer] = []
        self.gate = Gate(self.transport, self.clock, self.transfers.append)
        self.paths = Pathways(["a", "b"])
        self.events: list[LoadEvent] = []
        self.buffer_s = buffer_s
        self.loader = Loader(
            self.gate,
            self.paths,
            self.clock,
            Random(3),
            refresh,
            patience=Patience(lambda: self.buffer_s, lambda: is_patient),
            on_event=self.events.append,
        )
        self.sink = BytesSink()

    async def load(self, resource: Resource | None = None, watch=None, **options) -> LoadResult:
        work = self.loader.load(resource or segment(), self.sink, watch, **options)
        return await self.clock.run(work)

    @property
    def asked(self) -> list[tuple[str, str | None]]:
        return [(r.pathway, r.byte_range.header() if r.byte_range else None) for r in self.transport.requests]

    @property
    def retries(self) -> list[RetryEvent]:
        return [event for event in self.events if isinstance(event, RetryEvent)]


def segment(**changes) -> Resource:
    options = {"kind": RequestKind.SEGMENT, "urls": {"a": A, "b": B}, "track": "video", "duration_s": 4.0}
    return Resource(**{**options, **changes})


async def test_a_healthy_load_is_one_request() -> None:
    bench = Bench()
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert result.pathway == "a"
    assert result.url == A
    assert bytes(bench.sink.body) == CONTENT
    assert bench.asked == [("a", None)]
    assert bench.events == []
    assert bench.transport.open_now == 0


async def test_a_cut_body_goes_on_at_the_other_cdn_from_where_it_was() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(100_000, CUT)))
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert bytes(bench.sink.body) == CONTENT
    assert bench.asked == [("a", None), ("b", "bytes=100000-299999")]
    assert bench.retries[0].step.action is Action.OTHER_PATH
    switches = [event for event in bench.events if isinstance(event, PathSwitch)]
    assert [(s.before, s.after, s.cause) for s in switches] == [("a", "b", Cause.ERROR)]


async def test_a_range_of_a_file_is_continued_inside_the_range() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(500, CUT)))
    await bench.load(segment(byte_range=ByteRange(1000, 2000)))
    assert bytes(bench.sink.body) == CONTENT[1000:3000]
    assert bench.asked == [("a", "bytes=1000-2999"), ("b", "bytes=1500-2999")]


async def test_the_prefix_is_dropped_where_a_server_cannot_continue() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(100_000, CUT)))
    bench.transport.plan(B, Act(ignore_range=True))
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert bytes(bench.sink.body) == CONTENT


async def test_a_body_of_unknown_length_is_fetched_again_and_its_prefix_dropped() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(hide_length=True, cut=(100_000, CUT)))
    bench.transport.plan(B, Act(hide_length=True))
    await bench.load()
    assert bytes(bench.sink.body) == CONTENT
    assert bench.asked == [("a", None), ("b", None)]


async def test_a_different_file_at_the_other_cdn_is_not_mixed_in() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(100_000, CUT)))
    bench.transport.files[B] = CONTENT + b"more"
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert bytes(bench.sink.body) == CONTENT
    assert ErrorCode.NET_LENGTH in [event.error.code for event in bench.retries]
    assert result.pathway == "a"


async def test_a_truncated_file_of_known_size_is_an_error_and_fetched_elsewhere() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(truncate=1000))
    result = await bench.load(segment(expected_size=len(CONTENT)))
    assert result.pathway == "b"
    assert bytes(bench.sink.body) == CONTENT
    assert bench.retries[0].error.code is ErrorCode.NET_LENGTH


async def test_a_stalled_body_goes_on_elsewhere_after_the_limit_of_its_kind() -> None:
    bench = Bench(buffer_s=1000.0)
    bench.transport.plan(A, Act(stall_after=50_000))
    started = bench.clock.monotonic()
    result = await bench.load(segment(duration_s=None))
    assert result.outcome is LoadOutcome.DONE
    assert bytes(bench.sink.body) == CONTENT
    assert bench.clock.monotonic() - started < 6


async def test_a_dead_slow_cdn_is_left_in_mid_segment_while_the_buffer_runs_down() -> None:
    bench = Bench(buffer_s=4.0)
    bench.transport.plan(A, Act(rate_bps=100_000, chunk=1000))
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert result.pathway == "b"
    assert bytes(bench.sink.body) == CONTENT
    assert result.seconds < 2
    assert bench.asked[1][1] is not None
    assert bench.retries[0].error.code is ErrorCode.NET_SLOW
    assert bench.paths.history[-1].cause is Cause.SLOW
    assert [transfer.aborted for transfer in bench.transfers] == [True, False]


async def test_a_slow_cdn_is_kept_while_the_buffer_is_ample() -> None:
    bench = Bench(buffer_s=60.0)
    bench.transport.plan(A, Act(rate_bps=400_000, chunk=1000))
    result = await bench.load()
    assert (result.pathway, result.attempts) == ("a", 1)


async def test_the_caller_may_abandon() -> None:
    bench = Bench(buffer_s=60.0)
    bench.transport.plan(A, Act(rate_bps=400_000, chunk=1000))
    seen: list[LoadProgress] = []

    def watch(progress: LoadProgress) -> LoadVerdict:
        seen.append(progress)
        return LoadVerdict.ABANDON if len(seen) == 5 else LoadVerdict.GO_ON

    result = await bench.load(watch=watch)
    assert result.outcome is LoadOutcome.ABANDONED
    assert result.seconds == pytest.approx(0.5)
    assert bench.transport.open_now == 0
    assert bench.transfers[0].aborted
    assert seen[-1].total == len(CONTENT)
    assert seen[-1].rate_bps == pytest.approx(400_000, rel=0.1)
    assert seen[-1].remaining_s == pytest.approx((len(CONTENT) * 8 / 400_000) - 0.5, rel=0.15)


async def test_both_cdns_down_for_a_while_is_waited_for_once_playback_is_under_way() -> None:
    bench = Bench()
    await bench.load()
    bench.sink = BytesSink()
    for url in (A, B):
        bench.transport.plan(url, *[Act(error=REFUSED)] * 12)
    result = await bench.load()
    assert result.outcome is LoadOutcome.DONE
    assert Action.WAIT_FOR_NETWORK in [event.step.action for event in bench.retries]
    assert 5 < result.seconds < 60


async def test_both_cdns_down_at_the_start_fails_soon_with_the_error() -> None:
    bench = Bench(buffer_s=0.0)
    for url in (A, B):
        bench.transport.always(url, Act(error=REFUSED))
    result = await bench.load()
    assert result.outcome is LoadOutcome.FAILED
    assert result.error is not None
    assert result.error.code is ErrorCode.NET_REFUSED
    assert result.step is not None
    assert result.step.action is Action.FAIL
    assert result.seconds < 5
    assert len(bench.transport.requests) == 8


async def test_a_segment_missing_everywhere_is_given_back_with_the_step_to_take() -> None:
    bench = Bench()
    bench.transport.files.clear()
    assert (await bench.load(rungs_left=2)).step.action is Action.OTHER_RUNG
    assert (await bench.load()).step.action is Action.SKIP
    assert bench.paths.current == "a"


async def test_a_file_missing_on_one_cdn_does_not_change_the_cdn_for_others() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(status=404))
    assert (await bench.load()).pathway == "b"
    assert bench.paths.history == []


async def test_an_expired_signature_is_renewed_once_for_all_loads() -> None:
    calls = 0

    async def refresh():
        nonlocal calls
        calls += 1
        await bench.clock.sleep(0.2)
        return lambda url: url.replace(".test/", ".test/new/")

    bench = Bench(refresh=refresh)
    for url in (A, B):
        bench.transport.always(url, Act(status=403))
        bench.transport.files[url.replace(".test/", ".test/new/")] = CONTENT

    async def both() -> list[LoadResult]:
        return await asyncio.gather(*(bench.loader.load(segment(), BytesSink()) for _ in range(2)))

    results = await bench.clock.run(both())
    assert [result.outcome for result in results] == [LoadOutcome.DONE] * 2
    assert calls == 1
    await bench.load()
    assert calls == 1
    assert bytes(bench.sink.body) == CONTENT


async def test_a_session_that_cannot_be_renewed_ends_the_load_with_its_own_error() -> None:
    async def refresh():
        raise ServiceError(ErrorCode.SERVICE_EXPIRED, "Please sign in again.")

    bench = Bench(refresh=refresh)
    bench.transport.plan(A, Act(status=401))
    result = await bench.load()
    assert result.error is not None
    assert result.error.code is ErrorCode.SERVICE_EXPIRED


async def test_retry_after_is_respected() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(status=503, headers={"retry-after": "3"}))
    result = await bench.load(segment(urls={"a": A}))
    assert result.outcome is LoadOutcome.DONE
    assert result.seconds >= 3


async def test_cancelling_a_load_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(stall_after=1000))
    load = asyncio.ensure_future(bench.loader.load(segment(), bench.sink, lambda _: LoadVerdict.GO_ON))
    await bench.clock.advance(0.5)
    assert bench.transport.open_now == 1
    load.cancel()
    await bench.clock.advance(0.0)
    assert load.cancelled()
    assert bench.transport.open_now == 0
    assert bench.gate.busy == 0
    assert bench.transfers[0].aborted
    assert len(asyncio.all_tasks()) == 1


async def test_an_answer_that_is_held_back_on_purpose_is_waited_for() -> None:
    """A blocking reload of a playlist says nothing for some seconds; that is no reason for another CDN."""
    bench = Bench()
    bench.transport.plan(A, Act(first_byte_s=7.0))
    result = await bench.load(segment(kind=RequestKind.MANIFEST, duration_s=None, first_byte_s=18.0))
    assert (result.outcome, result.attempts, result.pathway) == (LoadOutcome.DONE, 1, "a")
    bench = Bench()
    bench.transport.plan(A, Act(first_byte_s=7.0))
    other = await bench.load(segment(kind=RequestKind.MANIFEST, duration_s=None))
    assert other.pathway == "b"


@pytest.mark.parametrize("recovers", [True, False])
async def test_with_little_in_hand_the_preferred_cdn_is_tested_beside_the_loads(recovers: bool) -> None:
    """No load ever waits for that test; the CDN that does not answer costs nothing."""
    bench = Bench(buffer_s=4.0)
    bench.transport.plan(A, Act(error=CUT), *([] if recovers else [Act(error=REFUSED)] * 2))
    for _ in range(7):
        bench.sink = BytesSink()
        result = await bench.load()
        assert (result.outcome, bytes(bench.sink.body)) == (LoadOutcome.DONE, CONTENT)
        assert len(bench.retries) == 1, "the CDN that was left is asked by no load"
        await bench.clock.advance(10.0)
    beside = [wanted for pathway, wanted in bench.asked[1:] if pathway == "a" and wanted is not None]
    assert beside == ["bytes=0-262143"] * (1 if recovers else 2)
    causes = [event.cause for event in bench.events if isinstance(event, PathSwitch)]
    assert causes == ([Cause.ERROR, Cause.RETURN] if recovers else [Cause.ERROR])
    assert (result.pathway == "a") is recovers


@pytest.mark.parametrize("why", ["close", "another network"])
async def test_a_test_of_the_preferred_cdn_that_hangs_ends_with_the_loader_or_its_network(why: str) -> None:
    bench = Bench(buffer_s=4.0)
    bench.transport.plan(A, Act(error=CUT), Act(stall_after=1000))
    for _ in range(3):
        await bench.load()
        bench.sink = BytesSink()
        await bench.clock.advance(10.0 if bench.gate.busy == 0 else 1.0)
    assert bench.gate.busy == 1
    if why == "another network":
        bench.loader.network_changed()
        await bench.clock.advance(1.0)
        assert not bench.loader.in_trouble("a")
    else:
        await bench.loader.close()
    assert bench.gate.busy == 0


async def test_small_bodies_come_whole_or_raise() -> None:
    bench = Bench()
    assert await bench.clock.run(bench.loader.load_bytes(segment(kind=RequestKind.INIT))) == CONTENT
    bench.transport.files.clear()
    with pytest.raises(NetError) as caught:
        await bench.clock.run(bench.loader.load_bytes(segment(kind=RequestKind.INIT)))
    assert caught.value.code is ErrorCode.HTTP_NOT_FOUND


async def test_the_first_load_that_gets_through_ends_the_waits_of_the_others() -> None:
    bench = Bench()
    await bench.load()
    for url in (A, B):
        bench.transport.plan(url, *[Act(error=REFUSED)] * 9)
    other = "http://a.test/other"
    bench.transport.files[other] = b"o" * 100
    load = asyncio.ensure_future(bench.loader.load(segment(), BytesSink()))
    while Action.WAIT_FOR_NETWORK not in [event.step.action for event in bench.retries]:
        await bench.clock.advance(0.05)
    asked = len(bench.transport.requests)
    await bench.clock.run(bench.loader.load(segment(urls={"a": other}), BytesSink()))
    await bench.clock.advance(0.01)
    assert len(bench.transport.requests) > asked + 1
    assert (await bench.clock.run(_result_of(load))).outcome is LoadOutcome.DONE


async def test_after_a_sleep_of_the_machine_what_hangs_begins_anew_where_it_was() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(stall_after=100_000))
    load = asyncio.ensure_future(bench.loader.load(segment(), bench.sink))
    await bench.clock.advance(0.5)
    bench.loader.network_changed()
    result = await bench.clock.run(_result_of(load))
    assert result.outcome is LoadOutcome.DONE
    assert bytes(bench.sink.body) == CONTENT
    assert bench.asked == [("a", None), ("a", "bytes=100000-299999")]
    assert bench.retries == []
    assert result.seconds < 1


async def test_a_patient_load_waits_out_an_outage_of_hours() -> None:
    bench = Bench(is_patient=True)
    await bench.load()
    bench.transport.always("http://", Act(error=REFUSED))
    load = asyncio.ensure_future(bench.loader.load(segment(), BytesSink()))
    await bench.clock.advance(7200)
    assert not load.done()
    asked = len(bench.transport.requests)
    assert asked < 3 * 7200 / 4, "and it is no busy loop"
    bench.transport._always.clear()
    assert (await bench.clock.run(_result_of(load))).outcome is LoadOutcome.DONE


async def test_a_service_that_has_a_fault_is_asked_again_for_new_addresses() -> None:
    calls = 0

    async def refresh():
        nonlocal calls
        calls += 1
        if calls < 3:
            raise ServiceError(ErrorCode.HTTP_SERVER, "The service has a fault.", recoverable=True)
        return lambda url: url

    bench = Bench(refresh=refresh)
    bench.transport.plan(A, Act(status=403))
    assert (await bench.load()).outcome is LoadOutcome.DONE
    assert calls == 3


async def test_a_refusal_while_the_clock_is_wrong_says_so() -> None:
    bench = Bench()
    wrong = {"date": "Thu, 01 Jan 2015 00:00:00 GMT"}
    for url in (A, B):
        bench.transport.always(url, Act(status=403, headers=wrong))
    result = await bench.load()
    assert result.error is not None
    assert result.error.code is ErrorCode.CLOCK_SKEW
    assert "minutes fast" in result.error.sentence


async def _result_of(load: asyncio.Future[LoadResult]) -> LoadResult:
    return await load


async def test_a_file_that_becomes_another_one_in_mid_body_is_not_mixed() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(100_000, CUT), headers={"etag": '"old"'}), Act(headers={"etag": '"new"'}))
    result = await bench.load(segment(urls={"a": A}))
    assert result.outcome is LoadOutcome.FAILED
    assert bytes(bench.sink.body) == CONTENT[:100_000]
    assert result.error is not None
    assert (result.error.code, result.error.fields["replaced"]) == (ErrorCode.NET_LENGTH, "yes")


async def test_a_file_that_becomes_another_one_is_finished_by_the_cdn_that_has_the_first_one() -> None:
    bench = Bench()
    bench.transport.plan(A, Act(cut=(100_000, CUT), headers={"etag": '"old"'}), Act(headers={"etag": '"new"'}))
    result = await bench.load()
    assert (result.outcome, bytes(bench.sink.body)) == (LoadOutcome.DONE, CONTENT)
