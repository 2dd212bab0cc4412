"""Noticing a sleep of the machine by a jump of one clock against the other."""

from __future__ import annotations

import time

import pytest

from player.net.suspend import Clocks, Sleep, SuspendWatch, boot_time, read_clocks, slept_between

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("awake_s", "own_s", "expected"),
    [
        (1.0, 1.0, Sleep(HOUR_S, HOUR_S)),  # our clock stood still too: Linux, macOS
        (1.0, HOUR_S + 1.0, Sleep(HOUR_S, 0.0)),  # it counted on: Windows
        (HOUR_S + 1.0, HOUR_S + 1.0, None),  # the program did not get to run for an hour
        (HOUR_S, HOUR_S, None),  # drift of the clocks
    ],
)
def test_a_sleep_is_a_jump_of_the_clock_that_counts_on(awake_s: float, own_s: float, expected: Sleep | None) -> None:
    before = Clocks(5000.0, 70.0, 40.0)
    assert slept_between(before, Clocks(5001.0 + HOUR_S, 70.0 + awake_s, 40.0 + own_s)) == expected


def test_a_sleep_is_told_once() -> None:
    readings = iter([Clocks(0, 0, 0), Clocks(1, 1, 1), Clocks(3601, 1, 1), Clocks(3602, 2, 2)])
    watch = SuspendWatch(lambda: next(readings))
    assert [watch.look() for _ in range(3)] == [None, Sleep(3600, 3600), None]


def test_this_machine_has_not_slept_just_now() -> None:
    before = read_clocks()
    now = read_clocks()
    assert slept_between(before, now) is None
    assert before.own_s <= now.own_s <= time.monotonic()
    assert before.always_s <= boot_time()
    assert now.always_s >= now.awake_s - 0.1
