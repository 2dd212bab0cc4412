"""The rule that merges positions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.resume.journal import Now, Watched, trusted_at
from player.resume.merge import Resume, Watch, is_finished, merge

LENGTH_S = 1000.0
WATCHES = st.builds(
    Watch,
    st.sampled_from(["tv", "desk", "phone"]),
    st.floats(0, LENGTH_S),
    st.just(LENGTH_S),
    st.floats(1e9, 1e9 + 1e6),
)


def watch(device: str, position_s: float, at: float, credits_s: float | None = None) -> Watch:
    return Watch(device, position_s, LENGTH_S, at, credits_s)


@pytest.mark.parametrize(
    ("watches", "expected"),
    [
        ((), Resume()),
        ((watch("tv", 100, 10), None), Resume(100)),
        ((watch("tv", 100, 10), watch("desk", 50, 100)), Resume(50, 100)),
        ((watch("tv", 100, 10), watch("tv", 50, 100)), Resume(50)),
        ((watch("tv", 70, 10), watch("desk", 50, 100)), Resume(50)),
        ((watch("tv", 100, 10), watch("desk", 50, 12)), Resume(100)),
        ((watch("tv", 985, 10), watch("desk", 50, 100)), Resume(50)),
        ((watch("tv", 100, 10), watch("desk", 980, 100)), Resume(finished=True)),
        ((watch("tv", 900, 10, credits_s=890.0),), Resume(finished=True)),
    ],
)
def test_the_rule(watches: tuple[Watch | None, ...], expected: Resume) -> None:
    assert merge(*watches) == expected


@given(st.lists(WATCHES, max_size=4))
def test_the_order_does_not_matter_and_the_place_is_somebodys(watches: list[Watch]) -> None:
    results = {merge(*order) for order in itertools.permutations(watches)}
    assert len(results) == 1
    result = results.pop()
    assert result.position_s in {0.0, *(each.position_s for each in watches)}
    if result.furthest_s is not None:
        assert result.furthest_s > result.position_s + 30


def test_the_end_is_at_98_percent_or_at_the_credits() -> None:
    assert not is_finished(979.9, LENGTH_S)
    assert is_finished(980, LENGTH_S)
    assert is_finished(900, LENGTH_S, 900)
    assert not is_finished(5, 0)


@pytest.mark.parametrize(
    ("boot", "boot_s", "wall_at", "age_s"),
    [
        ("b1", 400.0, 5e8, 100.0),  # the wall clock was set back by years meanwhile
        ("b2", 30.0, 1000.0 + 3600, 3600.0),
        ("b2", 30.0, 500.0, 0.0),  # set back across a restart: new, but not of the future
    ],
)
def test_the_age_of_a_position_is_not_this_machines_to_make_up(
    boot: str, boot_s: float, wall_at: float, age_s: float
) -> None:
    kept = Watched("acc", "t", "e", 5, 10, "tv", "b1", 300.0, 1000.0)
    assert trusted_at(kept, Now(2e9, boot, boot_s, wall_at)) == 2e9 - age_s
