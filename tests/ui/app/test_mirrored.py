"""Written from right to left everything changes sides, and the arrows go where they point."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF, Qt

from tests.ui.app.test_focus_graph import MODAL, Walk, identity
from tests.ui.states import STATES
from ui.app.selftest.focus import ARROWS, stops

K = Qt.Key


@pytest.fixture
def right_to_left(qapp) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def left_of(item) -> float:
    return item.mapToScene(QPointF(0, 0)).x()


@pytest.mark.usefixtures("right_to_left")
def test_rows_grids_and_bars_are_mirrored_and_walked_as_they_are_seen(stage):
    STATES["home, rows"](stage, False)
    assert left_of(stage.item("trending_0")) > left_of(stage.item("trending_1"))
    assert left_of(stage.item("openSearch")) > left_of(stage.item("openSettings"))
    stage.key(K.Key_Left)
    assert stage.focus_name == "trending_1"
    stage.key(K.Key_Right, K.Key_Right)
    assert stage.focus_name == "trending_0", "the row begins at the right"
    stage.key(K.Key_Down, K.Key_Down)
    assert stage.focus_name == "title_0"
    assert left_of(stage.item("title_0")) > left_of(stage.item("title_1"))
    stage.key(K.Key_Left, K.Key_Left, K.Key_Right)
    assert stage.focus_name == "title_1"


@pytest.mark.usefixtures("right_to_left")
def test_time_runs_from_left_to_right_all_the_same(stage):
    STATES["player"](stage, False)
    assert left_of(stage.item("playPause")) < left_of(stage.item("fullScreen"))
    stage.item("playPause").forceActiveFocus()
    stage.key(K.Key_Right, K.Key_Left)
    assert stage.focus_name == "playPause"


@pytest.mark.usefixtures("right_to_left")
@pytest.mark.parametrize(
    ("state", "tv"),
    [
        ("home", False),
        ("details, series", False),
        ("search, found", True),
        ("settings, data use", False),
        ("settings, keys", False),
        ("account, plan", False),
    ],
)
def test_everything_is_reached_by_arrows(stage, state, tv):
    STATES[state](stage, tv)
    stage.wait(20)
    assert state not in MODAL
    expected = {identity(item) for item in stops(stage.window)}
    walk = Walk(stage, ARROWS)
    walk.run()
    assert expected - set(walk.edges) == set()
