"""The figures of a playback."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from player.net.model import RequestKind, Transfer
from player.reporting.events import (
    BufferSampled,
    ErrorRaised,
    Event,
    PhaseReached,
    SegmentAbandoned,
    SegmentDone,
    SegmentReplaced,
    Sought,
    StallBegan,
    StallEnded,
    TransferDone,
)
from player.reporting.qoe import Qoe, QoeMeter

RATES = (1_000_000, 3_000_000)


def sample(at_s: float, position_s: float) -> BufferSampled:
    return BufferSampled(at_s, position_s, 5.0, None, 0)


def done(position: int, rung: int, seconds: float = 4.0, track: str = "main") -> SegmentDone:
    return SegmentDone(1.0, track, position, position * 4.0, seconds, rung, 1000, "a")


def measured(*events: Event) -> Qoe:
    meter = QoeMeter()
    for event in events:
        meter(event)
    return meter.summary(RATES, 7)


def test_a_playback_in_figures() -> None:
    transfer = Transfer(1, RequestKind.SEGMENT, "http://x/***", "a", "main", 0.0, 0.1, 0.2, 200, 500)
    found = measured(
        PhaseReached(10.0, "requested"),
        PhaseReached(10.8, "first_frame"),
        PhaseReached(99.0, "first_frame"),
        done(0, 0),
        done(0, 0),
        done(1, 1, 2.0),
        done(2, 1, 2.0),
        done(0, 1, track="audio-0"),
        sample(11.0, 0.0),
        sample(19.0, 8.0),
        Sought(19.2, 8.2, 500.0),
        sample(19.5, 500.0),
        sample(20.5, 501.0),
        StallBegan(21.0, 501.0),
        StallEnded(22.0, 501.0, 1.0),
        TransferDone(22.0, transfer),
        SegmentAbandoned(23.0, 3, 1, 0, 400, "too slow"),
        SegmentReplaced(23.5, 2, 0, 1, 50, "the link is back"),
        ErrorRaised(24.0, "net.cut", "cut", fatal=False),
    )
    assert found == Qoe(
        startup_s=pytest.approx(0.8),
        played_s=pytest.approx(9.2),
        stalls=1,
        stalled_s=1.0,
        rebuffer_ratio=pytest.approx(1 / 10.2),
        mean_bitrate_bps=2_000_000,
        segment_bitrate_bps=2_333_333,
        switches=1,
        errors=1,
        failed=False,
        dropped_frames=7,
        bytes=500,
        wasted_bytes=450,
        requests=1,
    )
    assert found.as_dict()["startup_s"] == 0.8


def test_a_stall_that_lasts_counts_until_now() -> None:
    found = measured(PhaseReached(0.0, "requested"), StallBegan(5.0, 1.0), sample(8.0, 1.0))
    assert (found.stalls, found.stalled_s) == (1, 3.0)


def test_nothing_is_nothing() -> None:
    assert measured() == replace(Qoe(), dropped_frames=7)


def test_segments_count_as_they_were_last_fetched_in_whatever_order_they_came() -> None:
    """The sums that are kept are those of the list they stand for."""
    rng = Random(5)
    meter, listed = QoeMeter(), dict[int, tuple[int, float]]()
    for _ in range(400):
        position, rung, seconds = rng.randrange(60), rng.randrange(3), rng.choice((2.0, 4.0))
        meter(done(position, rung, seconds))
        listed[position] = rung, seconds
        shown = [listed[each] for each in sorted(listed)]
        rated = [(RATES[rung], seconds) for rung, seconds in shown if rung < len(RATES)]
        found = meter.summary(RATES)
        assert found.switches == sum(a[0] != b[0] for a, b in pairwise(shown))
        if rated:
            media_s = sum(seconds for _, seconds in rated)
            assert found.mean_bitrate_bps == pytest.approx(sum(bps * s for bps, s in rated) / media_s, abs=1)
            assert found.segment_bitrate_bps == pytest.approx(sum(bps for bps, _ in rated) / len(rated), abs=1)


def test_a_channel_that_plays_for_weeks_takes_no_more_memory_with_time() -> None:
    meter = QoeMeter()
    tracemalloc.start()
    try:
        for position in range(8_000):
            meter(done(position, position // 1000 % 2))
        before, _ = tracemalloc.get_traced_memory()
        for position in range(8_000, 16_000):
            meter(done(position, position // 1000 % 2))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 50_000
    found = meter.summary(RATES)
    assert (found.switches, found.mean_bitrate_bps, found.segment_bitrate_bps) == (15, 2_000_000, 2_000_000)
