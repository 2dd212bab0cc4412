"""An evening as a viewer spends it: pages are left in every way, and after each step time passes before the next key.

The pace of the app's own timers is raised, so that a moment here is longer than any of them.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, QRectF, Qt
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from player.base.errors import ErrorCode, NetError
from player.reporting.state import PlaybackStatus
from player.service.model import Credits
from tests.kit import pictures
from tests.kit.fake_client import MAILED_CODE, cards, playing, watched
from tests.ui.legible import in_qml, place_of, texts
from tests.ui.stage import name_of
from tests.ui.states import STATES
from ui.app.selftest.focus import stops
from ui.app.system.translation import translate_into
from ui.app.viewmodels import posters
from ui.app.viewmodels.sentences import notice_words
from ui.app.viewmodels.tracks import language_name

K = Qt.Key
PACE = 0.01  # of a second: 5 s of the player's controls are 50 ms
DWELL_MS = 200
TITLES = cards(8)


def at_pace(stage) -> None:
    """Let the timers of the app run a hundred times faster."""
    stage.engine.singletonInstance("Matinee.Theme", "Theme").setProperty("pace", PACE)


def evening(stage, tv: bool) -> None:
    stage.client.titles = stage.client.titles or list(TITLES)
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and bool(stage.app.home.titles.records))
    at_pace(stage)


def dwell(stage) -> None:
    """Longer than any timer of the app; the focus must stand on something that is shown."""
    stage.wait(DWELL_MS)
    assert stage.focus is not None


def some_key_works(stage) -> bool:
    """Whether an arrow moves the focus."""
    for arrow in (K.Key_Down, K.Key_Up, K.Key_Right, K.Key_Left):
        before = stage.focus
        stage.key(arrow)
        if stage.focus is not before:
            return True
    return False


def play_from(stage, page: str) -> None:
    if page == "details":
        stage.app.showTitle(TITLES[0].id)
        stage.until(lambda: stage.page == "details")
    stage.app.openTitle(TITLES[0].id)
    stage.until(lambda: bool(stage.client.sessions))
    stage.client.sessions[-1].publish(playing())
    stage.until(lambda: stage.app.player.property("status") == str(PlaybackStatus.PLAYING))


@pytest.mark.parametrize("way", ["back", "end"])
@pytest.mark.parametrize("page", ["home", "details"])
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_keys_work_after_a_playback_however_it_was_left(stage, tv, page, way):
    evening(stage, tv)
    play_from(stage, page)
    if way == "back":
        stage.key(K.Key_Back)
    else:
        stage.client.sessions[-1].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page == page)
    dwell(stage)
    assert some_key_works(stage)
    dwell(stage)


@pytest.mark.parametrize("page", ["home", "details"])
def test_a_film_watched_to_its_end_is_not_offered_to_go_on_with(stage, page):
    """The service learns of the end before it is asked for news."""
    begun = watched(TITLES[0], position_s=TITLES[0].duration_s * 0.8, watched_at=1.0)
    stage.client.titles = [begun, *TITLES[1:]]
    evening(stage, tv=False)
    play_from(stage, page)
    stage.client.left_at = {begun.id: begun.duration_s}
    stage.client.sessions[-1].publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page == page)
    stage.until(lambda: not stage.client.left_at)
    stage.until(lambda: stage.app.home.featured.records[0].remaining == "")
    if page == "details":
        stage.until(lambda: not stage.app.details.property("begun"))
    dwell(stage)


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_subtitles_stand_above_the_controls(stage, tv):
    evening(stage, tv)
    play_from(stage, "home")
    session = stage.client.sessions[-1]
    controls = stage.item("seekBar")
    stage.key(K.Key_Up)
    top = controls.mapToScene(QPointF(0, 0)).y() / stage.window.height()
    stage.until(lambda: min(session.subtitles_at) <= 100 * top)
    stage.until(lambda: not stage.item("overlay").isVisible())
    stage.until(lambda: session.subtitles_at[-1] == 100)


def test_signing_out_asks_first(stage):
    evening(stage, tv=False)
    stage.item("signOut").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "confirmNo"
    stage.key(K.Key_Return)
    dwell(stage)
    assert stage.page == "home"
    stage.item("signOut").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.page == "signIn")
    dwell(stage)


@pytest.mark.parametrize("name", ["openStream", "openSettings", "openAccount", "signOut", "switchProfile"])
def test_an_icon_without_words_says_what_it_does(stage, name):
    evening(stage, tv=False)
    button = stage.item(name)
    button.forceActiveFocus()
    stage.until(lambda: any(tip.isVisible() and tip.property("text") for tip in tooltips(button)))


def test_two_tooltips_never_lie_over_each_other(stage):
    evening(stage, tv=False)
    focused, pointed = stage.item("openSettings"), stage.item("openAccount")
    shown = lambda button: any(tip.isVisible() for tip in tooltips(button))  # noqa: E731
    focused.forceActiveFocus()
    stage.until(lambda: shown(focused))
    QTest.mouseMove(stage.window, pointed.mapToScene(QPointF(pointed.width() / 2, pointed.height() / 2)).toPoint())
    stage.until(lambda: shown(pointed) and not shown(focused))
    QTest.mouseMove(stage.window, QPoint(stage.window.width() // 2, stage.window.height() // 2))
    stage.until(lambda: shown(focused) and not shown(pointed))


def tooltips(item):
    return [child for child in item.childItems() if child.objectName() == "tooltip"]


def test_the_avatar_leads_somewhere_with_one_profile(stage):
    evening(stage, tv=False)
    stage.item("switchProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "account")


def test_a_first_start_without_a_service_leads_to_one(stage):
    stage.client.service_name = ""
    chosen = []
    stage.start()
    at_pace(stage)
    stage.app.serviceChosen.connect(chosen.append)
    stage.until(lambda: stage.page == "signIn")
    stage.item("serviceAddress").setProperty("text", "localhost:8400")
    stage.item("useService").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: bool(chosen))
    assert chosen == stage.client.asked_services == ["http://localhost:8400"]
    assert stage.focus is not None


def test_a_service_that_cannot_be_reached_is_not_called_none(stage):
    stage.client.service_name = ""
    stage.start()
    stage.client.failure = NetError(ErrorCode.NET_TIMEOUT, "tv.example.org:443 does not answer.")
    stage.app.signIn.useService("https://tv.example.org")
    stage.until(lambda: stage.app.signIn.property("error") != "")
    assert stage.app.signIn.property("error") == "This address cannot be reached. The server does not answer."


@pytest.mark.parametrize("address", ["", "tv.example.org:99999999", "ftp://tv.example.org", "http://tv.example.org"])
def test_an_address_that_is_none_is_told_before_anything_is_asked(stage, address):
    stage.client.service_name = ""
    stage.start()
    stage.app.signIn.useService(address)
    assert stage.app.signIn.property("error")
    assert not stage.client.asked_services


def test_services_of_this_network_are_offered_by_keys_and_none_is_used_unasked(stage):
    stage.client.service_name = ""
    stage.client.nearby = ["http://tv.lan:8400", "https://films.example"]
    chosen = []
    stage.start()
    stage.app.serviceChosen.connect(chosen.append)
    stage.until(lambda: len(stage.app.signIn.nearby.records) == 2 and stage.focus_name == "serviceAddress")
    stage.key(K.Key_Down)
    assert stage.focus.property("text") == "films.example"
    stage.key(K.Key_Down)
    assert stage.focus.property("text") == "tv.lan:8400 · not protected"
    stage.key(K.Key_Return)
    assert "not protected" in stage.app.signIn.property("error")
    assert not stage.client.asked_services
    stage.client.nearby = []
    stage.app.signIn.set_visible(visible=True)
    stage.until(lambda: not stage.app.signIn.nearby.records)
    assert stage.focus_name == "serviceAddress", "what had the focus has gone"
    stage.client.nearby = ["https://films.example"]
    stage.app.signIn.set_visible(visible=True)
    stage.until(lambda: len(stage.app.signIn.nearby.records) == 1)
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: chosen == ["https://films.example"])


def test_a_new_viewer_makes_an_account(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("register").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: "at tv.test" in [text.property("text") for text in texts(stage.window.contentItem())])
    for name, text in (("registerName", "Dora"), ("email", "dora@tv.test"), ("password", "long enough")):
        stage.item(name).setProperty("text", text)
    stage.item("signInButton").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "home")
    assert stage.client.viewer == "Dora"


def test_a_password_can_be_shown(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("password").setProperty("text", "secret")
    typed = next(item for item in stage.item("password").childItems() if item.inherits("QQuickTextInput"))
    assert "secret" not in str(typed.property("displayText"))
    stage.item("revealPassword").forceActiveFocus()
    stage.key(K.Key_Return)
    assert typed.property("displayText") == "secret"


def test_a_forgotten_password_is_set_by_a_mailed_code_with_keys_alone(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("forgotPassword").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "email", "the first field that is empty"
    stage.type("ada@tv.test")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "mailedCode")
    assert stage.client.mailed == [("reset", "ada@tv.test")]
    stage.type("WRONG")
    stage.key(K.Key_Return)
    stage.type("long enough")
    stage.key(K.Key_Return)
    stage.until(lambda: "wrong or too old" in stage.app.signIn.property("error"))
    stage.item("mailedCode").setProperty("text", MAILED_CODE)
    stage.item("password").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "home")
    assert stage.client.password == "long enough"


def test_an_address_that_was_refused_is_typed_anew(stage):
    stage.client.service_name = ""
    stage.start()
    stage.client.failure = NetError(ErrorCode.NET_DNS, "tv.example.org is not known.")
    stage.until(lambda: stage.focus_name == "serviceAddress")
    stage.type("tv.example.org")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.signIn.property("error") and stage.focus_name == "serviceAddress")
    stage.type("tv.test")
    assert stage.item("serviceAddress").property("text") == "tv.test"


def test_the_focus_stays_in_sight_when_no_code_can_be_sent(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("forgotPassword").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "tv.test refuses.")
    stage.type("ada@tv.test")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.signIn.property("error") and not stage.app.signIn.property("busy"))
    stage.until(lambda: stage.focus_name == "signInButton")


@pytest.mark.parametrize("state", ["sign-in refused", "password, mailed code", "profiles"])
def test_large_text_fits_in_a_small_window(stage, state):
    STATES[state](stage, False)
    stage.app.settings.choose("text_size", "130")
    stage.window.resize(860, 540)
    stage.until(lambda: not list(outside(stage, 860, 540)))


def test_what_is_on_its_way_has_its_layout_at_once(stage):
    evening(stage, tv=False)
    stage.client.silent = True
    stage.app.showAccount()
    stage.until(lambda: stage.item("accountLoading").isVisible())
    stage.app.back()
    stage.app.switchProfile()
    stage.until(lambda: stage.item("profilesLoading").isVisible())


def test_what_is_kept_lies_below_the_words_in_a_small_window(stage):
    STATES["home, offline with downloads"](stage, False)
    stage.app.settings.choose("text_size", "150")
    stage.window.resize(860, 540)

    def apart() -> bool:
        words, kept = stage.item("trouble"), stage.item("keptTitles")
        bottom = words.mapRectToScene(QRectF(0, 0, words.width(), words.height())).bottom()
        return bottom <= kept.mapToScene(QPointF(0, 0)).y()

    stage.wait(50)
    stage.until(apart)


def outside(stage, width: int, height: int) -> Iterator[str]:
    """What is not in the window; a row whose end lies beyond it moves."""
    everything = QRectF(0, 0, width, height)
    for item in stops(stage.window):
        place = item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))
        if place.top() < 0 or place.bottom() > height:
            yield name_of(item)
    for text in texts(stage.window.contentItem()):
        if text.parentItem().property("primary") is None and not everything.contains(place_of(text)):
            yield str(text.property("text"))


def test_pictures_are_shown_while_the_disk_is_full(stage, monkeypatch):
    def full(_path: Path, _picture: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(posters, "_store", full)
    stage.client.paint = pictures.poster
    evening(stage, tv=False)
    stage.until(lambda: len(list(held_pictures(stage.item("homePage")))) > 2)


def held_pictures(root: QQuickItem) -> Iterator[QQuickItem]:
    """Those that are seen and came from no file."""
    ready, waiting = 1, [root]
    while waiting:
        item = waiting.pop()
        waiting.extend(item.childItems())
        if (
            item.inherits("QQuickImage")
            and item.property("source").scheme() == "data"
            and in_qml(item, "status") == ready
        ):
            yield item


def test_back_leads_from_each_form_to_the_sign_in(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    for step in ("forgotten", "reset", "register"):
        for key in (K.Key_Back, K.Key_Escape):
            stage.app.signIn.goTo(step)
            stage.until(lambda: stage.focus is not None and stage.focus_name != "signInButton")
            stage.key(key)
            assert stage.app.signIn.property("step") == "signIn", step
    stage.until(lambda: stage.focus is not None)


def test_a_service_that_was_chosen_here_can_be_left(stage):
    chosen = []
    stage.start()
    stage.app.serviceChosen.connect(chosen.append)
    stage.until(lambda: stage.page == "signIn")
    assert not stage.item("otherService").isVisible(), "the one of the command line stays"
    stage.app.signIn.let_service_go()
    stage.item("revealPassword").forceActiveFocus()
    stage.key(K.Key_Right, K.Key_Right, K.Key_Return)
    assert chosen == [""]


def test_an_address_is_confirmed_on_the_account_page(stage):
    stage.client.verified = False
    STATES["account"](stage, False)
    stage.item("confirmAddress").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "firstField"
    stage.type(MAILED_CODE)
    stage.key(K.Key_Down, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.client.mailed == [("verification", "ada@tv.test")])
    stage.until(lambda: "on its way" in stage.app.account.property("notice"))
    stage.key(K.Key_Up, K.Key_Return)
    stage.until(lambda: not stage.app.account.property("unconfirmed"))
    stage.until(lambda: stage.focus is not None)
    assert stage.app.account.property("notice") == "Your email address is confirmed."


def test_details_say_what_it_is_and_who_made_it(stage):
    stage.client.title_credits = Credits(("science-fiction", "drama"), (("director", "Ada L."), ("actor", "Ben K.")))
    evening(stage, tv=False)
    stage.app.showTitle(TITLES[0].id)
    stage.until(lambda: stage.app.details.property("genres") == "Science fiction, Drama")
    texts = {label.property("text") for label in labels(stage.item("detailsPage"))}
    assert {"Science fiction, Drama", "Ada L.", "Ben K."} <= texts
    assert not any("ncrypted" in (text or "") for text in texts), "what is technical belongs to the statistics"


def labels(item):
    waiting, found = [item], []
    while waiting:
        one = waiting.pop()
        if one.isVisible():
            found.append(one)
            waiting.extend(one.childItems())
    return [one for one in found if one.property("text")]


def test_the_player_names_no_cdn(stage):
    evening(stage, tv=False)
    play_from(stage, "home")
    assert "edge-a" not in {label.property("text") for label in labels(stage.item("playerPage"))}


def test_an_empty_search_suggests_something(stage):
    evening(stage, tv=False)
    stage.app.showSearch()
    stage.until(lambda: stage.item("found").property("count") > 0)
    dwell(stage)
    stage.key(K.Key_Down)
    assert stage.focus_name.startswith("found_")


def test_a_search_page_that_was_opened_before_the_titles_came_suggests_them(stage):
    stage.client.viewer = "Ada"
    stage.start()
    stage.until(lambda: stage.page == "home" and stage.app.home.property("state") == "empty")
    stage.app.showSearch()
    stage.until(lambda: stage.page == "search")
    stage.client.titles = list(TITLES)
    stage.app.home.refresh()
    stage.until(lambda: stage.item("found").property("count") > 0)


def test_the_statistics_end_above_the_seek_bar(stage):
    evening(stage, tv=True)
    play_from(stage, "home")
    stage.key(K.Key_I)
    panel, bar = stage.item("statisticsPanel"), stage.item("seekBar")
    panel.setHeight(2.0 * stage.window.height())  # more than there is room for, whatever the text
    stage.wait(20)
    foot = panel.mapToScene(QPointF(0, panel.height())).y()
    assert foot <= bar.mapToScene(QPointF(0, 0)).y() + 1


def test_a_notice_is_in_the_language_of_the_app(qapp):
    english = "There is no network; playback goes on by itself when it is back."
    assert notice_words(english) == english
    translator = translate_into(QLocale(QLocale.Language.German), qapp)
    try:
        assert "Netz" in notice_words(english)
        assert notice_words("a: b.srt: This file has no readable subtitles.").startswith("a: b.srt: Diese Datei")
        assert notice_words("edge-a does not answer.") not in ("", "edge-a does not answer.")
    finally:
        qapp.removeTranslator(translator)


def test_languages_are_named_in_the_language_of_the_words(qapp):
    before, translator = QLocale(), translate_into(QLocale("de_DE"), qapp)
    try:
        assert [language_name(tag) for tag in ("eng", "de", "ar")] == ["Englisch", "Deutsch", "Arabisch"]
    finally:
        qapp.removeTranslator(translator)
        QLocale.setDefault(before)


def test_dates_are_in_the_language_of_the_words(qapp):
    before = QLocale()
    try:
        assert translate_into(QLocale(QLocale.Language.Arabic), qapp) is None
        assert QLocale().language() is QLocale.Language.English
    finally:
        QLocale.setDefault(before)
