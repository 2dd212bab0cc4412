"""Hours of a kiosk in fast time, under seeded troubles: a slice of what tests/soak runs for days."""

from __future__ import annotations

import pytest

from tests.kit.kiosk_world import TROUBLES, World
from ui.kiosk.schedule import Hours


@pytest.mark.parametrize("seed", range(3))
def test_the_picture_is_back_in_time(seed: int) -> None:
    world = World(seed)
    world.run(3)
    assert world.late == []
    assert set(world.seen) == set(TROUBLES)


def test_the_nights_are_dark_and_the_days_are_not() -> None:
    world = World(7, Hours.parse("08:00", "20:00"))
    world.run(6)
    assert world.late == []
