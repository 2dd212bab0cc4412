"""The states of the player page, for :mod:`tests.ui.states`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from player.manifest.chapters import Chapter
from player.reporting.state import LiveView, NextEpisode, PlaybackFailure, PlaybackStatus, TitleFacts
from player.title.opening import PlaybackSource
from tests.kit import fake_client
from tests.kit.pictures import scene
from tests.ui.stage import Stage

K = Qt.Key
Setup = Callable[[Stage, bool], None]

_LIVE = LiveView(start_s=0.0, end_s=120.0, edge_s=132.0, latency_s=42.0, target_s=12.0, following=False)


_FACTS = TitleFacts(
    intro=(70.0, 110.0),
    credits_s=560.0,
    series="The Mill",
    place=(1, 2),
    next_episode=NextEpisode("mill-1-3", "Episode 1.3", (1, 3), "http://posters.test/mill13.jpg"),
)


_CHAPTERS = (Chapter(0.0, "The ferry"), Chapter(140.0, "Two lamps"), Chapter(330.0), Chapter(480.0, "Ice"))


def _player(**changes: object) -> Setup:
    def show(stage: Stage, tv: bool) -> None:
        stage.start(tv=tv, source=PlaybackSource(url="https://streams.test/film/master.m3u8"))
        stage.until(lambda: bool(stage.client.sessions))
        state = fake_client.playing(**changes)
        stage.client.sessions[-1].publish(state)
        stage.until(lambda: stage.app.player.property("status") == str(state.status))
        stage.key(K.Key_Up)
        if state.status is PlaybackStatus.BUFFERING:
            stage.until(lambda: stage.item("busyWords").property("opacity") == 1)

    return show


def _stalled(cause: str, remedy: str = "") -> Setup:
    return _player(status=PlaybackStatus.BUFFERING, stall=cause, remedy=remedy)


def _failed(code: str, sentence: str, reason: str = "", on_others: str = "") -> Setup:
    failure = PlaybackFailure(code, sentence, reason=reason, playing=on_others)
    return _player(status=PlaybackStatus.FAILED, failure=failure)


def _player_seeking(stage: Stage, tv: bool) -> None:
    _player(thumbnails=True, chapters=_CHAPTERS)(stage, tv)
    stage.client.sessions[-1].scene = scene
    stage.item("seekBar").forceActiveFocus()
    stage.key(*[K.Key_Right] * 9)
    stage.until(lambda: stage.item("preview").isVisible() and not stage.app.player.preview.property("waiting"))


def _player_menu(stage: Stage, tv: bool) -> None:
    _player()(stage, tv)
    stage.item("subtitles").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "menu")


def _statistics(stage: Stage, tv: bool) -> None:
    _player()(stage, tv)
    stage.key(K.Key_I)


def _still_watching(stage: Stage, tv: bool) -> None:
    _player()(stage, tv)
    stage.app.player.presence.late.emit()
    stage.until(lambda: stage.focus_name == "goOnWatching")


def _picture_in_picture(stage: Stage, tv: bool) -> None:
    _player()(stage, tv)
    stage.key(K.Key_P)
    stage.until(lambda: stage.item("leaveSmall").isVisible())


# In a window that is made smaller; across the room it fills the screen always
WINDOWED_STATES: dict[str, Setup] = {"player, picture in picture": _picture_in_picture}

PLAYER_STATES: dict[str, Setup] = {
    "player": _player(),
    "player, paused": _player(status=PlaybackStatus.PAUSED, paused=True),
    "player, live": _player(live=True, duration_s=None, live_view=_LIVE),
    "player, buffering": _player(status=PlaybackStatus.BUFFERING, stall="network", rung_loading=1),
    "player, no network": _player(status=PlaybackStatus.BUFFERING, stall="network", remedy="wait_for_network"),
    "player, seeking": _player_seeking,
    "player, kept": _player(rights="You have 2 days left to watch this.", rights_left_s=2.5 * 86_400, pathway=""),
    "player, intro": _player(facts=_FACTS),
    "player, next episode": _player(facts=_FACTS, position_s=565.0),
    "player, menu": _player_menu,
    "player, still watching": _still_watching,
    "player, statistics": _statistics,
    "player, stalled by the licence": _stalled("licence", "refresh_licence"),
    "player, stalled by the decoder": _stalled("decoder"),
    "player, stalled by the source": _stalled("source", "path_switch"),
    "player, stalled by the machine": _stalled("machine"),
    "player, failed": _failed("media.damaged", "The video is damaged."),
    "player, no connection": _failed("net.unreachable", "edge-a.tv.test cannot be reached."),
    "player, service down": _failed("http.server", "edge-a.tv.test answers 503."),
    "player, not found": _failed("service.not_found", "This title is not available."),
    "player, signed out": _failed("service.expired", "Your sign-in has expired; please sign in again."),
    "player, too many screens": _failed(
        "service.not_entitled",
        "Your plan allows no more screens at the same time.",
        "stream_limit",
        "Living room (Harbour), Telephone of Ada (The Long Tide)",
    ),
    "player, not in the plan": _failed(
        "service.not_entitled", "Your plan does not include this title.", "plan_missing"
    ),
    "player, not for this profile": _failed(
        "service.not_entitled", "This title is not for this profile.", "maturity"
    ),
    "player, licence refused": _failed("drm.licence_refused", "This title is not sold where you are."),
    "player, licence expired": _failed("drm.licence_expired", "The licence for this title has run out."),
    "player, decoder": _failed("media.decoder", "This title cannot be decoded on this machine."),
    "player, cut film": _failed("media.incomplete", "The film stops here: a part of its file is missing."),
    "player, stalled by the file": _stalled("file"),
    "player, disk full": _failed("disk.full", "The disk is full."),
    "player, part missing": _failed("component.libmpv", "libmpv is not installed."),
}
