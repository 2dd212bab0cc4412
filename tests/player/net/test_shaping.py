"""Shaped links: the arithmetic of traces and the shaping rule."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import InputError
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.net.shaping import LinkTrace, ShapedTransport, TracePeriod, load_trace
from tests.kit.clock import FakeClock
from tests.kit.transport import ScriptedTransport

PERIODS = st.lists(
    st.builds(TracePeriod, st.floats(0.1, 30), st.one_of(st.just(0.0), st.floats(1e4, 1e8)), st.floats(0, 0.5)),
    min_size=1,
    max_size=6,
).filter(lambda periods: any(period.bps for period in periods))


def test_bytes_over_several_periods() -> None:
    trace = LinkTrace([TracePeriod(1.0, 8000, 0.1), TracePeriod(2.0, 0, 0.2), TracePeriod(1.0, 16000, 0.3)])
    assert trace.sent_at(0.0, 500) == pytest.approx(0.5)
    assert trace.sent_at(0.5, 500) == pytest.approx(1.0)
    assert trace.sent_at(0.5, 501) == pytest.approx(3.0005)
    assert trace.sent_at(0.0, 3000) == pytest.approx(4.0)
    assert trace.sent_at(0.0, 3000 + 1000) == pytest.approx(5.0)
    assert [trace.at(s).latency_s for s in (0, 0.99, 1.0, 3.5, 4.0, 405.0)] == [0.1, 0.1, 0.2, 0.3, 0.1, 0.2]


@given(PERIODS, st.floats(0, 1000), st.integers(0, 200_000), st.integers(0, 200_000))
def test_sending_in_two_parts_takes_as_long_as_in_one(
    periods: list[TracePeriod], start: float, first: int, second: int
) -> None:
    trace = LinkTrace(periods)
    whole = trace.sent_at(start, first + second)
    assert trace.sent_at(trace.sent_at(start, first), second) == pytest.approx(whole, abs=1e-4)
    assert whole >= start
    fastest = max(period.bps for period in periods)
    assert whole - start >= (first + second) * 8 / fastest - 1e-4


def test_trace_files(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text(json.dumps([{"duration_ms": 2000, "bandwidth_kbps": 500, "latency_ms": 40}]))
    assert load_trace(file).periods == (TracePeriod(2.0, 500_000.0, 0.04),)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "list"),
        ([], "list"),
        ([1], "period 1"),
        ([{"duration_ms": 1000}], "bandwidth_kbps"),
        ([{"duration_ms": 0, "bandwidth_kbps": 1}], "duration_ms"),
        ([{"duration_ms": 1, "bandwidth_kbps": 0}], "above 0"),
        ([{"duration_ms": 1, "bandwidth_kbps": 1, "loss": 1}], "loss"),
        ([{"duration_ms": 1, "bandwidth_kbps": 1}, {"duration_ms": "x", "bandwidth_kbps": 1}], "period 2"),
    ],
)
def test_a_bad_trace_is_named(document: object, named: str) -> None:
    with pytest.raises(InputError, match=named):
        LinkTrace.parse(document)


async def test_the_shaping_rule() -> None:
    clock = FakeClock()
    content = bytes(100_000)
    inner = ScriptedTransport(clock, {"https://a.test/x": content})
    gate = Gate(ShapedTransport(inner, clock, LinkTrace.constant(800_000, 0.1)), clock)

    async def get(number: int) -> float:
        start = clock.monotonic()
        work = (gate.fetch(Request(RequestKind.SEGMENT, "https://a.test/x")) for _ in range(number))
        await asyncio.gather(*work)
        return clock.monotonic() - start

    assert await clock.run(get(1)) == pytest.approx(1.3, abs=0.001)  # connection, TLS, request, bytes
    assert await clock.run(get(1)) == pytest.approx(1.1, abs=0.001)  # request, bytes
    assert await clock.run(get(3)) == pytest.approx(3.1, abs=0.001)  # the link is shared
