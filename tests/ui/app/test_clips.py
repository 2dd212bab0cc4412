"""A card that the viewer rests on plays its clip, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from player.service.model import TitleRow
from tests.kit import pictures
from tests.kit.fake_client import cards
from ui.app.profile.preferences import Preferences

K = Qt.Key
CLIPS = [replace(card, clip_url=f"https://tv.test/clip/{card.id}.mp4") for card in cards(8)]


@pytest.fixture
def home(stage):
    """The focus is on the first card of the grid; a viewer's moment is short."""
    stage.client.titles = list(CLIPS)
    stage.client.paint = lambda url: url.encode() if "/clip/" in url else pictures.poster(url)
    stage.client.viewer = "Ada"
    stage.start()
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 0.01)
    stage.until(lambda: stage.page == "home" and stage.find("title_0") is not None)
    for _ in range(9):
        if stage.focus_name.startswith("title_"):
            break
        stage.key(K.Key_Down)
    assert stage.focus_name == "title_0"
    return stage


def clip_of(stage, card: str) -> bool:
    """Whether what plays is the clip of this card, in its place."""
    item = stage.item(card)
    return bool(stage.clips.files) and bytes_of(stage).endswith(f"{item.property('titleId')}.mp4")


def bytes_of(stage) -> str:
    return Path(stage.clips.files[-1]).read_text()


def seen(stage) -> float:
    return float(stage.item("cardClip").opacity())


def lies_in(stage, card: str) -> bool:
    clip, frame = stage.item("cardClip"), stage.item(card)
    inside = frame.mapRectToScene(frame.boundingRect())
    return inside.adjusted(-20, -20, 20, 20).contains(clip.mapToScene(QPointF(clip.width() / 2, clip.height() / 2)))


def hover(stage, card: str) -> None:
    item = stage.item(card)
    QTest.mouseMove(stage.window, item.mapToScene(QPointF(item.width() / 2, item.height() / 3)).toPoint())


def test_a_card_that_keeps_the_focus_plays_its_clip_and_fades(home):
    home.until(lambda: clip_of(home, "title_0"))
    assert seen(home) == 0, "its picture stays until there is a frame"
    home.clips.begun()
    home.until(lambda: seen(home) == 1)
    assert lies_in(home, "title_0")
    home.clips.ended()
    home.until(lambda: seen(home) == 0)
    assert home.client.sessions == [], "the film itself is not played"


def test_the_next_card_takes_the_clip_along(home):
    home.until(lambda: clip_of(home, "title_0"))
    home.clips.begun()
    home.until(lambda: seen(home) == 1)
    late = home.clips.begun
    home.key(K.Key_Right)
    home.until(lambda: clip_of(home, "title_1"))
    late()  # a word of the clip before
    home.until(lambda: seen(home) == 0)
    home.clips.begun()
    home.until(lambda: seen(home) == 1)
    assert lies_in(home, "title_1")


def test_a_card_under_the_mouse_plays_its_clip_though_another_has_the_focus(home):
    home.until(lambda: clip_of(home, "title_0"))

    def plays() -> bool:  # the page may move away from under the mouse while it loads
        hover(home, "title_2")
        if clip_of(home, "title_2"):
            home.clips.begun()
        return clip_of(home, "title_2") and seen(home) == 1

    home.until(plays)
    assert home.focus_name == "title_0"
    assert lies_in(home, "title_2")
    QTest.mouseMove(home.window, QPoint(2, 2))
    home.until(lambda: clip_of(home, "title_0"))  # the one with the focus again


def test_two_cards_of_one_title_play_it_each_in_its_own_place(home):
    home.client.screen = [TitleRow("new", tuple(CLIPS[:3]))]
    home.app.home.refresh()
    home.until(lambda: home.find("new_0") is not None)
    home.until(lambda: clip_of(home, "title_0"))

    def plays_there() -> bool:  # the page may move away from under the mouse while it loads
        hover(home, "new_0")
        if home.clips.playing and len(home.clips.files) > 1:
            home.clips.begun()
        return seen(home) == 1 and lies_in(home, "new_0")

    home.until(plays_there)


def test_a_title_without_a_clip_keeps_its_picture(home):
    home.until(lambda: clip_of(home, "title_0"))
    home.client.titles[1] = replace(CLIPS[1], clip_url="")
    home.app.home.refresh()
    home.until(lambda: home.app.home.title_of(CLIPS[1].id).clip_url == "")
    home.key(K.Key_Right)
    home.until(lambda: not home.clips.playing and not home.item("cardClip").property("waiting"))
    assert len(home.clips.files) == 1
    home.key(K.Key_Right)
    home.until(lambda: clip_of(home, "title_2"))
    assert home.client.sessions == []


@pytest.mark.parametrize("saving", [{"motion": "little"}, {"metered": True}, {"data_limit_bps": 1_500_000}], ids=str)
def test_nothing_plays_by_itself_where_little_moves_or_data_is_saved(home, saving):
    home.until(lambda: clip_of(home, "title_0"))
    home.clips.begun()
    home.until(lambda: seen(home) == 1)
    settings = home.app.settings_page
    settings._preferences = Preferences(**saving)
    settings.data_use.set_wishes(metered=settings.preferences.metered, limit_gb=0)
    settings.changed.emit()
    home.until(lambda: not home.clips.playing and seen(home) == 0)
    home.key(K.Key_Right)
    hover(home, "title_3")
    assert not home.item("cardClip").property("waiting")
    assert len(home.clips.files) == 1


def test_a_page_above_and_a_menu_end_the_clip(home):
    home.until(lambda: clip_of(home, "title_0"))
    home.key(K.Key_Menu)
    home.until(lambda: home.item("cardMenu").isVisible())
    assert not home.clips.playing
    home.key(K.Key_Back)
    home.until(lambda: len(home.clips.files) == 2)
    home.app.openTitle(CLIPS[0].id)
    home.until(lambda: home.page == "player")
    assert not home.clips.playing
