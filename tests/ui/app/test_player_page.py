"""The player page under keys and mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from player.reporting.state import LiveView, PlaybackFailure, PlaybackStatus
from tests.kit.fake_client import cards, playing
from tests.ui.legible import place_of, texts

K = Qt.Key


def click(stage, name: str) -> None:
    item = stage.item(name)
    QTest.mouseClick(
        stage.window,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint(),
    )


def test_arrows_seek_and_enter_pauses_while_no_control_has_the_focus(stage):
    session = stage.play(playing())
    stage.keys_at_once(K.Key_Right, K.Key_Right, K.Key_Left)
    stage.until(lambda: ("seek", 90.0) in session.orders)
    assert len([order for order in session.orders if order[0] == "seek"]) == 1
    stage.key(K.Key_Return, K.Key_Space, K.Key_K)
    assert session.orders.count(("toggle",)) == 3


def test_the_picture_of_the_title_before_is_not_shown_while_one_is_loaded(stage):
    session = stage.play(playing(status=PlaybackStatus.LOADING))
    curtain = stage.item("curtain")
    assert curtain.isVisible()
    session.publish(playing())
    stage.until(lambda: not curtain.isVisible())
    session.publish(playing(status=PlaybackStatus.LOADING))  # again, from where it was
    stage.until(lambda: stage.app.player.property("status") == "loading")
    assert not curtain.isVisible(), "its own picture stays"


def test_every_control_is_reached_by_arrows(stage):
    stage.play(playing())
    stage.key(K.Key_Up)
    row = [stage.focus_name]
    for _ in range(12):
        stage.key(K.Key_Right)
        if stage.focus_name != row[-1]:
            row.append(stage.focus_name)
    assert row == [
        "playPause",
        "rewind",
        "forward",
        "mute",
        "volume",
        "quality",
        "audio",
        "subtitles",
        "speed",
        "tools",
        "statistics",
        "pictureInPicture",
        "fullScreen",
    ]
    stage.key(K.Key_Up)
    assert stage.focus_name == "seekBar"
    stage.key(K.Key_Up)
    assert stage.focus_name == "back"
    stage.key(K.Key_Down, K.Key_Down)
    assert stage.focus_name == "fullScreen", "the row remembers where it was"
    stage.key(K.Key_Down)
    assert stage.focus_name == "idle"
    assert not stage.item("overlay").property("shown")


@pytest.mark.parametrize(
    ("button", "down", "order"),
    [
        ("quality", 1, ("set_rung", 3)),
        ("audio", 1, ("select_audio", "a2")),
        ("subtitles", 1, ("select_text", "t1")),
        ("speed", 1, ("set_speed", 1.25)),
    ],
)
def test_menus(stage, button, down, order):
    session = stage.play(playing())
    stage.item(button).forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("menu").property("visible"))
    assert stage.focus_name == "menu"
    stage.key(K.Key_Escape)
    assert stage.focus_name == button
    assert stage.page == "player"
    stage.key(K.Key_Return, *[K.Key_Down] * down, K.Key_Return)
    assert order in session.orders
    assert stage.focus_name == button


@pytest.mark.parametrize("used", ["statistics", "seekBar"])
def test_a_press_on_something_else_ends_a_menu(stage, used):
    session = stage.play(playing())
    stage.item("quality").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("menu").isVisible())
    click(stage, used)
    stage.until(lambda: not stage.item("menu").isVisible())
    assert stage.focus_name != "menu"
    assert stage.item("statisticsPanel").isVisible() == (used == "statistics")
    assert any(order[0] == "seek" for order in session.orders) == (used == "seekBar")


def test_a_greyed_out_option_cannot_be_chosen(stage):
    session = stage.play(playing())
    stage.item("subtitles").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Down, K.Key_Down, K.Key_Return)
    assert not [order for order in session.orders if order[0] == "select_text"]
    assert stage.focus_name == "menu"


def test_a_menu_keeps_its_place_while_states_come(stage):
    session = stage.play(playing())
    stage.item("quality").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Down, K.Key_Down)
    before = stage.focus
    session.publish(playing(position_s=81.0, rung_playing=2))
    stage.until(lambda: stage.item("rung").property("text") == "720p")
    assert stage.focus is before


def test_the_overlay_shows_what_is_playing(stage):
    session = stage.play(playing(title="Harbour Lights"))
    assert stage.item("playerTitle").property("text") == "Harbour Lights"
    assert stage.item("position").property("text") == "1:20"
    assert stage.item("duration").property("text") == "10:00"
    assert stage.item("rung").property("text") == "1080p"
    assert list(stage.item("seekBar").property("buffered")) == pytest.approx([70 / 600, 110 / 600])
    session.publish(playing(pathway="edge-b", rung_playing=1, notice="edge-a does not answer."))
    stage.until(lambda: stage.item("rung").property("text") == "480p")
    assert stage.item("notice").isVisible()


def test_the_overlay_goes_by_itself_and_comes_back(stage):
    stage.play(playing())
    overlay = stage.item("overlay")
    page = stage.item("playerPage")
    stage.key(K.Key_Up)
    assert overlay.property("shown")
    page.metaObject().invokeMethod(page, "hide")
    stage.until(lambda: not overlay.isVisible())
    assert stage.focus_name == "idle"
    stage.key(K.Key_Right)
    assert overlay.property("shown")


@pytest.mark.parametrize(
    ("key", "modifier", "panel"),
    [
        (K.Key_F1, Qt.KeyboardModifier.NoModifier, "keysOverlay"),
        (K.Key_O, Qt.KeyboardModifier.ControlModifier, "browsePanel"),
    ],
    ids=["keys", "files"],
)
def test_the_overlay_that_goes_takes_no_focus_from_what_lies_over_the_page(stage, key, modifier, panel):
    stage.play(playing())
    page = stage.item("playerPage")
    page.metaObject().invokeMethod(page, "show")
    QTest.keyClick(stage.window, key, modifier)
    stage.until(lambda: stage.item(panel).isVisible())
    page.metaObject().invokeMethod(page, "hide")
    assert stage.item(panel).property("activeFocus")
    stage.key(K.Key_Escape)
    stage.until(lambda: not stage.item(panel).isVisible())
    assert (stage.page, stage.focus_name) == ("player", "idle")


def test_busy_and_buffering_show_a_spinner(stage):
    session = stage.play(playing())
    assert not stage.item("busy").isVisible()
    session.publish(playing(status=PlaybackStatus.BUFFERING, stall="network", rung_loading=1))
    stage.until(lambda: stage.item("busy").isVisible())
    assert stage.item("busyWords").property("text") == "Waiting for the network"
    assert stage.item("busyDetail").property("text").startswith("The quality goes down to 480p")
    stage.until(lambda: stage.item("busyWords").property("opacity") == 1)
    session.publish(playing(status=PlaybackStatus.SEEKING))
    stage.until(lambda: stage.item("busyWords").property("text") == "Seeking")
    assert not stage.item("busyDetail").isVisible()


def test_statistics_come_and_go_and_follow_the_history(stage):
    stage.play(playing())
    panel = stage.item("statisticsPanel")
    assert not panel.isVisible()
    stage.key(K.Key_I)
    assert panel.isVisible()
    assert stage.item("decision").property("text").startswith("1080p fits")
    graph = stage.item("graph_0")

    def is_drawn() -> bool:
        picture = stage.shot()
        scale = picture.width() / stage.window.width()
        spots = [graph.mapToScene(QPoint(int(graph.width()) - 6, dy)) for dy in range(20, int(graph.height()))]
        column = [picture.pixelColor(int(spot.x() * scale), int(spot.y() * scale)) for spot in spots]
        return any(c.green() - c.red() > 50 for c in column)

    stage.until(is_drawn)
    top = next(text for text in texts(graph) if text.property("text").startswith("up to "))
    frame = next(item for item in graph.childItems() if item.inherits("QQuickRectangle"))
    assert place_of(top).bottom() <= frame.mapToScene(QPointF(0.0, 0.0)).y(), "no line runs through the words"
    stage.key(K.Key_I)
    assert not panel.isVisible()


def _ask_for_a_time(stage) -> None:
    QTest.keyClick(stage.window, K.Key_T, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: stage.item("toolEntry").isVisible())
    stage.type("2:0")


def test_what_is_typed_keeps_the_focus_when_the_controls_go(stage):
    session = stage.play(playing())
    page = stage.item("playerPage")
    _ask_for_a_time(stage)
    assert page.property("overlayStays"), "no timer takes the controls away"
    for function in ("hide", "shareFocus"):
        page.metaObject().invokeMethod(page, function)
    stage.type("5")
    stage.key(K.Key_Return)
    stage.until(lambda: ("seek", 125.0) in session.orders)
    assert not stage.item("toolEntry").isVisible()


def test_a_failure_closes_what_is_typed(stage):
    session = stage.play(playing())
    _ask_for_a_time(stage)
    session.publish(
        playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure("media.damaged", "The video is damaged."))
    )
    stage.until(lambda: stage.focus_name == "retryPlayback")
    assert not stage.item("toolEntry").isVisible()


def test_the_end_closes_what_is_typed(stage):
    session = stage.play(playing())
    _ask_for_a_time(stage)
    session.publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page != "player")
    stage.play(playing())
    assert not stage.item("toolEntry").isVisible()
    assert stage.focus_name == "idle"


def test_a_failure_takes_the_focus_and_can_be_retried_or_left(stage):
    session = stage.play(playing())
    stage.item("quality").forceActiveFocus()
    stage.key(K.Key_Return)
    session.publish(
        playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure("media.damaged", "The video is damaged."))
    )
    stage.until(lambda: stage.focus_name == "retryPlayback")
    trouble = stage.item("playerTrouble")
    assert trouble.property("heading") == "The video is damaged"
    assert trouble.property("sentence") == "", "that is said already"
    assert "every server" in trouble.property("detail")
    stage.key(K.Key_Return)
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert ("stop",) in session.orders
    assert stage.focus_name == "idle"
    stage.client.sessions[1].publish(
        playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure("net.dns", "No such host."))
    )
    stage.until(lambda: stage.focus_name == "retryPlayback")
    stage.key(K.Key_Right)
    assert stage.focus_name == "troubleHelp"
    stage.key(K.Key_Right)
    assert stage.focus_name == "leavePlayer"
    stage.key(K.Key_Return)
    assert stage.page == "signIn"


def test_the_end_leaves_the_player(stage):
    session = stage.play(playing())
    session.publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page != "player")
    assert stage.focus is not None


def test_states_of_an_earlier_playback_do_not_show(stage):
    first = stage.play(playing())
    stage.key(K.Key_Escape)
    stage.app.open_address("https://streams.test/other.mpd")
    stage.until(lambda: len(stage.client.sessions) == 2)
    first.publish(playing(title="The first"))
    stage.wait(30)
    assert stage.item("playerTitle").property("text") != "The first"


def test_volume_keys_mute_and_slider(stage):
    session = stage.play(playing())
    stage.key(K.Key_Minus)
    stage.key(K.Key_M)
    assert ("set_volume", 95) in session.orders
    assert ("set_muted", True) in session.orders
    stage.item("volume").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Left)
    assert ("set_volume", 90) in session.orders
    assert stage.focus_name == "volume"
    stage.key(K.Key_Escape)
    assert (stage.page, stage.focus_name) == ("player", "volume"), "back ends the change alone"


def test_a_remote_walks_over_the_volume_slider(stage):
    """Nobody has to turn the sound off on the way to the buttons before it."""
    session = stage.play(playing())
    stage.item("speed").forceActiveFocus()
    for key in (K.Key_Left, K.Key_Right):
        for _ in range(12):
            stage.key(key)
            if key == K.Key_Left and stage.focus_name == "playPause":
                break
        assert stage.focus_name == ("playPause" if key == K.Key_Left else "fullScreen")
    assert not [order for order in session.orders if order[0] == "set_volume"]


def test_digits_jump(stage):
    session = stage.play(playing())
    stage.key(K.Key_5)
    assert ("seek", 300.0) in session.orders


def test_the_mouse_scrubs_and_pauses(stage):
    session = stage.play(playing())
    bar = stage.item("seekBar")

    def at(fraction: float) -> QPoint:
        return bar.mapToScene(QPoint(int(bar.width() * fraction), int(bar.height() / 2))).toPoint()

    left = Qt.MouseButton.LeftButton
    QTest.mousePress(stage.window, left, Qt.KeyboardModifier.NoModifier, at(0.25))
    QTest.mouseMove(stage.window, at(0.5))
    assert stage.item("position").property("text") == "5:00"
    assert not [order for order in session.orders if order[0] == "seek"], "not before the button is let go"
    QTest.mouseRelease(stage.window, left, Qt.KeyboardModifier.NoModifier, at(0.75))
    assert session.orders[-1] == ("seek", pytest.approx(450.0, abs=1.0))
    QTest.mouseClick(stage.window, left, Qt.KeyboardModifier.NoModifier, QPoint(640, 300))
    assert session.orders[-1] == ("toggle",)


def test_full_screen_and_escape(stage):
    stage.play(playing())
    stage.key(K.Key_F)
    stage.until(lambda: stage.window.visibility() == stage.window.Visibility.FullScreen)
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.window.visibility() != stage.window.Visibility.FullScreen)
    assert stage.page == "player"
    stage.key(K.Key_Escape)
    assert stage.page == "signIn"


def test_the_television_size_fills_the_screen_and_has_no_volume_slider(stage):
    stage.client.titles = cards(4)
    stage.client.viewer = "Ada"
    stage.start(tv=True)
    stage.until(lambda: stage.page == "home" and stage.focus_name == "playFeatured")
    assert stage.window.visibility() == stage.window.Visibility.FullScreen
    stage.key(K.Key_Return)
    stage.until(lambda: bool(stage.client.sessions))
    assert not stage.item("volume").isVisible()


@pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform has no window manager to tell
def test_picture_in_picture_is_the_same_window_small_and_on_top(stage):
    stage.play(playing())
    before = stage.window.size()
    stage.key(K.Key_P)
    stage.until(lambda: stage.window.width() == 480)
    assert stage.window.flags() & Qt.WindowType.WindowStaysOnTopHint
    assert stage.window.flags() & Qt.WindowType.FramelessWindowHint
    stage.until(lambda: not stage.item("overlay").isVisible())
    stage.key(K.Key_Down)
    assert stage.focus_name == "idle", "there are no controls to reach"
    stage.key(K.Key_Space)
    assert ("toggle",) in stage.client.sessions[-1].orders
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.window.size() == before)
    assert not stage.window.flags() & Qt.WindowType.WindowStaysOnTopHint
    assert stage.page == "player", "Back only made it large again"


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("then", ["fails", "asks"])
def test_picture_in_picture_shows_what_can_be_done_and_no_menu(stage, then):
    session = stage.play(playing())
    stage.item("quality").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("menu").isVisible())
    stage.key(K.Key_P)
    stage.until(lambda: stage.window.width() == 480)
    stage.until(lambda: not stage.item("menu").isVisible())
    if then == "fails":
        refused = PlaybackFailure("net.refused", "The server 127.0.0.1:8400 refuses the connection.")
        session.publish(playing(status=PlaybackStatus.FAILED, failure=refused))
    else:
        stage.app.player.presence.late.emit()
    name = "retryPlayback" if then == "fails" else "goOnWatching"
    stage.until(lambda: stage.focus_name == name)
    frame = QRectF(0.0, 0.0, stage.window.width(), stage.window.height())
    for seen in (name, "leaveSmall"):
        item = stage.item(seen)
        assert item.isVisible()
        assert frame.contains(item.mapRectToScene(QRectF(0.0, 0.0, item.width(), item.height()))), seen
    click(stage, "leaveSmall")
    stage.until(lambda: stage.window.width() > 480)


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_the_button_out_of_picture_in_picture_takes_no_focus_with_it(stage):
    stage.play(playing())
    stage.key(K.Key_P)
    stage.until(lambda: stage.window.width() == 480)
    stage.key(K.Key_Up)  # its controls come with any key
    stage.until(lambda: stage.item("leaveSmall").isVisible())
    click(stage, "leaveSmall")
    stage.until(lambda: stage.window.width() > 480)
    stage.wait(1)
    assert stage.focus_name == "idle"


def test_a_click_anywhere_ends_the_keys(stage):
    stage.play(playing())
    stage.key(K.Key_Question)
    stage.until(lambda: stage.item("keysOverlay").isVisible())
    click(stage, "keysOverlay")
    assert not stage.item("keysOverlay").isVisible()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_the_window_is_large_again_when_the_playback_is_left(stage):
    session = stage.play(playing())
    stage.key(K.Key_P)
    stage.until(lambda: stage.window.width() == 480)
    session.publish(playing(status=PlaybackStatus.ENDED))
    stage.until(lambda: stage.page != "player")
    stage.until(lambda: stage.window.width() > 480)


def test_after_hours_without_a_sign_of_anybody_it_asks(stage):
    session = stage.play(playing())
    assert stage.app.player.presence.timer.isActive()
    stage.app.player.presence.late.emit()
    stage.until(lambda: stage.focus_name == "goOnWatching")
    assert session.orders[-1] == ("pause",)
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "idle")
    assert session.orders[-1] == ("play",)
    assert stage.app.player.presence.timer.isActive(), "the next hours count again"


def test_nobody_is_asked_while_nothing_plays(stage):
    session = stage.play(playing(paused=True, status=PlaybackStatus.PAUSED))
    session.orders.clear()
    stage.app.player.presence.late.emit()
    assert not stage.app.player.property("asksPresence")
    assert session.orders == []


def test_a_live_programme_has_a_window_and_a_way_back_to_live(stage):
    view = LiveView(1000.0, 1100.0, edge_s=1112.0, latency_s=62.0, target_s=12.0, following=False)
    session = stage.play(playing(live=True, duration_s=None, position_s=1050.0, live_view=view))
    assert stage.app.player.property("fraction") == 0.5
    assert stage.app.player.property("positionText") == "-0:50"
    assert not stage.app.player.property("atLive")
    stage.key(K.Key_Up)
    stage.item("goLive").forceActiveFocus()
    stage.key(K.Key_Return)
    assert ("go_live",) in session.orders
    session.publish(playing(live=True, duration_s=None, position_s=1100.0, live_view=replace(view, following=True)))
    stage.until(lambda: stage.app.player.property("atLive"))
