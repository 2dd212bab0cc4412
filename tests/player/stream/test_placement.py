"""Segments that hold another time of the title, told from manifests whose clock drifts."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, MediaError
from player.stream.placement import Placement

SEGMENT_S = 4.0


def refused(placement: Placement, number: int, deviation_s: float, *, exact: bool = True) -> bool:
    try:
        placement.check(number, deviation_s, SEGMENT_S, exact=exact)
    except MediaError as error:
        return error.code is ErrorCode.MEDIA_MISPLACED
    return False


@pytest.mark.parametrize("deviation_s", [-4.0, 4.0, 3.3, 3600.0])
def test_a_segment_of_another_time_is_refused_until_nothing_better_is_there(deviation_s: float) -> None:
    placement = Placement()
    assert not refused(placement, 0, 0.0)
    assert refused(placement, 1, deviation_s)
    assert refused(placement, 1, deviation_s)  # the copy of another CDN, which lies as well
    assert not refused(placement, 2, 0.0)
    placement.accept(1)
    assert not refused(placement, 1, deviation_s)
    assert not refused(placement, 3, 0.0)


def test_the_first_segment_counts_only_where_the_manifest_states_the_times_of_the_media() -> None:
    assert refused(Placement(), 0, 4.0, exact=True)
    assert not refused(Placement(), 0, 4.0, exact=False)


def test_a_clock_that_drifts_for_hours_misplaces_nothing() -> None:
    placement = Placement()
    assert not any(refused(placement, number, 0.16 * number, exact=False) for number in range(5000))


def test_after_a_jump_in_a_title_whose_clock_drifts_nothing_is_judged_by_far_neighbours() -> None:
    placement = Placement()
    assert not refused(placement, 0, 0.0, exact=False)
    assert not refused(placement, 1000, 160.0, exact=False)
    assert refused(placement, 1001, 156.0, exact=False)


def test_a_clock_that_has_jumped_costs_one_segment() -> None:
    placement = Placement()
    assert not refused(placement, 0, 0.0)
    assert refused(placement, 1, 10.0)
    assert not refused(placement, 2, 10.0)
    assert not refused(placement, 3, 10.0)
