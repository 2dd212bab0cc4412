"""The rows of home while they come, go and change."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtQuick import QQuickItem

from player.service.model import TitleRow
from tests.kit.fake_client import cards
from tests.ui.legible import place_of, texts
from ui.app.viewmodels.rows import RowsModel

TITLES = cards(30)
NAMES = ("continue", "because", "picks", "trending", "episodes", "new")


def _rows(chance: random.Random) -> tuple[TitleRow, ...]:
    """Some rows in the order of the service, each with some titles."""
    names = list(NAMES)
    if chance.random() < 0.5:
        chance.shuffle(names)
    return tuple(
        TitleRow(
            name,
            tuple(chance.sample(TITLES, chance.choice((1, 1, 2, 9)))),
            because=chance.choice("AB") * (name == "because"),
        )
        for name in names
        if chance.random() < 0.7
    )


def _shown(stage) -> list[tuple[str, list[str]]]:
    """The key of each row and the titles of its cards, from the beginning."""
    found = []
    waiting = [stage.window.contentItem()]
    while waiting:
        item: QQuickItem = waiting.pop()
        if item.isVisible() and item.objectName().startswith("row_") and item.objectName() != "row_files":
            prefix = item.property("prefix")
            texts: list[str] = []
            while (card := stage.find(f"{prefix}{len(texts)}")) is not None and len(texts) < 3 and card.isVisible():
                texts.append(card.property("text"))
            found.append((item.y(), item.property("key"), texts))
        else:
            waiting.extend(item.childItems())
    return [(key, texts) for _, key, texts in sorted(found)]


@pytest.mark.qt_log_ignore("DelegateModel::cancel")  # Qt's word about a card that is not wanted any more
def test_rows_that_come_again_make_no_models(qapp):
    rows = RowsModel(QObject())
    wanted = (TitleRow("new", tuple(TITLES[:3])), TitleRow("picks", tuple(TITLES[3:5])))
    rows.show(wanted)
    before = len(rows.children())
    for _ in range(5):
        rows.show(wanted)
    assert len(rows.children()) == before


def test_each_row_shows_its_own_titles_however_rows_come_and_go(stage):
    chance = random.Random(7)
    stage.client.titles = list(TITLES)
    stage.client.screen = list(_rows(chance))
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home" and bool(_shown(stage)))
    for _ in range(25):
        away = chance.random() < 0.5
        if away:
            stage.app.showTitle(TITLES[0].id)
            stage.until(lambda: stage.page == "details")
        stage.client.screen = list(_rows(chance))
        stage.app.home.refresh()
        stage.until(lambda: list(stage.app.home.rows.rows) == stage.client.screen)
        if away:
            stage.wait(30)
            stage.app.back()
        stage.wait(60)
        assert _shown(stage) == [(row.key, [card.title for card in row.titles[:3]]) for row in stage.client.screen]


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_no_heading_is_cut_in_two_above_the_row_that_has_the_focus(stage, tv):
    stage.client.titles = list(TITLES)
    stage.client.screen = [TitleRow(name, tuple(TITLES[:6])) for name in NAMES]
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and len(_shown(stage)) == len(NAMES))
    for name in NAMES:
        stage.key(Qt.Key.Key_Down)
        stage.until(lambda: not stage.item("titles").property("scrolling"))
        assert stage.focus_name == f"{name}_0"
        heading = [text for text in texts(stage.window.contentItem()) if text.parentItem().property("isRow")]
        for place in map(place_of, heading):
            assert place.top() >= 0 or place.bottom() <= 0


@pytest.mark.parametrize("tv", [False, True])
@pytest.mark.parametrize("down", [0.05, 0.2, 0.4, 0.95])
def test_no_head_of_the_large_title_lies_under_the_bar(stage, down, tv):
    """What the eye is drawn to is below the bar, with what is around it; the picture reaches the bottom."""
    stage.client.titles = [replace(TITLES[0], focal=(0.5, down))]
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and stage.find("heroPicture") is not None)
    place, actions = stage.item("heroPicture"), stage.item("actions")
    (picture, *_) = place.childItems()
    below_px = actions.mapToScene(QPointF(0.0, actions.height())).y()
    point_px = picture.mapToScene(QPointF(0.0, max(0.0, down - place.property("around")) * picture.height())).y()
    assert point_px >= below_px > 0
    assert picture.y() + picture.height() >= place.height()
