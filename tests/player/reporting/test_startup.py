"""The parts of a start and their budgets."""

from __future__ import annotations

import pytest

from player.net.model import RequestKind, Transfer
from player.reporting.events import Event, PhaseReached, SegmentDone, TransferDone
from player.reporting.startup import BUDGET_S, PART_BUDGETS_S, StartMeter, Startup, startup_of


def exchange(kind: RequestKind, start_s: float, end_s: float) -> TransferDone:
    transfer = Transfer(1, kind, "http://x/***", "a", "main", start_s, start_s, end_s, 200, 500)
    return TransferDone(end_s, transfer)


def first_segment(at_s: float, track: str = "main") -> SegmentDone:
    return SegmentDone(at_s, track, 0, 0.0, 4.0, 0, 1000, "a")


TITLE = (
    PhaseReached(5.0, "requested"),
    exchange(RequestKind.API, 5.01, 5.09),
    exchange(RequestKind.MANIFEST, 5.10, 5.15),
    PhaseReached(5.16, "manifest"),
    exchange(RequestKind.MANIFEST, 5.16, 5.22),  # a media playlist
    exchange(RequestKind.INIT, 5.23, 5.25),
    PhaseReached(5.26, "header"),
    exchange(RequestKind.LICENCE, 5.10, 5.33),
    PhaseReached(5.34, "licence"),
    first_segment(5.4, "audio-0"),
    exchange(RequestKind.MANIFEST, 5.3, 5.5),  # the sound's, beside the first segment
    PhaseReached(5.52, "first_frame"),
    first_segment(6.0),
)


def parts(startup: Startup | None) -> dict[str, tuple[float, float]]:
    assert startup is not None
    return {part.name: (pytest.approx(part.at_s), pytest.approx(part.seconds)) for part in startup.parts}


def test_a_title_of_the_service() -> None:
    began = startup_of(TITLE)
    assert began is not None
    assert began.first_frame_s == pytest.approx(0.52)
    assert parts(began) == {
        "api": (0.0, 0.09),
        "cdn": (0.09, 0.01),
        "manifest": (0.10, 0.12),
        "licence": (0.10, 0.24),
        "segment": (0.22, 0.30),
    }
    assert [part.name for part in began.parts if part.over] == ["manifest", "licence"]
    assert not began.over


def test_what_a_start_did_not_need_is_left_out() -> None:
    prefetched: tuple[Event, ...] = (
        PhaseReached(1.0, "requested"),
        PhaseReached(1.0, "manifest"),
        first_segment(1.2),
        PhaseReached(1.3, "first_frame"),
    )
    assert parts(startup_of(prefetched)) == {"segment": (0.0, 0.2)}


def test_a_start_without_a_picture_has_no_parts() -> None:
    assert startup_of(TITLE[:-2]) is None


def test_a_slow_start_is_over_its_budget_however_quick_its_parts() -> None:
    late: tuple[Event, ...] = (*TITLE[:-2], first_segment(5.6), PhaseReached(7.1, "first_frame"))
    began = startup_of(late)
    assert began is not None
    assert began.over
    assert began.first_frame_s > BUDGET_S


def test_nothing_after_the_first_picture_changes_it() -> None:
    meter = StartMeter()
    for event in TITLE:
        meter(event)
    found = meter.result
    for event in (exchange(RequestKind.MANIFEST, 9.0, 9.5), PhaseReached(9.9, "first_frame")):
        meter(event)
    assert meter.result is found


def test_the_parts_together_stay_below_the_goal() -> None:
    one_after_another = sum(seconds for name, seconds in PART_BUDGETS_S.items() if name != "licence")
    assert one_after_another == pytest.approx(0.75)
