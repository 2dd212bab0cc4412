"""The page of one title."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication

from player.base.errors import ErrorCode, NetError, ServiceError
from player.service.model import Credits
from tests.kit import pictures
from tests.kit.fake_client import cards, playing, watched
from tests.ui.legible import place_of, texts

K = Qt.Key


def show(stage, titles, which: str = "title-0") -> None:
    stage.client.titles = titles
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.app.showTitle(which)
    assert stage.page == "details"
    stage.until(lambda: not stage.app.details.waiting)


def facts(stage) -> dict[str, object]:
    return {name: stage.app.details.property(name) for name in ("name", "qualities", "begun")}


def test_the_facts_of_a_title(stage):
    show(stage, cards(3))
    assert facts(stage) == {
        "name": "Title 0",
        "qualities": "Up to 1080p",
        "begun": False,
    }
    assert stage.item("detailsSynopsis").property("text") == "What happens in title 0."
    assert stage.app.details.property("sound") == "English, German"
    assert stage.app.details.property("subtitles") == "English"
    assert "2025" in stage.app.details.property("added")
    assert not stage.item("playFromStart").isVisible()


def test_the_name_stays_in_sight_in_a_small_window_with_large_text(stage):
    people = [("actor", f"Annabelle Whittington the {number}th") for number in range(4)]
    stage.client.title_credits = Credits(("drama", "comedy"), (("director", "Ada L."), *people))
    show(stage, [replace(cards(1)[0], title="A name of many long words " * 3, synopsis="Much happens. " * 60)])
    stage.until(lambda: stage.app.details.property("genres") != "")
    stage.app.settings.choose("text_size", "130")
    stage.window.resize(860, 540)
    stage.until(lambda: stage.item("detailsPage").height() == 540)
    page, name, synopsis = (stage.item(one) for one in ("detailsPage", "detailsName", "detailsSynopsis"))
    stage.until(lambda: name.mapToItem(page, QPointF(0, 0)).y() >= 0)
    assert synopsis.property("lineCount") < 8
    assert "Drama, Comedy" not in {text.property("text") for text in texts(page)}
    stage.app.settings.choose("text_size", "100")
    stage.window.resize(1280, 720)
    stage.until(lambda: "Drama, Comedy" in {text.property("text") for text in texts(page)})
    cast = next(text for text in texts(page) if text.property("text") == stage.app.details.property("cast"))
    assert place_of(cast).right() <= 1280


@pytest.mark.parametrize("mirrored", [False, True], ids=["ltr", "rtl"])
def test_every_way_on_is_seen_when_the_keys_come_to_it(stage, mirrored):
    people = tuple(("actor", f"Annabelle Whittington the {number}th") for number in range(4))
    stage.client.title_credits = Credits(("drama", "comedy"), people)
    direction = Qt.LayoutDirection.RightToLeft if mirrored else Qt.LayoutDirection.LeftToRight
    QGuiApplication.setLayoutDirection(direction)
    try:
        show(stage, cards(1))
        stage.window.resize(860, 540)
        stage.until(lambda: stage.item("detailsPage").height() == 540 and stage.find("way_5") is not None)
        stage.key(K.Key_Up)
        seen = set()
        for _ in range(8):
            place = stage.focus.mapRectToScene(QRectF(0, 0, stage.focus.width(), stage.focus.height()))
            assert 0 <= place.left() < place.right() <= 860, stage.focus_name
            seen.add(stage.focus_name)
            stage.key(K.Key_Left if mirrored else K.Key_Right)
        assert {"way_0", "way_5"} <= seen
    finally:
        QGuiApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_the_picture_of_its_card_stands_in_while_the_wide_one_does_not_come(stage):
    still, wide = "http://posters.test/still.png", "http://posters.test/wide.png"

    def paint(url):
        if url == wide:
            raise NetError(ErrorCode.NET_REFUSED, "The server refuses the connection.")
        return pictures.poster(url)

    stage.client.paint = paint
    stage.client.titles = [replace(cards(1)[0], still_url=still, backdrop_url=wide)]
    stage.sign_in()
    posters, *_others = stage._keep
    stage.until(lambda: bool(posters.known(still)))
    stage.app.showTitle("title-0")
    stage.until(lambda: str(stage.item("detailsStill").property("source")) == posters.known(still))


def test_the_picture_of_a_card_stands_in_for_the_wide_one_of_the_large_title(stage):
    def paint(url):
        if "wide" in url:
            raise NetError(ErrorCode.NET_REFUSED, "The server refuses the connection.")
        return pictures.poster(url)

    stage.client.paint = paint
    stage.client.titles = [
        replace(card, still_url=f"http://posters.test/{at}.png", backdrop_url=f"http://posters.test/wide{at}.png")
        for at, card in enumerate(cards(2))
    ]
    stage.sign_in()
    posters, *_others = stage._keep
    stage.until(lambda: all(posters.known(card.still_url) for card in stage.client.titles))
    for _turn in range(2):
        stage.app.home.turnFeatured()
        shown = stage.app.home.featured.records[0].title_id
        still = next(card.still_url for card in stage.client.titles if card.id == shown)
        stage.until(lambda still=still: str(stage.item("heroStill").property("source")) == posters.known(still))


def test_a_title_goes_on_where_it_was_left_or_begins_anew(stage):
    show(stage, cards(3, begun=1))
    stage.key(K.Key_Return)
    stage.until(lambda: len(stage.client.sessions) == 1)
    assert stage.client.sessions[0].start_s is None
    stage.key(K.Key_Escape, K.Key_Right)
    assert stage.focus_name == "playFromStart"
    stage.key(K.Key_Return)
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert stage.client.sessions[1].start_s == 0.0
    stage.key(K.Key_Escape)
    assert stage.focus_name == "playFromStart", "the focus is where it was"


def test_where_another_device_got_further_is_offered(stage):
    titles = cards(3, begun=1)
    titles[0] = watched(titles[0], furthest_s=455.0)
    show(stage, titles)
    stage.until(lambda: stage.item("playFromFurthest").isVisible())
    assert stage.item("playFromFurthest").property("text") == "From 7:35"
    assert stage.item("playFromFurthest").property("name") == "From 7:35, where you were on another device"
    assert stage.item("detailsFurthest").property("text") == "You were at 7:35 on another device"
    stage.key(K.Key_Right)
    assert stage.focus_name == "playFromFurthest"
    stage.key(K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].start_s == 455.0
    stage.client.titles[0] = watched(titles[0], position_s=455.0, furthest_s=None)
    stage.key(K.Key_Escape)
    stage.until(lambda: not stage.item("playFromFurthest").isVisible())
    assert stage.focus_name == "playTitle", "the button that went gave its focus on"


@pytest.mark.parametrize("furthest_s", [None, 300.0, 12.0, 600.0, -1.0])
def test_no_further_place_than_the_own_is_offered(stage, furthest_s):
    titles = cards(3, begun=1)
    assert (titles[0].progress.position_s, titles[0].duration_s) == (300.0, 600.0)
    titles[0] = watched(titles[0], furthest_s=furthest_s)
    show(stage, titles)
    assert not stage.item("playFromFurthest").isVisible()
    assert not stage.item("detailsFurthest").isVisible()


def test_what_was_watched_shows_after_the_player(stage):
    show(stage, cards(3))
    stage.key(K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.titles[0] = watched(stage.client.titles[0], position_s=200.0, watched_at=9.0)
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.item("playFromStart").isVisible())
    assert stage.focus_name == "playTitle"


def test_a_title_that_is_gone_says_so_and_keeps_a_focus(stage):
    show(stage, cards(3, begun=1))
    stage.key(K.Key_Right)
    stage.client.titles = stage.client.titles[1:]
    stage.app.details.refresh()
    stage.until(lambda: stage.item("detailsNotice").isVisible())
    assert stage.item("detailsNotice").property("text") == "There is no such title."
    assert stage.focus_name == "leaveDetails"
    stage.key(K.Key_Return)
    assert stage.page == "home"


def test_without_a_network_what_is_known_stays(stage):
    show(stage, cards(3))
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "tv.test does not answer.")
    stage.app.details.refresh()
    stage.until(lambda: stage.item("detailsNotice").isVisible())
    assert facts(stage)["name"] == "Title 0"
    assert stage.focus_name == "playTitle"


def test_after_an_expired_session_one_is_back_at_the_title(stage):
    show(stage, cards(3))
    stage.client.failure = ServiceError(ErrorCode.SERVICE_EXPIRED, "Please sign in again.")
    stage.app.details.refresh()
    stage.until(lambda: stage.page == "signIn")
    assert stage.item("signInError").property("text") == "Please sign in again."
    stage.client.failure = None
    stage.app.signIn.submit("ada@tv.test", "secret")
    stage.until(lambda: stage.page == "details")
    assert stage.focus_name == "playTitle"


def test_a_failed_playback_is_tried_again_where_it_failed(stage):
    show(stage, cards(3))
    stage.key(K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[0].publish(playing(position_s=321.0))
    stage.until(lambda: stage.app.player.property("positionText") == "5:21")
    stage.app.player.retry()
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert stage.client.sessions[1].start_s == 321.0
