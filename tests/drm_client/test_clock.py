"""Trusted time, rule by rule, and over any sequence of what can happen to a computer's clocks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client import clock
from drm_client.clock import MAX_TIME_S, MIN_SIGNED_S, Reading
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
    assert (later.time.at_s, later.time.certain_s) == (START + DAY, START)


def test_a_set_back_clock_takes_nothing_away() -> None:
    later = clock.advance(heard(), Reading("two", 5.0, START - DAY))
    assert later.time == heard().time
    assert clock.advance(later, Reading("two", 65.0, START - DAY)).time.at_s == START + 60


@pytest.mark.parametrize("lag_s", [2 * HOUR, START - 300.0])
def test_a_clock_that_lagged_and_is_right_again_takes_nothing_away(lag_s: float) -> None:
    """An empty battery leads to 1970, another system's time zone to hours: each time, and not only once."""
    state, boots = heard(), iter(range(100))
    for hours in range(1, 6):
        for lag in (lag_s, 0.0):
            state = clock.advance(state, Reading(f"boot {next(boots)}", 5.0, START + hours * HOUR - lag))
        assert state.time.at_s == START + hours * HOUR


def test_a_service_heard_while_the_clock_was_at_1970_ends_nothing_when_it_is_right() -> None:
    flat = Reading("one", 100.0, 300.0)
    state = clock.hear(clock.begin(flat), flat, START)
    assert clock.advance(state, Reading("two", 5.0, START + HOUR)).time.at_s == START + HOUR


def test_a_forward_jump_heals_at_the_next_signed_time() -> None:
    jumped = clock.advance(heard(), Reading("two", 5.0, START + 900 * DAY))
    healed = clock.hear(jumped, Reading("two", 10.0, START + 900 * DAY), START + HOUR)
    assert (healed.time.at_s, healed.time.certain_s) == (START + HOUR, START + HOUR)


def test_an_answer_that_was_under_way_does_not_turn_certain_time_back() -> None:
    later = clock.hear(heard(), Reading("one", 200.0, START), START - 10)
    assert later.time.at_s == START + 100


YEARS = 5 * 365 * DAY


def test_a_time_that_nothing_confirms_is_held_until_the_issuer_has_stood_by_it() -> None:
    """Five years ahead, against the boot clock and the wall clock: judged by only after two hours of the same
    word."""
    state = clock.hear(heard(), Reading("one", 100.0, START), START + YEARS)
    assert (state.time.at_s, clock.issuer_time(state)) == (START, START + YEARS)
    for after_s in (3600.0, clock.HOLD_AHEAD_S - 1.0):
        reading = Reading("one", 100.0 + after_s, START + after_s)
        state = clock.hear(state, reading, START + YEARS + after_s)
        assert state.time.at_s == START + after_s
        assert clock.is_doubtful(state, reading)
    reading = Reading("one", 100.0 + clock.HOLD_AHEAD_S, START + clock.HOLD_AHEAD_S)
    state = clock.hear(state, reading, START + YEARS + clock.HOLD_AHEAD_S)
    assert state.time.at_s == START + YEARS + clock.HOLD_AHEAD_S


def test_a_held_time_is_given_up_at_the_first_right_word() -> None:
    state = clock.hear(heard(), Reading("one", 160.0, START + 60), START + YEARS)
    state = clock.hear(state, Reading("one", 220.0, START + 120), START + 120)
    assert (state.time.at_s, state.held) == (START + 120, None)


@pytest.mark.parametrize(("wall_s", "waits"), [(START + HOUR, False), (0.0, True)])
def test_a_wrong_time_that_was_taken_is_turned_back(wall_s: float, waits: bool) -> None:
    """The wall clock confirms the right one at once; without it the issuer must stand by it for a quarter of an
    hour."""
    wrong = clock.hear(clock.begin(Reading("one", 100.0, wall_s)), Reading("one", 100.0, wall_s), START + YEARS)
    assert wrong.time.at_s == START + YEARS
    state = clock.hear(wrong, Reading("one", 3700.0, wall_s), START + HOUR)
    assert (state.time.at_s == START + HOUR) is not waits
    later_s = clock.HOLD_BEHIND_S
    state = clock.hear(state, Reading("one", 3700.0 + later_s, wall_s + later_s), START + HOUR + later_s)
    assert state.time.at_s == START + HOUR + later_s


def test_a_machine_that_was_off_with_an_empty_battery_takes_the_time_at_once() -> None:
    state = clock.hear(heard(), Reading("two", 5.0, 0.0), START + 100 * DAY)
    assert (state.time.at_s, state.held) == (START + 100 * DAY, None)


@pytest.mark.parametrize("server_at_s", [math.nan, math.inf, -1.0, 0.0, MIN_SIGNED_S - 1, MAX_TIME_S * 2])
def test_a_time_that_cannot_be_is_refused(server_at_s: float) -> None:
    with pytest.raises(ValueError, match="not a time"):
        clock.hear(heard(), ONE, server_at_s)


def test_a_boot_clock_that_went_back_counts_as_another_boot() -> None:
    """A snapshot of the machine was restored: what passed meanwhile counts by the wall clock, provisionally."""
    later = clock.advance(heard(), Reading("one", 400.0, START + 300))
    back = clock.advance(later, Reading("one", 100.0, START + 300 + HOUR))
    assert (back.time.at_s, back.time.certain_s) == (START + 300 + HOUR, START + 300)
    on = clock.advance(back, Reading("one", 450.0, START))
    assert (on.time.at_s, on.time.certain_s) == (START + 650 + HOUR, START + 650)


def test_readings_of_two_processes_may_cross() -> None:
    later = clock.advance(heard(), Reading("one", 400.0, START))
    crossed = clock.advance(later, Reading("one", 399.0, START + DAY))
    assert crossed.time == later.time
    assert clock.advance(crossed, Reading("one", 401.0, START)).time.at_s == START + 301


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
