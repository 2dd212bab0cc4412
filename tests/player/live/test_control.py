"""The control of latency against simulated sources: parts come late by chance, and a viewer begins anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from player.live.guide import CAUGHT_UP, LiveGuide, LiveObservation
from player.live.latency import FASTEST, SLOWEST, Latency
from player.live.pace import Pace

PART_S, STEP_S, LOOK_S = 0.3, 0.1, 0.5
SPARE_S = 0.25
PATIENCE_S, LEAST_JUMP_S = 15.0, 0.5  # what speed wins back in so long is not jumped over, nor anything so short
BEHIND_S = 0.1  # of the target, in which a correction ends at least


@dataclass
class Watched:
    """What a simulated viewer went through. ``hurried_s`` is the least that was in hand when playback was hurried."""

    latencies: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    hurried_s: float = 1e9
    stalled_s: float = 0.0


def watch(latency: Latency, begin_s: float, late: Sequence[float], seconds: float) -> Watched:
    """Watch for so long, at first ``begin_s`` behind the edge. Part n is there ``late[n]`` after it is made, and in
    its order."""
    guide, found = LiveGuide(latency), Watched()
    steps = round(seconds / STEP_S)
    ready: list[float] = []
    for number in range(round((seconds + 100.0) / PART_S)):
        made_s = (number + 1) * PART_S + late[number % len(late)]
        ready.append(max(made_s, ready[-1] if ready else 0.0))
    now_s, speed, there = 60.0, 1.0, 0
    position_s = now_s - begin_s
    for step in range(steps):
        while ready[there] <= now_s:
            there += 1
        published_s = there * PART_S
        if step % round(LOOK_S / STEP_S) == 0:
            seen = LiveObservation(
                position_s=position_s,
                buffer_s=max(0.0, published_s - position_s),
                playing=True,
                paused=False,
                seeking=False,
                window_start_s=0.0,
                published_s=published_s,
                edge_s=now_s,
            )
            advice = guide.look(seen)
            if advice.seek_s is not None:
                assert advice.sentence == CAUGHT_UP
                found.jumps.append(now_s - position_s)
                position_s = advice.seek_s
            if advice.speed is not None:
                speed = advice.speed
            if speed > 1.0:
                found.hurried_s = min(found.hurried_s, seen.buffer_s)
            found.latencies.append(now_s - position_s)
            found.speeds.append(speed)
        played_s = min(STEP_S * speed, max(0.0, published_s - position_s))
        found.stalled_s += STEP_S - played_s / speed
        position_s += played_s
        now_s += STEP_S
    return found


TARGETS = st.floats(1.0, 3.0)
LATE = st.lists(st.floats(0.0, 0.3), min_size=1, max_size=20)
RATES = st.tuples(st.floats(0.9, 1.0), st.floats(1.0, 1.1))


@given(TARGETS, st.floats(0.0, (FASTEST - 1.0) * PATIENCE_S - 0.05), LATE)
def test_latency_is_won_back_by_speed_without_a_stall_or_a_jump(
    target_s: float, behind_s: float, late: list[float]
) -> None:
    seconds = behind_s / (FASTEST - 1.0) + 60.0
    seen = watch(Latency(target_s, part_s=PART_S), target_s + behind_s, late, seconds)
    assert not seen.jumps
    assert seen.stalled_s < 1e-6
    assert abs(seen.latencies[-1] - target_s) <= BEHIND_S
    assert min(seen.latencies) >= target_s - BEHIND_S, "it does not overshoot"


@given(TARGETS, st.floats(0.7, 6.0), LATE)
def test_what_speed_takes_long_for_is_jumped_over_once(target_s: float, behind_s: float, late: list[float]) -> None:
    seen = watch(Latency(target_s, part_s=PART_S), target_s + behind_s, late, 30.0)
    assert len(seen.jumps) == 1
    assert seen.stalled_s < 1e-6
    assert abs(seen.latencies[-1] - target_s) <= BEHIND_S
    assert min(seen.latencies) >= target_s - BEHIND_S, "it does not overshoot"


@given(TARGETS, st.floats(0.7, 3.5), LATE)
def test_a_service_says_by_how_much_one_may_be_late(target_s: float, behind_s: float, late: list[float]) -> None:
    """Latency@max: up to there it is speed alone (ISO/IEC 23009-1 K.3.2)."""
    latency = Latency(target_s, max_s=target_s + 4.0, part_s=PART_S)
    seen = watch(latency, target_s + behind_s, late, behind_s / (FASTEST - 1.0) + 60.0)
    assert not seen.jumps
    assert seen.stalled_s < 1e-6
    assert abs(seen.latencies[-1] - target_s) <= BEHIND_S


@given(TARGETS, st.floats(-0.5, 8.0), st.lists(st.floats(0.0, 5.0), min_size=1, max_size=20), RATES)
def test_whatever_comes_speeds_stay_within_the_limits(
    target_s: float, behind_s: float, late: list[float], rates: tuple[float, float]
) -> None:
    """And nothing is hurried with less in hand than would be missed."""
    low, high = max(rates[0], SLOWEST), min(rates[1], FASTEST)
    seen = watch(Latency(target_s, min_rate=low, max_rate=high, part_s=PART_S), target_s + behind_s, late, 60.0)
    assert all(low <= speed <= high for speed in seen.speeds)
    assert seen.hurried_s >= SPARE_S
    least_s = max(LEAST_JUMP_S, (high - 1.0) * PATIENCE_S)
    assert all(latency_s > target_s + least_s for latency_s in seen.jumps), "a jump comes last"


@given(st.floats(SLOWEST, 1.0), st.floats(1.0, FASTEST), st.lists(st.floats(-10, 10), min_size=1, max_size=50))
def test_the_pace_changes_in_steps_of_its_own_and_rests_at_one(low: float, high: float, errors: list[float]) -> None:
    pace = Pace(low, high, SPARE_S)
    for error_s in errors:
        rate = pace.rate(error_s, 1.0)
        assert low <= rate <= high
        assert rate in (low, high) or abs(rate * 200 - round(rate * 200)) < 1e-6
    pace.rest()
    assert pace.rate(0.0, 1.0) == 1.0
