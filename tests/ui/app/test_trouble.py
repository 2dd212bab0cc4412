"""What the player says while it waits and when it has failed, and where it leads from there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.playback.stalls import StallCause
from player.reporting.state import FileFacts, PlaybackFailure, PlaybackStatus
from player.service.reply import _BY_PROBLEM
from player.transfer.recovery import Action
from tests.kit.fake_client import cards, playing
from ui.app.viewmodels.sentences import all_sentences, sentence_of
from ui.app.viewmodels.trouble import Help, help_words, remedy_words, trouble_of, trouble_sentence, waiting_words

K = Qt.Key
CODES = [*map(str, ErrorCode), *map(str, DrmErrorCode)]


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_a_page_that_says_what_is_done(code):
    found = trouble_of(PlaybackFailure(code, "It failed."))
    assert found.heading
    assert found.icon
    assert found.done


def test_every_error_has_a_sentence_for_other_languages():
    known = set(all_sentences(str))
    assert set(CODES) <= known
    assert set(_BY_PROBLEM) <= known, "the service's own reasons too"


def test_in_english_an_error_speaks_for_itself(monkeypatch):
    failure = PlaybackFailure("net.dns", "tv.test cannot be found.")
    assert sentence_of(failure) == "tv.test cannot be found."
    monkeypatch.setattr("ui.app.viewmodels.text.tr", lambda words: f"<{words}>")
    assert sentence_of(failure) == "<The address of the server cannot be found.>"
    wrong = PlaybackFailure("service.not_entitled", "No.", reason="wrong_pin")
    assert sentence_of(wrong) == "<The PIN is wrong.>", "the reason goes before the code"


@pytest.mark.parametrize("cause", StallCause)
def test_a_stall_names_its_cause_and_what_is_done(cause):
    state = playing(status=PlaybackStatus.BUFFERING, stall=str(cause))
    assert waiting_words(state)
    assert remedy_words(state)
    others = {
        waiting_words(playing(status=PlaybackStatus.BUFFERING, stall=str(one)))
        for one in StallCause
        if one is not cause
    }
    assert waiting_words(state) not in others


def test_a_stall_of_a_file_speaks_of_its_disk():
    words = waiting_words(playing(status=PlaybackStatus.BUFFERING, stall="file"))
    assert "disk" in words
    assert "network" not in words


def test_a_file_that_is_still_written_is_awaited():
    """No disk is to blame."""
    growing = playing(
        status=PlaybackStatus.BUFFERING, stall="file", duration_s=None, media=FileFacts("mpegts", 1 << 20)
    )
    assert waiting_words(growing) == "Waiting for more of the file"
    assert "may take" in remedy_words(replace(growing, status=PlaybackStatus.SEEKING))
    assert not remedy_words(replace(growing, status=PlaybackStatus.SEEKING, duration_s=60.0))


def test_a_film_that_is_cut_is_not_tried_again_in_the_same_place(stage):
    session = stage.play(playing())
    failure = PlaybackFailure("media.incomplete", "The film stops here: a part of its file is missing.")
    session.publish(playing(status=PlaybackStatus.FAILED, position_s=81.0, failure=failure))
    stage.until(lambda: stage.focus_name == "retryPlayback")
    assert "start" in stage.item("retryPlayback").property("text")
    stage.key(K.Key_Return)
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert stage.client.sessions[-1].start_s == 0.0


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.FAIL])
def test_what_is_tried_is_said_while_it_loads(action):
    assert remedy_words(playing(status=PlaybackStatus.LOADING, remedy=str(action)))
    assert remedy_words(playing(status=PlaybackStatus.PLAYING)) == ""


@pytest.mark.parametrize("place", [place for place in Help if place is not Help.NONE])
def test_every_place_of_help_has_a_name(place):
    assert help_words(place)


@pytest.mark.parametrize(
    ("code", "reason", "page"),
    [
        ("disk.full", "", "downloads"),
        ("drm.no_licence", "", "downloads"),
        ("component.libmpv", "", "settings"),
        ("service.not_entitled", "stream_limit", "account"),
        ("service.not_entitled", "maturity", "profiles"),
    ],
)
def test_help_leads_to_where_the_trouble_is_mended(stage, code, reason, page):
    stage.client.viewer = "Ada"
    session = stage.play(playing())
    session.publish(playing(status=PlaybackStatus.FAILED, failure=PlaybackFailure(code, "No.", reason=reason)))
    stage.until(lambda: stage.focus_name in ("retryPlayback", "troubleHelp"))
    while stage.focus_name != "troubleHelp":
        stage.key(K.Key_Right)
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == page)


def test_after_a_new_sign_in_playback_goes_on_where_it_stopped(stage):
    stage.client.titles = cards(3)
    stage.sign_in()
    stage.app.openTitle("title-1")
    stage.until(lambda: bool(stage.client.sessions))
    expired = PlaybackFailure("service.expired", "Your sign-in has expired; please sign in again.")
    stage.client.sessions[-1].publish(playing(status=PlaybackStatus.FAILED, position_s=81.0, failure=expired))
    stage.until(lambda: stage.focus_name == "troubleHelp")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "signIn")
    assert stage.app.signIn.property("error") == expired.sentence
    stage.app.signIn.submit("ada@tv.test", "secret")
    stage.until(lambda: stage.page == "player" and len(stage.client.sessions) == 2)
    assert (stage.client.sessions[-1].source.title_id, stage.client.sessions[-1].start_s) == ("title-1", 81.0)


def test_a_viewer_without_a_plan_is_led_to_the_plans():
    page = trouble_of(
        PlaybackFailure("service.not_entitled", "Your plan does not include this.", reason="plan_missing")
    )
    assert (page.help, page.again) == (Help.ACCOUNT, False)


@pytest.mark.parametrize(
    ("code", "reason", "said", "read"),
    [
        ("net.refused", "", "The server {} refuses the connection.", "The server cannot be reached at the moment."),
        ("http.not_found", "", "{} does not have this file (404).", "The file is not there."),
        ("http.server", "", "{} has a fault (503).", "The service has a fault of its own."),
        ("clock.skew", "", "The certificate of {} is not valid yet.", "The clock of this machine is wrong."),
        ("http.forbidden", "maturity", "Not for Kim.", "Not for Kim."),  # the service knows better
    ],
)
def test_no_host_and_port_are_named_where_a_playback_fails(code, reason, said, read):
    assert trouble_sentence(PlaybackFailure(code, said.format("127.0.0.1:8400"), reason=reason)) == read


def test_a_file_may_be_there_again():
    """Its disk was plugged in, say."""
    assert trouble_of(PlaybackFailure("input.file", "There is no such file.")).again
    assert not trouble_of(PlaybackFailure("input.usage", "This is no address.")).again


def test_a_file_that_cannot_be_played_has_no_other_qualities(stage, tmp_path):
    film = tmp_path / "film.mkv"
    film.write_bytes(b"\x1a\x45\xdf\xa3" + b"\x01" * 100)
    stage.start(files=[str(film)])
    stage.until(lambda: bool(stage.client.sessions))
    failure = PlaybackFailure("media.unsupported", "This file cannot be played: it is damaged.")
    stage.client.sessions[-1].publish(playing(status=PlaybackStatus.FAILED, failure=failure))
    stage.until(lambda: bool(stage.app.player.trouble.property("done")))
    assert "quality" not in stage.app.player.trouble.property("done")
    assert "quality" in trouble_of(failure).done, "a title of a service has"
