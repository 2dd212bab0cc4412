"""The focus graph of every page and state: all of it is reached by arrows, nothing is a trap, Back leaves."""

from __future__ import annotations

from collections import deque

import pytest
from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem
from shiboken6 import getCppPointer

from tests.ui.stage import name_of
from tests.ui.states import STATES, is_within, stops

K = Qt.Key
# Right before Left: the volume, full at the beginning, lets Right through only while it is full.
ARROWS = (K.Key_Up, K.Key_Down, K.Key_Right, K.Key_Left)
# What lies behind something modal cannot be reached, and need not; Left closes a menu.
MODAL = {
    "settings, choices": ("settingMenu", ARROWS[:2]),
    "details, download": ("titleMenu", ARROWS[:2]),
    "downloads, choices": ("downloadMenu", ARROWS[:2]),
    "open stream": ("openStreamDialog", ARROWS),
    "player, menu": ("menu", ARROWS[:2]),
}
MOST_KEYS = 1500
BOTTOM = ("sign-in", "no service", "profiles", "home")


def identity(item: QQuickItem) -> str:
    """Its name; lists make the items of named lines anew. What has no name of its own is told by its address."""
    return item.objectName() or f"{name_of(item)} {getCppPointer(item)[0]:x}"


class Walk:
    """Explores by keys only, as a viewer would: at each stop every arrow is tried once. Rows remember where they
    were, so an arrow may lead to several stops in the course of the walk."""

    def __init__(self, stage, arrows: tuple[Qt.Key, ...]) -> None:
        self.stage = stage
        self.arrows = arrows
        self.edges: dict[str, set[str]] = {}
        self.tried: dict[str, dict[Qt.Key, str]] = {}
        self.here = self._look()

    def run(self) -> None:
        for _ in range(MOST_KEYS):
            arrow = self._untried(self.here) or self._way_to_something_untried()
            if arrow is None:
                return
            self.stage.key(arrow)
            there = self._look()
            self.tried[self.here][arrow] = there
            self.edges[self.here].add(there)
            self.here = there
        raise AssertionError(f"the walk does not end: {sorted(self.edges)}")

    def _look(self) -> str:
        item = self.stage.focus
        node = identity(item)
        self.edges.setdefault(node, set())
        self.tried.setdefault(node, {})
        return node

    def _untried(self, node: str) -> Qt.Key | None:
        return next((arrow for arrow in self.arrows if arrow not in self.tried[node]), None)

    def _way_to_something_untried(self) -> Qt.Key | None:
        """The first arrow of the shortest known way to a stop with an untried arrow."""
        seen = {self.here}
        waiting = deque((there, arrow) for arrow, there in self.tried[self.here].items())
        while waiting:
            node, first = waiting.popleft()
            if self._untried(node) is not None:
                return first
            if node not in seen:
                seen.add(node)
                waiting.extend((there, first) for there in self.tried[node].values())
        return None


def reached_from(begin: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [begin]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(edges[node])
    return seen


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
@pytest.mark.parametrize("state", STATES)
def test_every_stop_is_reached_and_left_by_arrows_alone(stage, state, tv):
    STATES[state](stage, tv)
    stage.wait(20)
    modal, arrows = MODAL.get(state, ("", ARROWS))
    expected = {identity(item) for item in stops(stage) if not modal or is_within(item, modal)}
    assert expected
    begin = identity(stage.focus)
    graph = Walk(stage, arrows)
    graph.run()
    missed = expected - set(graph.edges)
    assert not missed, f"arrows never reach {sorted(missed)}"
    for node in graph.edges:
        assert begin in reached_from(node, graph.edges), f"there is no way back from {node}"


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
@pytest.mark.parametrize("state", [state for state in STATES if not state.startswith(BOTTOM)])
def test_back_leads_out_of_everything(stage, state, tv):
    STATES[state](stage, tv)
    for _ in range(4):
        assert stage.focus is not None
        if stage.page in ("home", "signIn") and not stage.item("openStreamDialog").isVisible():
            break
        stage.key(K.Key_Back)
    assert stage.page in ("home", "signIn")
    assert stage.focus is not None
