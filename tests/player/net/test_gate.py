"""The gate over a scripted transport, its clock stepped."""

from __future__ import annotations

import asyncio

import pytest

from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.gate import Gate, GateLimits
from player.net.model import Request, RequestKind, Response, Transfer
from player.net.policy import POLICIES
from player.net.prefetched import KeptAnswers
from player.playback.translation import sample_of
from player.title.opening import pathway_of
from tests.kit.clock import FakeClock
from tests.kit.transport import Act, ScriptedTransport

URL = "http://cdn.test/s/SECRETTOKEN/title/a.m4s?sig=HIDDEN"
CONTENT = bytes(range(256)) * 40


class Bench:
    def __init__(self, **limits: int) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock, {URL: CONTENT})
        self.transfers: list[Transfer] = []
        self.gate = Gate(self.transport, self.clock, self.transfers.append, GateLimits(**limits))

    def plan(self, *acts: Act) -> None:
        self.transport.plan(URL, *acts)

    async def fetch(self, **changes) -> Response:
        options = {"kind": RequestKind.SEGMENT, "url": URL}
        return await self.clock.run(self.gate.fetch(Request(**(options | changes))))

    async def error(self, **changes) -> NetError:
        with pytest.raises(NetError) as caught:
            await self.fetch(**changes)
        assert self.gate.busy == 0
        assert self.transport.open_now == 0
        assert self.transfers[-1].error == caught.value.code
        return caught.value


async def test_every_exchange_leaves_a_record_without_secrets() -> None:
    bench = Bench()
    bench.plan(Act(first_byte_s=0.5, rate_bps=len(CONTENT) * 8))
    response = await bench.fetch(pathway="edge-a", track="video", attempt=2)
    assert response.body == CONTENT
    (transfer,) = bench.transfers
    assert transfer == response.transfer
    assert transfer.first_byte_s is not None
    assert transfer.first_byte_s - transfer.start_s == pytest.approx(0.5)
    assert transfer.end_s - transfer.first_byte_s == pytest.approx(1.0)
    assert (transfer.received, transfer.status, transfer.attempt) == (len(CONTENT), 200, 2)
    assert (transfer.pathway, transfer.track, transfer.new_connection) == ("edge-a", "video", True)
    assert (transfer.error, transfer.aborted) == (None, False)
    assert transfer.url == "http://cdn.test/s/***/title/a.m4s?sig=***"
    for shown in (repr(transfer), repr(response)):
        assert "SECRET" not in shown
        assert "HIDDEN" not in shown


async def test_no_answer_in_time() -> None:
    bench = Bench()
    bench.plan(Act(first_byte_s=100))
    start = bench.clock.monotonic()
    error = await bench.error()
    assert error.code is ErrorCode.NET_TIMEOUT
    assert error.fields["phase"] == "first_byte"
    assert bench.clock.monotonic() - start == pytest.approx(POLICIES[RequestKind.SEGMENT].first_byte_s)


async def test_a_body_that_stalls() -> None:
    bench = Bench()
    bench.plan(Act(stall_after=5000))
    error = await bench.error(stall_s=2.0, first_byte_s=1.5)
    assert error.code is ErrorCode.NET_STALLED
    assert bench.transfers[-1].received == 5000


async def test_a_trickle_is_given_up_like_silence() -> None:
    bench = Bench()
    bench.plan(Act(rate_bps=32, chunk=4))
    start = bench.clock.monotonic()
    error = await bench.error()
    assert error.code is ErrorCode.NET_TRICKLE
    assert bench.clock.monotonic() - start == pytest.approx(10.0, abs=1.1)


async def test_a_slow_link_is_no_trickle() -> None:
    bench = Bench()
    bench.plan(Act(rate_bps=8_000, chunk=500))
    assert (await bench.fetch()).body == CONTENT


async def test_what_comes_too_slowly_is_ended_by_the_deadline() -> None:
    bench = Bench()
    bench.plan(Act(rate_bps=2400, chunk=10))
    start = bench.clock.monotonic()
    error = await bench.error(deadline_s=30.0)
    assert error.code is ErrorCode.NET_TIMEOUT
    assert error.fields["phase"] == "deadline"
    assert bench.clock.monotonic() - start == pytest.approx(30.0)


async def test_a_slow_reader_is_not_taken_for_a_silent_server() -> None:
    bench = Bench()
    bench.plan(Act(chunk=1024, rate_bps=8 * 1024 * 10))

    async def read_slowly() -> int:
        received = 0
        async with bench.gate.open(Request(RequestKind.SEGMENT, URL, stall_s=1.0)) as body:
            async for chunk in body.chunks():
                received += len(chunk)
                await bench.clock.sleep(3.0)
        return received

    assert await bench.clock.run(read_slowly()) == len(CONTENT)


