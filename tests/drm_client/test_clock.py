"""Trusted time, rule by rule, and over any sequence of what can happen to a computer's clocks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client import clock
from drm_client.clock import MAX_TIME_S, Reading
from drm_client.os_clock import read_clocks
from tests.drm_client.offline_kit import Machine
from tests.kit.licence_server import DAY, HOUR, START

ONE = Reading("one", 100.0, START)


def heard() -> clock.ClockState:
    return clock.hear(clock.begin(ONE), ONE, START)


def test_within_a_boot_the_wall_clock_does_not_matter() -> None:
    for wall_s in (0.0, START - DAY, START + 900 * DAY, math.nan):
        later = clock.advance(heard(), Reading("one", 160.0, wall_s))
        assert (later.time.at_s, later.time.certain_s) == (START + 60, START + 60)


def test_across_boots_the_wall_clocks_gain_counts_provisionally() -> None:
    later = clock.advance(heard(), Reading("two", 5.0, START + DAY))
    assert (later.time.at_s, later.time.provisional_s) == (START + DAY, DAY)


def test_a_set_back_clock_takes_nothing_away() -> None:
    later = clock.advance(heard(), Reading("two", 5.0, START - DAY))
    assert later.time == heard().time
    assert clock.advance(later, Reading("two", 65.0, START - DAY)).time.at_s == START + 60


def test_a_forward_jump_heals_at_the_next_signed_time() -> None:
    jumped = clock.advance(heard(), Reading("two", 5.0, START + 900 * DAY))
    healed = clock.hear(jumped, Reading("two", 10.0, START + 900 * DAY), START + HOUR)
    assert (healed.time.at_s, healed.time.certain_s) == (START + HOUR, START + HOUR)


def test_an_older_signed_time_does_not_turn_certain_time_back() -> None:
    later = clock.hear(heard(), Reading("one", 200.0, START), START - DAY)
    assert later.time.at_s == START + 100


@pytest.mark.parametrize("server_at_s", [math.nan, math.inf, -1.0, 0.0, MAX_TIME_S * 2])
def test_a_time_that_cannot_be_is_refused(server_at_s: float) -> None:
    with pytest.raises(ValueError, match="not a time"):
        clock.hear(heard(), ONE, server_at_s)


def test_a_restored_machine_does_not_count_the_same_time_twice() -> None:
    later = clock.advance(heard(), Reading("one", 400.0, START))
    back = clock.advance(later, replace(ONE, boottime_s=100.0))
    assert clock.advance(back, Reading("one", 450.0, START)).time.at_s == START + 350


def test_a_first_reading_is_only_provisional() -> None:
    assert clock.begin(ONE).time == clock.TrustedTime(START, 0.0)
    assert clock.begin(Reading("x", 0.0, -5.0)).time.at_s == 0.0
    assert clock.begin(Reading("x", 0.0, math.inf)).time.at_s == 0.0


def test_the_machines_clocks_are_read() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.boot_id == second.boot_id
    assert second.boottime_s >= first.boottime_s > 0
    assert first.wall_s > 1.6e9


_EVENTS = st.one_of(
    st.tuples(st.just("run"), st.floats(0, 3 * DAY)),
    st.tuples(st.just("restart"), st.floats(0, 3 * DAY)),
    st.tuples(st.just("set wall"), st.floats(-400 * DAY, 400 * DAY)),
    st.tuples(st.just("server"), st.just(0.0)),
)


@given(st.lists(_EVENTS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_trusted_time_never_goes_back_and_certain_time_is_never_ahead(events: list[tuple[str, float]]) -> None:
    machine = Machine()
    state = clock.hear(clock.begin(machine.read()), machine.read(), machine.real.at_s)
    for name, value in events:
        before = state.time
        if name == "run":
            machine.run(value)
        elif name == "restart":
            machine.restart(value)
        elif name == "set wall":
            machine.wall_error_s = value
        if name == "server":
            state = clock.hear(state, machine.read(), machine.real.at_s)
            assert state.time.at_s == pytest.approx(machine.real.at_s, abs=1e-3)  # whatever was wrong is healed
        else:
            state = clock.advance(state, machine.read())
            assert state.time.at_s >= before.at_s
        assert state.time.certain_s >= before.certain_s
        assert state.time.certain_s <= machine.real.at_s + 1e-3
        assert state.time.at_s >= state.time.certain_s


@given(st.lists(st.tuples(st.sampled_from(["run", "restart", "server"]), st.floats(0, 3 * DAY)), max_size=40))
@settings(max_examples=100, deadline=None)
def test_where_the_wall_clock_is_right_trusted_time_is_right(events: list[tuple[str, float]]) -> None:
    machine = Machine()
    state = clock.hear(clock.begin(machine.read()), machine.read(), machine.real.at_s)
    for name, value in events:
        if name == "server":
            state = clock.hear(state, machine.read(), machine.real.at_s)
        else:
            getattr(machine, name)(value)
            state = clock.advance(state, machine.read())
        assert state.time.at_s == pytest.approx(machine.real.at_s, abs=1e-2)
