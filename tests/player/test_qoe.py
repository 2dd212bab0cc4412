"""The figures of a playback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from player.events import (
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
from player.net.model import RequestKind, Transfer
from player.qoe import Qoe, QoeMeter

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