async def test_too_large_a_body_is_refused_with_and_without_a_stated_length() -> None:
    for hidden in (False, True):
        bench = Bench()
        bench.plan(Act(hide_length=hidden, chunk=1000))
        error = await bench.error(max_bytes=4000)
        assert error.code is ErrorCode.NET_TOO_LARGE
        assert not error.recoverable
        assert bench.transfers[-1].received <= 5000


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (304, ErrorCode.HTTP_STATUS),
        (400, ErrorCode.HTTP_STATUS),
        (401, ErrorCode.HTTP_UNAUTHORISED),
        (403, ErrorCode.HTTP_FORBIDDEN),
        (404, ErrorCode.HTTP_NOT_FOUND),
        (410, ErrorCode.HTTP_GONE),
        (416, ErrorCode.HTTP_RANGE),
        (429, ErrorCode.HTTP_RATE_LIMITED),
        (500, ErrorCode.HTTP_SERVER),
        (503, ErrorCode.HTTP_SERVER),
    ],
)
async def test_statuses_become_errors(status: int, code: ErrorCode) -> None:
    bench = Bench()
    bench.plan(Act(status=status, body=b"no", headers={"retry-after": "7"}))
    error = await bench.error()
    assert error.code is code
    assert error.fields["status"] == status
    assert error.fields["retry_after_s"] == 7.0
    assert "cdn.test" in error.sentence


async def test_an_unwanted_status_can_be_looked_at() -> None:
    bench = Bench()
    bench.plan(Act(status=422, body=b'{"code":"x"}'))
    response = await bench.clock.run(bench.gate.fetch(Request(RequestKind.API, URL), check_status=False))
    assert (response.status, response.body) == (422, b'{"code":"x"}')


