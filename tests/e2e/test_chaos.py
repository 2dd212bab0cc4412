"""A short slice of the chaos run (``make chaos`` has the whole): what a few seeds show, in fast time."""

from __future__ import annotations

import pytest

from tests.e2e.chaos import check, run
from tests.kit.chaos import CDNS, episodes


@pytest.mark.parametrize("seed", [4, 13, 19, 26, 41])
async def test_a_minute_of_random_faults_is_not_seen(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    check(seed, await run(seed, monkeypatch))


@pytest.mark.parametrize("seed", range(50))
def test_one_cdn_is_well_at_every_moment(seed: int) -> None:
    found = episodes(seed, 60.0)
    assert len(found) >= 6
    for moment in range(800):
        ill = {each.cdn for each in found if each.from_s <= moment / 10 < each.until_s}
        assert len(ill) < len(CDNS)
