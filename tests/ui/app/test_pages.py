"""The real window under keys: every page and state can be reached and left, and the focus is never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest

from player.base.errors import ErrorCode, NetError, ServiceError
from player.title.opening import PlaybackSource
from tests.kit.fake_client import cards
from tests.ui.stage import name_of
from ui.app.selftest.focus import stops

K = Qt.Key
URL = "https://streams.test/film/master.m3u8"
HELD_MS = 5000  # a wait for the client would last for ever; beside other work a thread waits for its turn


# --- sign-in


def test_sign_in_by_keys(stage):
    stage.client.titles = cards(3)
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    assert stage.focus_name == "email"
    stage.type("ada@tv.test")
    stage.key(K.Key_Return)
    assert stage.focus_name == "password"
    stage.type("wrong")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("signInError").property("text") != "")
    assert stage.item("signInError").property("text") == "The email address or the password is wrong."
    stage.until(lambda: stage.focus_name == "password")
    stage.type("secret")  # replaces what was typed before
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "home")
    stage.until(lambda: stage.focus_name == "playFeatured")


def test_an_empty_sign_in_is_explained_without_asking_the_service(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down)
    assert stage.focus_name == "signInButton"
    stage.key(K.Key_Return)
    assert "Please enter" in stage.item("signInError").property("text")


def test_given_credentials_sign_in_at_once(stage):
    stage.start(email="ada@tv.test", password="secret")
    stage.until(lambda: stage.page == "home")
    assert stage.client.viewer == "Ada"


def test_wrong_given_credentials_show_the_sign_in_page(stage):
    stage.start(email="ada@tv.test", password="guess")
    stage.until(lambda: stage.page == "signIn")
    assert stage.item("signInError").property("text") != ""
    assert stage.focus_name in ("email", "signInButton")


def test_waiting_for_the_service_can_be_cancelled(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.client.silent = True
    stage.type("ada@tv.test")
    stage.key(K.Key_Return)
    stage.type("secret")
    stage.key(K.Key_Return)
    assert stage.item("signInButton").property("text") == "Cancel"
    assert stage.focus_name == "signInButton"
    stage.key(K.Key_Return)
    assert stage.item("signInButton").property("text") == "Sign in"
    assert stage.page == "signIn"


def test_an_expired_session_asks_to_sign_in_again(stage):
    stage.client.titles = cards(2)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.client.failure = ServiceError(ErrorCode.SERVICE_EXPIRED, "Your session has ended. Please sign in again.")
    stage.app.property("home").refresh()
    stage.until(lambda: stage.page == "signIn")
    assert stage.item("signInError").property("text") == "Your session has ended. Please sign in again."
    assert stage.focus_name in ("email", "signInButton")


def test_sign_out_forgets_the_viewer(stage):
    stage.client.titles = cards(2)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Up, *[K.Key_Right] * 8)
    assert stage.focus_name == "signOut"
    stage.key(K.Key_Return, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.page == "signIn")
    stage.until(lambda: stage.client.viewer is None)
    assert stage.app.property("home").property("titles").property("count") == 0


# --- home


def test_arrows_walk_over_the_whole_home_page(stage):
    stage.client.titles = cards(30, begun=4)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    seen = []
    for key in (K.Key_Down, K.Key_Right, K.Key_Down, K.Key_Right, K.Key_Down, K.Key_Left, K.Key_Up, K.Key_Up):
        stage.key(key)
        seen.append(stage.focus_name)
    assert seen == [
        "continue_0",
        "continue_1",
        "title_0",
        "title_1",
        "title_5",
        "title_4",
        "title_0",
        "continue_1",
    ]
    stage.key(K.Key_Up, K.Key_Up)
    assert stage.focus_name == "openSearch"
    stage.key(K.Key_Up, K.Key_Left)
    assert stage.focus_name == "openSearch", "edges hold the focus"


def test_the_grid_is_scrolled_to_what_has_the_focus(stage):
    stage.client.titles = cards(200)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(*[K.Key_Down] * 12)
    assert stage.focus_name == "title_44"
    item = stage.focus
    stage.until(lambda: 0 <= item.mapToScene(QPoint(0, 0)).y() <= stage.window.height() - item.height())


def test_more_titles_come_while_walking_down(stage):
    stage.client.titles = cards(200)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")

    def walked_to_the_end() -> bool:
        stage.key(*[K.Key_Down] * 4)
        return stage.focus_name in ("title_196", "title_199")

    stage.until(walked_to_the_end)
    assert stage.app.property("home").property("titles").property("count") == 200


@pytest.mark.parametrize(
    ("variants", "wanted"), [(("clear",), "clear"), (("clear", "encrypted"), "encrypted"), ((), "encrypted")]
)
def test_the_variant_that_a_title_has_is_played(stage, variants, wanted):
    stage.client.titles = [replace(cards(1)[0], variants=variants)]
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source.variant == wanted


def test_a_poster_leads_to_its_title_and_back_to_the_same_poster(stage):
    stage.client.titles = cards(30)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Down, K.Key_Right, K.Key_Return)
    assert stage.page == "details"
    assert stage.focus_name == "playTitle"
    stage.key(K.Key_Return)
    assert stage.page == "player"
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source == PlaybackSource(title_id="title-1", name="Title 1")
    assert stage.focus_name == "idle"
    stage.key(K.Key_Escape)
    assert stage.page == "details"
    assert ("stop",) in stage.client.sessions[0].orders
    stage.key(K.Key_Escape)
    assert stage.page == "home"
    stage.until(lambda: stage.focus_name == "title_1")


@pytest.mark.parametrize(
    ("error", "heading"),
    [
        (None, "Nothing here yet"),
        (NetError(ErrorCode.NET_REFUSED, "The service does not answer."), "You are offline"),
        (ServiceError(ErrorCode.SERVICE_REPLY, "Not understood."), "The catalogue could not be loaded"),
    ],
)
def test_states_of_the_home_page_take_the_focus_and_can_be_retried(stage, error, heading):
    stage.sign_in()
    stage.client.failure = error
    stage.app.property("home").refresh()
    stage.until(lambda: stage.focus_name == "retry")
    assert stage.item("trouble").property("heading") == heading
    stage.key(K.Key_Up)
    assert stage.focus_name == "openSearch"
    stage.key(K.Key_Down)
    assert stage.focus_name == "retry"
    stage.client.failure = None
    stage.client.titles = cards(2)
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "playFeatured")


def test_home_while_loading_has_a_focus(stage):
    stage.client.titles = cards(2)
    stage.client.viewer = "Ada"
    stage.start()
    stage.client.silent = True
    stage.until(lambda: stage.page in ("home", "starting"))
    assert stage.focus is not None


# --- open stream


def test_a_stream_can_be_opened_by_its_address(stage):
    stage.client.service_name = ""
    stage.start()
    assert stage.page == "signIn"
    assert stage.focus_name == "serviceAddress"
    stage.key(K.Key_Down, K.Key_Right, K.Key_Right)
    assert stage.focus_name == "openStreamButton"
    stage.key(K.Key_Return)
    assert stage.focus_name == "address"
    stage.type("nonsense")
    stage.key(K.Key_Return)
    assert "http" in stage.app.property("addresses").property("error")
    problem = stage.item("addressProblem")
    stage.until(lambda: problem.opacity() == 1)
    stage.key(K.Key_Return)
    assert problem.opacity() < 1, "the same again is seen to come"
    stage.key(*[K.Key_Backspace] * 8)
    stage.type(URL)
    stage.key(K.Key_Down)
    assert stage.focus_name == "openButton"
    stage.key(K.Key_Return)
    assert stage.page == "player"
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source.url == URL
    stage.key(K.Key_Escape)
    assert stage.page == "signIn"
    assert stage.focus_name == "openStreamButton"


def test_the_dialog_is_left_by_escape(stage):
    stage.client.titles = cards(1)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.item("openStream").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "address"
    stage.key(K.Key_Escape)
    assert stage.focus_name in ("openStream", "playFeatured")


def test_a_pasted_address_plays(stage):
    stage.client.titles = cards(1)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    QGuiApplication.clipboard().setText(f"  {URL}\n")
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.page == "player"
    assert stage.client.sessions[0].source.url == URL


def test_what_is_pasted_and_no_address_is_shown_with_the_reason(stage):
    stage.client.titles = cards(1)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    QGuiApplication.clipboard().setText("ftp://tv.test/etc/passwd")
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert stage.focus_name == "address"
    assert "http" in stage.app.property("addresses").property("error")
    stage.key(K.Key_Escape)
    assert stage.page == "home"
    assert stage.focus_name == "playFeatured"


def test_a_file_is_played_for_the_viewer_and_never_for_a_link(stage, tmp_path):
    stage.client.titles = cards(1)
    stage.sign_in()
    manifest = tmp_path / "my film.mpd"
    manifest.write_text("<MPD/>")
    stage.app.open_address(manifest.as_uri())  # what links, other programs and a second start say
    assert stage.page == "home"
    assert stage.app.property("addresses").property("error")
    stage.until(lambda: stage.focus_name == "playFeatured")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(manifest))])
    QGuiApplication.clipboard().setMimeData(data)
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: bool(stage.client.sessions))
    source = stage.client.sessions[0].source
    assert (source.url, source.folder) == (manifest.resolve().as_uri(), tmp_path.resolve())


def test_pasting_into_a_field_stays_in_the_field(stage):
    stage.start()
    stage.until(lambda: stage.focus_name == "email")
    QGuiApplication.clipboard().setText(URL)
    QTest.keyClick(stage.window, K.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert stage.page == "signIn"
    assert stage.item("email").property("text") == URL


def test_a_dropped_address_plays(stage):
    stage.client.titles = cards(1)
    stage.sign_in()
    data = QMimeData()
    data.setUrls([QUrl(URL)])
    middle, copy = QPoint(640, 360), Qt.DropAction.CopyAction
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    QCoreApplication.sendEvent(stage.window, QDragEnterEvent(middle, copy, data, left, no_keys))
    stage.until(lambda: stage.item("dropNotice").isVisible())
    QCoreApplication.sendEvent(stage.window, QDropEvent(QPointF(middle), copy, data, left, no_keys))
    stage.until(lambda: bool(stage.client.sessions))
    assert stage.client.sessions[0].source.url == URL


def test_a_drop_without_contents_opens_nothing(stage):
    """The program that it was dragged from has ended: it named what it has, and gives nothing."""
    stage.sign_in()
    data = QMimeData()
    data.setData("text/uri-list", b"")
    middle, copy = QPoint(640, 360), Qt.DropAction.CopyAction
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    QCoreApplication.sendEvent(stage.window, QDragEnterEvent(middle, copy, data, left, no_keys))
    dropped = QDropEvent(QPointF(middle), copy, data, left, no_keys)
    QCoreApplication.sendEvent(stage.window, dropped)
    assert not dropped.isAccepted()
    stage.until(lambda: not stage.item("dropNotice").isVisible())
    assert not stage.item("openStreamDialog").isVisible()


# --- responsiveness


def test_a_client_that_never_answers_leaves_the_interface_alive(stage):
    stage.client.silent = True
    stage.start()
    longest, clock = [0], QElapsedTimer()
    clock.start()

    def tick() -> None:
        longest[0] = max(longest[0], clock.restart())

    timer = QTimer(interval=5)
    timer.timeout.connect(tick)
    timer.start()
    for title in ("title-1", "title-2"):
        stage.app.openTitle(title)
        stage.key(K.Key_Up, K.Key_Right, K.Key_I, K.Key_Right)
        assert stage.focus is not None
        stage.wait(100)
        stage.key(K.Key_Escape, K.Key_Escape)
    timer.stop()
    assert longest[0] < HELD_MS, f"the Qt thread was held for {longest[0]} ms"


def test_a_page_that_comes_up_fades_in_and_with_little_motion_stands_still(stage):
    stage.client.titles = cards(3)
    stage.sign_in()
    pages = stage.item("pages")
    stage.until(lambda: pages.opacity() == 1.0)
    shown: list[tuple[float, float]] = []
    pages.opacityChanged.connect(lambda: shown.append((pages.opacity(), pages.mapToScene(QPointF()).x())))
    stage.app.showSettings()
    stage.until(lambda: bool(shown) and (pages.opacity(), pages.mapToScene(QPointF()).x()) == (1.0, 0.0))
    assert any(x for _, x in shown)
    assert min(opacity for opacity, _ in shown) < 0.5
    stage.app.settings.set_system_still(True)
    shown.clear()
    stage.key(K.Key_Escape)
    stage.until(lambda: bool(shown) and shown[-1] == (1.0, 0.0))
    assert {x for _, x in shown} == {0.0}


def test_a_card_whose_title_has_gone_cannot_be_pressed(stage):
    """Views keep such cards for the next titles."""
    stage.client.titles = cards(8)
    stage.sign_in()
    stage.app.showCatalogue()
    stage.until(lambda: stage.find("browsed_0") is not None)
    del stage.client.titles[3:]
    stage.app.browse.refresh()
    stage.until(lambda: len(stage.app.browse.titles.records) == 3)
    shown = {name for item in stops(stage.window) if (name := name_of(item)).startswith("browsed_")}
    assert shown == {"browsed_0", "browsed_1", "browsed_2"}