async def test_retry_after_as_a_date() -> None:
    bench = Bench()
    bench.plan(Act(status=503, headers={"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}))
    assert (await bench.error()).fields["retry_after_s"] == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("9" * 40, 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600.0),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        (f"Mon, {'9' * 40} Jan 2026 00:00:00 GMT", None),
        ("-5", None),
        ("soon", None),
    ],
)
async def test_an_absurd_retry_after_is_bounded_or_nothing(asked: str, seconds: float | None) -> None:
    bench = Bench()
    bench.plan(Act(status=403, headers={"retry-after": asked, "date": asked}))
    assert (await bench.error()).fields.get("retry_after_s") == seconds


@pytest.mark.parametrize("url", ["http://[::1/x", "http://a\u2100b.test/x"])
async def test_an_address_that_makes_no_sense_is_an_error_of_the_family(url: str) -> None:
    bench = Bench()
    with pytest.raises(NetError) as caught:
        await bench.clock.run(bench.gate.fetch(Request(RequestKind.SEGMENT, url)))
    assert caught.value.code is ErrorCode.NET_FORBIDDEN_URL
    assert pathway_of(url)


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("wanted", [ByteRange(100, 50), ByteRange(9000), ByteRange(10_000, 5000)])
async def test_a_range_is_what_was_asked_for_whatever_the_server_does(wanted: ByteRange, ignored: bool) -> None:
    bench = Bench()
    bench.plan(Act(ignore_range=ignored, chunk=64))

    async def read() -> tuple[int | None, int | None, bytes]:
        async with bench.gate.open(Request(RequestKind.SEGMENT, URL, byte_range=wanted)) as body:
            return body.total, body.resource_size, await body.read()

    total, size, content = await bench.clock.run(read())
    expected = CONTENT[wanted.start : wanted.end]
    assert content == expected
    assert (total, size) == (len(expected), len(CONTENT))
    assert not bench.transfers[-1].aborted


async def test_another_range_than_the_one_asked_for_is_refused() -> None:
    bench = Bench()
    bench.plan(Act(status=206, body=b"x" * 50, headers={"content-range": "bytes 0-49/10240"}))
    assert (await bench.error(byte_range=ByteRange(100, 50))).code is ErrorCode.NET_PROTOCOL


async def test_a_range_beyond_the_end_is_the_same_error_either_way() -> None:
    bench = Bench()
    bench.plan(Act(), Act(ignore_range=True))
    for _ in range(2):
        assert (await bench.error(byte_range=ByteRange(20_000, 10))).code is ErrorCode.HTTP_RANGE


async def test_a_body_that_ends_early_is_an_error() -> None:
    bench = Bench()
    bench.plan(Act(status=206, body=b"x" * 20, headers={"content-range": "bytes 0-49/10240"}))
    assert (await bench.error(byte_range=ByteRange(0, 50))).code is ErrorCode.NET_CUT


async def test_a_body_that_does_not_end_where_it_said_is_left_there() -> None:
    bench = Bench()
    headers = {"content-range": "bytes 0-49/10240"}
    bench.plan(Act(status=206, body=b"x" * 5000, headers=headers, hide_length=True, chunk=40))
    assert (await bench.error(byte_range=ByteRange(0, 50))).code is ErrorCode.NET_LENGTH
    assert bench.transfers[-1].received == 80


async def test_leaving_early_is_recorded_as_aborted() -> None:
    bench = Bench()

    async def leave() -> None:
        async with bench.gate.open(Request(RequestKind.SEGMENT, URL)) as body:
            async for _ in body.chunks():
                return

    await bench.clock.run(leave())
    assert bench.transfers[-1].aborted
    assert bench.transport.open_now == 0


async def test_what_others_received_meanwhile_is_counted() -> None:
    bench = Bench()
    bench.transport.always("http://", Act(rate_bps=8000, body=b"x" * 4000, chunk=500))

    async def later(seconds: float, host: str) -> None:
        await bench.clock.sleep(seconds)
        await bench.gate.fetch(Request(RequestKind.SEGMENT, f"http://{host}/"))

    await bench.clock.run(asyncio.gather(later(0.0, "a"), later(2.1, "b"), later(9.0, "c")))
    assert [each.beside for each in bench.transfers] == [1500, 2000, 0]


async def test_an_answer_out_of_memory_says_nothing_about_the_link() -> None:
    bench, page = Bench(), Request(RequestKind.INIT, URL)
    kept = KeptAnswers(bench.transport, bench.clock)
    gate = Gate(kept, bench.clock, bench.transfers.append)
    async with kept.ahead().open(page) as body:
        assert [chunk async for chunk in body.chunks()]
    await gate.fetch(page)
    await gate.fetch(page)
    assert [each.from_cache for each in bench.transfers] == [True, False]
    assert [sample.cached for each in bench.transfers if (sample := sample_of(each)) is not None] == [True, False]


async def test_cancelling_at_any_moment_leaves_nothing_behind() -> None:
    for moment in (0.0, 0.05, 0.15, 0.5):
        bench = Bench()
        bench.plan(Act(first_byte_s=0.1, rate_bps=8000, chunk=16))
        fetch = asyncio.ensure_future(bench.gate.fetch(Request(RequestKind.SEGMENT, URL)))
        await bench.clock.advance(moment)
        fetch.cancel()
        await bench.clock.advance(0.0)
        assert fetch.cancelled()
        assert bench.gate.busy == 0
        assert bench.transport.open_now == 0
        assert len(asyncio.all_tasks()) == 1
        assert bench.transfers[-1].aborted


async def test_concurrency_is_bounded_per_host_and_the_urgent_go_first() -> None:
    bench = Bench(per_host=2, total=3)
    bench.transport.always("http://", Act(first_byte_s=1.0, body=b"x"))
    kinds = [RequestKind.SEGMENT] * 4 + [RequestKind.IMAGE, RequestKind.KEY]
    order: list[RequestKind] = []

    async def one(kind: RequestKind, host: str) -> None:
        await bench.gate.fetch(Request(kind, f"http://{host}/"))
        order.append(kind)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(kind, "a.test") for kind in kinds), one(RequestKind.API, "b.test"))

    await bench.clock.run(all_of_them())
    assert bench.transport.most_open == 3
    assert order[:3] == [RequestKind.SEGMENT, RequestKind.SEGMENT, RequestKind.API]
    assert order[3] is RequestKind.KEY
    assert order[-1] is RequestKind.IMAGE
    assert max(transfer.queued_s for transfer in bench.transfers) == pytest.approx(2.0)


async def test_a_place_is_not_lost_when_one_who_waits_for_it_gives_up() -> None:
    bench = Bench(per_host=1, total=1)
    bench.transport.always("http://", Act(first_byte_s=1.0, body=b"x"))
    first, second, third = (
        asyncio.ensure_future(bench.gate.fetch(Request(RequestKind.SEGMENT, "http://a.test/"))) for _ in range(3)
    )
    await bench.clock.advance(0.5)
    second.cancel()
    await bench.clock.advance(2.0)
    assert first.done()
    assert third.done()
    assert bench.gate.busy == 0


def test_every_kind_has_a_policy() -> None:
    assert POLICIES.keys() == set(RequestKind)
    assert all(0 < p.stall_s <= p.first_byte_s <= p.deadline_s for p in POLICIES.values())
