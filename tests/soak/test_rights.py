"""Rights over a thousand kills, and over two thousand clients of a service whose clock was five years ahead."""

from __future__ import annotations

import pytest

from tests.drm_client import wrong_hour
from tests.kit import rights_kills, upkeep_days


@pytest.mark.soak
def test_a_thousand_kills_lose_nothing_win_nothing_and_lock_nothing() -> None:
    assert sum(rights_kills.kill(100, seed).kills for seed in range(10, 20)) == 1000


@pytest.mark.soak
def test_two_thousand_clients_are_whole_an_hour_after_their_service_is_mended() -> None:
    assert wrong_hour.simulate(2000, seed=1) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_days_of_upkeep(seed: int) -> None:
    upkeep_days.live(60, seed)
