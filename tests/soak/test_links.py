"""The planner on all the simple links that were drawn; ``make test`` plays a part of them."""

from __future__ import annotations

import pytest

from tests.abr.test_links import SLICES, check_changing_links, check_constant_links


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(SLICES))
def test_constant_links(turn: int) -> None:
    check_constant_links(turn)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(SLICES))
def test_changing_links(turn: int) -> None:
    check_changing_links(turn)
