"""The focus graph of every page and state in both forms; ``make test`` walks each in one of them."""

from __future__ import annotations

import pytest

from tests.ui.app.test_focus_graph import walk_through
from tests.ui.conftest import garbage_on_this_thread, qapp, qapp_cls, stage  # noqa: F401
from tests.ui.states import STATES


@pytest.mark.soak
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
@pytest.mark.parametrize("state", STATES)
def test_every_stop_is_reached_and_left_by_arrows_and_back_leads_out(stage, state, tv):  # noqa: F811
    walk_through(stage, state, tv)
