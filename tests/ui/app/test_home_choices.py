"""What a viewer does with titles from their cards, and the pages of a part of the catalogue."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtQuick import QQuickItem

from player.base.errors import ErrorCode, NetError
from player.service.model import Credits, TitleRow, WatchProgress
from tests.kit.fake_client import cards, watched

K = Qt.Key
TITLES = cards(8, begun=2)
TOOLTIP_MS = 900  # until one is there


def at_home(stage, tv: bool = False) -> None:
    stage.client.titles = list(TITLES)
    stage.client.credits_by_title = {
        "title-0": Credits(("drama",), (("actor", "Ida Brandt"),)),
        "title-1": Credits(("drama", "nature")),
        "title-2": Credits(("nature",), (("director", "Ida Brandt"), ("actor", "Ida Brandt"))),
    }
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and stage.find("continue_0") is not None)


def hold(stage, key) -> None:
    """Press a key for as long as it repeats."""
    for kind, repeats in (
        (QEvent.Type.KeyPress, False),
        (QEvent.Type.KeyPress, True),
        (QEvent.Type.KeyPress, True),
        (QEvent.Type.KeyRelease, False),
    ):
        modifiers = Qt.KeyboardModifier.NoModifier
        QCoreApplication.sendEvent(stage.window, QKeyEvent(kind, key, modifiers, "", repeats))
        stage.wait(1)


def lines(stage) -> list[str]:
    return [one.key for one in stage.app.choices.options.records]


def open_menu(stage, card: str) -> None:
    stage.item(card).forceActiveFocus()
    hold(stage, K.Key_Return)
    stage.until(lambda: stage.item("cardMenu").isVisible())
    stage.wait(350)  # the key has been let go


def pick(stage, key: str) -> None:
    """Walk to a line of the menu and take it."""
    at = lines(stage).index(key)
    stage.key(*[K.Key_Up] * 12, *[K.Key_Down] * at, K.Key_Return)
    stage.until(lambda: not stage.item("cardMenu").isVisible())


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_a_held_key_brings_the_menu_of_a_title_and_back_leads_to_its_card(stage, tv):
    at_home(stage, tv)
    open_menu(stage, "continue_0")
    assert stage.page == "home"
    assert {"play", "details", "putAway", "seen", "up"} <= set(lines(stage))
    stage.key(K.Key_Back)
    assert stage.focus_name == "continue_0"
    stage.item("title_5").forceActiveFocus()
    stage.key(K.Key_Menu)
    assert "putAway" not in lines(stage)


def test_a_key_that_is_held_on_chooses_nothing_in_the_menu_that_it_opened(stage):
    """Some desktops send repetitions as keys of their own."""
    at_home(stage)
    # However slow this machine is, the repetitions come sooner than a held key ends.
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 100.0)
    stage.item("continue_0").forceActiveFocus()
    hold(stage, K.Key_Return)
    stage.until(lambda: stage.item("cardMenu").isVisible())
    for _ in range(5):
        stage.key(K.Key_Return)
        stage.wait(40)
    assert stage.page == "home"
    assert stage.item("cardMenu").isVisible()
    assert not stage.client.sessions


def test_a_title_leaves_those_to_go_on_with(stage):
    at_home(stage)
    name = stage.app.home.rows.records[0].titles.records[0].title_id
    open_menu(stage, "continue_0")
    pick(stage, "putAway")
    stage.until(lambda: stage.client.put_away_titles == [name])
    stage.until(lambda: name not in [one.title_id for one in stage.app.home.rows.records[0].titles.records])
    stage.until(lambda: stage.focus_name == "continue_0")  # the row moves up with its next frame


def test_a_title_is_marked_and_unmarked_as_watched(stage):
    at_home(stage)
    open_menu(stage, "title_4")
    pick(stage, "seen")
    stage.until(lambda: stage.client.titles[4].progress.position_s == TITLES[4].duration_s)
    stage.until(lambda: stage.app.home.title_of("title-4").progress.position_s > 0)
    open_menu(stage, "title_4")
    pick(stage, "seen")
    stage.until(lambda: stage.client.titles[4].progress.position_s == 0)


def test_thumbs_on_the_page_of_a_title(stage):
    at_home(stage)
    stage.app.showTitle("title-3")
    stage.until(lambda: stage.page == "details")
    for thumb, button in (("up", "likeTitle"), ("down", "dislikeTitle"), ("", "dislikeTitle")):
        stage.item(button).forceActiveFocus()
        stage.key(K.Key_Return)
        stage.until(lambda thumb=thumb: stage.client.titles[3].thumb == thumb)
        stage.until(lambda thumb=thumb: stage.app.details.property("thumb") == thumb)
    assert not stage.item("dislikeTitle").property("checked")


def test_a_title_is_marked_before_the_service_has_answered_and_not_where_it_refuses(stage):
    at_home(stage)
    stage.app.showTitle("title-3")
    stage.until(lambda: stage.page == "details" and not stage.app.details.waiting)
    before = stage.app.details.property("seen")
    stage.client.silent = True
    stage.item("markTitle").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.app.details.property("seen") is not before
    stage.client.silent, stage.client.failure = False, NetError(ErrorCode.NET_REFUSED, "Nobody answers.")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.choices.property("notice") != "")
    assert stage.app.details.property("seen") is not before, "as it was before this press"


def test_what_the_service_refuses_is_said_and_changes_nothing(stage):
    at_home(stage)
    open_menu(stage, "title_4")
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "Nobody answers.")
    pick(stage, "up")
    stage.until(lambda: stage.app.choices.property("notice") != "")


def test_a_genre_and_a_person_have_their_pages_and_back_leads_home(stage):
    at_home(stage)
    stage.app.showTitle("title-2")
    stage.until(lambda: stage.page == "details" and stage.find("way_1") is not None)
    stage.key(K.Key_Up)
    assert stage.focus_name == "way_0"
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.page == "browse" and stage.app.browse.property("state") == "ready")
    assert stage.app.browse.property("heading") == "Ida Brandt"
    assert [one.title_id for one in stage.app.browse.titles.records] == ["title-0", "title-2"]
    stage.until(lambda: stage.focus_name == "browsed_0")
    stage.key(K.Key_Back)
    assert stage.page == "details"
    stage.key(K.Key_Back)
    assert stage.page == "home"


def test_everything_from_a_to_z_and_by_genre(stage):
    at_home(stage)
    stage.client.titles = [replace(card, title=f"{8 - at} {card.title}") for at, card in enumerate(TITLES)]
    stage.item("openCatalogue").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "browse" and stage.app.browse.property("state") == "ready")
    names = [one.name for one in stage.app.browse.titles.records]
    assert names == sorted(names)
    stage.until(lambda: stage.focus_name == "browsed_0")
    stage.until(lambda: stage.item("browseFilters").isVisible())
    stage.key(K.Key_Up)
    assert stage.focus_name == "filter_0"
    stage.key(K.Key_Right, K.Key_Right, K.Key_Return)
    stage.until(lambda: [one.title_id for one in stage.app.browse.titles.records] == ["title-2", "title-1"])
    assert stage.focus is not None
    stage.key(K.Key_Up)
    stage.key(K.Key_Up, K.Key_Right)
    assert stage.focus_name == "browseOrder"


def test_enter_on_the_genre_that_is_chosen_goes_into_its_titles(stage):
    at_home(stage)
    stage.app.showCatalogue()
    stage.until(lambda: stage.page == "browse" and stage.focus_name == "browsed_0")
    stage.until(lambda: stage.item("browseFilters").isVisible())
    stage.key(K.Key_Up, K.Key_Return)
    stage.until(lambda: stage.focus_name == "browsed_0")


@pytest.mark.parametrize("focused", ["browsed_0", "leaveBrowse"])
def test_genres_that_come_after_the_titles_do_not_lie_over_them(stage, focused):
    at_home(stage)
    named, stage.client.credits_by_title = stage.client.credits_by_title, {}
    stage.app.showCatalogue()
    stage.until(lambda: stage.page == "browse" and stage.focus_name == "browsed_0")
    stage.until(
        lambda: stage.item("browsedTitles").property("contentY") == -stage.item("browsedTitles").property("topMargin")
    )
    stage.item(focused).forceActiveFocus()
    stage.client.credits_by_title = named
    stage.app.browse.refresh()
    stage.until(lambda: stage.item("browseFilters").isVisible())

    def top(name: str) -> float:
        return stage.item(name).mapToScene(QPointF(0, 0)).y()

    stage.until(lambda: top("browsed_0") > top("browseFilters") + stage.item("browseFilters").height())


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_what_the_way_back_is_called_lies_over_no_genre(stage, tv):
    at_home(stage, tv)
    stage.app.showCatalogue()
    stage.until(lambda: stage.page == "browse" and stage.focus_name == "browsed_0")
    stage.until(lambda: stage.item("browseFilters").isVisible())
    stage.key(K.Key_Up, K.Key_Up)
    assert stage.focus_name == "leaveBrowse"
    tip = stage.focus.findChild(QQuickItem, "tooltip")
    chip = stage.item("filter_0")
    over = chip.mapRectToItem(tip, QRectF(QPointF(0, 0), chip.size()))
    stage.wait(TOOLTIP_MS)
    assert not tip.isVisible() or not over.intersects(QRectF(QPointF(0, 0), tip.size()))


def test_the_history_lets_go_of_a_single_title(stage):
    at_home(stage)
    stage.app.showMyList()
    stage.until(lambda: stage.page == "myList")
    stage.item("openHistory").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "browse" and stage.focus_name == "browsed_0")
    assert [one.title_id for one in stage.app.browse.titles.records] == ["title-1", "title-0"]
    open_menu(stage, "browsed_0")
    pick(stage, "forget")
    stage.until(lambda: [one.title_id for one in stage.app.browse.titles.records] == ["title-0"])
    stage.until(lambda: stage.window.activeFocusItem().isVisible())  # the grid takes it along with its next frame
    assert stage.focus_name == "browsed_0"


def test_rows_say_what_they_are(stage):
    stage.client.screen = [
        TitleRow("continue", TITLES[:2]),
        TitleRow("trending", TITLES[2:6]),
        TitleRow("genre", TITLES[3:7], genre="nature"),
        TitleRow("genre", TITLES[2:7], genre="drama"),
    ]
    at_home(stage)
    shown = stage.app.home.rows.records
    assert [row.heading for row in shown] == ["Continue watching", "Top 10", "Nature", "Drama"]
    assert stage.item("trending_1").property("rank") == 2
    assert stage.item("genre nature_0").property("rank") == 0


def test_a_title_that_came_lately_is_new_until_it_is_watched():
    from ui.app.viewmodels.titles import is_new

    card = watched(TITLES[7], watched_at=0.0)
    assert is_new(card, card.published_at + 86400)
    assert not is_new(card, card.published_at + 30 * 86400)
    assert not is_new(watched(card, watched_at=5.0), card.published_at + 86400)


def test_a_badge_that_most_would_carry_is_shown_on_none(stage):
    from ui.app.viewmodels.titles import PosterModel, keep_posters

    def badges(model):
        role = next(role for role, name in model.roleNames().items() if name == b"badge")
        return [model.data(model.index(row), role) for row in range(model.count)]

    at_home(stage)
    model = PosterModel(stage.app.home.posters)
    old = cards(8, begun=0)
    fresh = [replace(card, id=f"new-{card.id}", progress=WatchProgress(), published_at=time.time()) for card in old]
    model.replace(keep_posters([], fresh))
    assert badges(model) == [""] * 8, "the first days of a catalogue"
    model.append(keep_posters([], old))
    assert badges(model) == [""] * 16
    told = []
    model.dataChanged.connect(lambda first, last, _roles: told.append((first.row(), last.row())))
    model.append(keep_posters([], [replace(card, id=f"old-{card.id}") for card in old[:1]]))
    assert badges(model) == ["New"] * 8 + [""] * 9
    assert told == [(0, 16)]
    model.replace(keep_posters([], fresh[:3]))
    assert badges(model) == [""] * 3


@pytest.mark.parametrize("place", ["row", "grid"])
def test_the_focus_stays_with_its_title_when_the_page_comes_again_in_another_order(stage, place):
    at_home(stage)
    newcomer = replace(TITLES[7], id="title-new", title="Newcomer")
    row = [TITLES[2], TITLES[3], TITLES[4]]
    stage.client.screen = [TitleRow("list", tuple(row))]
    stage.app.home.refresh()
    stage.until(lambda: stage.find("list_2") is not None)
    if place == "row":
        stage.item("list_1").forceActiveFocus()
    else:
        stage.item("titles").setProperty("currentIndex", 3)
        stage.item("titles").forceActiveFocus()
        assert stage.focus_name == "title_3"

    stage.client.screen = [TitleRow("list", (newcomer, row[2], row[1]))]
    stage.client.titles = [newcomer, *TITLES[4:], *TITLES[:4]]
    stage.app.home.refresh()

    stage.until(lambda: stage.app.home.titles.records[0].title_id == "title-new")
    stage.until(lambda: stage.focus_name == ("list_2" if place == "row" else "title_8"))
    assert stage.app.home.titles.records[8].title_id == "title-3"


@pytest.mark.parametrize("calm", [False, True], ids=["home", "kids"])
def test_a_row_that_went_while_its_title_was_open_takes_no_focus_with_it(stage, calm):
    at_home(stage)
    stage.item("homePage").setProperty("calm", calm)
    row = TitleRow("list", (TITLES[2], TITLES[3]))
    stage.client.screen = [TitleRow("new", (TITLES[5], TITLES[6])), row]
    stage.app.home.refresh()
    stage.until(lambda: stage.find("list_1") is not None)
    stage.item("list_1").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "details")
    stage.client.screen = stage.client.screen[:1]
    stage.app.home.refresh()
    stage.until(lambda: stage.app.home.rows.count == 1)
    stage.wait(30)
    stage.app.back()
    stage.until(lambda: stage.page == "home")
    stage.wait(60)
    assert stage.focus_name == ("new_0" if calm else "playFeatured")


def test_why_something_was_not_done_is_shown_for_a_moment_only(stage):
    at_home(stage)
    stage.app.showTitle("title-3")
    stage.until(lambda: stage.page == "details" and not stage.app.details.waiting)
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "Nobody answers.")
    stage.item("likeTitle").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("choicesNotice").isVisible())
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", 0.01)
    stage.key(K.Key_Return)
    stage.until(lambda: not stage.item("choicesNotice").isVisible())


def test_a_title_that_the_list_does_not_take_is_told_where_it_was_pressed(stage):
    at_home(stage)
    stage.app.showTitle("title-3")
    stage.until(lambda: stage.page == "details" and not stage.app.details.waiting)
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "Nobody answers.")
    stage.item("listTitle").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("choicesNotice").isVisible())


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_what_went_wrong_is_said_beside_the_buttons_of_a_title(stage, tv):
    at_home(stage, tv)
    stage.app.showTitle("title-3")
    stage.until(lambda: stage.page == "details" and not stage.app.details.waiting)
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "Nobody answers.")
    stage.item("markTitle").forceActiveFocus()
    stage.key(K.Key_Return)
    notice = stage.item("choicesNotice")
    stage.until(notice.isVisible)
    for name in ("markTitle", "playTitle", "detailsNotice"):
        button = stage.item(name)
        over = button.mapRectToItem(notice, QRectF(QPointF(-8, -8), button.size() + QSizeF(16, 16)))
        assert not over.intersects(QRectF(QPointF(0, 0), notice.size())), name


def test_a_genre_opens_from_a_title_that_was_found_by_browsing(stage):
    at_home(stage)
    stage.app.showCatalogue()
    stage.until(lambda: stage.page == "browse" and stage.focus_name == "browsed_0")
    stage.app.showTitle("title-2")
    stage.until(lambda: stage.page == "details" and stage.find("way_1") is not None)
    stage.key(K.Key_Up, K.Key_Return)
    stage.until(lambda: stage.page == "browse" and stage.app.browse.property("state") == "ready")
    stage.key(K.Key_Back)
    stage.until(lambda: stage.page == "details")
    stage.key(K.Key_Back)
    stage.until(lambda: stage.page == "home")
