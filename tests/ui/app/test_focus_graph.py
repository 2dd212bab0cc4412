"""The focus graph of every page and state: all of it is reached by arrows, nothing is a trap, Back leaves."""

from __future__ import annotations

import itertools
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem
from shiboken6 import getCppPointer

from tests.kit.slices import slice_of
from tests.ui.stage import check_names, name_of, screen_reader
from tests.ui.states import STATES, is_within
from ui.app.selftest.focus import ARROWS, Graph, stops

K = Qt.Key
# What lies behind something modal cannot be reached, and need not; Left closes a menu.
MODAL = {
    "home, choices": ("cardMenu", ARROWS[:2]),
    "settings, choices": ("settingMenu", ARROWS[:2]),
    "settings, device": ("settingMenu", ARROWS[:2]),
    "details, download": ("titleMenu", ARROWS[:2]),
    "details, seasons": ("seasonMenu", ARROWS[:2]),
    "downloads, choices": ("downloadMenu", ARROWS[:2]),
    "account, order": ("accountMenu", ARROWS[:2]),
    "account, password": ("passwordDialog", ARROWS),
    "account, card number": ("keyboardPanel", ARROWS),
    "open stream, keys": ("keyboardPanel", ARROWS),
    "open stream": ("openStreamDialog", ARROWS),
    "player, menu": ("menu", ARROWS[:2]),
}
MOST_KEYS, MOST_BACKS = 1500, 4
BOTTOM = ("sign-in", "no service", "profiles", "home")


def identity(item: QQuickItem) -> str:
    """Its name; lists make the items of named lines again. What has no name of its own is told by its address."""
    return item.objectName() or f"{name_of(item)} {getCppPointer(item)[0]:x}"


class Walk:
    """Explores by keys only, as a viewer would: at each stop every arrow is tried once. Rows remember where they
    were, so an arrow may lead to several stops in the course of the walk."""

    def __init__(self, stage, arrows: tuple[Qt.Key, ...]) -> None:
        self.stage = stage
        self.graph = Graph(arrows)
        self.edges: dict[str, set[str]] = {}

    def run(self) -> None:
        here = self._look()
        for _ in range(MOST_KEYS):
            self.graph.stand_at(here)
            arrow = self.graph.next_arrow()
            if arrow is None:
                return
            self.stage.key(arrow)
            there = self._look()
            self.edges[here].add(there)
            here = there
        raise AssertionError(f"the walk does not end: {sorted(self.edges)}")

    def _look(self) -> str:
        node = identity(self.stage.focus)
        self.edges.setdefault(node, set())
        return node


def line_of(name: str) -> str:
    """Of a programme of the guide, its channel: which programmes are shown changes with the minute."""
    return re.sub(r"(channel_\d+)_\d+", r"\1", name)


def reached_from(begin: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [begin]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(edges[node])
    return seen


@pytest.mark.parametrize(("state", "form"), slice_of(itertools.product(STATES, ("desk", "tv")), 36))
def test_every_stop_is_reached_and_left_by_arrows_and_back_leads_out(stage, state, form):
    """Show the state and try every arrow at every stop, then leave by Back. Each stop has a name for a screen
    reader."""
    tv = form == "tv"
    with screen_reader():
        STATES[state](stage, tv)
        stage.wait(20)
        check_names(stage, 1)
    modal, arrows = MODAL.get(state, ("", ARROWS))
    expected = {identity(item) for item in stops(stage.window) if not modal or is_within(item, modal)}
    assert expected
    begin = identity(stage.focus)
    graph = Walk(stage, arrows)
    graph.run()
    missed = set(map(line_of, expected)) - set(map(line_of, graph.edges))
    assert not missed, f"arrows never reach {sorted(missed)}"
    for node in graph.edges:
        assert begin in reached_from(node, graph.edges), f"there is no way back from {node}"
    if not state.startswith(BOTTOM):
        leave(stage)


def leave(stage) -> None:
    """Go back to the first page, by Back alone."""
    for _ in range(MOST_BACKS):
        if stage.page in ("home", "signIn") and not stage.item("openStreamDialog").isVisible():
            break
        stage.key(K.Key_Back)
        assert stage.focus is not None
    assert stage.page in ("home", "signIn")
