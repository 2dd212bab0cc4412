"""Series: their page, skipping an intro, and how one episode follows another."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt

from player.base.errors import ErrorCode, ServiceError
from player.reporting.state import NextEpisode, PlaybackStatus, TitleFacts
from player.service.model import Markers
from tests.kit.fake_client import playing, seasons, series_card, watched
from tests.ui.states import STATES
from ui.app.viewmodels.still_watching import STILL_WATCHING_MS
from ui.app.viewmodels.titles import is_seen
from ui.app.viewmodels.up_next import COUNTDOWN_S, UpNext

K = Qt.Key
NEXT = NextEpisode("mill-1-3", "Flour", (1, 3))
FACTS = TitleFacts((70.0, 110.0), 560.0, "The Mill", (1, 2), NEXT)


def series(stage) -> None:
    STATES["details, series"](stage, False)


def lines(stage) -> list[str]:
    return [line.name for line in stage.app.details.episodes.lines.records]


class TestPlayAtHome:
    def begin(self, stage) -> None:
        stage.client.series["mill"] = seasons()
        stage.client.titles = [series_card()]
        stage.sign_in()
        stage.until(lambda: stage.focus_name == "playFeatured")

    def test_it_goes_on_with_the_series_and_back_is_its_page(self, stage):
        self.begin(stage)
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        assert stage.client.sessions[0].source.title_id == "mill-1-2"
        stage.key(K.Key_Back)
        assert stage.page == "details"
        stage.key(K.Key_Back)
        assert stage.page == "home"

    @pytest.mark.parametrize("leaves", [False, True])
    def test_whoever_leaves_before_the_service_answers_is_not_taken_along(self, stage, monkeypatch, leaves):
        self.begin(stage)
        answer, asked, told = stage.client.seasons, threading.Event(), threading.Event()

        async def late(series_id: str) -> Any:
            asked.set()
            while not told.is_set():
                await asyncio.sleep(0.01)
            return await answer(series_id)

        monkeypatch.setattr(stage.client, "seasons", late)
        stage.key(K.Key_Return)
        stage.until(lambda: stage.page == "details" and asked.is_set())
        if leaves:
            stage.key(K.Key_Back)
        told.set()
        if not leaves:
            stage.until(lambda: bool(stage.client.sessions))
        stage.wait(300)
        assert len(stage.client.sessions) == int(not leaves)

    def test_a_service_that_is_away_leaves_the_page_with_a_word(self, stage):
        self.begin(stage)
        stage.client.failure = ServiceError(ErrorCode.NET_REFUSED, "No.")
        stage.key(K.Key_Return)
        stage.until(lambda: stage.page == "details" and bool(stage.app.details.property("notice")))
        assert stage.client.sessions == []

    def test_on_its_page_without_its_episodes_the_service_is_asked_again(self, stage):
        self.begin(stage)
        stage.client.failure = ServiceError(ErrorCode.NET_REFUSED, "No.")
        stage.app.showTitle("mill")
        stage.until(lambda: stage.page == "details" and bool(stage.app.details.property("notice")))
        notice = stage.item("detailsNotice")
        stage.until(lambda: notice.isVisible() and notice.property("opacity") == 1)
        assert stage.focus_name == "playTitle"
        stage.key(K.Key_Return)
        stage.until(lambda: notice.property("opacity") < 1)
        stage.client.failure = None
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        assert stage.client.sessions[0].source.title_id == "mill-1-2"


class TestThePage:
    def test_the_first_button_goes_on_where_one_is(self, stage):
        series(stage)
        assert stage.item("playTitle").property("text") == "Resume S1 E2"
        assert not stage.item("downloadTitle").isVisible()
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        source = stage.client.sessions[0].source
        assert (source.title_id, source.variant, stage.client.sessions[0].start_s) == ("mill-1-2", "encrypted", None)

    def test_an_episode_is_played_and_the_focus_is_kept(self, stage):
        series(stage)
        stage.key(K.Key_Up)
        assert stage.focus_name == "episode_1", "the one to go on with"
        stage.key(K.Key_Down, K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        assert stage.client.sessions[0].source.title_id == "mill-1-3"
        stage.key(K.Key_Back)
        assert stage.page == "details"
        assert stage.focus_name == "episode_2"

    def test_the_page_of_an_episode_leads_back_to_its_series(self, stage):
        series(stage)
        stage.key(K.Key_Up, K.Key_Right)
        assert stage.focus_name == "episodeMore_1"
        stage.key(K.Key_Return)
        stage.until(lambda: stage.app.details.property("titleId") == "mill-1-2")
        assert stage.item("detailsAbove").property("text") == "The Mill  ·  S1 E2"
        assert stage.focus_name == "playTitle"
        assert stage.item("downloadTitle").isVisible()
        stage.key(K.Key_Back)
        assert stage.app.details.property("titleId") == "mill"
        assert stage.focus_name.startswith("episode")
        stage.key(K.Key_Back)
        assert stage.page == "home"

    def test_what_a_button_says_is_not_cut_off_by_its_list(self, stage):
        series(stage)
        stage.key(K.Key_Up, K.Key_Right)
        tip = next(item for item in stage.focus.childItems() if item.objectName() == "tooltip")
        stage.until(lambda: tip.isVisible() and tip.opacity() == 1)
        view = stage.focus
        while not view.clip():
            view = view.parentItem()
        frame = view.mapRectToScene(QRectF(0, 0, view.width(), view.height()))
        assert frame.contains(tip.mapRectToScene(QRectF(0, 0, tip.width(), tip.height())))

    def test_another_season(self, stage):
        series(stage)
        stage.key(K.Key_Up, K.Key_Up, K.Key_Up)
        assert stage.focus_name == "chooseSeason"
        stage.key(K.Key_Return, K.Key_Down, K.Key_Return)
        stage.until(lambda: stage.focus_name == "episode_0")
        assert lines(stage) == ["1. Episode 2.1", "2. Episode 2.2", "3. Episode 2.3"]
        stage.app.details.refresh()
        stage.until(lambda: not stage.app.details.waiting)
        assert stage.app.details.episodes.property("seasonName") == "Season 2", "news do not lead elsewhere"

    def test_names_of_seasons_and_wide_pictures_are_shown_where_there_are_some(self, stage):
        series(stage)
        first, *others = stage.client.series["mill"]
        still = [replace(card, still_url="http://x/still.jpg") for card in first.episodes]
        stage.client.series["mill"] = [replace(first, name="Grain", episodes=still), *others]
        stage.client.titles = [replace(card, backdrop_url="http://x/wide.jpg") for card in stage.client.titles]
        stage.app.details.refresh()
        stage.until(lambda: stage.app.details.episodes.property("seasonName") == "Season 1  ·  Grain")
        assert stage.app.details.episodes.seasons.records[0].label == "Season 1  ·  Grain"
        assert {line.poster_url for line in stage.app.details.episodes.lines.records} == {"http://x/still.jpg"}
        stage.until(lambda: stage.app.details.title.records[0].poster_url == "http://x/wide.jpg")

    def test_the_trailer_is_seen_from_its_begin(self, stage):
        series(stage)
        stage.key(K.Key_Right, K.Key_Right)
        assert stage.focus_name == "playTrailer"
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        assert (stage.client.sessions[0].source.title_id, stage.client.sessions[0].start_s) == ("teaser", 0.0)

    def test_an_episode_that_was_come_to_directly_leads_to_its_series(self, stage):
        stage.client.series["mill"] = seasons()
        stage.client.titles = [series_card(), seasons()[0].episodes[0]]
        stage.sign_in()
        stage.until(lambda: stage.app.home.property("state") == "ready")
        stage.app.showTitle("mill-1-1")
        stage.until(lambda: stage.item("showSeries").isVisible())
        stage.item("showSeries").forceActiveFocus()
        stage.key(K.Key_Return)
        stage.until(lambda: stage.item("episodesPanel").isVisible())

    @pytest.mark.parametrize(
        ("position_s", "credits_s", "seen"), [(90.0, None, False), (98.0, None, True), (90.0, 89.0, True)]
    )
    def test_what_is_seen(self, position_s, credits_s, seen):
        card = replace(series_card(), kind="episode", duration_s=100.0, markers=Markers(credits_s=credits_s))
        card = watched(card, position_s=position_s)
        assert is_seen(card) is seen


class TestThePlayer:
    def test_the_intro_is_skipped_by_one_key(self, stage):
        session = stage.play(playing(position_s=20.0, facts=FACTS))
        assert not stage.item("skipIntro").isVisible()
        session.publish(playing(position_s=75.0, facts=FACTS))
        stage.until(lambda: stage.focus_name == "skipIntro")
        stage.key(K.Key_Return)
        stage.until(lambda: ("seek", 110.0) in session.orders)
        session.publish(playing(position_s=110.0, facts=FACTS))
        stage.until(lambda: not stage.item("skipIntro").isVisible())
        assert stage.focus_name == "idle"

    @pytest.mark.parametrize(("key", "leads_to"), [("Down", "seekBar"), ("Up", "back")])
    def test_over_hidden_controls_the_keys_of_the_button_show_them(self, stage, key, leads_to):
        session = stage.play(playing(position_s=75.0, facts=FACTS))
        stage.until(lambda: stage.focus_name == "skipIntro")
        page = stage.item("playerPage")
        page.metaObject().invokeMethod(page, "hide")
        assert not stage.item("overlay").property("shown")
        stage.key(K[f"Key_{key}"])
        assert stage.item("overlay").property("shown")
        assert stage.focus_name == leads_to
        assert session.orders == []

    def test_whoever_uses_the_controls_keeps_them(self, stage):
        session = stage.play(playing(position_s=20.0, facts=FACTS))
        stage.key(K.Key_Up)
        before = stage.focus_name
        session.publish(playing(position_s=75.0, facts=FACTS))
        stage.until(lambda: stage.item("skipIntro").isVisible())
        assert stage.focus_name == before

    def test_the_next_episode_is_played_at_once_where_one_says_so(self, stage):
        session = stage.play(playing(position_s=561.0, facts=FACTS))
        stage.until(lambda: stage.focus_name == "playNext")
        assert stage.item("nextName").property("text") == "S1 E3  ·  Flour"
        seconds = [f"Next episode in {left} s" for left in range(1, COUNTDOWN_S + 1)]
        assert stage.item("nextWhen").property("text") in seconds
        stage.key(K.Key_Return)
        stage.until(lambda: len(stage.client.sessions) == 2)
        assert ("stop",) in session.orders
        assert stage.client.sessions[1].source.title_id == "mill-1-3"
        assert stage.page == "player"

    def test_back_is_for_the_credits(self, stage):
        session = stage.play(playing(position_s=561.0, facts=FACTS))
        stage.until(lambda: stage.focus_name == "playNext")
        stage.key(K.Key_Back)
        assert stage.page == "player"
        assert not stage.item("nextEpisode").isVisible()
        session.publish(playing(status=PlaybackStatus.ENDED, position_s=600.0, facts=FACTS))
        stage.until(lambda: stage.page != "player")

    def test_an_episode_that_is_over_goes_on_with_the_next(self, stage):
        session = stage.play(playing(position_s=500.0, facts=FACTS))
        player = stage.app.player
        player.presence.begin(5_000_000)
        session.publish(playing(status=PlaybackStatus.ENDED, position_s=600.0, facts=FACTS))
        stage.until(lambda: len(stage.client.sessions) == 2)
        assert player.presence.timer.interval() < STILL_WATCHING_MS, "nobody has shown that they are there"
        stage.key(K.Key_I)
        assert player.presence.timer.interval() == STILL_WATCHING_MS

    def test_where_the_viewer_wants_it_it_waits(self, stage):
        session = stage.play(playing(position_s=500.0, facts=FACTS))
        stage.app.player._up_next._auto = lambda: False
        session.publish(playing(position_s=561.0, facts=FACTS))
        stage.until(lambda: bool(stage.app.player.upNext.property("offered")))
        assert stage.app.player.upNext.property("secondsLeft") == 0
        assert not stage.app.player.upNext.take_over()


class TestTheCountdown:
    @pytest.fixture
    def up_next(self, qapp):
        made = UpNext()
        made.begun = []
        made.wanted.connect(lambda following, chosen: made.begun.append((following, chosen)))
        return made

    def tick(self, up_next: UpNext, seconds: int) -> None:
        for _ in range(seconds):
            up_next._tick()

    def test_it_counts_while_the_playback_runs_and_ends_once(self, up_next):
        up_next.show(playing(position_s=561.0, facts=FACTS))
        self.tick(up_next, 4)
        up_next.show(playing(position_s=565.0, status=PlaybackStatus.PAUSED, paused=True, facts=FACTS))
        self.tick(up_next, 30)
        assert up_next.property("secondsLeft") == COUNTDOWN_S - 4
        up_next.show(playing(position_s=565.0, facts=FACTS))
        self.tick(up_next, COUNTDOWN_S)
        assert up_next.begun == [(NEXT, False)]
        up_next.show(playing(position_s=575.0, facts=FACTS))
        assert not up_next.property("offered")

    def test_without_marks_it_begins_shortly_before_the_end(self, up_next):
        facts = TitleFacts(next_episode=NEXT)
        up_next.show(playing(position_s=500.0, facts=facts))
        assert not up_next.property("offered")
        up_next.show(playing(position_s=590.0, facts=facts))
        assert up_next.property("offered")

    def test_who_goes_back_is_offered_it_anew(self, up_next):
        up_next.show(playing(position_s=561.0, facts=FACTS))
        up_next.dismiss()
        assert not up_next.take_over()
        up_next.show(playing(position_s=300.0, facts=FACTS))
        up_next.show(playing(position_s=561.0, facts=FACTS))
        assert up_next.property("offered")
        assert up_next.take_over()

    def test_the_last_episode_and_live_programmes_offer_nothing(self, up_next):
        up_next.show(playing(position_s=590.0, facts=replace(FACTS, next_episode=None)))
        assert not up_next.property("offered")
        up_next.show(playing(position_s=75.0, live=True, facts=FACTS))
        assert not up_next.property("introShown")


class TestSmartDownloads:
    def test_they_keep_up_at_home_and_after_the_player(self, stage):
        series(stage)
        stage.until(lambda: stage.downloads.kept_up == 1)
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        stage.key(K.Key_Back)
        stage.until(lambda: stage.downloads.kept_up == 2)
        stage.app.settings.choose("smart_downloads", "false")
        stage.key(K.Key_Return, K.Key_Back)
        stage.wait(20)
        assert stage.downloads.kept_up == 2


class TestLookingAhead:
    def test_a_title_is_fetched_ahead_while_its_page_is_open(self, stage):
        """The film that is played is not looked at any more, and when the viewer is back on its page it is again."""
        series(stage)
        stage.until(lambda: stage.client.looked_at[-1:] == ["mill-1-2"])
        stage.client.looked_at.clear()
        stage.key(K.Key_Return)
        stage.until(lambda: bool(stage.client.sessions))
        assert stage.client.looked_at == [""]
        stage.key(K.Key_Back)
        stage.until(lambda: stage.client.looked_at == ["", "mill-1-2"])

    def test_a_film_with_the_focus_is_fetched_ahead(self, stage):
        STATES["home"](stage, False)
        stage.key(K.Key_Down, K.Key_Down)
        stage.until(lambda: bool(stage.client.looked_at))
        first = stage.client.looked_at[-1]
        stage.key(K.Key_Right)
        stage.until(lambda: stage.client.looked_at[-1] != first)

    def test_the_next_episode_is_fetched_ahead_when_it_is_offered(self, stage):
        session = stage.play(playing(position_s=500.0, facts=FACTS))
        assert stage.client.looked_at == []
        session.publish(playing(position_s=561.0, facts=FACTS))
        stage.until(lambda: stage.client.looked_at == ["mill-1-3"])
